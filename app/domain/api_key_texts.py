"""The text of an API key, `fg_<prefix>_<rest>`, as it is shown once, and the hash that is kept of it.

`rest` is the organisation (22 characters), the secret (43) and a checksum over all before it (6), in base 62: so
that the row is looked for in one organisation alone, that scanners for secrets know a key from other text, and that
what was mistyped is refused without asking anybody. The secret has 256 random bits: no slow hash makes it harder to
guess, and every request would pay for one. The hash is keyed, so that it is worth nothing beside another log.
"""

import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID
from zlib import crc32

BEGINNING = "fg_"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)}
_PREFIX, _ORGANIZATION, _SECRET, _CHECKSUM = 10, 22, 43, 6
_SECRET_BITS = 256
# As many as ten digits always hold.
_PREFIX_BITS = 59
_LENGTH = len(BEGINNING) + _PREFIX + 1 + _ORGANIZATION + _SECRET + _CHECKSUM
# As scanners for secrets are told to look for it.
PATTERN = r"fg_[0-9A-Za-z]{10}_[0-9A-Za-z]{71}"
_SHAPE = re.compile(PATTERN, re.ASCII)


class NoKeyText(Exception):
    """A text that is no API key: it was mistyped, cut off, or made up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyText:
    """An API key as its bearer has it; `prefix`, which is no secret, finds it within its organisation."""

    organization_id: UUID
    prefix: str
    text: str = field(repr=False)


def is_meant_as_key(token: str) -> bool:
    """Tell whether a bearer token is an API key, be it a good one, rather than a JWT."""
    return token.startswith(BEGINNING)


def mint(organization_id: UUID, *, random: Callable[[int], int]) -> KeyText:
    """Return a new key; `random` gives so many bits that nobody can foresee."""
    prefix = BEGINNING + _spelled(random(_PREFIX_BITS), _PREFIX)
    body = f"{prefix}_{_spelled(organization_id.int, _ORGANIZATION)}{_spelled(random(_SECRET_BITS), _SECRET)}"
    return KeyText(organization_id=organization_id, prefix=prefix, text=body + _checksum(body))


def read_key(token: str) -> KeyText:
    """Return a key's parts; whether there is such a key is not known yet. Raises NoKeyText."""
    # Long texts are not looked at.
    if len(token) != _LENGTH or _SHAPE.fullmatch(token) is None:
        raise NoKeyText
    body, checksum = token[:-_CHECKSUM], token[-_CHECKSUM:]
    if checksum != _checksum(body):
        raise NoKeyText
    prefix, _, rest = body.rpartition("_")
    number = _number(rest[:_ORGANIZATION])
    if number.bit_length() > 128:
        raise NoKeyText
    return KeyText(organization_id=UUID(int=number), prefix=prefix, text=token)


@dataclass(frozen=True, slots=True)
class KeyHashes:
    """What is kept of keys, under one secret key."""

    secret: bytes = field(repr=False)

    @classmethod
    def of_log(cls, cursor_key: bytes) -> "KeyHashes":
        """Return those of the processes that share a log, by a key that nothing else is hashed with."""
        return cls(hmac.digest(cursor_key, b"hashes of API keys", sha256))

    def of(self, key: KeyText) -> bytes:
        """Return the hash of a key, 32 bytes."""
        return hmac.digest(self.secret, key.text.encode("ascii"), sha256)

    def are_equal(self, key: KeyText, kept: bytes) -> bool:
        """Tell in constant time whether this is the key of which a hash is kept."""
        return hmac.compare_digest(self.of(key), kept)


def _checksum(body: str) -> str:
    return _spelled(crc32(body.encode("ascii")), _CHECKSUM)


def _spelled(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, value = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[value])
    return "".join(reversed(digits))


def _number(text: str) -> int:
    number = 0
    for digit in text:
        number = number * len(_DIGITS) + _VALUES[digit]
    return number
