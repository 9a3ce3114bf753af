"""How SQL writes each kind of value in JSON, byte for byte as the ordinary path does."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from app.reads.orders import Kind, Order, head_of
from app.reads.selection import Spelling
from app.reads.statement.pieces import joined, literal, or_null, when

# Base64 of more bytes than these is broken into lines.
_LONGEST_LINE = 57
_UUID_CHARACTERS = 36


def spelled(
    value: "sa.ColumnElement[Any]", spelling: Spelling, *, many: bool, nullable: bool, required: bool
) -> "list[str | sa.ColumnElement[Any]]":
    """Return the pieces of a value's JSON; `nullable` tells whether it can be null, `required` that it must not."""
    if many:
        pieces: list[str | sa.ColumnElement[Any]] = [sa.func.array_to_json(value)]
    else:
        pieces = _SPELLINGS[spelling](value)
    if not nullable:
        return pieces
    if len(pieces) == 1 and spelling in _NULL_BY_ITSELF:
        return [or_null(sa.cast(joined(pieces), sa.Text), required=required)]
    return [when(value.is_not(None), joined(pieces), required=required)]


def global_id(kind: str, key: "sa.ColumnElement[Any]") -> "list[str | sa.ColumnElement[Any]]":
    """Return the pieces of the JSON of a row's global id."""
    if len(kind) + 1 + _UUID_CHARACTERS > _LONGEST_LINE:
        raise ValueError(f"the ids of {kind} are too long for one line of base64")
    # A text that is cast to bytes must have no backslash, and none of these has.
    raw = sa.cast(literal(f"{kind}:").concat(sa.cast(key, sa.Text)), sa.LargeBinary)
    return ['"', sa.func.encode(raw, literal("base64")), '"']


def cursor(order: Order, columns: "list[sa.ColumnElement[Any]]") -> "sa.ColumnElement[str]":
    """Return a row's cursor, as `app.reads.orders` writes it, without quotation marks."""
    head = sa.literal_column(f"'\\x{head_of(order).hex()}'::bytea", sa.LargeBinary)
    raw: sa.ColumnElement[Any] = head
    for term, column in zip(order.terms, columns, strict=True):
        raw = raw.op("||")(_PACKED[term.kind](column))
    text = sa.func.encode(raw, literal("base64"))
    if any(term.kind is Kind.TEXT for term in order.terms):
        # Of unknown length, so that there may be lines to join.
        return sa.func.replace(text, sa.literal_column(r"E'\n'"), literal(""))
    return text


def _text(value: "sa.ColumnElement[Any]") -> "list[str | sa.ColumnElement[Any]]":
    return [sa.func.to_json(value)]


def _word(value: "sa.ColumnElement[Any]") -> "list[str | sa.ColumnElement[Any]]":
    return ['"', value, '"']


def _number(value: "sa.ColumnElement[Any]") -> "list[str | sa.ColumnElement[Any]]":
    return [value]


def _boolean(value: "sa.ColumnElement[Any]") -> "list[str | sa.ColumnElement[Any]]":
    return [sa.case((value, literal("true")), else_=literal("false"))]


def _moment(value: "sa.ColumnElement[Any]") -> "list[str | sa.ColumnElement[Any]]":
    # The session's time zone is UTC.
    shape = literal('YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    return ['"', sa.func.to_char(value, shape), '"']


def _float(value: "sa.ColumnElement[Any]") -> "list[str | sa.ColumnElement[Any]]":
    return [sa.func.json_float(value)]


_SPELLINGS: "Mapping[Spelling, Callable[[sa.ColumnElement[Any]], list[str | sa.ColumnElement[Any]]]]" = (
    MappingProxyType(
        {
            Spelling.TEXT: _text,
            Spelling.WORD: _word,
            Spelling.NUMBER: _number,
            Spelling.FLOAT: _float,
            Spelling.BOOLEAN: _boolean,
            Spelling.MOMENT: _moment,
            Spelling.DATE: _word,
            Spelling.DECIMAL: _word,
            Spelling.JSON: _number,
        }
    )
)
# What is null in SQL where the value is; the others would write quotation marks, or false.
_NULL_BY_ITSELF = frozenset({Spelling.TEXT, Spelling.NUMBER, Spelling.FLOAT, Spelling.JSON})

_PACKED: "Mapping[Kind, Callable[[sa.ColumnElement[Any]], sa.ColumnElement[Any]]]" = MappingProxyType(
    {
        # As the database sends it: microseconds since 2000.
        Kind.MOMENT: sa.func.timestamptz_send,
        Kind.NUMBER: lambda column: sa.func.int8send(sa.cast(column, sa.BigInteger)),
        Kind.TEXT: lambda column: sa.func.int2send(
            sa.cast(sa.func.octet_length(sa.cast(column, sa.Text)), sa.SmallInteger)
        ).op("||")(sa.func.convert_to(sa.cast(column, sa.Text), literal("UTF8"))),
        Kind.ID: sa.func.uuid_send,
    }
)
