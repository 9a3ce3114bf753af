"""List cursors: what was given out for an order is read back for that order, and for no other."""

from base64 import b64decode, b64encode
from datetime import UTC, datetime
from string import ascii_letters, digits
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.reads.orders import Kind, Order, Term, UnknownPlace, read_cursor, write_cursor

_VALUES: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.MOMENT: st.datetimes(timezones=st.just(UTC)),
    Kind.DAY: st.dates(),
    Kind.NUMBER: st.integers(min_value=-(2**63), max_value=2**63 - 1),
    Kind.TEXT: st.text(st.characters(exclude_characters="\x00", codec="utf-8"), max_size=40),
    Kind.ID: st.uuids(),
}
_terms = st.builds(Term, st.sampled_from("abcdef"), st.sampled_from(Kind), st.booleans())
orders = st.lists(_terms, min_size=1, max_size=5, unique_by=lambda term: term.column).map(lambda ts: Order(tuple(ts)))


@st.composite
def places(draw: st.DrawFn) -> tuple[Order, dict[str, Any]]:
    """Draw an order and a row with its columns."""
    order = draw(orders)
    return order, {term.column: draw(_VALUES[term.kind]) for term in order.terms}


@given(place=places())
def test_a_cursor_is_read_back_as_it_was_written(place: tuple[Order, dict[str, Any]]) -> None:
    order, row = place
    text = write_cursor(order, row)
    assert read_cursor(order, text) == tuple(row[term.column] for term in order.terms)
    assert set(text) <= set(ascii_letters + digits + "+/=")


@given(place=places(), other=orders)
def test_a_cursor_of_another_order_is_unknown(place: tuple[Order, dict[str, Any]], other: Order) -> None:
    order, row = place
    written = [(term.column, term.descending) for term in order.terms]
    assume(written != [(term.column, term.descending) for term in other.terms])
    with pytest.raises(UnknownPlace):
        read_cursor(other, write_cursor(order, row))


@given(place=places(), data=st.data())
def test_a_cursor_cut_off_or_grown_is_unknown(place: tuple[Order, dict[str, Any]], data: st.DataObject) -> None:
    order, row = place
    text = write_cursor(order, row)
    raw = b64decode(text)
    shorter = raw[: data.draw(st.integers(min_value=0, max_value=len(raw) - 1))]
    for wrong in (shorter, raw + b"\x00"):
        with pytest.raises(UnknownPlace):
            read_cursor(order, b64encode(wrong).decode())


@given(order=orders, text=st.text() | st.text(alphabet="AB-_=09", max_size=60) | st.just("A" * 5000))
def test_any_other_text_is_unknown(order: Order, text: str) -> None:
    with pytest.raises(UnknownPlace):
        read_cursor(order, text)


@given(order=orders, body=st.binary(max_size=80))
def test_a_body_that_was_made_up_is_a_place_or_unknown_and_nothing_else(order: Order, body: bytes) -> None:
    head = b"\x01" + order.signature.to_bytes(4, "big")
    try:
        values = read_cursor(order, b64encode(head + body).decode())
    except UnknownPlace:
        return
    assert len(values) == len(order.terms)
    for term, value in zip(order.terms, values, strict=True):
        assert term.kind is not Kind.TEXT or "\x00" not in value
        assert term.kind is not Kind.MOMENT or datetime.min.replace(tzinfo=UTC) <= value


def test_an_order_is_uniform_while_all_its_terms_run_one_way() -> None:
    up, down = Term("a", Kind.TEXT), Term("b", Kind.ID, descending=True)
    assert Order((up,)).is_uniform
    assert Order((down, down)).is_uniform
    assert not Order((up, down)).is_uniform
