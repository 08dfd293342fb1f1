"""The configuration of a Keras model: which classes and functions are imported and called when a model is made from it.

Source: keras/src/saving/serialization_lib.py (Keras 3), tf_keras/layers/core/lambda_layer.py (before);
tf_keras/saving/legacy/serialization.py;
CVE-2024-3660, CVE-2025-1550, CVE-2025-8747, CVE-2025-9906, CVE-2025-12058, CVE-2025-49655.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from agent_security_hooks.excerpt import excerpt
from agent_security_hooks.parse.json_tree import parse_json
from agent_security_hooks.parse.models.blob import Concern, NotRead, Unread
from agent_security_hooks.parse.models.formats.protobuf import names_keras_model
from agent_security_hooks.parse.models.paths import leaves_folder
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from agent_security_hooks.parse.models.blob import Blob, Budget, Step
    from agent_security_hooks.parse.tree import Node

_RULE = "dangerous-keras-config"
_LARGEST = 4 << 20
_FOUND = 20
_REPEATED = 4

_OWN = frozenset(
    "keras tensorflow tf_keras keras_hub keras_nlp keras_cv keras_core keras_rs keras_tuner tensorflow_addons tensorflow_hub tensorflow_probability "
    "tf tensorflow_model_optimization tensorflow_text tensorflow_recommenders tensorflow_similarity tensorflow_federated kerascv __main__".split()
)
"""Packages that Keras's own saving refers to; `__main__` is the program that loads."""
_CODE_LIBRARIES = frozenset(
    "pip setuptools pkg_resources _distutils_hack distutils torch joblib dill cloudpickle pickle5 commands imp pipes six sh plumbum invoke fabric paramiko "
    "requests urllib3 httpx aiohttp IPython ipykernel jupyter_core notebook pytest nose numba llvmlite cffi ansible celery django flask jinja2 mako "
    "yaml marshal nt posix execnet xonsh pexpect ptyprocess psutil wget gdown huggingface_hub".split()
)
"""Packages outside of the standard library whose functions run code, fetch or write files."""
_BUILTINS = frozenset("exec eval compile open __import__ getattr setattr delattr globals locals vars input breakpoint help execfile memoryview".split())
_GADGETS = {
    "get_file": "fetches a URL into a file of its choice",
    "func_load": "loads Python code (marshal)",
    "enable_unsafe_deserialization": "switches Keras's safe mode off",
    "load_model": "loads another model",
    "model_from_json": "loads another model",
    "deserialize_keras_object": "makes objects of any class",
    "register_keras_serializable": "puts a class in the place of another",
    "load_weights": "loads a file of its choice",
    "load_img": "reads any file",
    **dict.fromkeys((f"{kind}_dataset_from_directory" for kind in ("audio", "image", "text")), "reads any directory"),
    "extract_archive": "unpacks an archive",
    "extract_open_archive": "unpacks an archive",
    "save_model": "writes a file",
    "save_weights": "writes a file",
    "save_img": "writes a file",
    "export_model": "writes files",
    "py_function": "calls Python code",
    "numpy_function": "calls Python code",
    "py_func": "calls Python code",
    "load_library": "loads a shared library",
    "load_op_library": "loads a shared library",
    "load_file_system_library": "loads a shared library",
    "read_file": "reads any file",
    "write_file": "writes any file",
    "matching_files": "lists any directory",
    "ReadFile": "reads any file",
    "WriteFile": "writes any file",
    "PyFunc": "calls Python code",
    "EagerPyFunc": "calls Python code",
    **dict.fromkeys(
        ("os", "sys", "subprocess", "shutil", "builtins", "importlib", "marshal", "pickle", "runpy", "ctypes", "socket", "urllib", "requests", "tempfile"),
        "is a module and no part of Keras",
    ),
}
"""What of Keras's and TensorFlow's own modules does more than compute."""
_PLAIN = frozenset("function dict list tuple set frozenset int float complex str bytes bool slice range object type method NoneType ellipsis".split())
"""Kinds of Python's own objects that Keras writes down by their name."""
_CALLED = frozenset("fn func function function_name fn_name callable target loader".split())
"""Names under which a function to call is written."""
_ARGUMENTS = ("kwargs", "config", "args", "arguments")
_ADDRESS = Pattern(r"[A-Za-z][A-Za-z0-9+.-]{1,20}://")
_SWITCH = "enable_unsafe_deserialization"
_LOOKUPS = frozenset(("StringLookup", "IntegerLookup", "IndexLookup", "TextVectorization"))
_FIX = "Write the layer as a class of your own package, registered with keras.saving.register_keras_serializable, and save the model again."
_FIX_NAME = "Load this model nowhere. Take one that refers to classes of Keras and of your own package alone."


