"""Tables as files: other readers understand them, no spreadsheet calculates them, and they come back as they were."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.sheets import Line, Malformed, as_meant, harmless, joined, parted, read, written

TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("'=+-@\t\r\n\",;"))


@given(TEXTS)
def test_no_text_begins_as_a_formula_and_each_comes_back(text: str) -> None:
    made = harmless(text)
    assert not re.match(r"[=+\-@\t\r\n]", made)
    assert as_meant(made) == text


def test_two_texts_never_become_the_same() -> None:
    texts = ["=1", "'=1", "''=1", "'1", "1", ""]
    assert len({harmless(text) for text in texts}) == len(texts)
    assert harmless("'1") == "'1"


@given(st.lists(st.lists(TEXTS, min_size=2, max_size=2), max_size=5))
def test_what_was_written_is_read_back_by_us_and_by_others(rows: list[list[str]]) -> None:
    file = written(rows)
    assert [[as_meant(cell) for cell in line.cells] for line in read(file)] == rows
    others = list(csv.reader(io.StringIO(file, newline=""), strict=True))
    assert others == [[harmless(cell) for cell in row] for row in rows]


def test_numbers_stand_as_they_are_and_nothing_is_empty() -> None:
    assert written([["a", -33.5, 7, None]]) == '"a",-33.5,7,""\r\n'


def test_a_row_has_the_line_on_which_it_begins() -> None:
    assert list(read('a\n\n"b\nc",d\r\ne')) == [Line(1, ("a",)), Line(3, ("b\nc", "d")), Line(5, ("e",))]


@pytest.mark.parametrize("text", ['a\n"b"c', 'a\n"b', "a\n" + "x" * 140_000])
def test_what_is_no_table_says_where(text: str) -> None:
    with pytest.raises(Malformed) as refused:
        list(read(text))
    assert refused.value.line == 2


@given(st.lists(TEXTS.filter(lambda text: text.strip() != "" and not set("\r\n") & set(text)), max_size=5))
def test_a_list_comes_back_out_of_its_cell(texts: list[str]) -> None:
    assert parted(joined(texts)) == tuple(texts)


def test_a_list_whose_quotes_make_no_sense_is_refused() -> None:
    with pytest.raises(Malformed):
        parted('"a"b;c')
