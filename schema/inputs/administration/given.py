"""How inputs become what a row is to say."""

from typing import Any

import strawberry

from app.services.administration.saying import Create, Update
from schema.ids import key_of

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
