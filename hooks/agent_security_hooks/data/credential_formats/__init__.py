"""Credential formats whose shape identifies the issuer: facts only (prefix, length, charset, checksum).

A token is `prefix` + `tail`, and the character after it is no token character. `tail` is a bytes regex with bounded quantifiers only,
compiled by the engine when a prefix is met. `before` must be found in the 60 bytes left of the prefix: a product's name where the prefix
alone says little, or, closed by `$`, the first part of a token whose identifying literal stands in its middle. `infix` must occur in the
token. Of two entries with one prefix the more specific stands first. A `public` token is made to be published and is never reported.

Checksums:

github         last 6 characters = base62 CRC32 of the part between the prefix and them (36-character tokens only)
npm            the same scheme
pypi           base64 of a macaroon that names the index as its location
aws-key-id     the part after the 4-letter type is base32 and decodes to an account number
jwt            first part decodes to a JSON header with `alg`
base64-json    the first dot- or underscore-separated part after the prefix decodes to JSON
base64-text    the token from its fixed prefix on decodes to readable text
crc32-hex      last 8 characters = CRC32 in hex (input not published: only the charset is checked)
"""

from agent_security_hooks.data.credential_formats import agents, ai, clouds, code, databases, messaging, monitoring, payment, services
from agent_security_hooks.data.credential_formats.form import Format

__all__ = ["FORMATS", "Format"]

FORMATS: tuple[Format, ...] = (
    *ai.FORMATS,
    *agents.FORMATS,
    *clouds.FORMATS,
    *databases.FORMATS,
    *code.FORMATS,
    *messaging.FORMATS,
    *payment.FORMATS,
    *monitoring.FORMATS,
    *services.FORMATS,
)
