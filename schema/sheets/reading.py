"""Reads imported files: what their lines ask for, or what is wrong with them, line by line and column by column."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from app.domain.refusals import Invalid, Refusal
from app.domain.sheets import Line, Malformed, as_meant, read
from app.services.imports.lines import RefusedLine
from schema.sheets.readings import Reading, text

L = TypeVar("L")
# More than there are columns; what is far beyond is not looked at one by one.
_MOST_CELLS = 100


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
class Lines(Generic[L]):
    """A file that was read: how many lines it has, those that can be checked on, and what is wrong with others."""

    count: int
    good: tuple[L, ...]
    problems: Sequence[Problem]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout(Generic[L]):
    """What a file can have: `many` of what, how many `most`, and its columns, each with a value's name and reading.

    Of `needed` columns each must be there, of `finding` ones at least one. Those of a pair in `together` are given
    together. `distinct` have another value in each line, where they are compared by what the function returns.
    Where empty cells clear, they are None among the values, else left out of them. `places` are columns by the names
    that paths of refusals have for them. `line` makes a line of its number and its values.
    """

    many: str
    most: int
    columns: Mapping[str, tuple[str, Reading]]
    line: Callable[[int, Mapping[str, Any]], L]
    needed: tuple[str, ...] = ()
    finding: tuple[str, ...] = ()
    together: tuple[tuple[str, str], ...] = ()
    distinct: Mapping[str, Callable[[Any], Any]] = field(default_factory=lambda: MappingProxyType({}))
    clears: bool = False
    places: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def problem(self, line: int, refusal: Refusal) -> Problem:
        """Return a refusal of a line as a problem of the column that its field comes from."""
        path = [self.places.get(each, each) for each in refusal.field or ()]
        column = next((each for each in reversed(path) if each in self.columns), None)
        return Problem(line, column, refusal.code.value, refusal.message)

    def problems(self, refused: Iterable[RefusedLine]) -> list[Problem]:
        """Return refusals of lines as problems."""
        return [self.problem(each.number, each.refusal) for each in refused]


def lines_of(content: bytes, layout: Layout[L]) -> Lines[L]:
    """Return what a file of UTF-8, with a byte order mark or without, asks for.

    A file that cannot be read on has the problems that it had until there.
    """
    try:
        decoded = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Lines(0, (), [Problem(line, None, ProblemCode.NOT_UTF8, "The file must be UTF-8.")])
    rows, problems = _rows(decoded, layout)
    if not rows and not problems:
        told = "The file must have a header and at least one line."
        return Lines(0, (), [Problem(1, None, ProblemCode.EMPTY_FILE, told)])
    if not rows:
        return Lines(0, (), problems)
    header, *lines = rows
    names = [each.strip() for each in header.cells]
    wrong = _wrong_header(names, header.number, layout)
    if wrong:
        return Lines(len(lines), (), [*wrong, *problems])
    if not lines and not problems:
        told = "The file has a header and no line."
        return Lines(0, (), [Problem(header.number, None, ProblemCode.EMPTY_FILE, told)])
    return _read_on(names, lines, problems, layout)


def _rows(decoded: str, layout: Layout[Any]) -> tuple[list[Line], list[Problem]]:
    rows: list[Line] = []
    try:
        for row in read(decoded):
            if len(row.cells) > _MOST_CELLS:
                told = f"A line has at most {_MOST_CELLS} cells, and this one has {len(row.cells)}."
                return rows, [Problem(row.number, None, ProblemCode.WRONG_NUMBER_OF_CELLS, told)]
            if len(rows) > layout.most:
                told = f"A file has at most {layout.most} lines of {layout.many}; send the rest in another."
                return rows, [Problem(row.number, None, ProblemCode.TOO_MANY_LINES, told)]
            rows.append(row)
    except Malformed as malformed:
        return rows, [Problem(malformed.line, None, ProblemCode.MALFORMED_CSV, str(malformed))]
    return rows, []


def _wrong_header(names: Sequence[str], number: int, layout: Layout[Any]) -> list[Problem]:
    wrong = []
    for at, name in enumerate(names):
        if name in names[:at]:
            wrong.append(Problem(number, name, ProblemCode.DUPLICATE_COLUMN, f"The column {name!r} is there twice."))
        elif name not in layout.columns:
            told = f"There is no column {name[:50]!r} to import; there are {', '.join(layout.columns)}."
            wrong.append(Problem(number, name[:50], ProblemCode.UNKNOWN_COLUMN, told))
    missing = [name for name in layout.needed if name not in names]
    if layout.clears:
        # What is cleared is cleared as a whole.
        missing += [
            other
            for pair in layout.together
            for one, other in (pair, pair[::-1])
            if one in names and other not in names
        ]
    wrong += [
        Problem(number, name, ProblemCode.MISSING_COLUMN, f"The column {name} must be there.") for name in missing
    ]
    if layout.finding and not set(layout.finding) & set(names):
        told = f"One of the columns {', '.join(layout.finding)} must be there."
        wrong.append(Problem(number, layout.finding[-1], ProblemCode.MISSING_COLUMN, told))
    return wrong


def _read_on(names: Sequence[str], lines: Sequence[Line], problems: Sequence[Problem], layout: Layout[L]) -> Lines[L]:
    found, good = [], []
    first: dict[object, int] = {}
    for line in lines:
        earlier = first.setdefault(line.cells, line.number)
        if len(line.cells) != len(names):
            told = f"The line has {len(line.cells)} cells, and the header has {len(names)}."
            found.append(Problem(line.number, None, ProblemCode.WRONG_NUMBER_OF_CELLS, told))
        elif earlier != line.number:
            told = f"The line is the same as line {earlier}."
            found.append(Problem(line.number, None, ProblemCode.DUPLICATE_LINE, told))
        else:
            values, wrong = _values(names, line, layout)
            wrong += _named_before(line, values, first, layout)
            found += wrong
            if not wrong:
                good.append(layout.line(line.number, values))
    return Lines(len(lines), tuple(good), [*found, *problems])


def _values(names: Sequence[str], line: Line, layout: Layout[Any]) -> tuple[dict[str, Any], list[Problem]]:
    values: dict[str, Any] = {}
    wrong: list[Problem] = []
    for column, cell in zip(names, line.cells, strict=True):
        meant = as_meant(cell)
        name, reading = layout.columns[column]
        if not meant.strip() and column not in layout.needed:
            if layout.clears:
                values[name] = None
            continue
        try:
            values[name] = reading(meant if reading is text else meant.strip(), column)
        except Refusal as refusal:
            wrong.append(layout.problem(line.number, refusal))
    for pair in layout.together:
        for one, other in (pair, pair[::-1]):
            given = [values.get(layout.columns[each][0]) is not None for each in (one, other)]
            if given == [True, False] and not any(each.column == other for each in wrong):
                lacking = Invalid(field=(other,), problem=f"{other} must be given with {one}.")
                wrong.append(layout.problem(line.number, lacking))
    return values, wrong


def _named_before(
    line: Line, values: Mapping[str, Any], first: dict[object, int], layout: Layout[Any]
) -> list[Problem]:
    found = []
    for column, compared in layout.distinct.items():
        value = values.get(layout.columns[column][0])
        if value is None:
            continue
        earlier = first.setdefault((column, compared(value)), line.number)
        if earlier != line.number:
            told = f"The line has the same {column} as line {earlier}."
            found.append(Problem(line.number, column, ProblemCode.DUPLICATE_LINE, told))
    return found
