"""How much a text looks like words and how much like chance: letter pairs, character classes, entropy."""

from __future__ import annotations

from functools import lru_cache
from math import log2

from agent_security_hooks.data.bigrams import BIGRAMS
from agent_security_hooks.parse.pattern import Pattern

_PIECES = Pattern(rb"[A-Z]?[a-z]{2,64}|[A-Z]{3,64}")


def likeness(word: bytes) -> float:
    """Mean commonness of the letter pairs of a lower-case word, 0 to 9, 5 being chance; less for pairs that words hardly ever have."""
    total = rare = 0
    for first, second in zip(word, word[1:]):
        pair = BIGRAMS[26 * first + second - 27 * 97] - 48
        total += pair
        rare += pair <= 1
    return total / max(1, len(word) - 1) - (1 if rare * 8 > len(word) else 0)


def word_share(value: bytes) -> float:
    """The share of the value's letters and digits that stand in pieces (camelCase, snake_case) of three letters and more that read like words."""
    counted = sum(byte in _ALNUM for byte in value)
    if not counted:
        return 0.0
    in_words = sum(len(piece) for piece in _PIECES.findall(value) if len(piece) >= 3 and likeness(piece.lower()) >= _threshold(len(piece)))
    return in_words / counted


def _threshold(length: int) -> float:
    # Short pieces occur by chance in random text; they must be common to count as words.
    return 6.0 if length == 3 else 5.6 if length == 4 else 5.0 if length < 8 else 4.6


_ALNUM = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_CLASS = bytes(
    1 if 48 <= c <= 57 else 2 if 65 <= c <= 90 else 3 if 97 <= c <= 122 else 4
    for c in range(256)
)  # fmt: skip


def entropy(value: bytes) -> float:
    """Shannon entropy in bits per character."""
    size = len(value)
    return -sum(count / size * log2(count / size) for count in map(value.count, set(value))) if size else 0.0


def switches(value: bytes) -> float:
    """The share of neighbouring characters of different classes (digit, upper, lower, other)."""
    classes = value.translate(_CLASS)
    return sum(a != b for a, b in zip(classes, classes[1:])) / max(1, len(value) - 1)


def sequential(value: bytes) -> float:
    """The share of neighbouring characters that repeat or step by one, as in `aaaa`, `1234`, `abcd`."""
    return sum(-1 <= b - a <= 1 for a, b in zip(value, value[1:])) / max(1, len(value) - 1)


_HEX = Pattern(rb"(?:[0-9a-f]{16,512}|[0-9A-F]{16,512})\Z")


@lru_cache(maxsize=2048)
def randomness(value: bytes) -> float:
    """0 (words, numbers, sequences) to 1 (what a generator makes), from class switches, letter pairs and entropy."""
    size = len(value)
    if size < 6 or sequential(value) > 0.55:
        return 0.0
    distinct = len(set(value))
    if _HEX.match(value):
        letters = sum(byte > 57 for byte in value)
        mixed = 0.15 < letters / size < 0.65 and distinct >= min(9, size // 3)
        return 0.9 if mixed else 0.2
    fullness = entropy(value) / log2(min(size, 64))
    digits = sum(48 <= byte <= 57 for byte in value) / size
    words = word_share(value)
    if digits == 1 or distinct < size / 4 and distinct < 10:
        return 0.1
    score = 0.4 * min(1.0, switches(value) / 0.45) + 0.35 * max(0.0, (fullness - 0.6) / 0.35) + 0.25 * (digits > 0)
    return max(0.0, min(1.0, score) * (1 - words) - (0.25 if words > 0.5 else 0.0))