def inspect_keras_config(blob: Blob, budget: Budget) -> Iterator[Step]:
    """An inspector of JSON. Offsets are into the text of a file that is such JSON itself."""
    certain = blob.loader == "keras"
    data = blob.content.read(0, min(blob.content.size, _LARGEST + 1))
    if len(data) > _LARGEST and (certain or names_keras_model(data)):
        raise NotRead(f"its Keras configuration is larger than {_LARGEST >> 20} MB")
    for step in judge_config(_decode(data[:_LARGEST]), certain=certain):
        yield step._replace(start=0, end=0) if isinstance(step, Concern) and blob.depth else step


def _decode(data: bytes) -> bytes:
    """The text as UTF-8. In an archive it is read as `json.loads` reads bytes, which takes UTF-16 and UTF-32 even of a few characters."""
    from agent_security_hooks.source import decode

    if b"\0" not in data[:4]:
        return decode(data)[1]
    import json

    return data.decode(json.detect_encoding(data), "replace").encode("utf-8", "replace")


def judge_config(data: bytes, *, certain: bool = True) -> Iterator[Concern | Unread]:
    """What a configuration does; offsets are into `data`. Unless it is `certain` to be one, it may be any JSON with the words of one."""
    document = parse_json(data)
    if document.error and (certain or names_keras_model(data)):
        yield Unread(f"its Keras configuration is {document.error}")
    found = 0
    for root in document.roots:
        waiting: list[Node] = [root]
        while waiting:
            node = waiting.pop()
            waiting += node.items[::-1]
            if node.kind != "map":
                continue
            waiting += [value for _, value in node.pairs[::-1] if value.kind != "scalar"]
            for concern in _judge_object(node, certain=certain):
                yield concern
                found += 1
            if found >= _FOUND:
                return


def _judge_object(node: Node, *, certain: bool) -> Iterator[Concern]:
    """One object: `class_name`, `config`, `module`, `registered_name`. Of a repeated name all values count."""
    classes: list[Node] = []
    modules: list[Node] = []
    config: Node | None = None
    registered = False
    for key, value in node.pairs:
        if key.value == "config":
            config = value
        elif key.value == "class_name" and value.quoted:
            classes.append(value)
        elif key.value == "module" and value.quoted and value.value:
            modules.append(value)
        elif key.value == "registered_name":
            registered = value.quoted and bool(value.value)
        elif value.kind == "scalar" and value.quoted:
            found = _judge_reference(node, key.value, value.value)
            if found is not None:
                yield found._replace(start=value.start, end=value.end)
    for value in _few(classes):
        name = _own_name(value.value.rpartition(">")[2])
        found = _judge_class(name, _few(modules), config, registered=registered, certain=certain)
        if found is not None:
            yield found._replace(start=value.start, end=value.end)
    if config is not None and config.pairs and classes and (last := _own_name(classes[-1].value)) != "Lambda" and last not in _SPECIAL:
        yield from _judge_called(modules, config)


