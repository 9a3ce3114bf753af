"""Rows that are made inactive, or active again: what follows for those who wait for a time."""

from collections.abc import Sequence
from uuid import UUID

from app.services.administration.saying import Row

Changed = Sequence[tuple[Row, Row]]


def left(changed: Changed) -> list[UUID]:
    """Return which rows were made inactive."""
    return [after["id"] for before, after in changed if before["active"] and not after["active"]]


def came_back(changed: Changed) -> list[UUID]:
    """Return which rows were made active again."""
    return [after["id"] for before, after in changed if after["active"] and not before["active"]]
