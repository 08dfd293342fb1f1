"""The opcodes of pickle protocols 0 to 5 (https://docs.python.org/3/library/pickletools.html): argument and effect on the stack."""

from __future__ import annotations

LINE, LINES, MARKED = -1, -2, -1
"""As size of an argument: one line, two lines. As number of popped values: all down to the last mark."""


def _table() -> dict[int, tuple[int, int, int, int]]:
    table: dict[int, tuple[int, int, int, int]] = {}
    for row in _ROWS.strip().split("\n"):
        codes, size, counted, pops, pushes = row.split()
        for code in codes.split(","):
            table[int(code, 16) if len(code) > 1 else ord(code)] = (int(size), int(counted), int(pops), int(pushes))
    return table


# codes, bytes of the argument (-1 a line, -2 two lines), bytes that count the bytes that follow, values popped (-1 to the mark), values pushed
_ROWS = """
( 0 0 0 0
. 0 0 1 0
0 0 0 0 0
1 0 0 -1 0
2 0 0 1 2
F,I,L,S,V,P,g -1 0 0 1
J 4 0 0 1
K 1 0 0 1
M 2 0 0 1
G 8 0 0 1
N,],},),88,89,8f,97 0 0 0 1
Q,98 0 0 1 1
R,81 0 0 2 1
92 0 0 3 1
b,a 0 0 2 1
s 0 0 3 1
T,X,B,8b 0 4 0 1
U,C,8c,8a 0 1 0 1
8d,8e,96 0 8 0 1
c -2 0 0 1
i -2 0 -1 1
h,82 1 0 0 1
j,84 4 0 0 1
83 2 0 0 1
d,l,t,o,91 0 0 -1 1
e,u,90 0 0 -1 0
p -1 0 1 1
q 1 0 1 1
r 4 0 1 1
80 1 0 0 0
85 0 0 1 1
86 0 0 2 1
87 0 0 3 1
93 0 0 2 1
94 0 0 1 1
95 8 0 0 0
"""
SHAPES = _table()
"""For each opcode: size of its argument, size of the count before a counted argument, values popped, values pushed."""
