"""What files of the repository say about publishing: package.json, .npmrc and the configuration of goreleaser."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.actions.publishing.words import program_of
from agent_security_hooks.parse.actions.workflow import own, string
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agent_security_hooks.parse.actions.workflow import Step
    from agent_security_hooks.parse.shell_calls import Call
    from agent_security_hooks.repository import Repository

_GORELEASER = (".goreleaser.yaml", ".goreleaser.yml", "goreleaser.yaml", "goreleaser.yml", ".config/goreleaser.yaml", ".config/goreleaser.yml")
_MANIFESTS = 40
_DIRECTORIES = 20
_RC = Pattern(rb"(?m)^[ \t]{0,20}([@\w:./-]{1,200})[ \t]{0,20}=[ \t]{0,20}(\S{1,500})")


class NpmSettings(NamedTuple):
    """`provenance`: "true", "false", or "" for nothing said; `registry`: of publishConfig or .npmrc, "" for nothing."""

    provenance: str = ""
    registry: str = ""
    restricted: bool = False


def npm_settings_of(step: Step | None, call: Call | None, *, everywhere: bool = False) -> NpmSettings:
    """What the package says that a step publishes, as far as its directory can be told; with `everywhere`, what any package says."""
    if step is None:
        return NpmSettings()
    return npm_settings(step.workflow.file.repository, _directories(step, call) or [""], everywhere=everywhere)


def _directories(step: Step, call: Call | None) -> list[str]:
    owners = [step.node, own(own(step.job.node, "defaults"), "run") if step.job is not None else None, own(own(step.workflow.root, "defaults"), "run")]
    found = [value for owner in owners if (value := string(own(owner, "working-directory"))) and "${{" not in value][:1]
    found += [posixpath.dirname(value) for name in ("package", "cwd") if (value := string(step.input(name))) and "${{" not in value]
    current = found[0] if found else ""
    for part in string(step.get("run"))[:4000].replace("&&", "\n").replace(";", "\n").split("\n"):
        words = part.split()
        if len(words) == 2 and words[0] in ("cd", "pushd") and "$" not in words[1]:
            current = posixpath.join(current, words[1].strip("\"'"))
            found.append(current)
    program = program_of(call) if call is not None else None
    if program is not None:
        found += [value for value, _ in program.values("--prefix -C --cwd --dir") if "$" not in value]
        found += [text for text in program.positional()[1:4] if text.startswith(("./", "packages/")) and "$" not in text and not text.endswith(".tgz")]
    return found[:_DIRECTORIES]


def npm_settings(repository: Repository, directories: Iterable[str], *, everywhere: bool = False) -> NpmSettings:
    """What the packages in those directories (from the root) say; with `everywhere`, what any package of the repository says."""
    paths = list(dict.fromkeys(posixpath.normpath(directory or ".") for directory in directories))
    if everywhere:
        tracked = repository.tracked or ()
        found = sorted(path for path in tracked if path.endswith("/package.json") and "node_modules/" not in path)
        paths += [posixpath.dirname(path) for path in found[:_MANIFESTS]]
    settings = NpmSettings()
    for directory in paths:
        if directory.startswith(("..", "/")):
            continue
        settings = _merged(settings, _manifest(repository, posixpath.normpath(posixpath.join(directory, "package.json"))))
        settings = _merged(settings, _rc(repository, posixpath.normpath(posixpath.join(directory, ".npmrc"))))
    if "." not in paths:
        settings = _merged(settings, _rc(repository, ".npmrc"))
    return settings


def _merged(one: NpmSettings, other: NpmSettings) -> NpmSettings:
    provenance = one.provenance if one.provenance == "true" else other.provenance or one.provenance
    return NpmSettings(provenance, one.registry or other.registry, one.restricted or other.restricted)


def _manifest(repository: Repository, path: str) -> NpmSettings:
    file = repository.read(path)
    if file is None or b"publishConfig" not in file.data:
        return NpmSettings()
    from agent_security_hooks.parse.json_tree import read_json

    configured = own(file.view(read_json).root, "publishConfig")
    return NpmSettings(string(own(configured, "provenance")), string(own(configured, "registry")), string(own(configured, "access")) == "restricted")


def script_text(step: Step, call: Call | None, name: str) -> str:
    """A script of the package.json of the directory in which a step works; "" without."""
    from agent_security_hooks.parse.json_tree import read_json

    for directory in ["", *_directories(step, call)][::-1]:
        path = posixpath.normpath(posixpath.join(directory, "package.json"))
        file = step.workflow.file.repository.read(path) if not path.startswith(("..", "/")) else None
        if file is not None and b"scripts" in file.data:
            return string(own(own(file.view(read_json).root, "scripts"), name))
    return ""


def _rc(repository: Repository, path: str) -> NpmSettings:
    file = repository.read(path)
    if file is None:
        return NpmSettings()
    values = {match[1].decode("utf-8", "replace"): match[2].decode("utf-8", "replace").strip("\"'") for match in _RC.finditer(file.data[:65536])}
    return NpmSettings(values.get("provenance", ""), values.get("registry", ""), values.get("access", "") == "restricted")


def goreleaser_without_checksums(repository: Repository) -> bool:
    """Whether goreleaser is told to write no checksums and to sign nothing; without a configuration it writes them."""
    for path in _GORELEASER:
        file = repository.read(path)
        if file is None:
            continue
        from agent_security_hooks.parse.yaml_tree import read_yaml

        root = file.view(read_yaml).root
        return string(own(own(root, "checksum"), "disable")).lower() == "true" and own(root, "signs") is None
    return False
