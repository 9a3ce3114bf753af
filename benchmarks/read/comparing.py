"""Answers are compared before they are timed."""

import urllib.request
from collections import Counter
from collections.abc import Sequence
from typing import Any

import orjson

# What both schemas call alike and spell alike.
_COMMON = frozenset(
    {"ticketNumber", "title", "description", "priority", "status", "sequence", "reason", "body", "name", "totalCount"}
    | {"hasNextPage"}
)


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


def check_values(ours: Sequence[bytes], others: Sequence[bytes], who: str) -> None:
    """Raise Different unless all answers hold the same values under the names that both schemas share."""
    for mine, other in zip(ours, others, strict=True):
        a, b = _values(orjson.loads(mine)["data"]), _values(orjson.loads(other)["data"])
        if a != b:
            raise Different(f"{who} differs: {list((a - b).items())[:5]} and {list((b - a).items())[:5]}")


def _values(value: Any) -> "Counter[tuple[str, Any]]":
    found: Counter[tuple[str, Any]] = Counter()
    if isinstance(value, dict):
        for name, each in value.items():
            if name in _COMMON and not isinstance(each, dict | list):
                found[(name, each)] += 1
            else:
                found += _values(each)
    elif isinstance(value, list):
        for each in value:
            found += _values(each)
    return found
