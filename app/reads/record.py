"""A row as resolvers and the schema see it."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from app.reads.entities import Entity


class JsonText(str):
    """The text of a JSON document as the database spells it."""

    __slots__ = ()


class AsJsonText(sa.TypeDecorator[JsonText]):
    """A column whose texts are JSON documents."""

    impl = sa.Text
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> JsonText | None:  # noqa: ARG002  # SQLAlchemy's signature
        """Mark the text as JSON."""
        return None if value is None else JsonText(value)


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
