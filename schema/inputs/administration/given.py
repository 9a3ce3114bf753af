"""How inputs become what a row is to say."""

from collections.abc import Sequence
from datetime import time
from typing import Any
from uuid import UUID

import strawberry

from app.domain.refusals import Invalid
from app.services.administration.saying import Create, Update
from schema.ids import key_of
from schema.inputs.tickets import GeoPointInput

VERSION = "The version that was read; another one is refused."
ACTIVE = "Whether what is new can name it; not null."


def given(asked: Any, *names: str) -> dict[str, Any]:
    """Return what was given of these fields, by column; what was left out is not there."""
    return {name: value for name in names if (value := getattr(asked, name)) is not strawberry.UNSET}


def creation(asked: Any, values: dict[str, Any]) -> Create:
    """Return the command that makes a row which says this."""
    return Create(values=values, idempotency_key=asked.idempotency_key)


def change(asked: Any, kind: str, values: dict[str, Any]) -> Update:
    """Return the command that lets a row of this type say this instead. Raises Invalid for an id of another type."""
    return Update(
        id=key_of(kind, asked.id, "id"),
        expected_version=asked.expected_version,
        values=values,
        idempotency_key=asked.idempotency_key,
    )


def keys(kind: str, ids: Sequence[str] | None, path: str) -> tuple[UUID, ...]:
    """Return the keys of ids of a type, each with its place in the input. Raises Invalid."""
    return tuple(key_of(kind, each, path, str(at)) for at, each in enumerate(ids or ()))


def place(point: GeoPointInput | None) -> dict[str, float | None]:
    """Return the two columns of a place."""
    return {"latitude": None, "longitude": None} if point is None else {"latitude": point.lat, "longitude": point.lon}


def clock(text: str, *path: str) -> time:
    """Return a time of day that is spelled HH:MM, 00:00 to 23:59. Raises Invalid."""
    hours, _, minutes = text.partition(":")
    spelled = text.isascii() and len(text) == 5 and hours.isdecimal() and minutes.isdecimal()
    if spelled and int(hours) < 24 and int(minutes) < 60:
        return time(int(hours), int(minutes))
    raise Invalid(field=path, problem=f"{path[-1]} must be a time of day as HH:MM, 00:00 to 23:59.")
