"""Commands: where they begin and end, their redirections and assignments, and the words that open and close compound commands."""

from __future__ import annotations

import re

from agent_security_hooks.parse.shell.heredoc import Heredoc, HeredocWords
from agent_security_hooks.parse.shell.model import Command, Compound, Part, Pipeline, Redirection, Word
from agent_security_hooks.parse.shell.structure import Tree
from agent_security_hooks.parse.shell.words import PLAIN

_ASSIGNMENT = re.compile(rb"([A-Za-z_][A-Za-z0-9_]*)(?:(\[)|(\+)?=(?:\\\r?\n)*)")
_ASSIGNS = re.compile(rb"\](\+)?=(?:\\\r?\n)*")
_REDIRECTION = re.compile(rb"([0-9]{1,9}|\{[A-Za-z_][A-Za-z0-9_]{0,99}\})?(&>>|&>|<<<|<<-|<<|<&|<>|>>|>&|>\||<(?!\()|>(?!\())")
_PARENTHESES = re.compile(rb"[ \t]*\([ \t]*\)")
_FUNCTION = re.compile(rb"[ \t]+([^ \t\r\n;&|()<>\\'\"$`]+)(?:[ \t]*\([ \t]*\))?")
_FUNCTION_BODY = re.compile(rb"[{(]|(?:\[\[|if|for|while|until|case|select)(?![^ \t\r\n;&|()<>])")
_COPROCESS = re.compile(rb"[ \t]+[A-Za-z_][A-Za-z0-9_]*(?=[ \t]+(?:[({]|(?:while|until|if|for|case|select|\[\[)[ \t\n]))")
_NO_OPTION = re.compile(rb"[ \t]+-p(?=[ \t\n])|(?![ \t]+-)")
_IN = re.compile(rb"in(?![^ \t\r\n;&|()<>])")
_ESAC = re.compile(rb"esac(?![^ \t\r\n;&|()<>`])")
_VARIABLE = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*")

_RESERVED = frozenset(b"if then elif else fi while until do done for select case esac function { } ! time coproc [[ @test".split())
_CLOSERS = frozenset(b"fi done esac }".split())
_OPENERS = {b"if": "if", b"while": "while", b"until": "until", b"{": "group"}
_DECLARATIONS = frozenset(b"declare export local readonly typeset".split())
_ENDS = frozenset(b" \t\r\n;&|()<>")
_SIMPLE, _COMPOUND = 2, 6  # what they cost of the scanner's room, more than the words and operators in them


class Scanner(HeredocWords):
    """Reads the commands of a text."""

    __slots__ = ()

    def unit(self, base: int, close: int) -> tuple[tuple[Pipeline, ...], int]:
        """The commands from an offset on, up to the end of the text or behind the parenthesis `close`, and where they end."""
        reader = _Unit(self, base, close)
        end = reader.read()
        return reader.tree.finish(), min(end, len(self.data))

    def array(self, p: int) -> tuple[Word, int]:
        """The value of `a=(x y)`, from its parenthesis."""
        start, words = p, list[Word]()
        p = self.space(p + 1)
        while p < self.end and self.data[p] != 41:
            word, q = self.word(p)
            if q > p:
                words.append(word)
            p = self.space(max(q, p + 1))
        p = max(start + 1, min(p + 1, self.end))
        return Word(start, p, (Part("array", self.text(start, p), False, "", "", None, (), start, p, tuple(words)),)), p


