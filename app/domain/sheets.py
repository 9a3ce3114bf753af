"""Tables as files: comma-separated values (RFC 4180), whose cells no spreadsheet takes for formulas.

A text that begins as a formula gets an apostrophe before it, and loses it again on the way back. One that
has apostrophes before such a beginning gets one more, so that every text comes back as it was.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

LINE_END = "\r\n"
LONGEST_CELL = 128 * 1024
# What spreadsheets calculate, wide forms included, and what they skip before it.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_LIST_SEPARATOR = ";"

Cell = str | int | float | None


class Malformed(Exception):
    """The text is no table; `line` is where that shows, counted from 1."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table, and the line of the file on which it begins, counted from 1."""

    number: int
    cells: tuple[str, ...]


def harmless(text: str) -> str:
    """Return the text so that it is no formula; `as_meant` gives back the text itself."""
    return f"'{text}" if _FORMULA.match(text) else text


def as_meant(text: str) -> str:
    """Return what a text was before it was made harmless."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def written(rows: Iterable[Sequence[Cell]]) -> str:
    """Return rows as lines. Texts are quoted and made harmless, numbers stand as they are, None is empty."""
    lines = io.StringIO(newline="")
    writer = csv.writer(lines, quoting=csv.QUOTE_NONNUMERIC, lineterminator=LINE_END)
    writer.writerows([harmless(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return lines.getvalue()


def read(text: str) -> Iterator[Line]:
    """Yield the rows of a table, empty lines left out; cells are as they stand there.

    Raises:
        Malformed: a quote stands where none may, is never closed, or a cell is longer than 128 Ki characters.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        begins = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise Malformed(begins, f"The line is not comma-separated values: {error}.") from error
        if cells is None:
            return
        if cells:
            yield Line(begins, tuple(cells))


def joined(texts: Sequence[str]) -> str:
    """Return a list in one cell: separated by semicolons, quoted where one has such a thing in it."""
    line = io.StringIO(newline="")
    # Each by itself, because some spreadsheets part cells at semicolons.
    csv.writer(line, delimiter=_LIST_SEPARATOR, lineterminator="").writerow(map(harmless, texts))
    return line.getvalue() if texts else ""


def parted(cell: str) -> tuple[str, ...]:
    """Return the list in a cell; empty texts are left out.

    Raises:
        Malformed: its quotes make no sense.
    """
    try:
        rows = list(csv.reader(io.StringIO(cell, newline=""), delimiter=_LIST_SEPARATOR, strict=True))
    except csv.Error as error:
        raise Malformed(1, f"The list is not separated by semicolons: {error}.") from error
    return tuple(as_meant(each) for row in rows for each in row if each.strip())
