"""Where somebody is named in what is not theirs: how they may be spelled, and where they were found."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from app.domain.privacy.declaring import TOMBSTONE, Declared, Way, Whose

# So many rows of a table are told by key; how many there are is told beyond that.
MOST_TOLD = 100
# Rows of so many of others go with somebody's data at once, of these tables.
MOST_ALONG = 100
GO_ALONG: Mapping[str, str] = MappingProxyType({"Comment": "comments", "Ticket": "tickets"})
_WORDS = frozenset({Whose.WORDS, Whose.CUSTOMER})
_NOT_LOOKED_AT = frozenset({Way.BYTES, Way.FOLLOWS})
# Longer words need no more than their beginning to be looked for.
_LONGEST_PART = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """A name or an address: a `part` that stands wherever it does, and the `pattern` of the whole, as PostgreSQL's."""

    part: str
    pattern: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mentions:
    """The rows of a table that name somebody and are not theirs: how many, and the keys of the first ones."""

    table: str
    kind: str | None
    count: int
    ids: Sequence[UUID]


def spellings(values: Iterable[str | None]) -> tuple[Spelling, ...]:
    """Return how names and addresses are looked for: as a whole, in any case, any white space between their words."""
    return tuple(_spelling(words) for value in values if value != TOMBSTONE and (words := (value or "").split()))


def looked_at(declared: Declared) -> tuple[str, ...]:
    """Return the columns of a table that may have somebody's name in others' words."""
    return tuple(
        name for name, each in declared.personal.items() if each.whose in _WORDS and each.way not in _NOT_LOOKED_AT
    )


def free_text(declared: Declared) -> frozenset[str]:
    """Return the columns of a table that are somebody's words."""
    return frozenset(name for name in looked_at(declared) if declared.personal[name].whose is Whose.WORDS)


def _spelling(words: Sequence[str]) -> Spelling:
    whole = r"\s+".join(re.sub(r"([^\w\s])", r"\\\1", word) for word in words)
    return Spelling(part=max(words, key=len)[:_LONGEST_PART], pattern=rf"(?<!\w){whole}(?!\w)")