class _Unit:
    """The commands of a script or of one substitution."""

    __slots__ = ("base", "close", "scanner", "tree")

    def __init__(self, scanner: Scanner, base: int, close: int) -> None:
        self.scanner = scanner
        self.base = base
        self.close = close
        self.tree = Tree()

    def read(self) -> int:
        """All commands; where they end."""
        scanner, data, p = self.scanner, self.scanner.data, self.base
        while True:
            p = scanner.blank(p)
            if p >= scanner.end:
                return p
            c = data[p]
            if c == 10:
                self.tree.operator("\n")
                p = scanner.heredocs(p + 1) if scanner.pending else scanner.space(p + 1)
                continue
            scanner.spend(p)
            if c == 35:
                p = scanner.line_end(p)
            elif c == 41:
                if self.close and not self.tree.parentheses:  # a case without its esac does not hold it
                    return p + 1
                p += 1
                self.tree.close(")", p)
            elif c in b";|" or (c == 38 and data[p + 1 : p + 2] != b">"):
                p = self.operator(p)
            elif c == 40:
                p = self.parenthesis(p)
            else:
                p = self.command(p)

    def operator(self, p: int) -> int:
        data = self.scanner.data
        if data[p] == 59:
            size = 3 if data[p : p + 3] == b";;&" else 2 if data[p : p + 2] in (b";;", b";&") else 1
            in_case = size > 1 and self.tree.in_case()
            self.tree.operator(";")
            return self.pattern(p + size) if in_case else p + size
        two = data[p : p + 2]
        token = two if two in (b"&&", b"||", b"|&") else two[:1]
        self.tree.operator(token.decode())
        return p + len(token)

    def add(self, command: Command | Compound) -> None:
        self.scanner.spend(command.end, _SIMPLE)
        self.tree.add(command)

    def open(self, kind: str, start: int, end: int, *, name: str = "", words: tuple[Word, ...] = (), closer: str = "") -> int:
        self.scanner.spend(start, _COMPOUND)
        self.tree.open(kind, start, end, name=name, words=words, closer=closer)
        return end

    def parenthesis(self, p: int) -> int:
        scanner = self.scanner
        if scanner.data[p + 1 : p + 2] == b"(":
            parts: list[Part] = []
            end = scanner.arithmetic(p, p + 2, parts)
            if end:
                inner = parts[0].default
                self.add(Compound(p, end, "arithmetic", "", (inner,) if inner else (), (), ()))
                return end
        return self.open("subshell", p, p + 1)

    def command(self, p: int) -> int:
        """What begins with a word or redirection."""
        scanner, data = self.scanner, self.scanner.data
        found = _REDIRECTION.match(data, p, scanner.end) if self.tree.closed else None
        if found:
            return self.trailing(found)
        found = PLAIN.match(data, p, scanner.end)
        q = found.end() if found else p
        if q > p and (q >= scanner.end or data[q] in _ENDS):
            plain = data[p:q]
            end = self.reserved(p, q, plain) if plain in _RESERVED else 0
            if not end and q < scanner.end and data[q] in b" \t(" and b"=" not in plain:
                found = _PARENTHESES.match(data, q, scanner.end)
                end = self.function(p, scanner.text(p, q), found.end()) if found else 0
            if end:
                return end
        return self.words(p)

    def trailing(self, found: re.Match[bytes] | None) -> int:
        """The redirections of a compound command."""
        redirections, p = [], 0
        while found:
            redirection, p = self.redirection(found)
            redirections.append(redirection)
            found = _REDIRECTION.match(self.scanner.data, self.scanner.blank(p), self.scanner.end)
        self.tree.redirect(redirections)
        return p

    def words(self, start: int) -> int:
        """A simple command."""
        scanner, data = self.scanner, self.scanner.data
        assignments: list[tuple[str, Word | None]] = []
        words: list[Word] = []
        redirections: list[Redirection] = []
        p = end = start
        assigning = True
        while p < scanner.end:
            c = data[p]
            if c in b"\n;|)" or (c == 38 and data[p + 1 : p + 2] != b">") or (c == 35 and p > end):
                break
            found = _REDIRECTION.match(data, p, scanner.end) if c in b"<>&{0123456789" else None
            if found:
                redirection, end = self.redirection(found)
                redirections.append(redirection)
            else:
                found = _ASSIGNMENT.match(data, p, scanner.end) if assigning else None
                end = self.assignment(found, assignments) if found else 0
                if not end:
                    word, end = scanner.word(p)
                    if end == p:  # a stray parenthesis
                        end = p + 1
                        word = Word(p, end, (Part("literal", chr(c), False, "", "", None, (), p, end),))
                    if not words:
                        assigning = data[p:end] in _DECLARATIONS
                    words.append(word)
            p = scanner.blank(end)
        end = max(end, start + 1)
        self.add(Command(start, end, tuple(assignments), tuple(words), tuple(redirections)))
        return max(p, end)

    def assignment(self, found: re.Match[bytes], assignments: list[tuple[str, Word | None]]) -> int:
        scanner, p, added = self.scanner, found.end(), found[3]
        index: list[Part] = []
        if found[2]:
            p = scanner.bracket(p, index)
            closed = _ASSIGNS.match(scanner.data, p, scanner.end)
            if not closed:
                return 0
            p, added = closed.end(), closed[1]
        word, p = scanner.array(p) if p < scanner.end and scanner.data[p] == 40 else scanner.word(p)
        name = found[1].decode()
        if added:
            word.parts = (Part("variable", "${" + name + "}", False, name, "", None, (), word.start, word.start), *word.parts)
        if any([part.kind == "command" for part in index]):  # noqa: C419  a[$(b)]=c runs b
            assignments.append(("", Word(index[0].start, index[-1].end, tuple(index))))
        assignments.append((name, word))
        return p

    def redirection(self, found: re.Match[bytes]) -> tuple[Redirection, int]:
        scanner = self.scanner
        operator, descriptor, start = found[2].decode(), (found[1] or b"").decode().strip("{}"), found.start()
        p = scanner.blank(found.end())
        target, q = scanner.word(p)
        if q == p:
            return Redirection(start, found.end(), descriptor, operator), found.end()
        if operator not in ("<<", "<<-"):
            return Redirection(start, q, descriptor, operator, target), q
        body = Word(q, q, ())
        delimiter = target.text.encode("utf-8", "surrogateescape")
        scanner.pending.append(Heredoc(body, delimiter, delimiter != scanner.data[p:q], operator == "<<-", bool(self.close)))
        return Redirection(start, q, descriptor, operator, target, body), q

    # Reserved words: the methods return 0 where the word is none

    def reserved(self, p: int, q: int, word: bytes) -> int:
        special = {
            b"[[": self.test, b"case": self.case, b"for": self.loop, b"select": self.loop, b"!": self.negation, b"time": self.time,
            b"coproc": self.coprocess, b"function": self.function_word, b"@test": self.bats,
        }.get(word)  # fmt: skip
        if special:
            return special(p, q)
        text = word.decode()
        if word in _CLOSERS:
            self.tree.close(text, q)
        elif word in _OPENERS:
            self.open(_OPENERS[word], p, q)
        else:
            self.tree.middle(text)
        return q

    def negation(self, p: int, q: int) -> int:
        self.tree.negated = True
        return max(p, q)

    def time(self, p: int, q: int) -> int:
        found = _NO_OPTION.match(self.scanner.data, q, self.scanner.end)
        return max(p, found.end()) if found else 0

    def coprocess(self, p: int, q: int) -> int:
        found = _COPROCESS.match(self.scanner.data, q, self.scanner.end)
        return found.end() if found else max(p, q)

    def bats(self, p: int, q: int) -> int:
        """The function of the test framework bats: @test "name" {."""
        start = self.scanner.blank(q)
        name, end = self.scanner.word(start)
        return self.function(p, name.text, end) if end > start else 0

    def function_word(self, p: int, q: int) -> int:
        found = _FUNCTION.match(self.scanner.data, q, self.scanner.end)
        return self.function(p, found[1].decode("utf-8", "surrogateescape"), found.end()) if found else 0

    def function(self, p: int, name: str, after: int) -> int:
        if not _FUNCTION_BODY.match(self.scanner.data, self.scanner.space(after), self.scanner.end):
            return 0
        return self.open("function", p, after, name=name)

    def case(self, p: int, q: int) -> int:
        scanner = self.scanner
        start = scanner.blank(q)
        word, end = scanner.word(start)
        found = _IN.match(scanner.data, scanner.space(end), scanner.end)
        if end == start or not found:
            return 0
        return self.pattern(self.open("case", p, found.end(), words=(word,)))

    def pattern(self, p: int) -> int:
        """The patterns of an arm, or where the case ends."""
        scanner, data = self.scanner, self.scanner.data
        start = p = scanner.space(p)
        if _ESAC.match(data, p, scanner.end):
            return p
        if p < scanner.end and data[p] == 40:
            start = p = scanner.space(p + 1)
        words: list[Word] = []
        while p < scanner.end:
            word, q = scanner.word(p)
            if q == p:
                break
            words.append(word)
            p = scanner.space(q)
            if data[p : p + 1] != b"|":
                break
            p = scanner.space(p + 1)
        if p >= scanner.end or data[p] != 41:
            self.tree.close("esac", start)  # which is missing: what follows is read as commands
            return start
        self.tree.arm(tuple(words))
        return p + 1

    def loop(self, p: int, q: int) -> int:
        """The head of a for or select, up to its body."""
        scanner, data = self.scanner, self.scanner.data
        start = scanner.blank(q)
        words: list[Word] = []
        name = ""
        if data[start : start + 2] == b"((":
            parts: list[Part] = []
            end = scanner.arithmetic(start, start + 2, parts)
            if not end:
                return 0
            words = [parts[0].default] if parts[0].default else []
        else:
            found = _VARIABLE.match(data, start, scanner.end)
            if not found:
                return 0
            name, end = found[0].decode(), found.end()
            found = _IN.match(data, scanner.space(end), scanner.end)
            end = self.items(found.end(), words) if found else end
        after = scanner.space(end)
        if data[after : after + 1] == b";" and after < scanner.end:
            after = scanner.space(after + 1)
        braces = data[after : after + 1] == b"{" and after < scanner.end
        self.open("for", p, after + 1 if braces else end, name=name, words=tuple(words), closer="}" if braces else "")
        return after + 1 if braces else after

    def items(self, p: int, words: list[Word]) -> int:
        scanner, end = self.scanner, p
        while True:
            p = scanner.blank(end)
            if p >= scanner.end or scanner.data[p] == 35:
                return end
            word, q = scanner.word(p)
            if q == p:
                return end
            words.append(word)
            end = q

    def test(self, p: int, q: int) -> int:
        scanner, data, at, regex = self.scanner, self.scanner.data, q, False
        words: list[Word] = []
        room, kept, pending = scanner.budget, scanner.end, scanner.pending
        while True:
            at = scanner.space(at)
            if at >= scanner.end or room <= 0:
                break
            c, two = data[at], data[at : at + 2]
            if regex:
                word, end = scanner.regex(at)
            elif two in (b"&&", b"||"):
                at += 2
                continue
            elif c in b";&|":
                break
            elif c in b"()" or (c in b"<>" and two[1:] != b"("):
                at += 1
                continue
            else:
                word, end = scanner.word(at)
            if end == at:
                break
            regex = data[at:end] == b"=~"
            if data[at:end] == b"]]":
                self.add(Compound(p, end, "test", "", tuple(words), (), ()))
                return end
            words.append(word)
            at = end
        scanner.budget -= at - q
        scanner.end, scanner.pending = kept, pending
        return 0
