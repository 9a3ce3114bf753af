"""What the lines of an imported file ask for, or what is wrong with them, line by line and column by column."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import orjson

from app.domain import validation
from app.domain.refusals import Invalid, Refusal
from app.domain.sheets import Line, Malformed, as_meant, parted, read
from app.domain.tickets import Environment, TicketCategory, TicketPriority
from app.services.create_ticket import CreateTicket
from app.services.import_tickets import MOST_LINES, NewLine, RefusedLine
from schema.ids import key_of

_LONGEST_EXTERNAL_ID = 200


class ProblemCode(StrEnum):
    """What is wrong with a file, beyond the codes of refusals."""

    EMPTY_FILE = "EMPTY_FILE"
    NOT_UTF8 = "NOT_UTF8"
    MALFORMED_CSV = "MALFORMED_CSV"
    MISSING_COLUMN = "MISSING_COLUMN"
    UNKNOWN_COLUMN = "UNKNOWN_COLUMN"
    DUPLICATE_COLUMN = "DUPLICATE_COLUMN"
    WRONG_NUMBER_OF_CELLS = "WRONG_NUMBER_OF_CELLS"
    DUPLICATE_LINE = "DUPLICATE_LINE"
    TOO_MANY_LINES = "TOO_MANY_LINES"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and where: the line of the file, from 1, and the column; None is the whole line."""

    line: int
    column: str | None
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Lines:
    """A file that was read: `count` lines of tickets, those that can be checked on, and what is wrong with others."""

    count: int
    good: tuple[NewLine, ...]
    problems: Sequence[Problem]


Reading = Callable[[str, str], Any]


def _text(cell: str, _column: str) -> str:
    return cell


def _words(words: type[StrEnum]) -> Reading:
    def reading(cell: str, column: str) -> StrEnum:
        if cell not in words.__members__:
            raise Invalid(field=(column,), problem=f"{column} must be one of {', '.join(words)}.")
        return words(cell)

    return reading


def _id(kind: str) -> Reading:
    return lambda cell, column: key_of(kind, cell, column)


def _external_id(cell: str, column: str) -> str | None:
    return validation.optional_text(cell, column, longest=_LONGEST_EXTERNAL_ID)


def _degrees(cell: str, column: str) -> float:
    try:
        return float(cell)
    except ValueError as error:
        raise Invalid(field=(column,), problem=f"{column} must be a number of degrees, such as 52.37.") from error


def _tags(cell: str, column: str) -> tuple[str, ...]:
    try:
        return parted(cell)
    except Malformed as malformed:
        raise Invalid(field=(column,), problem=str(malformed)) from malformed


def _json(cell: str, column: str) -> Any:
    try:
        value = orjson.loads(cell)
    except orjson.JSONDecodeError as error:
        raise Invalid(field=(column,), problem=f"{column} must be a JSON object.") from error
    return validation.custom_fields(value, column)


REQUIRED = ("title", "description", "category", "priority")
# By the names that exports give them, except for ids of elsewhere.
COLUMNS: Mapping[str, tuple[str, Reading]] = MappingProxyType(
    {
        "title": ("title", _text),
        "description": ("description", _text),
        "category": ("category", _words(TicketCategory)),
        "priority": ("priority", _words(TicketPriority)),
        "environment": ("environment", _words(Environment)),
        "affectedService": ("affected_service", _text),
        "tags": ("tags", _tags),
        "customFields": ("custom_fields", _json),
        "requesterId": ("requester_id", _id("User")),
        "customerId": ("customer_id", _id("Customer")),
        "customerExternalId": ("customer_external_id", _external_id),
        "assetId": ("asset_id", _id("Asset")),
        "assetExternalId": ("asset_external_id", _external_id),
        "territoryId": ("territory_id", _id("Territory")),
        "latitude": ("latitude", _degrees),
        "longitude": ("longitude", _degrees),
        "address": ("address", _text),
    }
)
# More than there are columns; what is far beyond is not looked at one by one.
_MOST_CELLS = 100
_OF_LINE = frozenset({"customer_external_id", "asset_external_id"})
_PLACES = MappingProxyType({"lat": "latitude", "lon": "longitude"})


