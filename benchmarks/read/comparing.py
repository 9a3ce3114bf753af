"""Answers are compared before they are timed."""

import urllib.request
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson

# What both schemas call alike and spell alike; then what they call alike only.
_TEXTS = frozenset(
    {"ticketNumber", "title", "description", "priority", "status", "sequence", "reason", "body", "name", "totalCount"}
    | {"hasNextPage"}
)
_MOMENTS = frozenset({"assignedAt", "acceptedAt", "completedAt", "createdAt"})
_HOURS = "timeSpentHours"


class Different(Exception):
    """Two peers answer one question differently."""


def answer_of(url: str, body: bytes, token: str) -> bytes:
    """Return a peer's answer. Raises Different for one with errors."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    request = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310  # a server of ours on the loopback
    with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310  # as above
        told: bytes = response.read()
    if b'"errors"' in told:
        raise Different(f"{url} answers {told[:500]!r}")
    return told


def check_bytes(ours: Sequence[bytes], others: Sequence[bytes], who: str) -> None:
    """Raise Different unless all answers are the same texts."""
    for mine, other in zip(ours, others, strict=True):
        if mine != other:
            at = next(
                (n for n, (a, b) in enumerate(zip(mine, other, strict=False)) if a != b), min(len(mine), len(other))
            )
            raise Different(f"{who} differs at {at}: {mine[at - 80 : at + 80]!r} is {other[at - 80 : at + 80]!r}")


def check_values(ours: Sequence[bytes], others: Sequence[bytes], who: str, *, ordered: bool) -> None:
    """Raise Different unless all answers hold the same things within the same things.

    What counts are the names that both schemas share; `ordered` asks for the same order too.
    """
    for mine, other in zip(ours, others, strict=True):
        a, b = (_things(orjson.loads(each)["data"], ordered=ordered) for each in (mine, other))
        if not a:
            raise Different(f"{who}: there is nothing to compare in {mine[:500]!r}")
        if a != b:
            first = next((pair for pair in zip(a, b, strict=False) if pair[0] != pair[1]), (len(a), len(b)))
            raise Different(f"{who} differs: {first[0]} is {first[1]}")


def _things(value: Any, *, ordered: bool) -> list[tuple[Any, ...]]:
    """Return objects as pairs of their shared fields and what is inside; one without such fields is what is inside."""
    if isinstance(value, list):
        found = [thing for each in value for thing in _things(each, ordered=ordered)]
        return found if ordered else sorted(found, key=repr)
    if not isinstance(value, dict):
        return []
    inside = [thing for each in value.values() for thing in _things(each, ordered=ordered)]
    shared = tuple(sorted(_shared(value)))
    return [(shared, inside)] if shared else inside


def _shared(value: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, each in value.items():
        if name in _TEXTS and not isinstance(each, dict | list):
            yield name, repr(each)
        elif name in _MOMENTS:
            yield name, repr(each and datetime.fromisoformat(each))
        elif name == _HOURS:
            yield name, repr(each and Decimal(each).normalize())
