"""detect-secrets' detectors for the kinds of credential that our table of formats does not know.

A detector and its library (136 ms to import) are loaded only when a line holds the detector's own literal. Of that, 114 ms are
`requests`, which serves online verification alone and is kept out.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from agent_security_hooks.parse.secrets.credential import MASK, Credential
from agent_security_hooks.parse.secrets.judge import placeholder, template

if TYPE_CHECKING:
    from collections.abc import Iterator

# A literal that every credential of the kind has on its line (lower-case) -> module and class of detect-secrets 1.5.0.
_DETECTORS: dict[bytes, tuple[str, str]] = {
    b"cloudant": ("cloudant", "CloudantDetector"),
    b"softlayer": ("softlayer", "SoftlayerDetector"),
}
_LINE_LIMIT = 1000
"""Characters of a line that are looked at: the detectors' patterns are not linear."""
_VALUE_LENGTH = 20
_loaded: dict[str, Any] = {}


def find_by_detectors(data: bytes, lower: bytes) -> Iterator[Credential]:
    """Credentials that only detect-secrets knows. `lower` is `data` in lower case."""
    for literal, (module, name) in _DETECTORS.items():
        position = lower.find(literal)
        while position >= 0:
            start = max(data.rfind(b"\n", 0, position) + 1, position - _LINE_LIMIT // 2)
            end = data.find(b"\n", position)
            end = min(end if end >= 0 else len(data), start + _LINE_LIMIT)
            if _worth_asking(lower[start:end]):
                yield from _ask(_detector(module, name), data[start:end], start)
            position = lower.find(literal, max(end, position + 1))


def _worth_asking(line: bytes) -> bool:
    """Whether the line holds something as long as a credential beside the literal."""
    longest = run = 0
    for byte in line:
        run = run + 1 if 48 <= byte <= 57 or 97 <= byte <= 122 or byte in b"_-" else 0
        longest = max(longest, run)
    return longest >= _VALUE_LENGTH and any(48 <= byte <= 57 for byte in line)


def _detector(module: str, name: str) -> Any:
    if name not in _loaded:
        from importlib import import_module

        absent = "requests" not in sys.modules
        if absent:
            sys.modules["requests"] = _NoRequests("requests")
        try:
            _loaded[name] = getattr(import_module("detect_secrets.plugins." + module), name)()
        finally:
            if absent:
                del sys.modules["requests"]
    return _loaded[name]


class _NoRequests(type(sys)):  # type: ignore[misc]
    """Stands in for `requests` while detect-secrets is imported: its names exist, and nothing can be sent."""

    def __getattr__(self, name: str) -> type[Exception]:
        return Exception


def _ask(detector: Any, line: bytes, offset: int) -> Iterator[Credential]:
    for value in detector.analyze_string(line.decode("latin-1")):
        secret = str(value).encode("latin-1")
        start = line.find(secret)
        if start >= 0 and len(secret) >= 8 and not placeholder(secret) and not template(secret):
            yield Credential(offset + start, offset + start + len(secret), "provider-key", str(detector.secret_type), MASK)
