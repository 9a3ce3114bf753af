"""A row as resolvers and the schema see it."""

from typing import Any

import sqlalchemy as sa

from app.reads.entities import Entity


class Record:
    """A row as the resolvers see it: the columns the viewer may see, as attributes, and its entity."""

    __slots__ = ("_row", "entity")

    def __init__(self, entity: Entity, row: "sa.Row[Any]") -> None:
        self.entity = entity
        self._row = row

    def __getattr__(self, name: str) -> Any:
        return getattr(self._row, name)

    def __getitem__(self, name: str) -> Any:
        return getattr(self._row, name)