def _judge_called(modules: Sequence[Node], config: Node) -> Iterator[Concern]:
    """Functions that the configuration of an object calls, of a module that stands in it or beside it. Of unknown packages nothing is said here."""
    module = _text(config, "module") or (modules[-1].value if modules else "")
    for key, value in config.pairs if module else ():
        found = _judge_name(module, value.value, registered=True) if key.value in _CALLED and value.quoted else None
        if found is not None and not found.pedantic:
            yield found._replace(start=value.start, end=value.end)


def _judge_reference(node: Node, key: str, text: str) -> Concern | None:
    """A text that names a function: with its module, or by itself where what goes with it tells that it is called."""
    last = text.rpartition(".")[2]
    if last == _SWITCH and text != last and _own_name(text) == last:
        return Concern(_RULE, f"refers to {excerpt(text, 80)}, which {_GADGETS[last]}", _FIX_NAME)
    if key not in _CALLED:
        return None
    if _own_name(text) == "get_file":
        for place in (node, *(found for name in _ARGUMENTS if (found := node.get(name)) is not None)):
            origin = next(
                (text for text in (_text(place, "origin"), _text(place, "url"), *(item.value for item in place.items[:_REPEATED])) if _ADDRESS.match(text)), ""
            )
            if origin:
                return Concern(_RULE, f"get_file fetches {excerpt(origin, 60)} into a file of its choice", _FIX_NAME)
    return None


def _own_name(name: str) -> str:
    """The name by itself of a class or function that is written with a module of Keras; others as they are."""
    module, _, last = name.rpartition(".")
    return last if module.partition(".")[0] in _OWN else name


def _few(found: list[Node]) -> list[Node]:
    """The first and the last of values of a repeated name: JSON takes the last, other readers another."""
    return found if len(found) <= _REPEATED else found[:1] + found[1 - _REPEATED :]


def _text(node: Node | None, *path: str | int) -> str:
    """The text at a path; "" where there is none."""
    found = node.get(*path) if node is not None else None
    return found.value if found is not None and found.quoted else ""


def _judge_class(name: str, modules: Sequence[Node], config: Node | None, *, registered: bool, certain: bool) -> Concern | None:
    if name == "__lambda__":
        return Concern(_RULE, "holds Python code (`__lambda__`, marshal) that runs when the model is loaded or used", _FIX)
    called = config.value if name == "function" and config is not None and config.quoted else name
    for module in modules:
        found = _judge_name(module.value, called, registered=registered, plain=name in _PLAIN)
        if found is not None:
            return found
    if not modules and name == "function":
        return _judge_name("keras", called, registered=registered)
    if name == "Lambda":
        return _judge_lambda(config, certain=certain)
    return _SPECIAL[name](name, config) if name in _SPECIAL else None


def _judge_name(module: str, name: str, *, registered: bool, plain: bool = False) -> Concern | None:
    """What is imported. `registered`: its package has given it to Keras; `plain`: it is one of Python's kinds, or a function."""
    top = module.partition(".")[0]
    shown = excerpt(f"{module}.{name}", 80)
    if top == "builtins":
        if plain and name not in _BUILTINS:
            return None
        does = "which runs code or opens files" if name in _BUILTINS else "which is no part of Keras"
        return Concern(_RULE, f"imports {shown}, {does}", _FIX_NAME)
    if top in _OWN:
        gadget = _GADGETS.get(name.rpartition(".")[2])
        return Concern(_RULE, f"refers to {shown}, which {gadget}", _FIX_NAME) if gadget else None
    if _is_foreign(module):
        return Concern(_RULE, f"imports {shown}, which is no part of Keras", _FIX_NAME)
    return Concern(_RULE, f"imports {shown}: loading it runs that package's code", "See that the package is your own, and pinned.", pedantic=registered)


def _is_foreign(module: str) -> bool:
    """Whether a module is known and has nothing to do with Keras."""
    top = module.partition(".")[0]
    return (top in sys.stdlib_module_names and top not in ("builtins", "__main__")) or top in _CODE_LIBRARIES or module.startswith("numpy.")


