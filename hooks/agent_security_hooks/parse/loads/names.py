"""One name for one function: `sklearn.externals.joblib.load` and `.compat.pickle.load` are what they are re-exports of; a repository's own modules are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from agent_security_hooks.source import Source

# Names that stand for a module in a notebook or example whose import is elsewhere.
_USUAL = {"np": "numpy", "pd": "pandas", "tf": "tensorflow", "L": "lightning"}
# Packages that have a module under another name, too, the longest first.
_MOVED = (
    ("tensorflow.compat.v1.keras.", "keras."), ("tensorflow.compat.v2.keras.", "keras."), ("tensorflow.python.keras.", "keras."), ("tensorflow.keras.", "keras."),
    ("tf_keras.", "keras."), ("keras.src.", "keras."), ("keras.api.", "keras."), ("ruamel_yaml.", "ruamel.yaml."), ("ruyaml.", "ruamel.yaml."), ("oyaml.", "yaml."),
    ("modin.pandas.", "pandas."), ("fireducks.pandas.", "pandas."), ("jax.numpy.", "numpy."), ("autograd.numpy.", "numpy."), ("cupy.", "numpy."), ("builtins.", ""),
)  # fmt: skip
# Modules that others hand out under their own name: what is called so is one of these.
_DISTINCT = frozenset("pickle _pickle cPickle pickle5 dill cloudpickle joblib jsonpickle shelve marshal".split())
# Names that no other thing has, so that any package that hands one out has it from there.
_RARE = frozenset("_pickle cPickle pickle5 dill cloudpickle jsonpickle".split())
_COMPATIBILITY = Pattern(r"(?:.*_)?(?:compat(?:ibility)?|py[23]k?|py3compat|six|moves|externals?|serialization|protocol|vendor(?:ed)?|third_party)(?:_.*)?")
_HANDED_OUT = _DISTINCT | {"yaml", "torch", "numpy", "np", "pandas", "pd", "keras"}
_IMPORTS = r"(?m)^[ \t]{0,40}(?:import|from)\b[^\n#]{0,200}\b%s\b"


def canonical(name: str, file: Source) -> str:
    """The name that a function is known by; the name as it is where it is known by no other, "" where it is the repository's own."""
    if "." not in name:
        return name
    memory = file.view(_remembered)
    known = memory.get(name)
    if known is None:
        known = memory[name] = _canonical(name, file)
    return known


def _remembered(file: Source) -> dict[str, str]:
    return {}


def _canonical(name: str, file: Source) -> str:
    for start, instead in _MOVED:
        if name.startswith(start):
            name = instead + name[len(start) :]
            break
    parts = name.split(".")
    if parts[0] in _USUAL:
        parts[0] = _USUAL[parts[0]]
        return canonical(".".join(parts), file)
    if parts[0] and parts[0] in _DISTINCT:
        return ".".join(parts[2:]) if parts[1:2] == ["externals"] else name  # joblib.externals.cloudpickle.loads
    for position in range(1, len(parts) - 1) if parts[0] != "pandas" else ():
        module = parts[position]
        if module in _HANDED_OUT:
            own = _own_module(parts[:position], file)
            if own is None and not parts[0] or own is not None and not _imports(own, module):
                return "" if not parts[0] else name
            if own is not None or module in _DISTINCT and _is_handed_out(parts, position, file):
                return canonical(".".join(parts[position:]), file)
    return name


def _is_handed_out(parts: list[str], position: int, file: Source) -> bool:
    """Whether a package that is not in the repository has a module from elsewhere: not one of its own, nor an attribute of some object."""
    known = parts[position] in _RARE or any(map(_COMPATIBILITY.fullmatch, parts[:position]))
    return known and _imports(file.data, parts[0])


def _own_module(parts: list[str], file: Source) -> bytes | None:
    """The text of a module of the repository that code of this file imports; None where it is not one."""
    directory = file.path.rpartition("/")[0]
    level = next((position for position, part in enumerate(parts) if part), len(parts))
    if level:
        for _ in range(level - 1):
            directory = directory.rpartition("/")[0]
        places = [directory]
    else:
        places = list(dict.fromkeys((directory, "", "src")))
    path = "/".join(parts[level:])
    for place in places:
        for ending in (".py", "/__init__.py"):
            found = file.repository.read("/".join(filter(None, (place, path))) + ending) if path or place else None
            if found is not None:
                return found.data
    return None


def _imports(data: bytes, module: str) -> bool:
    return module.isidentifier() and Pattern(_IMPORTS.encode() % module.encode()).search(data) is not None
