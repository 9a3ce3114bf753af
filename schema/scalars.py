"""Scalars: how each kind of value is spelled on the wire."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, NewType

import orjson
import strawberry
from graphql import GraphQLError
from graphql.language import ValueNode
from graphql.utilities import value_from_ast_untyped
from strawberry.types.scalar import ScalarDefinition

from app.domain import validation
from app.reads.record import JsonText
from app.reads.selection import Spelling

EventCursor = NewType("EventCursor", str)
TimeZone = NewType("TimeZone", str)
JSONValue = NewType("JSONValue", object)
WebAddress = NewType("WebAddress", str)

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,6})?\d*([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_LONGEST_DECIMAL = 40


def spell_moment(value: datetime) -> str:
    """Return RFC 3339 in UTC, always with six decimals, so that texts sort as times do."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _read_moment(value: Any) -> datetime:
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise GraphQLError("A DateTime is RFC 3339 with an offset, such as 2026-01-31T09:30:00Z.", extensions=_BAD)
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise GraphQLError("There is no such date or time.", extensions=_BAD) from error


def _read_date(value: Any) -> date:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise GraphQLError("A Date is written as YYYY-MM-DD.", extensions=_BAD)
    try:
        day = date.fromisoformat(value)
    except ValueError as error:
        raise GraphQLError("There is no such date.", extensions=_BAD) from error
    if not validation.is_day(day):
        raise GraphQLError("A Date lies between 0001-01-02 and 9999-12-30.", extensions=_BAD)
    return day


def _read_decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise GraphQLError("A Decimal is a number, or a text such as 12.50.", extensions=_BAD)
    text = str(value)
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise GraphQLError("A Decimal is a number, or a text such as 12.50.", extensions=_BAD) from error
    if len(text) > _LONGEST_DECIMAL or not number.is_finite() or abs(number.adjusted()) > _LONGEST_DECIMAL:
        raise GraphQLError("The Decimal is too long.", extensions=_BAD)
    return number


def _read_time_zone(value: Any) -> str:
    if not isinstance(value, str) or not validation.is_zone(value):
        raise GraphQLError("A TimeZone is an IANA name, such as Europe/Berlin.", extensions=_BAD)
    return value


def _read_cursor(value: Any) -> str:
    if not isinstance(value, str):
        raise GraphQLError("An EventCursor is a text that this server gave out.", extensions=_BAD)
    return value


def _read_address(value: Any) -> str:
    if not isinstance(value, str):
        raise GraphQLError("A URL is a text.", extensions=_BAD)
    return value


def _spell_json(value: Any) -> Any:
    # Given on as it is stored: numbers in it may be larger than any of ours.
    return orjson.Fragment(str(value)) if isinstance(value, JsonText) else value


def _read_json_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> Any:
    return value_from_ast_untyped(node, variables)


_BAD = {"code": "BAD_USER_INPUT"}

SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment as RFC 3339; any offset is taken, UTC with six decimals is given.",
        specified_by_url="https://datatracker.ietf.org/doc/html/rfc3339",
        serialize=spell_moment,
        parse_value=_read_moment,
    ),
    date: strawberry.scalar(
        name="Date",
        description="A day in the calendar, as YYYY-MM-DD.",
        serialize=lambda value: value.isoformat(),
        parse_value=_read_date,
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description="An exact decimal number, given as text and taken as text or number.",
        serialize=str,
        parse_value=_read_decimal,
    ),
    JSONValue: strawberry.scalar(
        name="JSON",
        description="Any JSON value.",
        serialize=_spell_json,
        parse_value=lambda value: value,
        parse_literal=_read_json_literal,
    ),
    TimeZone: strawberry.scalar(
        name="TimeZone",
        description="A time zone by its IANA name, such as Europe/Berlin.",
        serialize=str,
        parse_value=_read_time_zone,
    ),
    WebAddress: strawberry.scalar(
        name="URL",
        description="An address. One that begins with / is meant on the server that gave it out.",
        serialize=str,
        parse_value=_read_address,
    ),
    EventCursor: strawberry.scalar(
        name="EventCursor",
        description=("An opaque position in the organisation's ordered event log. Compare it only by passing it back."),
        serialize=str,
        parse_value=_read_cursor,
    ),
}

# How a compiled statement writes each scalar: the same text as the one above.
SPELLINGS: Mapping[str, Spelling] = MappingProxyType(
    {
        "String": Spelling.TEXT,
        "ID": Spelling.TEXT,
        "Int": Spelling.NUMBER,
        "Float": Spelling.FLOAT,
        "Boolean": Spelling.BOOLEAN,
        "DateTime": Spelling.MOMENT,
        "Date": Spelling.DATE,
        "Decimal": Spelling.DECIMAL,
        "JSON": Spelling.JSON,
        "TimeZone": Spelling.TEXT,
        "URL": Spelling.TEXT,
        "EventCursor": Spelling.WORD,
    }
)
