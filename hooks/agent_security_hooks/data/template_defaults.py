"""Values that open-source projects publish as defaults in their own env templates: copying one leaks nothing that was not public.

SHA-256, first 8 bytes, of each by project; the values themselves are not kept here.
"""

from __future__ import annotations

_PUBLISHED = frozenset(
    (
        # Dify
        "0f44b34c6311bcb5", "1989496b76464a0c", "481c0ab8a6f9e9dc", "217ef27f7b2a2f89", "c8fb2ea7139c9093",
        # Supabase
        "52f004438faf7802", "b0f3a96ded759f6c", "7f59edafa4d502ca",
        # Cal.com
        "350e5529d9a44d02",
        # LibreChat
        "7c1154b515298397", "06d2e911edb4d459", "c042516e4eac1baf", "69024f21e9ad1759", "282ad5f60261639f",
        # Infisical
        "aab0127e44f7ad7d", "1fd134ab0cc34260", "bb6694f131603515", "34ad4051b5a56732", "2d56648207d08bc7", "af4c5cab71a56309", "e844eff1d144442b",
        # AutoGPT
        "731473d9f10755f3",
    )
)  # fmt: skip


def is_published(value: bytes) -> bool:
    """Whether the value stands in the template of a well-known project."""
    import hashlib

    return hashlib.sha256(value).hexdigest()[:16] in _PUBLISHED
