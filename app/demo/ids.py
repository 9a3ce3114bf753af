"""Keys and chance that come out the same every time."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random
from uuid import UUID

# Older than any history, so that rows with fixed keys sort before all others.
_FIXED_AT = datetime(2020, 1, 1, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_COUNTER_BITS = 18
_HASH_BITS = 56


def chance(seed: str) -> Random:
    """Return a source of chance that repeats itself for an equal seed."""
    return Random(seed)  # noqa: S311  # repeatable examples, no secrets


def fixed_id(name: str) -> UUID:
    """Return the key of something that has the same key in every database."""
    digest = int.from_bytes(sha256(f"fieldgraph demo {name}".encode()).digest()[:8], "big")
    return _shaped(_milliseconds(_FIXED_AT), digest >> 46, digest & ((1 << _HASH_BITS) - 1))


class Ids:
    """Gives keys of version 7: they sort as they are given, if the moments do not go back."""

    def __init__(self, seed: str) -> None:
        self._chance = chance(f"ids of {seed}")
        self._at = _FIXED_AT
        self._milliseconds = _milliseconds(_FIXED_AT)
        self._given = 0

    def new(self, at: datetime) -> UUID:
        """Return the next key of this moment."""
        self._given += 1
        if at is not self._at:
            self._at, milliseconds = at, _milliseconds(at)
            if milliseconds != self._milliseconds:
                self._milliseconds, self._given = milliseconds, 0
        return _shaped(self._milliseconds, self._given, self._chance.getrandbits(_HASH_BITS))


def _milliseconds(at: datetime) -> int:
    return (at - _EPOCH) // _MILLISECOND


def _shaped(milliseconds: int, counter: int, hashed: int) -> UUID:
    # 48 bits of milliseconds, version, 12 bits, variant, 62 bits; the counter fills 12 and 6 of them.
    if counter >> _COUNTER_BITS:
        raise OverflowError("too many keys in one millisecond")
    high, low = counter >> 6, counter & 0x3F
    return UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low << 56 | hashed)