def _judge_lambda(config: Node | None, *, certain: bool) -> Concern | None:
    """A Lambda layer: `function` is code (a list or tuple that begins with base64, `__lambda__` further in) or a name; so is `function_name`.

    One of neither is told of only where it is `certain` that Keras reads it: other things are called so, too.
    """
    function = config.get("function") if config is not None else None
    named = _text(config, "function") or _text(config, "function_name") or _text(function, "config")
    if function is None and not named and not certain:
        return None
    if _text(function, "class_name") == "__lambda__":
        return None  # told where that object is
    called = excerpt(_text(config, "name") or "without a name")
    elsewhere = config is not None and any(_text(config.get(key), 0) for key in ("output_shape", "mask"))  # numbers, or code as that of the function
    code = _text(config, "function_type") == "lambda" or bool(named and not named.replace(".", "").isidentifier())
    if elsewhere or code or (function is not None and not named and not function.is_null):
        return Concern(_RULE, f"the Lambda layer {called} holds Python code (marshal) that runs when the model is loaded or used", _FIX)
    if not named:
        return Concern(_RULE, f"the Lambda layer {called} runs a function that is not in the model", _FIX)
    module = _text(config, "module") or _text(function, "module")
    shown = excerpt(f"{module}.{named}".strip("."), 80)
    return Concern(_RULE, f"the Lambda layer {called} calls {shown}, a function of the program that loads it", _FIX)


def _judge_lookup(name: str, config: Node | None) -> Concern | None:
    path = _text(config, "vocabulary")
    if path and leaves_folder(path):
        return Concern(_RULE, f"{excerpt(name)} reads its vocabulary from {excerpt(path)}", "Keep the vocabulary in the model: pass the words, no path.")
    return None


def _judge_saved_model(name: str, config: Node | None) -> Concern | None:
    path = _text(config, "filepath")
    return (
        Concern(_RULE, f"TFSMLayer runs the TensorFlow graph in {excerpt(path)}", "Save the layers themselves.", pedantic=not leaves_folder(path))
        if path
        else None
    )


def _judge_torch(name: str, config: Node | None) -> Concern | None:
    if config is not None and config.get("module") is not None:
        return Concern(_RULE, "TorchModuleWrapper unpickles a torch module that is in the configuration", "Save the module's weights with safetensors.")
    return None


def _judge_hub(name: str, config: Node | None) -> Concern | None:
    handle = _text(config, "handle")
    return Concern(_RULE, f"KerasLayer runs the TensorFlow graph in {excerpt(handle)}", "Save the layers themselves.", pedantic=True) if handle else None


def _judge_operation(name: str, config: Node | None) -> Concern | None:
    """Layers made of TensorFlow's own functions, by their name, and of nodes of its graphs."""
    function = _text(config, "function").rpartition(".")[2]
    does = _GADGETS.get(function)
    if does:
        return Concern(_RULE, f"{excerpt(name)} calls {function}, which {does}", _FIX_NAME)
    node_def = config.get("node_def") if config is not None else None
    operation = _text(node_def, "op") or next((word for word in ("ReadFile", "WriteFile", "PyFunc") if node_def is not None and word in node_def.value), "")
    does = _GADGETS.get(operation)
    return Concern(_RULE, f"{excerpt(name)} runs {operation}, which {does}", _FIX_NAME) if does else None


def _judge_file(name: str, config: Node | None) -> Concern | None:
    """`get_file` as a class of its own."""
    origin = _text(config, "origin") or _text(config, "url")
    return Concern(_RULE, f"{excerpt(name)} fetches {excerpt(origin, 60)}", _FIX_NAME) if origin else None


_SPECIAL: dict[str, Callable[[str, Node | None], Concern | None]] = {
    **dict.fromkeys(_LOOKUPS, _judge_lookup),
    "TFSMLayer": _judge_saved_model,
    "TorchModuleWrapper": _judge_torch,
    "KerasLayer": _judge_hub,
    **dict.fromkeys(("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer"), _judge_operation),
    "get_file": _judge_file,
}
