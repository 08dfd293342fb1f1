"""What `npm pack` puts into the archive, as npm 11 decides it (npm-packlist 10 on ignore-walk 8).

Every directory has up to five lists of patterns: npm's defaults, the `files` of package.json, `.npmignore`, `.gitignore`, and strict
rules. A path is judged by the lists of all directories above it, from the root down, and the last pattern that speaks of it wins.

Sources: https://docs.npmjs.com/cli/v11/configuring-npm/package-json#files, https://github.com/npm/npm-packlist#readme,
https://github.com/npm/cli/wiki/Files-&-Ignores
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any, NamedTuple

from agent_security_hooks.parse.publish import ManifestError, Shipped, read_json
from agent_security_hooks.parse.publish.minimatch import Alternative, TooComplex, parse_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from agent_security_hooks.parse.publish import Tree
    from agent_security_hooks.parse.publish.minimatch import Pattern

MAX_DEPTH = 100
_JS_BLANKS = "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"

_DEFAULTS = """
.npmignore
.gitignore
**/.git
**/.svn
**/.hg
**/CVS
**/.git/**
**/.svn/**
**/.hg/**
**/CVS/**
/.lock-wscript
/.wafpickle-*
/build/config.gypi
npm-debug.log
**/.npmrc
.*.swp
.DS_Store
**/.DS_Store/**
._*
**/._*/**
*.orig
/archived-packages/**
"""
_STRICT_BELOW = "/.git"
_STRICT = """
/.git
!/package.json
!/readme{,.*[^~$]}
!/copying{,.*[^~$]}
!/license{,.*[^~$]}
!/licence{,.*[^~$]}
/.git
/node_modules
.npmrc
/package-lock.json
/yarn.lock
/pnpm-lock.yaml
/bun.lockb
"""

# The lists in the order in which they are asked; the names are also those of the files that hold them
_ALL = ("defaults", "package.json", ".npmignore", ".gitignore", "strict")
_BELOW = ("defaults", ".npmignore", ".gitignore", "strict")
_BUNDLED = ("package.json", "strict")


def shipped(tree: Tree, outer_ignores: Sequence[str] = ()) -> list[Shipped]:
    """The files that `npm publish` would upload; none when package.json is private or npm would refuse it for want of a name or version.

    Errors: ManifestError. See `agent_security_hooks.parse.publish.shipped` for the types.
    """
    content = tree.read("package.json")
    if content is None:
        raise ManifestError("package.json cannot be read")
    manifest = read_json(content)
    if _truthy(manifest.get("private")) or not all(isinstance(manifest.get(key), str) and manifest[key] for key in ("name", "version")):
        return []
    if not isinstance(manifest.get("main", ""), (str, type(None))):
        raise ManifestError('"main" is not a string')
    try:
        return _pack(tree, manifest, outer_ignores)
    except TooComplex:
        raise ManifestError("an ignore pattern stands for too many alternatives") from None


def _pack(tree: Tree, manifest: dict[str, Any], outer_ignores: Sequence[str]) -> list[Shipped]:
    disk = _Disk(tree)
    package = _Package(disk, "", manifest, outer_ignores)
    found = {path: package.why(path) for path in package.walk()}
    for directory, bundled in _bundles(disk, manifest):
        for path in _Package(disk, directory, bundled).walk():
            found.setdefault(path, "part of a bundled dependency")
    return [Shipped(path, why) for path, why in found.items()]


class _Disk:
    """The tree as directories with their entries."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.files = frozenset(tree.files)
        self.entries: dict[str, dict[str, bool]] = {"": {}}
        for path in self.files:
            if path.count("/") > MAX_DEPTH:
                raise ManifestError(f"directories are nested more than {MAX_DEPTH} deep")
            self._enter(path, is_dir=False)

    def _enter(self, path: str, *, is_dir: bool) -> None:
        parent, _, name = path.rpartition("/")
        if parent not in self.entries:
            self.entries[parent] = {}
            self._enter(parent, is_dir=True)
        self.entries[parent][name] = is_dir

    def text(self, path: str) -> str:
        return (self.tree.read(path) or b"").decode("utf-8", "replace")

    def manifest(self, directory: str) -> dict[str, Any]:
        """A package.json that npm merely looks at: one that cannot be read counts as empty."""
        try:
            return read_json(self.tree.read(posixpath.join(directory, "package.json")) or b"")
        except ManifestError:
            return {}


# Lists of patterns


class _Block(NamedTuple):
    """Neighbouring patterns of one list that all exclude or all include, so their order does not matter."""

    negated: bool
    names: set[str]
    singles: list[Alternative]
    longer: list[Alternative]
    relative: list[Alternative]


class _Path(NamedTuple):
    """A path seen from the directory whose lists judge it; everything in lower case."""

    parts: list[str]
    name: str
    kind: str
    """file, directory, or exact: what npm asks to learn whether a directory is named by a pattern itself"""
    inherited: bool
    """the directory that judges is not the one that holds the entry"""


def _blocks(patterns: Iterable[Pattern]) -> list[_Block]:
    blocks: list[_Block] = []
    for pattern in patterns:
        if not blocks or blocks[-1].negated != pattern.negated:
            blocks.append(_Block(pattern.negated, set(), [], [], []))
        block = blocks[-1]
        for alternative in pattern.alternatives:
            if alternative.name is not None:
                block.names.add(alternative.name)
            elif len(alternative.names) == 1:
                block.singles.append(alternative)
            else:
                block.longer.append(alternative)
        if pattern.relative:
            block.relative.extend(alternative for alternative in pattern.alternatives if len(alternative.names) > 1)
    return blocks


def _parse(text: str) -> list[_Block]:
    lines = (line.strip(_JS_BLANKS) for line in text.replace("\r\n", "\n").split("\n"))
    return _blocks(pattern for line in lines if (pattern := parse_pattern(line)) is not None)


def _speaks(block: _Block, path: _Path) -> bool:
    if path.name in block.names or any(alternative.fits_name(path.name) for alternative in block.singles):
        return True
    if not block.longer:
        return False
    plain, rooted = path.parts, ["", *path.parts]
    if any(_reaches(alternative, rooted if alternative.anchored else plain, path.kind, block.negated) for alternative in block.longer):
        return True
    if path.kind != "directory" or not path.inherited:
        return False
    plain, rooted = [path.name], ["", path.name]
    return any(_reaches(alternative, rooted if alternative.anchored else plain, path.kind, block.negated) for alternative in block.relative)


def _reaches(alternative: Alternative, parts: list[str], kind: str, negated: bool) -> bool:
    if kind == "file":
        return alternative.matches(parts)
    return alternative.matches([*parts, ""]) or (kind == "directory" and negated and alternative.matches(parts, partial=True))


_DEFAULT_BLOCKS = _parse(_DEFAULTS)


# The walk


class _Level(NamedTuple):
    """A directory on the way down."""

    path: str
    depth: int
    exact: bool
    asked: tuple[str, ...]
    lists: dict[str, list[_Block]]
    required: tuple[str, ...]

    def judge(self, included: bool, path: _Path) -> bool:
        for name in self.asked:
            for block in self.lists.get(name, ()):
                if block.negated != included and _speaks(block, path):
                    included = block.negated
        return included


class _Package:
    """A package whose own package.json counts: the one that is published, or a bundled dependency."""

    def __init__(self, disk: _Disk, root: str, manifest: dict[str, Any], outer_ignores: Sequence[str] = ()) -> None:
        self.disk = disk
        self.root = root
        self.manifest = manifest
        self.outer_ignores = outer_ignores
        self.bundled = bool(root)
        self.below = _ALL if not root and _has_workspaces(disk, manifest) else _BELOW
        self.included: list[tuple[str, list[_Block]]] = []
        """entries of `files` with their patterns"""

    def walk(self) -> list[str]:
        """The paths that ship."""
        found: list[str] = []
        pending = [[self._top()]]
        while pending:
            chain = pending.pop()
            level = chain[-1]
            for name, is_dir in self.disk.entries.get(level.path, {}).items():
                path = posixpath.join(level.path, name)
                if "*" in name:
                    continue
                if not is_dir:
                    if self._included(chain, path, "file"):
                        found.append(path)
                elif self._included(chain, path, "directory"):
                    exact = self._included(chain, path, "file") or self._included(chain, path, "exact")
                    pending.append([*chain, self._down(level, path, name, exact=exact)])
        return found

    def _included(self, chain: Sequence[_Level], path: str, kind: str) -> bool:
        own = path[len(self.root) + 1 :] if self.root else path
        parts = own.lower().split("/")
        included = True
        for level in chain:
            if level.depth and not included and not level.exact:
                return False
            included = level.judge(included, _Path(parts[level.depth :], parts[-1], kind, level is not chain[-1]))
        return included

    def _top(self) -> _Level:
        asked = _BUNDLED if self.bundled else _ALL
        lists = {"defaults": _DEFAULT_BLOCKS}
        if self.outer_ignores:
            lists["defaults"] = _parse("\n".join([_DEFAULTS, *self.outer_ignores]))
        strict = ""
        required: tuple[str, ...] = ()
        if "package.json" in self.disk.entries.get(self.root, {}):
            strict, required = self._read_manifest(lists)
        return self._level(_Level(self.root, 0, False, asked, {**lists, "strict": _parse(strict)}, required))

    def _down(self, parent: _Level, path: str, name: str, *, exact: bool) -> _Level:
        required = tuple(file[len(name) + 1 :] for file in parent.required if posixpath.dirname(file) == name)
        strict = "\n".join([_STRICT_BELOW, *("!" + file for file in required)])
        lists = {"defaults": _DEFAULT_BLOCKS, "strict": _parse(strict)}
        asked = _BELOW if self.bundled else self.below
        return self._level(_Level(path, parent.depth + 1, exact, asked, lists, required))

    def _level(self, level: _Level) -> _Level:
        """Read the ignore files of the directory; the first kind that is there switches the others off."""
        for name in ("package.json", ".npmignore", ".gitignore"):
            is_dir = self.disk.entries.get(level.path, {}).get(name)
            if name in level.asked and name not in level.lists and is_dir is False and (level.depth or name != "package.json"):
                level.lists[name] = _parse(self.disk.text(posixpath.join(level.path, name)))
            if name in level.lists and name in level.asked:
                break
        return level

    def _read_manifest(self, lists: dict[str, list[_Block]]) -> tuple[str, tuple[str, ...]]:
        """Turn package.json into its list of patterns; gives the strict patterns and the files that `files` names one by one."""
        strict = [_STRICT]
        required: list[str] = []
        files = self.manifest.get("files")
        if _truthy(files):
            patterns = ["*"]
            for entry in _files_entries(files):
                self._read_files_entry(entry, patterns, strict, required)
            lists["package.json"] = _parse("\n".join(patterns))
        strict.extend("!/" + target for target in _entry_points(self.disk, self.root, self.manifest))
        return "\n".join(strict), tuple(required)

    def _read_files_entry(self, entry: str, patterns: list[str], strict: list[str], required: list[str]) -> None:
        file = entry[1:] if entry.startswith("./") else entry
        file += "*" if file.endswith("/*") else ""
        target = self._on_disk(file.lstrip("!"))
        own = ["!" + file]
        if target == "file":
            strict.insert(0, "!" + file)
            required.append(posixpath.normpath(file.removeprefix("/")))
        elif target == "directory":
            own.append(f"!{file}/**")
        if target != "file":
            patterns.extend(own)
        self.included.append((entry, _parse("\n".join(own))))

    def _on_disk(self, name: str) -> str:
        path = posixpath.normpath(f"/{self.root}/{name}").strip("/")
        if path in self.disk.entries:
            return "directory"
        return "file" if path in self.disk.files and not name.endswith("/") else "nothing"

    def why(self, path: str) -> str:
        """The reason for which a path of the published package ships."""
        parts = path.lower().split("/")
        subject = _Path(parts, parts[-1], "file", False)
        for entry, blocks in self.included:
            if any(block.negated and _speaks(block, subject) for block in blocks):
                return f'matched by "files": [{_quoted(entry)}] in package.json'
        if _truthy(self.manifest.get("files")) or path == "package.json":
            return "npm always packs it: package.json, README, LICENSE, main and bin"
        entries = self.disk.entries[""]
        return _NOT_EXCLUDED[".npmignore" in entries, ".gitignore" in entries]


_NOT_EXCLUDED = {
    (True, True): "not excluded by .npmignore, which switches .gitignore off",
    (True, False): "not excluded by .npmignore",
    (False, True): 'not excluded by .gitignore; package.json has no "files", and there is no .npmignore',
    (False, False): 'package.json has no "files", and there is no .npmignore',
}


def _quoted(entry: str) -> str:
    return f'"{entry}"' if len(entry) <= 60 and entry.isprintable() and entry.isascii() else "..."


# package.json


def _files_entries(files: Any) -> list[str]:
    """npm walks over whatever `files` is, so a string is a list of characters."""
    if not isinstance(files, (list, str)) or not all(isinstance(entry, str) for entry in files):
        raise ManifestError('"files" is not a list of strings')
    if len(files) > 10_000:
        raise ManifestError('"files" has more than 10000 entries')
    return list(files)


def _entry_points(disk: _Disk, root: str, manifest: dict[str, Any]) -> list[str]:
    """What package.json points to, as npm turns it into patterns; an object or a list becomes text the way JavaScript does it."""
    targets = [_js_text(manifest[key]) for key in ("browser", "main") if _truthy(manifest.get(key))]
    bins = manifest.get("bin")
    if isinstance(bins, str):
        bins = {"bin": bins} if manifest.get("name") else {}
    elif isinstance(bins, list):
        bins = {posixpath.basename(entry): entry for entry in bins if isinstance(entry, str)}
    if isinstance(bins, dict):
        targets += [target for name, entry in bins.items() if _base(name) and isinstance(entry, str) and (target := _secure(entry))]
    directories = manifest.get("directories")
    if not _truthy(manifest.get("bin")) and isinstance(directories, dict) and directories.get("bin") and isinstance(directories["bin"], str):
        below = _secure(directories["bin"])
        start = posixpath.join(root, below) + "/"
        named = (path[len(start) :] for path in disk.files if path.startswith(start))
        targets += [f"{below}/{name}" for name in named if not any(part.startswith(".") for part in name.split("/"))]
    return [" ".join(target.split("\n")) for target in targets]


def _truthy(value: Any) -> bool:
    """JavaScript's idea of it: an empty list or object counts as true."""
    return bool(value) or isinstance(value, (list, dict))


def _js_text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join("" if item is None else _js_text(item) for item in value[:1000])
    if isinstance(value, dict):
        return "[object Object]"
    return value if isinstance(value, str) else str(value).lower()


def _base(name: str) -> str:
    return posixpath.basename(_secure(name))


def _secure(path: str) -> str:
    """npm's cleaning of a path: forward slashes only, nothing above the package."""
    return posixpath.normpath("/" + path.replace("\\", "/").replace(":", "/")).lstrip("/")


def _has_workspaces(disk: _Disk, manifest: dict[str, Any]) -> bool:
    """Some workspace exists. Then npm reads the package.json of every directory as if it were an ignore file."""
    declared = manifest.get("workspaces")
    declared = declared.get("packages") if isinstance(declared, dict) else declared
    if not isinstance(declared, list):
        return False
    texts = [entry.lstrip("./").rstrip("/") for entry in declared if isinstance(entry, str) and entry and not entry.startswith("!")]
    patterns = [pattern for text in texts if (pattern := parse_pattern(text)) is not None]
    members = [path.lower().split("/")[:-1] for path in disk.files if path.endswith("/package.json")]
    members = [member for member in members if "node_modules" not in member]
    return any(alternative.matches(member) for pattern in patterns for alternative in pattern.alternatives for member in members)


def _bundles(disk: _Disk, manifest: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The bundled dependencies that are installed, with what they depend on themselves: their directories and manifests."""
    declared = manifest.get("bundleDependencies", manifest.get("bundledDependencies"))
    ordinary = _names(manifest, "dependencies") | _names(manifest, "optionalDependencies")
    wanted = _names(manifest, "dependencies") if declared is True else set()
    if isinstance(declared, (list, dict)):
        wanted = {name for name in declared if isinstance(name, str)}
    pending = [("", name) for name in sorted((wanted & ordinary) - _names(manifest, "devDependencies"))]
    found: dict[str, dict[str, Any]] = {}
    while pending:
        start, name = pending.pop()
        directory = _resolve(disk, start, name)
        if directory is None or directory in found:
            continue
        found[directory] = disk.manifest(directory)
        needs = _names(found[directory], "dependencies") | _names(found[directory], "optionalDependencies")
        pending += [(directory, need) for need in sorted(needs)]
    return list(found.items())


def _names(manifest: dict[str, Any], key: str) -> set[str]:
    value = manifest.get(key)
    return set(value) if isinstance(value, dict) else set()


def _resolve(disk: _Disk, start: str, name: str) -> str | None:
    """Where `require(name)` finds a package, from a package's directory upwards."""
    while True:
        candidate = posixpath.join(start, "node_modules", name)
        if candidate in disk.entries:
            return candidate
        if not start:
            return None
        start = start.rpartition("/node_modules/")[0] if "/node_modules/" in start else ""