def lines_of(content: bytes) -> Lines:
    """Return what a file of UTF-8, with a byte order mark or without, asks for.

    A file that cannot be read on has the problems that it had until there.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Lines(0, (), [Problem(line, None, ProblemCode.NOT_UTF8, "The file must be UTF-8.")])
    rows, problems = _rows(text)
    if not rows and not problems:
        told = "The file must have a header and at least one line."
        return Lines(0, (), [Problem(1, None, ProblemCode.EMPTY_FILE, told)])
    if not rows:
        return Lines(0, (), problems)
    header, *lines = rows
    names = [each.strip() for each in header.cells]
    wrong = _wrong_header(names, header.number)
    if wrong:
        return Lines(len(lines), (), [*wrong, *problems])
    if not lines and not problems:
        told = "The file has a header and no line."
        return Lines(0, (), [Problem(header.number, None, ProblemCode.EMPTY_FILE, told)])
    return _read_on(names, lines, problems)


def problems_of(refused: Sequence[RefusedLine]) -> list[Problem]:
    """Return refusals of lines as problems, each with the column that its field comes from."""
    return [_problem(each.number, each.refusal) for each in refused]


def _rows(text: str) -> tuple[list[Line], list[Problem]]:
    rows: list[Line] = []
    try:
        for row in read(text):
            if len(row.cells) > _MOST_CELLS:
                told = f"A line has at most {_MOST_CELLS} cells, and this one has {len(row.cells)}."
                return rows, [Problem(row.number, None, ProblemCode.WRONG_NUMBER_OF_CELLS, told)]
            if len(rows) > MOST_LINES:
                told = f"A file has at most {MOST_LINES} lines of tickets; send the rest in another."
                return rows, [Problem(row.number, None, ProblemCode.TOO_MANY_LINES, told)]
            rows.append(row)
    except Malformed as malformed:
        return rows, [Problem(malformed.line, None, ProblemCode.MALFORMED_CSV, str(malformed))]
    return rows, []


def _wrong_header(names: Sequence[str], number: int) -> list[Problem]:
    wrong = []
    for at, name in enumerate(names):
        if name in names[:at]:
            wrong.append(Problem(number, name, ProblemCode.DUPLICATE_COLUMN, f"The column {name!r} is there twice."))
        elif name not in COLUMNS:
            told = f"There is no column {name[:50]!r} to import; there are {', '.join(COLUMNS)}."
            wrong.append(Problem(number, name[:50], ProblemCode.UNKNOWN_COLUMN, told))
    missing = [name for name in REQUIRED if name not in names]
    wrong += [
        Problem(number, name, ProblemCode.MISSING_COLUMN, f"The column {name} must be there.") for name in missing
    ]
    return wrong


def _read_on(names: Sequence[str], lines: Sequence[Line], problems: Sequence[Problem]) -> Lines:
    found, good = [], []
    first: dict[tuple[str, ...], int] = {}
    for line in lines:
        earlier = first.setdefault(line.cells, line.number)
        if len(line.cells) != len(names):
            told = f"The line has {len(line.cells)} cells, and the header has {len(names)}."
            found.append(Problem(line.number, None, ProblemCode.WRONG_NUMBER_OF_CELLS, told))
        elif earlier != line.number:
            told = f"The line is the same as line {earlier}."
            found.append(Problem(line.number, None, ProblemCode.DUPLICATE_LINE, told))
        else:
            values, wrong = _values(names, line)
            found += wrong
            if not wrong:
                good.append(_new_line(line.number, values))
    return Lines(len(lines), tuple(good), [*found, *problems])


def _values(names: Sequence[str], line: Line) -> tuple[dict[str, Any], list[Problem]]:
    values, wrong = {}, []
    for column, cell in zip(names, line.cells, strict=True):
        meant = as_meant(cell)
        name, reading = COLUMNS[column]
        if not meant.strip() and column not in REQUIRED:
            continue
        try:
            values[name] = reading(meant.strip() if reading is not _text else meant, column)
        except Refusal as refusal:
            wrong.append(_problem(line.number, refusal))
    for one, other in (("latitude", "longitude"), ("longitude", "latitude")):
        if one in values and other not in values and not any(each.column == other for each in wrong):
            lacking = Invalid(field=(other,), problem=f"{other} must be given with {one}.")
            wrong.append(_problem(line.number, lacking))
    return values, wrong


def _new_line(number: int, values: Mapping[str, Any]) -> NewLine:
    ticket = {name: value for name, value in values.items() if name not in _OF_LINE}
    of_line = {name: value for name, value in values.items() if name in _OF_LINE}
    return NewLine(number=number, ticket=CreateTicket(**ticket), **of_line)


def _problem(line: int, refusal: Refusal) -> Problem:
    path = refusal.field or ()
    column = next((_PLACES.get(each, each) for each in reversed(path) if _PLACES.get(each, each) in COLUMNS), None)
    return Problem(line, column, refusal.code.value, refusal.message)
