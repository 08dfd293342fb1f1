"""Shell: what the parser makes of each construct, what it saves of broken text, and that no text is too much for it."""

from __future__ import annotations

import time

import pytest
from agent_security_hooks.parse.mapped import MappedText
from agent_security_hooks.parse.shell import SIZE_LIMIT, Command, Compound, Part, Pipeline, Redirection, Word, parse_shell, statements, walk_commands
from hypothesis import given
from hypothesis import strategies as st


def show_part(part: Part) -> str:
    if part.kind == "literal":
        return part.text.replace("\n", "~")
    inside = [*map(show_word, part.words), *([show_word(part.default)] if part.default else []), *map(show_line, part.body)]
    return f"<{' '.join([part.kind[0] + ':' + part.name + part.operator, *inside])}>"


def show_word(word: Word) -> str:
    return "[" + "".join(map(show_part, word.parts)) + "]"


def show_redirection(item: Redirection) -> str:
    return item.descriptor + item.operator + "".join(show_word(word) for word in (item.target, item.heredoc) if word)


def show_command(item: Command | Compound) -> str:
    redirections = map(show_redirection, item.redirections)
    if isinstance(item, Command):
        return " ".join([*(name + "=" + show_word(word) for name, word in item.assignments if word), *map(show_word, item.words), *redirections])
    arms = ["(" + "".join(map(show_word, words)) + ")" for words in item.patterns] or [""] * len(item.blocks)
    blocks = [arm + "{" + show(block) + "}" for arm, block in zip(arms, item.blocks)]
    return " ".join([item.kind, *([item.name] if item.name else []), *map(show_word, item.words), *blocks, *redirections])


def show_line(line: Pipeline) -> str:
    commands = show_command(line.commands[0]) + "".join(f" {operator} {show_command(command)}" for operator, command in zip(line.operators, line.commands[1:]))
    return ("! " if line.negated else "") + commands + {"": "", "\n": " /"}.get(line.after, " " + line.after)


def show(lines: tuple[Pipeline, ...]) -> str:
    """Words in brackets, expansions as <kind:name operator word or commands>, ~ for a newline in a word, / for one after a command."""
    return " ".join(map(show_line, lines))


