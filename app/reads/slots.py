"""Values taken out of what is asked: equal questions about other things have one form, and so one statement.

A slot stands where a value was and knows its name and its kind; SQLAlchemy takes it for a bound parameter.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import array

from app.db.tables.base import Moment, Uuid


class SlotKind(StrEnum):
    """What sort of value belongs into a slot."""

    ID = "id"
    DAY = "day"
    MOMENT = "moment"
    NUMBER = "number"
    TEXT = "text"
    IDS = "ids"
    MOMENTS = "moments"
    NUMBERS = "numbers"
    TEXTS = "texts"


_TYPES: "Mapping[SlotKind, sa.types.TypeEngine[Any]]" = MappingProxyType(
    {
        SlotKind.ID: Uuid,
        SlotKind.DAY: sa.Date(),
        SlotKind.MOMENT: Moment,
        SlotKind.NUMBER: sa.BigInteger(),
        SlotKind.TEXT: sa.Text(),
        SlotKind.IDS: sa.ARRAY(Uuid),
        SlotKind.MOMENTS: sa.ARRAY(Moment),
        SlotKind.NUMBERS: sa.ARRAY(sa.BigInteger()),
        SlotKind.TEXTS: sa.ARRAY(sa.Text()),
    }
)
_MANY = MappingProxyType(
    {
        SlotKind.ID: SlotKind.IDS,
        SlotKind.MOMENT: SlotKind.MOMENTS,
        SlotKind.NUMBER: SlotKind.NUMBERS,
        SlotKind.TEXT: SlotKind.TEXTS,
    }
)


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of one value, or of a list of them."""

    name: str
    kind: SlotKind

    def __clause_element__(self) -> "sa.BindParameter[Any]":
        """Return the parameter that SQLAlchemy binds."""
        return sa.bindparam(self.name, type_=_TYPES[self.kind])


def bound(value: Any) -> "sa.ColumnElement[Any]":
    """Return the parameter of a slot, or the bound value itself."""
    return value.__clause_element__() if isinstance(value, Slot) else sa.literal(value)


def array_of(values: "tuple[Any, ...] | Slot", kind: "sa.types.TypeEngine[Any]") -> "sa.ColumnElement[Any]":
    """Return an array of the values, or of those in the slots."""
    if isinstance(values, Slot):
        return values.__clause_element__()
    # An empty array written into the text must say what it is an array of.
    if not values or any(isinstance(value, Slot) for value in values):
        return sa.cast(array([bound(value) for value in values], type_=kind), sa.ARRAY(kind))
    return sa.literal(list(values), sa.ARRAY(kind))


@dataclass(frozen=True, slots=True)
class Asked:
    """What derives from this is asked for by clients: its values become slots, the rest is its form.

    Values are ids, days, moments, numbers and texts. None, booleans, words of an enum and all other
    objects belong to the form; so does whether a list is empty, has one value or several.
    """


class Apart(tuple[Any, ...]):
    """Values of which each gets a slot of its own, however alike they are."""

    __slots__ = ()


A = TypeVar("A", bound=Asked)


def split(asked: A, name: str) -> tuple[A, list[Any]]:
    """Return the form of what is asked, with slots named `name_0`, `name_1`, …, and their values in order."""
    values: list[Any] = []
    return _form(asked, name, values), values


def _form(thing: Any, name: str, values: list[Any]) -> Any:
    if isinstance(thing, Asked):
        changes = {each.name: _form(getattr(thing, each.name), name, values) for each in fields(thing)}
        return replace(thing, **changes)
    if isinstance(thing, tuple):
        return _list_form(thing, name, values)
    kind = None if isinstance(thing, Enum) else _kind(thing)
    return thing if kind is None else _slot(name, kind, thing, values)


def _list_form(things: tuple[Any, ...], name: str, values: list[Any]) -> Any:
    kinds = {_kind(each) for each in things}
    # One value is compared as one: the database then reads a range of an index in its order.
    if len(things) < 2 or None in kinds or isinstance(things, Apart):
        return tuple(
            _slot(name, kind, each, values) if (kind := _kind(each)) else _form(each, name, values) for each in things
        )
    (kind,) = kinds
    return _slot(name, _MANY[kind], list(things), values)  # type: ignore[index]  # None was ruled out above


def _slot(name: str, kind: SlotKind, value: Any, values: list[Any]) -> Slot:
    values.append(value)
    return Slot(f"{name}_{len(values) - 1}", kind)


def _kind(thing: Any) -> SlotKind | None:
    match thing:
        case bool():
            return None
        case UUID():
            return SlotKind.ID
        case datetime():
            return SlotKind.MOMENT
        case date():
            return SlotKind.DAY
        case int():
            return SlotKind.NUMBER
        case str():
            return SlotKind.TEXT
        case _:
            return None
