"""Global ids: base64 of the type's name, a colon and the row's key; opaque to clients."""

from base64 import b64decode, b64encode
from binascii import Error as BadBase64
from collections.abc import Sequence
from uuid import UUID

import strawberry

from app.domain.refusals import Invalid

MOST_IDS = 100
_LONGEST = 128


def global_id(kind: str, key: UUID) -> strawberry.ID:
    """Return the id of a row of this type."""
    return strawberry.ID(b64encode(f"{kind}:{key}".encode()).decode())


def split_id(text: str) -> tuple[str, UUID] | None:
    """Return the type's name and the key; None for anything that is no global id."""
    if len(text) > _LONGEST:
        return None
    try:
        kind, _, key = b64decode(text, validate=True).decode("ascii").partition(":")
        parsed = UUID(key)
    except (BadBase64, ValueError):
        return None
    return (kind, parsed) if global_id(kind, parsed) == text else None


def key_of(kind: str, text: str, *field: str) -> UUID:
    """Return the key of an id that must be of this type.

    Raises:
        Invalid: no global id, or of another type; `field` is the path into the input.
    """
    parts = split_id(text)
    if parts is None or parts[0] != kind:
        raise Invalid(field=field, problem=f"{field[-1]} must be the id of a {kind}.")
    return parts[1]


def optional_key(kind: str, text: str | None, *field: str) -> UUID | None:
    """Return the key of an id of this type, None where none is given. Raises Invalid."""
    return None if text is None else key_of(kind, text, *field)


def optional_keys(kind: str, ids: Sequence[str] | None, *path: str) -> frozenset[UUID] | None:
    """Return the keys of ids of a type, None where there is no list. Raises Invalid for more than 100 of them."""
    if ids is None:
        return None
    if len(ids) > MOST_IDS:
        raise Invalid(field=path, problem=f"{path[-1]} lists at most {MOST_IDS} ids.")
    return frozenset(key_of(kind, each, *path) for each in ids)