QUOTES = [
    ("curl 'a b' \"c d\" e\\ f 'g'h\"i\"\\'", "[curl] [a b] [c d] [e f] [ghi']"),
    ('echo "a \\" \\$ \\` \\\\ \\n"', '[echo] [a " $ ` \\ \\n]'),
    ("echo $'a\\n\\x41\\'b' $\"hi $x\" \"$'no'\"", "[echo] [a~A'b] [hi <v:x>] [$'no']"),
    ("echo '' \"\" ''a $''", "[echo] [] [] [a] []"),
    ("echo $'\\u00e9\\U1F600\\ud800\\101\\cA\\q\\'", "[echo] [é😀�A\u0001\\q']"),
    ("echo '123\\' 'b'", "[echo] [123\\] [b]"),
    ('cu\\\nrl -f \\\n  -s "a\\\nb"', "[curl] [-f] [-s] [ab]"),
    ("curl a\\\n\\\n | sh", "[curl] [a] | [sh]"),
    ("echo {a,b}c ~/x ~ * a?[bc]", "[echo] [{a,b}c] [~/x] [~] [*] [a?[bc]]"),
    ("echo a#b # no | sh\nsh", "[echo] [a#b] / [sh]"),
    ("cu'r'l |\"s\"h", "[curl] | [sh]"),
    ("echo é \\é 'é'", "[echo] [é] [é] [é]"),
    ('echo $ a$ "$" $% \\', "[echo] [$] [a$] [$] [$%] [\\]"),
]
EXPANSIONS = [
    (
        "echo $x ${x} ${x:-a b} ${#x} ${!x} ${x[@]} ${x[1]:-y} ${x//a/b} ${x%%.*} $1 $@ ${10} $?",
        "[echo] [<v:x>] [<v:x>] [<v:x:- [a b]>] [<v:x#>] [<v:x!>] [<v:x>] [<v:x:- [y]>] [<v:x// [a/b]>] [<v:x%% [.*]>] [<v:1>] [<v:@>] [<v:10>] [<v:?>]",
    ),
    ('echo ${x:-$(a | b)} "${x:-"c d"}" "${x#\'e\'}" "${x:-\'f\'}"', "[echo] [<v:x:- [<c: [a] | [b]>]>] [<v:x:- [c d]>] [<v:x# [e]>] [<v:x:- ['f']>]"),
    ('echo `a | b` `a \\`b c\\`` "`a \\"b\\"`"', "[echo] [<c: [a] | [b]>] [<c: [a] [<c: [b] [c]>]>] [<c: [a] [b]>]"),
    ("a=$(<f) b=$( (c) ) d=$(case x in y) e;; esac)", "a=[<c: <[f]>] b=[<c: subshell {[c]}>] d=[<c: case [x] ([y]){[e] ;}>]"),
    ("diff <(a | b) >(c) --x=<(d)", "[diff] [<p:< [a] | [b]>] [<p:> [c]>] [--x=<p:< [d]>]"),
    ("echo $((1 + $(a) * (2))) $[1 + $(b)] $((a) | b)", "[echo] [<a: [<c: [a]>]>] [<a: [<c: [b]>]>] [<c: subshell {[a]} | [b]>]"),
    ("x=$(cat <<E\n a)\nE\n) y", "x=[<c: [cat] <<[E][ a)~] />] [y]"),
    ('x="$(a "b $(c \'d\')")" e', "x=[<c: [a] [b <c: [c] [d]>]>] [e]"),
    ("echo ${x:-`a`} ${x/$(b)/c} ${a[$(c)]}", "[echo] [<v:x:- [<c: [a]>]>] [<v:x/ [<c: [b]>/c]>] [<v:a [<c: [c]>]>]"),
    ("echo ${{ github.x }} \"${{ a || 'b' }}\" | c", "[echo] [<v:>] [<v:>] | [c]"),
    ("curl {{ url }}/x {{- y | z }} | sh", "[curl] [<v:>/x] [<v:>] | [sh]"),
    ("echo ${ x ${", "[echo] [${ x ${]"),
    ("echo @(a|b).c !(d)", "[echo] [@(a|b).c] [!(d)]"),
    ('sh -c "$(curl x)"', "[sh] [-c] [<c: [curl] [x]>]"),
]
ASSIGNMENTS = [
    ('a=1 b="$c" d e=f', "a=[1] b=[<v:c>] [d] [e=f]"),
    ("a=1; b+=2", "a=[1] ; b=[<v:b>2]"),
    ("a=(x 'y z' $(b) # c\n [2]=d) e", "a=[<a: [x] [y z] [<c: [b]>] [[2]=d]>] [e]"),
    ("a[1]=2 a[$(b)]=3 c", "a=[2] =[<c: [b]>] a=[3] [c]"),
    (
        'export A=1 B="$c" D; declare -a e=(f g); local h; readonly i=$(j)',
        "A=[1] B=[<v:c>] [export] [D] ; e=[<a: [f] [g]>] [declare] [-a] ; [local] [h] ; i=[<c: [j]>] [readonly]",
    ),
    ('export "A=$b" -n', "[export] [A=<v:b>] [-n]"),
    ("a= b", "a=[] [b]"),
    ("a=\\\n(b c)", "a=[<a: [b] [c]>]"),
    ("env A=b c", "[env] [A=b] [c]"),
]
REDIRECTIONS = [
    ("a >b 2>&1 <c >>d &>e 2>&- 3<>f {g}>h >|i <&j <<<k &>>l", "[a] >[b] 2>&[1] <[c] >>[d] &>[e] 2>&[-] 3<>[f] g>[h] >|[i] <&[j] <<<[k] &>>[l]"),
    (">a", ">[a]"),
    ("<a b >c d", "[b] [d] <[a] >[c]"),
    ("a 2 >b 12>c d2>e", "[a] [2] [d2] >[b] 12>[c] >[e]"),
    ("{ a; } >b 2>&1 | c", "group {[a] ;} >[b] 2>&[1] | [c]"),
    (
        "(a) <b; if a; then b; fi >c; for x in y; do z; done <w; while a; do b; done < <(c); [[ a ]] >b; ((a)) >b",
        "subshell {[a]} <[b] ; if {[a] ;} {[b] ;} >[c] ; for x [y] {[z] ;} <[w] ; while {[a] ;} {[b] ;} <[<p:< [c]>] ; test [a] >[b] ; arithmetic >[b]",
    ),
    ('a > "b $c" d', "[a] [d] >[b <v:c>]"),
]
HEREDOCS = [
    ("cat <<E | sh\na $b $(c)\nE\nd", "[cat] <<[E][a <v:b> <c: [c]>~] | [sh] / [d]"),
    ("cat <<'E' >f\na $b \\$c\nE\nd", "[cat] <<[E][a $b \\$c~] >[f] / [d]"),
    ("cat <<-E\n\ta\n\t\tb $c\n\tE\nd", "[cat] <<-[E][a~b <v:c>~] / [d]"),
    ('cat <<A <<"B"\na $x\nA\nb $y\nB\nc', "[cat] <<[A][a <v:x>~] <<[B][b $y~] / [c]"),
    ("cat <<\\E && b\n$a\nE\nc", "[cat] <<[E][$a~] && [b] / [c]"),
    ("a | cat <<E\nb\\\nc \\$d\nE", "[a] | [cat] <<[E][bc $d~] /"),
    ("cat <<E\r\na\r\nE\r\nb\r\n", "[cat] <<[E][a\r~] / [b] /"),
    ("cat <<E\na\n", "[cat] <<[E][a~] /"),
    ("if a; then cat <<E; fi\nb\nE\nc", "if {[a] ;} {[cat] <<[E][b~] ;} / [c]"),
    ("case a in b) cat <<E;;\nc\nE\nd) e;; esac", "case [a] ([b]){[cat] <<[E][c~] ;} ([d]){[e] ;}"),
    ("(cat <<E\na\nE\n) | b", "subshell {[cat] <<[E][a~] /} | [b]"),
    ("x=$(cat <<E\na\nE)", "x=[<c: [cat] <<[E][a~] />]"),
    ("cat << E\na\n E\nE", "[cat] <<[E][a~ E~] /"),
]
LISTS = [
    ("a && b || c; d & e\nf", "[a] && [b] || [c] ; [d] & [e] / [f]"),
    ("a | b |& c && ! d | e", "[a] | [b] |& [c] && ! [d] | [e]"),
    ("a &\nb", "[a] & [b]"),
    ("! a; time b | c; time -p d; ! time e; time -v f", "! [a] ; [b] | [c] ; [d] ; ! [e] ; [time] [-v] [f]"),
    ("a |\nb &&\n\nc ||\n# x\nd", "[a] | [b] && [c] || [d]"),
    ("a;;b", "[a] ; [b]"),
    ("a;\r\nb\r\n", "[a] ; [b] /"),
    ("x | y \n\nif a; then b; fi", "[x] | [y] / if {[a] ;} {[b] ;}"),
]
COMPOUNDS = [
    ("if a; then b; elif c; then d; else e; fi", "if {[a] ;} {[b] ;} {[c] ;} {[d] ;} {[e] ;}"),
    ("if a\nthen b | c\nfi && d", "if {[a] /} {[b] | [c] /} && [d]"),
    ("while a; b; do c; done; until d; do e; done", "while {[a] ; [b] ;} {[c] ;} ; until {[d] ;} {[e] ;}"),
    (
        'for i in a "b c" $d; do e; done; for i do a; done; for i\ndo a; done; select j in a; do b; done',
        "for i [a] [b c] [<v:d>] {[e] ;} ; for i {[a] ;} ; for i {[a] ;} ; for j [a] {[b] ;}",
    ),
    ("for ((i = $(a); i < 3; i++)); do b; done; for ((;;)) { c; }", "for [<c: [a]>] {[b] ;} ; for {[c] ;}"),
    ("case $a in b|'c d') e;; (*) f;& g) h;;& esac; i", "case [<v:a>] ([b][c d]){[e] ;} ([*]){[f] ;} ([g]){[h] ;} ; [i]"),
    ("case a in\n  b)\n    c\n    ;;\n  d) ;;\n  *) e\nesac", "case [a] ([b]){[c] /} ([d]){} ([*]){[e] /}"),
    ("{ a; b; } | (c; d)", "group {[a] ; [b] ;} | subshell {[c] ; [d]}"),
    (
        "f() { a; }; function g { b; }; function h() { c; } >d; i() (e); j ()\n{\nf\n}",
        "function f {[a] ;} ; function g {[b] ;} ; function h {[c] ;} >[d] ; function i {subshell {[e]}} ; function j {[f] /}",
    ),
    ("f() [[ a ]]; g() if a; then b; fi", "function f {test [a]} ; function g {if {[a] ;} {[b] ;}}"),
    ("coproc a b; coproc c { d; }; coproc { e; }", "[a] [b] ; group {[d] ;} ; group {[e] ;}"),
    (
        "[[ -f a && $b =~ ^(x|y) z.*$ || ! ( $c == *.d ) ]] && e; [[ $(a) < b ]]",
        "test [-f] [a] [<v:b>] [=~] [^(x|y)] [z.*$] [!] [<v:c>] [==] [*.d] && [e] ; test [<c: [a]>] [b]",
    ),
    ("[[ a =~ (b c|d) ]] && e", "test [a] [=~] [(b c|d)] && [e]"),
    ("[ -f a ] || test b", "[[] [-f] [a] []] || [test] [b]"),
    ("((a = $(b), c << 2)) && d; ((a) | (b))", "arithmetic [<c: [b]>] && [d] ; subshell {subshell {[a]} | subshell {[b]}}"),
    ('@test "a b" {\n c\n}\nd', "function a b {[c] /} / [d]"),
    ("{ a } b", "group {[a] [}] [b]}"),
    ("echo if then fi done { } ! [[ case; if a; then echo else; fi", "[echo] [if] [then] [fi] [done] [{] [}] [!] [[[] [case] ; if {[a] ;} {[echo] [else] ;}"),
    ("for i in a # b\ndo c; done; for i in; do a; done", "for i [a] {[c] ;} ; for i {[a] ;}"),
    ("f() ( g() { a; }\nb )", "function f {subshell {function g {[a] ;} / [b]}}"),
    ("if (a) then b; fi; while ((a)) do b; done", "if {subshell {[a]}} {[b] ;} ; while {arithmetic} {[b] ;}"),
    ("if a; then\n# x\nfi; b", "if {[a] ;} {} ; [b]"),
]
BROKEN = [
    ("case a b; c | d", "[case] [a] [b] ; [c] | [d]"),
    ("for ((a; b | c", "[for] [(] [(] [a] ; [b] | [c]"),
    ("for i in a | b", "for i [a] {[b]}"),
    ("echo $'a\nb | c", "[echo] [a] / [b] | [c]"),
    ("echo a(b | c\nd | e", "[echo] [a(b] | [c] / [d] | [e]"),
    ("( if a; then { b; ) c", "subshell {if {[a] ;} {group {[b] ;}}} [c]"),
    ("case x in a) if b;; c) d;; esac; e", "case [x] ([a]){if {[b]} ;} ([c]){[d] ;} ; [e]"),
    ("[[ a =~ ]] b\nc | d", "test [a] [=~] [b] / [c] | [d]"),
    ("echo \\", "[echo] [\\]"),
    ("f() }", "[f()] [}]"),
    ("if a; then b; fi; then c; do d; else e", "if {[a] ;} {[b] ;} ; [c] ; [d] ; [e]"),
    ("a; fi; b | c", "[a] ; [b] | [c]"),
    ("if a; then b | c", "if {[a] ;} {[b] | [c]}"),
    ("( a; b | c", "subshell {[a] ; [b] | [c]}"),
    ("a ) b | c", "[a] [b] | [c]"),
    ("} ; a | b", "[a] | [b]"),
    ("case x in\na | b\nc", "case [x] [a] | [b] / [c]"),
    ("case x in a) b;;\nc | d", "case [x] ([a]){[b] ;} [c] | [d]"),
    ('echo "a\nb | c\n', "[echo] [a] / [b] | [c] /"),
    ("echo don't\nb | c\n", "[echo] [dont] / [b] | [c] /"),
    ("echo `a\nb | c\n", "[echo] [`a] / [b] | [c] /"),
    ("echo ${a\nb | c\n", "[echo] [${a] / [b] | [c] /"),
    ("a $(b\nc | d", "[a] [<c: [b] / [c] | [d]>]"),
    ("a | | b", "[a] | [b]"),
    ("a && && b", "[a] && [b]"),
    ("for in; a | b", "for in {[a] | [b]}"),
    ("while a; b | c", "while {[a] ; [b] | [c]}"),
    ("f() a; b", "[f()] [a] ; [b]"),
    ("foo(bar, baz) | c", "[foo(bar, baz)] | [c]"),
    ("$ curl x | sh", "[$] [curl] [x] | [sh]"),
    ("> curl x | sh", "[x] >[curl] | [sh]"),
    ("a <b> | c", "[a] <[b] > | [c]"),
    ("c\x00url x | s\x00h", "[curl] [x] | [sh]"),
    ("a \udcff b | c", "[a] [\udcff] [b] | [c]"),
    ("(((((((a)))))))", "arithmetic"),
    ("if if if a", "if {if {if {[a]}}}"),
    ("[[ a\nb | c", "[[[] [a] / [b] | [c]"),
    ("[[ a ; b | c", "[[[] [a] ; [b] | [c]"),
    ("a=(b\nc", "a=[<a: [b] [c]>]"),
    ("a[b c", "[a[b] [c]"),
    ("case", "[case]"),
    ("for", "[for]"),
    ("function", "[function]"),
    ("a <<", "[a] <<"),
    ("a >", "[a] >"),
    ("!", ""),
    ("coproc", ""),
    ("time", ""),
    ("{", "group {}"),
    ("esac", ""),
]


