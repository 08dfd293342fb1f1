"""PowerShell and cmd by a small table: downloads that are executed, saved and run, or made without a check of the certificate."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.downloads.calls import Argument, Call
from agent_security_hooks.parse.downloads.fetch import read_fetch
from agent_security_hooks.parse.downloads.indexes import insecure_arguments
from agent_security_hooks.parse.downloads.messages import host_of
from agent_security_hooks.parse.downloads.switches import bad_switches, bad_variable
from agent_security_hooks.parse.urls import insecure_scheme, is_pinned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.downloads.record import Record
    from agent_security_hooks.parse.fragments import Fragment
    from agent_security_hooks.parse.mapped import MappedText

_LONGEST = 20_000
# Statements end at the end of the line (but for ` and ^ before it), at ; and && and ||, but not within quotes.
_STATEMENT = re.compile(rb"(?:[^\r\n;&|\"'`^]|[`^](?:\r?\n|.)|\"(?:[^\"\r\n`]|`.)*\"|'[^'\r\n]*'|\|(?!\|)|&(?!&)|[\"'`^])+")
_BLOCK_COMMENT = re.compile(rb"<#[^#]*(?:#(?!>)[^#]*)*#>")
_SILENT = re.compile(rb"(?i)[ \t@(]*(?:#|REM\b|::|echo\b|(?:\$\w{1,60}[ \t]{0,8}=[ \t]{0,8}[\"'][^\"']*[\"'][ \t]*$)|Write-[A-Z]{1,20}\b|Write\b|throw\b)")
_FETCH = re.compile(
    rb"(?i)(?<![\w-])(?:iwr|irm|curl|wget|Invoke-WebRequest|Invoke-RestMethod|DownloadString|DownloadData|DownloadFile|Start-BitsTransfer|bitsadmin|certutil|aria2c)(?:\.exe)?\b"
)
_EXECUTE = re.compile(rb"(?i)(?<![\w-])(?:iex|Invoke-Expression)(?![\w-])|\[scriptblock\]::Create|\|[ \t]{0,20}(?:sudo[ \t]{1,10})?(?:ba|z|da|k)?sh(?![\w.-])")
_URL = re.compile(rb"(?i)[a-z][a-z0-9+.-]{1,12}://[^\s'\"`)>,;]{1,1000}")
_NAME = rb"(?:\"([^\"\r\n]{1,300})\"|'([^'\r\n]{1,300})'|([^\s;|)\"']{1,300}))"
_SAVED = re.compile(
    rb"(?i)(?:-OutFile|-o|-Destination|--output|/f|-O)[ \t:]{1,4}" + _NAME + rb"|DownloadFile\([^,\r\n]{1,500},[ \t]{0,4}[\"']?([^\"')\r\n]{1,300})"
)
# `bitsadmin /transfer job URL FILE`, `certutil -urlcache -f URL FILE`: the last word.
_LAST = re.compile(rb"(?i)(?:bitsadmin|certutil)(?:\.exe)?\b[^\r\n]{0,800}?://\S{1,500}[ \t]{1,8}" + _NAME + rb"[ \t]*\Z")
_HOLDS = re.compile(rb"[ \t]*\$(\w{1,60})[ \t]{0,8}=")
_SETTING = re.compile(rb"(?i)[ \t@]*(?:set[ \t]{1,8}\"?|\$env:)([A-Z_]\w{1,60})[ \t]{0,8}=[ \t]{0,8}[\"']?([^\"'\r\n&|]{0,300})")
_INSECURE = re.compile(
    rb"(?i)-SkipCertificateCheck(?!:\$?false)\b|ServerCertificateValidationCallback[ \t]{0,4}=[ \t]{0,4}\{[ \t]{0,4}(?:return[ \t]{1,4})?\$true|TrustAllCertsPolicy|-SkipCACheck"
)
_CHECKED = re.compile(rb"(?i)Get-FileHash|Get-AuthenticodeSignature|signtool|certutil[^\r\n]{0,80}-hashfile|gpg|sha256|cosign|gh attestation|Test-FileCatalog")
_RUNS = re.compile(
    rb"(?i)(?:^|[|{(\"'=])[ \t]{0,20}(?:&|\.(?=[ \t])|(?:call|start|Start-Process|msiexec(?:\.exe)?|python3?|py|powershell(?:\.exe)?|pwsh|Add-AppxPackage|choco install"
    rb"|pip install|Install-Package|dism)(?![\w-]))"
)
_PROGRAM_ENDINGS = (b".exe", b".bat", b".cmd", b".ps1", b".msi")
_FOREIGN = re.compile(rb"[ \t]*(?:&[ \t]*)?(curl|wget|npm|yarn|pnpm|git|pip3?|uv|python3?|py|conda|choco|helm|kubectl|aws|go|node)(?:\.exe)?(?=[ \t])")
_WORD = re.compile(rb"\"([^\"]*)\"|'([^']*)'|([^\s\"']+)")
_REMEDY = "compare (Get-FileHash FILE).Hash with the published one first"


class _Saved(NamedTuple):
    """A file that was downloaded, or a variable that holds what was."""

    host: str
    pattern: re.Pattern[bytes]


class _Script:
    """One script: what it has downloaded so far."""

    __slots__ = ("checked", "held", "record", "saved", "text")

    def __init__(self, record: Record, text: MappedText) -> None:
        self.record = record
        self.text = text
        self.saved: dict[bytes, _Saved] = {}
        self.held: dict[bytes, str] = {}
        """Variables with the text of a download, and from where."""
        self.checked = _CHECKED.search(text.data) is not None

    def event(self, start: int, end: int, rule: str, message: str, fix: str = "") -> None:
        self.record.event(*self.text.span(start, end), rule, message, fix)

    def statement(self, line: bytes, start: int) -> None:
        """Read one statement, which begins there."""
        if found := _SETTING.match(line):
            name, value = found[1].decode(), found[2].decode("utf-8", "replace").strip()
            if problem := bad_variable(name, value):
                self.event(start + found.start(1), start + found.end(2), *problem)
        if _SILENT.match(line):
            return
        for found in _INSECURE.finditer(line):
            self.event(start + found.start(), start + found.end(), "tls-verification-off", "the certificate of the server is not checked")
        if found := _FOREIGN.match(line):
            self.program(line, start, found)
        fetch = _FETCH.search(line)
        executed = _EXECUTE.search(line)
        if fetch is not None:
            self.fetch(line, start, fetch.start(), executed)
        elif executed is not None:
            self.evaluate(line, start)
        if self.saved and not self.checked:
            self.run(line, start)

    def program(self, line: bytes, start: int, found: re.Match[bytes]) -> None:
        """A program that is no cmdlet, by its own options."""
        arguments = []
        for word in _WORD.finditer(line, found.start(1)):
            place, end = self.text.span(start + word.start(), start + word.end())
            arguments.append(Argument((word[1] or word[2] or word[3] or b"").decode("utf-8", "replace"), place, end))
            self.record.count(0 if len(arguments) < 20 else 1)
        call = Call(found[1].decode(), arguments[0], tuple(arguments[1:]))
        for argument, message in bad_switches(call):
            self.record.event(argument.start, argument.end, "tls-verification-off", message)
        for argument, message in insecure_arguments(call):
            self.record.event(argument.start, argument.end, "insecure-url", message)
        download = read_fetch(call)
        if download is not None and download.insecure is not None:
            switch = download.insecure
            self.record.event(switch.argument.start, switch.argument.end, "tls-verification-off", f"{call.name} {switch.shown} accepts any certificate")

    def fetch(self, line: bytes, start: int, first: int, executed: re.Match[bytes] | None) -> None:
        """A statement that downloads."""
        for found in _URL.finditer(line, first):
            url = found[0].decode("utf-8", "replace")
            if insecure_scheme(url) and not self.record.documentation:
                message = f"downloads from {host_of(url)} over {insecure_scheme(url)}://, where anyone on the way can change it"
                self.event(start + found.start(), start + found.end(), "insecure-url", message)
        names = [url.decode("utf-8", "replace") for url in _URL.findall(line[first:])[:5]]
        if names and all(map(is_pinned, names)):
            return
        if executed is not None:
            self.executes(line, start, min(first, executed.start()), executed, host_of(*names[:1]))
            return
        target = _SAVED.search(line, first) or _LAST.search(line, first)
        if target is not None:
            name = next(group for group in target.groups() if group is not None).strip()
            name = name.replace(b"/", b"\\").rsplit(b"\\", 1)[-1].lower() or name
            if len(self.saved) < 50:
                self.saved[name] = _Saved(host_of(*names[:1]), re.compile(rb"(?<![\w$-])" + re.escape(name) + rb"(?![\w-])", re.IGNORECASE))
        elif (variable := _HOLDS.match(line)) and len(self.held) < 50:
            self.held[variable[1].lower()] = host_of(*names[:1])

    def executes(self, line: bytes, start: int, first: int, executed: re.Match[bytes], host: str) -> None:
        program = executed[0].decode("ascii", "replace").strip("| ").split()[-1]
        message = f"{program} runs whatever {host} sends at that moment"
        fix = "save it, compare (Get-FileHash FILE).Hash with the published one, then run it"
        self.event(start + first, start + len(line.rstrip()), "pipe-to-shell", message, fix)

    def evaluate(self, line: bytes, start: int) -> None:
        """`iex $script`: a variable that holds a download."""
        executed = _EXECUTE.search(line)
        for variable in re.findall(rb"\$(\w{1,60})", line[:_LONGEST]):
            host = self.held.get(variable.lower())
            if host is not None and executed is not None:
                self.executes(line, start, len(line) - len(line.lstrip()), executed, host)
                return

    def run(self, line: bytes, start: int) -> None:
        """A saved file at the place of a command, or behind one that runs it."""
        for name, saved in list(self.saved.items()):
            for found in saved.pattern.finditer(line):
                before = line[max(0, found.start() - 160) : found.start()]
                if _RUNS.search(before) or b" " not in before.strip(b" \t&\"'({.") and name.endswith(_PROGRAM_ENDINGS):
                    begin = start + len(line) - len(line.lstrip())
                    message = f"a file that was downloaded from {saved.host} is run, and nothing checked it"
                    self.event(begin, start + len(line.rstrip()), "unverified-execution", message, _REMEDY)
                    del self.saved[name]
                    break


def read_powershell(record: Record, fragment: Fragment) -> None:
    """Add the events of one script."""
    text = fragment.text
    script = _Script(record, text)
    for line, start in _statements(text.data):
        record.count()
        script.statement(line, start)


def _statements(data: bytes) -> Iterator[tuple[bytes, int]]:
    last = data.rfind(b"#>") + 2  # behind it no comment ends, and looking for its end from each beginning would take for ever
    data = _BLOCK_COMMENT.sub(lambda comment: re.sub(rb"[^\n]", b" ", comment[0]), data[:last]) + data[last:] if last > 1 else data
    for match in _STATEMENT.finditer(data):
        yield match[0][:_LONGEST], match.start()
