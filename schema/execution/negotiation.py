"""Which of the media types that a client accepts an answer has."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
EVENT_STREAM = "text/event-stream"
HTML = "text/html"


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a client takes: the better of the two types of JSON, if any, and whether a stream of events."""

    json: str | None
    events: bool


@lru_cache(maxsize=256)
def accepted(header: bytes) -> Accepted:
    """Read an Accept header; an empty one takes JSON.

    Of equal wishes the one named first wins; what is only allowed by a wildcard comes last. A stream
    of events must be named: a browser's or a tool's `*/*` does not mean it.
    """
    accept = header.decode("latin-1")
    if not accept.strip():
        return Accepted(JSON, events=False)
    wanted = _wanted(accept)
    anything = wanted.get("application/*", wanted.get("*/*", 0.0))
    offered = [*(name for name in wanted if name in {JSON, GRAPHQL}), JSON, GRAPHQL]
    best = max(offered, key=lambda name: wanted.get(name, anything))
    json = best if wanted.get(best, anything) > 0 else None
    return Accepted(json, events=wanted.get(EVENT_STREAM, wanted.get("text/*", 0.0)) > 0)


def _wanted(accept: str) -> Mapping[str, float]:
    wanted: dict[str, float] = {}
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        wanted[name] = next((_quality(each[2:]) for each in parameters if each.startswith("q=")), 1.0)
    return wanted


def _quality(text: str) -> float:
    try:
        quality = float(text)
    except ValueError:
        return 0.0
    return quality if 0 <= quality <= 1 else 0.0
