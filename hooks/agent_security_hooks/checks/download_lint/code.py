"""Downloads in Python, JavaScript and TypeScript code. The analyses are views (parse/downloads); this rule takes what none of the other rules names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.checks.download_lint import check, events
from agent_security_hooks.model import Incomplete
from agent_security_hooks.parse.code_kinds import JAVASCRIPT, PYTHON, language_of
from agent_security_hooks.parse.downloads.javascript_code import javascript_problem
from agent_security_hooks.parse.downloads.python_code import python_problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.model import Hit
    from agent_security_hooks.source import Source


@check.rule("http-download-in-code", point=4)
def http_download_in_code(file: Source) -> Iterator[Hit]:
    """Code fetches something over http or ftp, or runs, unpickles or unpacks what it fetched without comparing a hash.

    Hosts of this machine and private networks and example hosts are left alone, and so are URLs that hold a full commit.

    Risk: Whoever is on the way, or controls the server, decides what this program reads or runs.
    Fix: Write `https://`, and compare the sha256 of what was fetched with one that is written down here before it is used.
    Verify: Change one digit of the digest: the program must stop.

    Bad: (fetch.py)
        from urllib.request import urlretrieve

        urlretrieve("http://dl.acme.dev/tool.tar.gz", "tool.tar.gz")

    Bad: (plugin.py)
        import requests

        exec(requests.get("https://dl.acme.dev/plugin.py", timeout=9).text)

    Bad: (update.ts)
        const update = await fetch("http://updates.acme.dev/latest.json");

    Good: (fetch.py)
        import hashlib
        import subprocess
        from urllib.request import urlopen

        script = urlopen("https://dl.acme.dev/install.sh").read()
        if hashlib.sha256(script).hexdigest() != INSTALLER_SHA256:
            raise SystemExit("install.sh is not the one that was reviewed")
        subprocess.run(["sh"], input=script, check=True)

    Good: (update.ts)
        const update = await fetch("https://updates.acme.dev/latest.json");
    """
    yield from events(file, "http-download-in-code")
    problem = {PYTHON: python_problem, JAVASCRIPT: javascript_problem}.get(language_of(file), _none)(file)
    if problem:
        raise Incomplete(problem)


def _none(file: Source) -> str:
    return ""