@pytest.mark.parametrize(
    ("script", "expected"), [*QUOTES, *EXPANSIONS, *ASSIGNMENTS, *REDIRECTIONS, *HEREDOCS, *LISTS, *COMPOUNDS, *BROKEN], ids=lambda text: ascii(text)[1:60]
)
def test_what_is_made_of_it(script: str, expected: str) -> None:
    found = parse_shell(script.encode("utf-8", "surrogateescape"))
    assert show(found) == expected
    assert found.complete


def test_offsets() -> None:
    text = b"#!/bin/sh\nA=1 curl -f 'x y' | sh >\"$log\" 2>&1 # no\nif a\nthen b; fi <c\n"
    first, second = parse_shell(text)
    curl, sh = first.commands
    assert isinstance(curl, Command)
    assert isinstance(sh, Command)
    assert text[first.start : first.end] == b"A=1 curl -f 'x y' | sh >\"$log\" 2>&1"
    assert [text[word.start : word.end] for word in curl.words] == [b"curl", b"-f", b"'x y'"]
    assert [text[item.start : item.end] for item in sh.redirections] == [b'>"$log"', b"2>&1"]
    assert text[curl.words[2].parts[0].start : curl.words[2].parts[0].end] == b"x y"
    assert text[second.start : second.end] == b"if a\nthen b; fi <c"
    assert [word.is_literal for word in (*curl.words, sh.redirections[0].target or curl.words[0])] == [True, True, True, False]


