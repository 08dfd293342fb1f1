"""`download-lint`: what scripts and code fetch, over which connection, and whether anything checks it before it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.model import Check, Edit, Hit, Incomplete
from agent_security_hooks.parse.downloads.settings import read_settings
from agent_security_hooks.parse.downloads.shell_events import read_downloads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.downloads import Event
    from agent_security_hooks.source import Source

check = Check("download-lint")

_PYTHON = (".py", ".pyi", ".pyw")
_JAVASCRIPT = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")


def events(file: Source, rule: str) -> Iterator[Hit]:
    """The hits of one rule: each language has its own view."""
    for event in file.view(_all_events):
        if event.rule == rule:
            edits = tuple(Edit(start, end, replacement) for start, end, replacement in event.edits)
            yield Hit(event.start, event.end, event.message, event.fix, edits, event.pedantic)


def _all_events(file: Source) -> list[Event]:
    """A view: everything that is found in a file."""
    name = file.name.lower()
    found = [*file.view(read_downloads).events, *file.view(read_settings)]
    if name.endswith(_PYTHON):
        from agent_security_hooks.parse.downloads.python_code import python_events

        found += file.view(python_events)
    elif name.endswith(_JAVASCRIPT):
        from agent_security_hooks.parse.downloads.javascript_code import javascript_events

        found += file.view(javascript_events)
    return found


@check.rule("pipe-to-shell", point=4)
def pipe_to_shell(file: Source) -> Iterator[Hit]:
    r"""A download goes straight into an interpreter: `curl ... | sh`, `bash <(curl ...)`, `sh -c "$(curl ...)"`, `iex (irm ...)`.

    Risk: Whoever controls the server, its name or the way there runs commands here, and can send each caller something else.
    Fix: Download to a file, compare its checksum with one that is written down here, then run the file.
    Verify: `git grep -nE '(curl|wget)[^|]*\|[^|]*\b(ba|z)?sh\b'` prints nothing.

    Bad: (install.sh)
        curl -fsSL https://get.acme.dev/agent.sh | sh

    Good: (install.sh)
        curl -fsSLo agent.sh https://get.acme.dev/agent.sh
        echo "$AGENT_SHA256  agent.sh" | sha256sum -c -
        sh agent.sh
    """
    yield from events(file, "pipe-to-shell")
    if problem := file.view(read_downloads).problem:
        raise Incomplete(f"not looked at to the end: {problem}")


@check.rule("unverified-execution", point=4)
def unverified_execution(file: Source) -> Iterator[Hit]:
    r"""A downloaded file is run, made executable or installed, and no checksum, signature or attestation of it was checked before.

    Risk: A changed file on the server, a stolen release account or a proxy in between runs as this user.
    Fix: Write the file's sha256 down next to the URL and compare it before use; or check a signature or attestation.
    Verify: Change one digit of the checksum: the script must stop.

    Bad: (Dockerfile)
        FROM debian:12-slim
        RUN curl -fsSLo /usr/local/bin/tini https://github.com/krallin/tini/releases/download/v0.19.0/tini && chmod +x /usr/local/bin/tini

    Good: (Dockerfile)
        FROM debian:12-slim
        ARG TINI_SHA256=93dcc18adc78c65a028a84799ecf8ad40c936fdfc5f2a57b1acda5a8117fa82c
        RUN curl -fsSLo /usr/local/bin/tini https://github.com/krallin/tini/releases/download/v0.19.0/tini \
         && echo "$TINI_SHA256  /usr/local/bin/tini" | sha256sum -c - && chmod +x /usr/local/bin/tini
    """
    return events(file, "unverified-execution")


@check.rule("unverified-archive", point=4)
def unverified_archive(file: Source) -> Iterator[Hit]:
    """A downloaded archive is unpacked and what was in it is used, and nothing checked the archive.

    Unpacking alone, where nothing shows that the content is run, is a pedantic case.

    Risk: A changed archive puts its own programs where these are run.
    Fix: Compare the archive's sha256 with one that is written down here before it is unpacked.
    Verify: Change one digit of the checksum: the script must stop.

    Bad: (build.sh)
        curl -fsSL https://dl.acme.dev/tool-1.2.tar.gz | tar -xz -C /usr/local

    Good: (build.sh)
        curl -fsSLo tool.tar.gz https://dl.acme.dev/tool-1.2.tar.gz
        echo "$TOOL_SHA256  tool.tar.gz" | sha256sum -c -
        tar -xzf tool.tar.gz -C /usr/local
    """
    return events(file, "unverified-archive")


@check.rule("weak-verification", point=4, severity="medium", pedantic=True)
def weak_verification(file: Source) -> Iterator[Hit]:
    """A check of a download that an attacker passes: MD5 or SHA-1, a checksum from the same server, a failure that is ignored, a digest that is only printed.

    Risk: It looks like a check and stops nobody.
    Fix: Compare a sha256 that is written down in this file, and let a mismatch end the script.
    Verify: Change one digit of the checksum: the script must stop.

    Bad: (fetch.sh)
        curl -fsSLo model.tgz https://dl.acme.dev/model.tgz
        curl -fsSLo model.tgz.sha256 https://dl.acme.dev/model.tgz.sha256
        sha256sum -c model.tgz.sha256

    Good: (fetch.sh)
        curl -fsSLo model.tgz https://dl.acme.dev/model.tgz
        echo "$MODEL_SHA256  model.tgz" | sha256sum -c -
    """
    return events(file, "weak-verification")


@check.rule("insecure-url", point=4)
def insecure_url(file: Source) -> Iterator[Hit]:
    """A download, clone, package index or remote goes over http, ftp or git, which anyone on the way can read and change.

    Hosts of this machine and private networks, example hosts and signed Linux mirrors are left alone.

    Risk: A router, proxy or wireless network replaces what is downloaded.
    Fix: Write `https://`; where the server has none, check a signature or a sha256.
    Verify: The script still works with https.

    Bad: (setup.sh)
        pip install --index-url http://pypi.acme.dev/simple acme-agent

    Good: (setup.sh)
        pip install --index-url https://pypi.acme.dev/simple acme-agent
    """
    return events(file, "insecure-url")


@check.rule("tls-verification-off", point=4)
def tls_verification_off(file: Source) -> Iterator[Hit]:
    """The check of a server's certificate or of a package's signature is switched off.

    Risk: Anyone on the way can answer in the server's place: what is downloaded, and every token that is sent, is theirs.
    Fix: Remove the switch; for a private authority, install its certificate (`--cacert`, `NODE_EXTRA_CA_CERTS`, `REQUESTS_CA_BUNDLE`).
    Verify: The command works without the switch.

    Bad: (deploy.sh)
        curl -fsSLk -o app.json https://config.acme.dev/app.json

    Good: (deploy.sh)
        curl -fsSL --cacert acme-ca.pem -o app.json https://config.acme.dev/app.json
    """
    return events(file, "tls-verification-off")


@check.rule("curl-without-fail", point=4, severity="medium")
def curl_without_fail(file: Source) -> Iterator[Hit]:
    """curl saves, unpacks or pipes an error page as if it were the file, because `-f` is missing. Said once for a file.

    Risk: "404 Not Found" becomes the program, the key or the configuration, and the script goes on.
    Fix: Write `curl -fsSL`; `--fix` inserts the `-f`.
    Verify: `curl -f https://example.com/nothing-here; echo $?` prints 22.

    Bad: (fetch.sh)
        curl -sSL -o config.json https://config.acme.dev/app.json

    Good: (fetch.sh)
        curl -fsSL -o config.json https://config.acme.dev/app.json
    """
    found = sorted(file.view(read_downloads).unfailing, key=lambda one: one[0].start)
    for pedantic in (False, True):
        calls = [(content, insertion) for content, insertion, documentation in found if documentation == pedantic]
        if not calls:
            continue
        first = calls[0][0]
        edits = tuple(Edit(place, place, text) for place, text in dict.fromkeys(insertion for _, insertion in calls) if text)
        others = f" ({len(calls)} times in this file)" if len(calls) > 1 else ""
        all_mended = len(edits) == len({place for _, (place, _) in calls})
        yield Hit(
            first.start, first.end, f"curl takes an error page of the server for the file{others}", "write curl -fsSL", edits if all_mended else (), pedantic
        )


@check.rule("untrusted-model-source", point=4)
def untrusted_model_source(file: Source) -> Iterator[Hit]:
    """Model weights come from a file share, a gist or a bare URL, and nothing checks them.

    Risk: Whoever can write there sends other weights, or a file that runs code when it is loaded.
    Fix: Take the model from a hub at a commit (`revision=`), or compare its sha256 before it is loaded.
    Verify: Change one digit of the checksum: the program must stop.

    Bad: (fetch_model.sh)
        wget -O weights.pth https://www.dropbox.com/s/abc123/weights.pth?dl=1

    Good: (fetch_model.sh)
        wget -O weights.pth https://www.dropbox.com/s/abc123/weights.pth?dl=1
        echo "$WEIGHTS_SHA256  weights.pth" | sha256sum -c -
    """
    return events(file, "untrusted-model-source")


from agent_security_hooks.checks.download_lint import code  # noqa: E402, F401 - its rule registers itself
