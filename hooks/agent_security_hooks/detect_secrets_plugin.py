"""Our detectors for users of detect-secrets: `detect-secrets scan -p PATH_OF_THIS_FILE`.

The path: `python -c "import agent_security_hooks.detect_secrets_plugin as p; print(p.__file__)"`.
Interface: https://github.com/Yelp/detect-secrets/blob/master/docs/plugins.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from detect_secrets.plugins.base import BasePlugin

if TYPE_CHECKING:
    from collections.abc import Generator


class AgentSecurityDetector(BasePlugin):
    """Reports every credential that secret-scan is sure of."""

    secret_type = "Agent security credential"  # noqa: S105 - a label

    def analyze_string(self, string: str) -> Generator[str, None, None]:
        """Yield the credentials of one line."""
        from agent_security_hooks.parse.secrets import find_credentials
        from agent_security_hooks.repository import Repository
        from agent_security_hooks.source import Source

        file = Source("line", string.encode("utf-8", "surrogatepass"), Repository())
        for credential in find_credentials(file):
            if not credential.weak:
                yield file.data[credential.start : credential.end].decode("utf-8", "replace")