def test_offsets_in_escaped_backquotes() -> None:
    text = b"a `b \\`c d\\` \\$e` f"
    names = {word.text: text[word.start : word.end] for command in walk_commands(parse_shell(text)) for word in command.words}
    assert names == {"a": b"a", "`b \\`c d\\` \\$e`": b"`b \\`c d\\` \\$e`", "b": b"b", "`c d`": b"`c d\\`", "$e": b"$e", "c": b"c", "d": b"d", "f": b"f"}


def test_walk() -> None:
    script = parse_shell(
        b'a=$(one) two "$(three | four)" <<E | if five; then six; fi\n`seven`\nE\nb=($(eight))\nf() { case $(nine) in $(ten)) eleven <(twelve);; esac; }\n'
        b"[[ $(thirteen) ]]; (( $(fourteen) )); for i in $(fifteen); do ${x:-$(sixteen)}; done >$(seventeen)\n"
    )
    names = [command.words[0].text for command in walk_commands(script) if command.words and command.words[0].is_literal]
    assert names == [
        "two", "one", "three", "four", "seven", "five", "six", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"
    ]  # fmt: skip
    lines = [tuple([command.words[0].text for command in line.commands if isinstance(command, Command) and command.words]) for line in statements(script)]
    assert ("three", "four") in lines


