"""Writes hooks/agent_security_hooks/data/bigrams.py: how common each pair of letters is in the words of Python's standard library.

Run it by hand after a change of the method: `python tests/make_bigrams.py`. The counts differ a little between Python versions.
"""

from __future__ import annotations

import math
import re
import sysconfig
from collections import Counter
from pathlib import Path

TARGET = Path(__file__).parent.parent / "hooks/agent_security_hooks/data/bigrams.py"
HEADER = '''"""How common each pair of letters is in English words and identifiers. Written by tests/make_bigrams.py.

Row = first letter, column = second, a-z; a digit is the rounded log2 of how much commoner the pair is than chance,
from 0 (32 times rarer, or never seen) over 5 (as common as chance) to 9 (16 times commoner). Source: words of three letters and
more, each counted once, in the standard library of CPython 3.11 (docstrings, comments, identifiers).
"""

BIGRAMS = (
'''


def main() -> None:
    words: set[str] = set()
    for path in sorted(Path(sysconfig.get_paths()["stdlib"]).rglob("*.py")):
        if "site-packages" not in path.parts and "test" not in path.parts and "encodings" not in path.parts:
            text = path.read_text("utf-8", "replace")
            words.update(word.lower() for word in re.findall(r"[A-Z]?[a-z]{2,}", text) if len(word) > 2)
    pairs: Counter[str] = Counter()
    for word in words:
        pairs.update(word[i : i + 2] for i in range(len(word) - 1))
    mean = sum(pairs.values()) / 676
    letters = "abcdefghijklmnopqrstuvwxyz"
    rows = ["".join(str(max(0, min(9, 5 + round(math.log2(pairs[a + b] / mean))))) if pairs[a + b] else "0" for b in letters) for a in letters]
    TARGET.write_text(HEADER + "".join(f'    b"{row}"\n' for row in rows) + ")\n", "utf-8")


if __name__ == "__main__":
    main()
