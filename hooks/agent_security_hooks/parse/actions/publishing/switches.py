"""Settings that turn provenance and attestations on or off.

Sources: https://github.com/pypa/gh-action-pypi-publish, https://docs.npmjs.com/generating-provenance-statements,
https://docs.docker.com/build/ci/github-actions/attestations/, https://docs.astral.sh/uv/reference/cli/#uv-publish
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.actions.publishing.settings import npm_settings_of
from agent_security_hooks.parse.actions.publishing.words import program_of
from agent_security_hooks.parse.actions.workflow import string

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent_security_hooks.parse.actions.publishing import Proof, Publication
    from agent_security_hooks.parse.actions.workflow import Step

_NPM_VARIABLES = ("NPM_CONFIG_PROVENANCE", "npm_config_provenance", "YARN_NPM_PUBLISH_PROVENANCE", "PNPM_CONFIG_PROVENANCE")
_FALSE = ("false", "0", "no", "off")
_ONE_PACKAGE = ("npm publish", "npm pub", "bun publish", "yarn publish", "js-devtools/npm-publish")


class Switch(NamedTuple):
    """Where something is turned off, and how to call that."""

    shown: str
    start: int
    end: int


def provenance_of(found: Publication) -> bool:
    """Whether an npm publication says yes to provenance, or cannot have it."""
    texts: Sequence[str] = ()
    if found.call is not None:
        program = program_of(found.call)
        texts = program.texts if program is not None else ()
        if any(
            text in ("--provenance", "--provenance=true", "--provenance-file", "--access=restricted") or text.startswith("--provenance-file=") for text in texts
        ):
            return True
        if any(pair == ("--access", "restricted") for pair in zip(texts, texts[1:])):
            return True
        if any(name in _NPM_VARIABLES for name, _ in found.call.assignments):
            return True
    step = found.step
    if step is not None:
        if any((node := step.variable(name)) is not None and string(node).lower() not in (*_FALSE, "") for name in _NPM_VARIABLES):
            return True
        if step.repository == "js-devtools/npm-publish" and string(step.input("provenance")).lower() not in (*_FALSE, ""):
            return True
        if string(step.input("access")).lower() == "restricted":
            return True
        if _set_before(step):
            return True
    settings = npm_settings_of(step, found.call, everywhere=found.tool not in _ONE_PACKAGE)
    return settings.provenance.lower() == "true" or settings.restricted or (settings.registry != "" and "npmjs" not in settings.registry)


def _set_before(step: Step) -> bool:
    """Whether this or an earlier step of the job writes provenance into a configuration: `npm config set provenance true`, an .npmrc."""
    steps = step.job.steps if step.job is not None else step.workflow.steps
    for other in steps[: step.number + 1]:
        text = string(other.get("run"))
        if "provenance" in text and "provenance=false" not in text and (other is step or "npmrc" in text or "config" in text or "GITHUB_ENV" in text):
            return True
    return False


def switched_off(found: Publication, proved: Sequence[Proof]) -> Switch | None:
    """What turns the attestations of a publication off; None where nothing does."""
    step = found.step
    if found.kind == "image":
        return None if _is_signed(found, proved) else _image_switch(found)
    if step is not None:
        names = {"pypi": ("attestations",), "gem": ("attestations",), "npm": ("provenance",)}.get(found.kind, ())
        for name in names:
            node = step.input(name)
            if found.kind == "pypi" and found.credential.kind == "token":
                continue  # without trusted publishing there are none
            if found.call is None and node is not None and string(node).strip().lower() in _FALSE:
                return Switch(f"`{name}: false`", node.start, node.end)
        variables = {"npm": _NPM_VARIABLES, "pypi": ("UV_PUBLISH_NO_ATTESTATIONS",)}.get(found.kind, ())
        for variable in variables:
            node = step.variable(variable)
            if node is not None and (string(node).strip().lower() in _FALSE) == (found.kind == "npm") and "${{" not in string(node):
                return Switch(f"`{variable}: {string(node).strip()[:10]}`", node.start, node.end)
    if found.call is not None:
        options = {"npm": ("--no-provenance", "--provenance=false"), "pypi": ("--no-attestations",)}.get(found.kind, ())
        return _option(found, options)
    return None


def _option(found: Publication, options: Sequence[str]) -> Switch | None:
    program = program_of(found.call) if found.call is not None else None
    if program is None or found.call is None:
        return None
    for text, word in zip(program.texts, program.words):
        if text in options:
            return Switch(f"`{text}`", *found.call.place(word))
    return None


def _image_switch(found: Publication) -> Switch | None:
    step = found.step
    if found.call is not None:
        return _option(found, ("--provenance=false", "--attest=type=provenance,disabled=true"))
    node = step.input("provenance") if step is not None else None
    if node is not None and string(node).strip().lower() in _FALSE:
        return Switch("`provenance: false`", node.start, node.end)
    return None


def _is_signed(found: Publication, proved: Sequence[Proof]) -> bool:
    return any(proof.kind in ("signature", "attestation") and proof.job is found.job and proof.subject != "package" for proof in proved)