def test_content_can_be_parsed_again() -> None:
    file = b'RUN sh -c "curl \\"$url\\" \\\n | sh"\n'
    cut = file.index(b"sh")
    text = MappedText.join([(b"sh ", cut), (file[cut + 3 :], cut + 3)])
    (line,) = parse_shell(text.data)
    assert isinstance(line.commands[0], Command)
    content = line.commands[0].words[2].content(text)
    assert content.data == b'curl "$url"  | sh'
    (inner,) = parse_shell(content.data)
    url, sh = (command.words[-1] for command in inner.commands if isinstance(command, Command))
    assert file[slice(*content.span(url.start, url.end))] == b'"$url\\"'
    assert file[slice(*content.span(sh.start, sh.end))] == b"sh"


def test_content_over_runs_of_the_file() -> None:
    text = MappedText.join([(b"echo 'a", 10), (b"b' $'\\x41'", 50)])
    (command,) = walk_commands(parse_shell(text.data))
    content = command.words[1].content(text)
    assert (content.data, [content.place(at) for at in range(2)]) == (b"ab", [16, 50])
    assert (command.words[2].content(text).data, command.words[2].content(text).place(0)) == (b"A", 55)


def test_too_long() -> None:
    line = b"curl x | sh\n"
    script = parse_shell(b"# " + b"x" * 60 + b"\n" + line + b"# comment\n" * (SIZE_LIMIT // 10))
    assert show(script) == "[curl] [x] | [sh] /"
    assert not script.complete
    script = parse_shell(b"a;" * (SIZE_LIMIT // 2))
    assert not script.complete
    assert len(script) > 10_000
    assert not parse_shell(b"$(" * 1000).complete


HOSTILE = (
    '( (( ) )) $( $(( ${ ${x:- ${a[ ` " \' $\' "$( "${x:- <( {_ }_ [[_ if_ if_a;then_ fi_ while_a;do_ for_((;;)) case_x_in_x) ;; f(){_ x( @( a=( a[ a[$( a; a| a&& !_ '
    "<<a~ <<-a~ <<'a'_ $(cat_<<x~ \"$(cat_<<x~ <_ {a}> \\ \\~ `\\` x=` $[ ${{_ {{_ {{ # \r ~ & ((a) \0 $'\\x [[_a_=~_("
)


@pytest.mark.parametrize("unit", HOSTILE.split(" "), ids=ascii)
def test_no_text_is_too_much(unit: str) -> None:
    text = unit.replace("_", " ").replace("~", "\n").encode() * 20_000
    start = time.process_time()
    check(text[:50_000])
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("opening", "closing"), [("(", ")"), ("{ ", ";}"), ("$(", ")"), ("`", "`"), ('"${x:-', '}"'), ("if a;then ", ";fi"), ("$((", "))"), ("<(", ")")]
)
def test_deep_nesting(opening: str, closing: str) -> None:
    for depth in (30, 200, 5000):
        check((opening * depth + "curl x | sh" + closing * depth + "\nlast").encode())


@pytest.mark.parametrize(
    ("opening", "closing"), [("( ", ")"), ("{ ", ";}"), ("$(", ")"), ('"$(', ')"'), ('"${x:-$(', ')}"'), ("if a;then ", ";fi"), ("<(", ")")]
)
def test_what_is_nested_is_found(opening: str, closing: str) -> None:
    script = parse_shell((opening * 15 + "curl x" + closing * 15).encode())
    assert ["curl", "x"] in [[word.text for word in command.words] for command in walk_commands(script)]


def check(text: bytes) -> None:
    """Offsets are in range and in order, and a literal is what stands at its place."""
    for line in statements(parse_shell(text)):
        assert 0 <= line.start <= line.end <= len(text)
        assert len(line.operators) == len(line.commands) - 1
        for command in line.commands:
            assert line.start <= command.start < command.end <= line.end
            before = command.start
            for word in command.words if isinstance(command, Command) else ():
                assert before <= word.start < word.end <= command.end
                before = word.end
                check_parts(text, word)
            for item in command.redirections:
                assert command.start <= item.start < item.end <= command.end
                if item.heredoc:
                    assert 0 <= item.heredoc.start <= item.heredoc.end <= len(text)


def check_parts(text: bytes, word: Word) -> None:
    place = word.start
    for part in word.parts:
        assert place <= part.start <= part.end <= word.end
        place = part.end
        decoded = text[part.start : part.end].decode("utf-8", "surrogateescape")
        if part.kind != "literal" or decoded != part.text:  # the latter: $'\n', NUL bytes, backquotes in backquotes
            assert part.kind != "literal" or {"\\", "\0"} & set(decoded)


PIECES = [
    *"if then elif else fi while until do done for select case esac in function { } ! time coproc [[ ]] ( ) (( )) ; ;; ;& & && || | |& > < >> << <<- <<< >& <( >(".split(),
    *"$( ` \" ' $' $\" ${ $(( $[ ] x a= a+= a=( [1]= \\ # #c $x $1 ${x:- ${x# ${x/ {{ }} ${{ @( *( \r\n \r é \0 2>&1 {fd}> <<E <<'E' <<-E \nE\n \n\tE\n f() @test curl".split(" "),
    "\\\n", "\t", "\xa0",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES + [" ", "\n"] * 12), max_size=40).map(lambda pieces: "".join(pieces).encode()))
def test_any_pieces(text: bytes) -> None:
    check(text)


@given(st.binary(max_size=200))
def test_any_bytes(text: bytes) -> None:
    check(text)


@given(st.lists(st.text("abc -$\"'\\`\n;|&#(){}*~é", max_size=8), min_size=1, max_size=4))
def test_quoted_words_come_back(words: list[str]) -> None:
    quoted = " ".join("'" + word.replace("'", "'\\''") + "'" for word in words)
    first, *_ = walk_commands(parse_shell(f"echo {quoted} | sh".encode()))
    assert [word.text for word in first.words] == ["echo", *words]
