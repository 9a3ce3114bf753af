"""What stands in cells, as services want it: each reading returns a value, or raises Invalid that names the column."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

import orjson

from app.domain import validation
from app.domain.refusals import Invalid
from app.domain.sheets import Malformed, parted
from schema.ids import key_of

# As long as the longest of what something is found by, an e-mail address.
_LONGEST_KEY = 254
_WHOLE = re.compile(r"[+-]?[0-9]{1,9}")
_AMOUNT = re.compile(r"[+-]?[0-9]{1,12}([.][0-9]{1,6})?")
_SKILL = re.compile(r"(?P<code>.+):(?P<level>[0-9]{1,3})(:(?P<expires>[0-9]{4}-[0-9]{2}-[0-9]{2}))?", re.DOTALL)
_WORDS = {"true": True, "false": False}

# The cell without outer white space and the column's name.
Reading = Callable[[str, str], Any]


def text(cell: str, _column: str) -> str:
    """Return a text that the services check, with its white space."""
    return cell


def key(cell: str, column: str) -> str:
    """Return the text by which something is found."""
    return validation.text(cell, column, longest=_LONGEST_KEY)


def external_id(cell: str, column: str) -> str | None:
    """Return the id that something has elsewhere."""
    return validation.optional_text(cell, column, longest=200)


def global_key(kind: str) -> Reading:
    """Return the reading of global ids of a type."""
    return lambda cell, column: key_of(kind, cell, column)


def words(known: type[StrEnum]) -> Reading:
    """Return the reading of an enumeration."""

    def reading(cell: str, column: str) -> StrEnum:
        if cell not in known.__members__:
            raise Invalid(field=(column,), problem=f"{column} must be one of {', '.join(known)}.")
        return known(cell)

    return reading


def switch(cell: str, column: str) -> bool:
    """Return true or false, however it is spelled: spreadsheets write TRUE."""
    if cell.lower() not in _WORDS:
        raise Invalid(field=(column,), problem=f"{column} must be true or false.")
    return _WORDS[cell.lower()]


def whole(cell: str, column: str) -> int:
    """Return a whole number of at most nine digits."""
    if not _WHOLE.fullmatch(cell):
        raise Invalid(field=(column,), problem=f"{column} must be a whole number, such as 12.")
    return int(cell)


def amount(cell: str, column: str) -> Decimal:
    """Return an amount of money."""
    if not _AMOUNT.fullmatch(cell):
        raise Invalid(field=(column,), problem=f"{column} must be an amount, such as 4.50.")
    return Decimal(cell)


def degrees(cell: str, column: str) -> float:
    """Return degrees of latitude or longitude."""
    try:
        return float(cell)
    except ValueError as error:
        raise Invalid(field=(column,), problem=f"{column} must be a number of degrees, such as 52.37.") from error


def texts(cell: str, column: str) -> tuple[str, ...]:
    """Return a list of texts that the services check."""
    try:
        return parted(cell)
    except Malformed as malformed:
        raise Invalid(field=(column,), problem=str(malformed)) from malformed


def keys(most: int) -> Reading:
    """Return the reading of a list of at most so many texts by which something is found."""

    def reading(cell: str, column: str) -> tuple[str, ...]:
        found = texts(cell, column)
        if len(found) > most:
            raise Invalid(field=(column,), problem=f"{column} has at most {most} entries.")
        return tuple(key(each, column) for each in found)

    return reading


def skills(most: int) -> Reading:
    """Return the reading of a list of skills as CODE:level or CODE:level:YYYY-MM-DD, the last day of a certificate."""

    def reading(cell: str, column: str) -> tuple[tuple[str, int, date | None], ...]:
        return tuple(_skill(each, column) for each in keys(most)(cell, column))

    return reading


def json(cell: str, column: str) -> Any:
    """Return a JSON object."""
    try:
        value = orjson.loads(cell)
    except orjson.JSONDecodeError as error:
        raise Invalid(field=(column,), problem=f"{column} must be a JSON object.") from error
    return validation.custom_fields(value, column)


def _skill(entry: str, column: str) -> tuple[str, int, date | None]:
    found = _SKILL.fullmatch(entry)
    try:
        expires = None if found is None or found["expires"] is None else date.fromisoformat(found["expires"])
    except ValueError:
        found = None
    if found is None or (expires is not None and not validation.is_day(expires)):
        problem = f"{column} must be such as PUMPS:3 or PUMPS:3:2027-12-31, separated by semicolons."
        raise Invalid(field=(column,), problem=problem)
    return found["code"].strip(), int(found["level"]), expires
