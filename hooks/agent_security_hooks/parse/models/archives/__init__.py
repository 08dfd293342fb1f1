"""Archives and compressed files, read without belief in what they say of themselves."""

from __future__ import annotations

from agent_security_hooks.parse.models.archives.compressed import inspect_compressed
from agent_security_hooks.parse.models.archives.tars import inspect_tar
from agent_security_hooks.parse.models.archives.zips import inspect_zip

__all__ = ["inspect_compressed", "inspect_tar", "inspect_zip"]
