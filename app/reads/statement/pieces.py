"""JSON put together in SQL: texts known beforehand and expressions, joined by concat."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

# The most arguments that a function of PostgreSQL takes.
_MOST = 100
# No JSON contains this character: a response that does has a null where none may be.
MARK_OF_MISSING = b"\x01"


def literal(text: str) -> "sa.ColumnElement[str]":
    """Return a text as an SQL literal."""
    quoted = text.replace("'", "''")
    return sa.literal_column(f"'{quoted}'", sa.Text())


def missing() -> "sa.ColumnElement[str]":
    """Return the mark of a null where none may be."""
    return sa.literal_column("chr(1)", sa.Text())


def joined(pieces: "Iterable[str | sa.ColumnElement[Any]]") -> "sa.ColumnElement[str]":
    """Return one text of all the pieces; an expression that is null counts as an empty text."""
    merged: list[str | sa.ColumnElement[Any]] = []
    for piece in pieces:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        else:
            merged.append(piece)
    parts: list[sa.ColumnElement[Any]] = [literal(each) if isinstance(each, str) else each for each in merged]
    while len(parts) > _MOST:
        parts = [sa.func.concat(*parts[at : at + _MOST]) for at in range(0, len(parts), _MOST)]
    return _concat(parts)


def _concat(parts: "Sequence[sa.ColumnElement[Any]]") -> "sa.ColumnElement[str]":
    if len(parts) == 1:
        return parts[0]
    return sa.func.concat(*parts, type_=sa.Text())


def or_null(expression: "sa.ColumnElement[Any]", *, required: bool) -> "sa.ColumnElement[str]":
    """Return the expression with JSON's null, or the mark where there must be none, in place of SQL's."""
    return sa.func.coalesce(expression, missing() if required else literal("null"), type_=sa.Text())


def when(condition: "sa.ColumnElement[bool]", then: "sa.ColumnElement[Any]", *, required: bool) -> Any:
    """Return `then` where the condition holds, and otherwise null or, where there must be none, the mark."""
    return sa.case((condition, then), else_=missing() if required else literal("null"))


def yes_or_no(condition: "sa.ColumnElement[Any]") -> "sa.ColumnElement[str]":
    """Return JSON's true or false; of an unknown condition false."""
    return sa.case((condition, literal("true")), else_=literal("false"))
