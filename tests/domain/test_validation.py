"""Values at their edges: what is taken, cleaned, and refused with the name of its field."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import validation
from app.domain.refusals import Invalid


def refusal(check: Callable[[], object]) -> Invalid:
    """Return how the check refuses."""
    with pytest.raises(Invalid) as refused:
        check()
    return refused.value


@pytest.mark.parametrize("value", ["", " ", "\t\r\n", "\u00a0\u2003"])
def test_a_blank_text_is_refused_by_name(value: str) -> None:
    refused = refusal(lambda: validation.text(value, "title", longest=200))
    assert (refused.field, refused.message) == (("title",), "title must not be blank.")


def test_a_text_loses_its_outer_white_space_and_nothing_else() -> None:
    assert validation.text("  two  words\n", "title", longest=200) == "two  words"


@pytest.mark.parametrize("letter", ["x", "ß", "\N{GRINNING FACE}"])
def test_the_longest_text_is_taken_and_one_character_more_is_not(letter: str) -> None:
    longest = letter * 200
    assert validation.text(f" {longest} ", "title", longest=200) == longest
    refused = refusal(lambda: validation.text(longest + letter, "title", longest=200))
    assert "200 characters" in refused.message


@pytest.mark.parametrize("value", ["\x00", "a\x00b", "a\x00"])
def test_nul_is_refused_because_the_database_cannot_store_it(value: str) -> None:
    assert "NUL" in refusal(lambda: validation.text(value, "title", longest=200)).message
    assert "NUL" in refusal(lambda: validation.optional_text(value, "notes")).message
    assert "NUL" in refusal(lambda: validation.tags([value])).message


@pytest.mark.parametrize("value", [None, "", "  \n"])
def test_an_optional_text_that_is_blank_is_none(value: str | None) -> None:
    assert validation.optional_text(value, "notes") is None


def test_an_optional_text_has_a_longest_too() -> None:
    assert validation.optional_text("x" * 20_000, "notes") == "x" * 20_000
    assert refusal(lambda: validation.optional_text("x" * 20_001, "notes")).field == ("notes",)


def test_tags_are_cleaned_and_kept_once_in_the_order_given() -> None:
    assert validation.tags([" b", "a", "b ", "A"]) == ("b", "a", "A")


def test_twenty_tags_of_fifty_characters_are_the_most() -> None:
    most = [f"{n:050}" for n in range(20)]
    assert validation.tags(most) == tuple(most)
    assert "20 tags" in refusal(lambda: validation.tags([*most, "one more"])).message
    assert "50 characters" in refusal(lambda: validation.tags(["x" * 51])).message
    assert "blank" in refusal(lambda: validation.tags(["a", " "])).message


@pytest.mark.parametrize("value", [[1], "x", 7, True])
def test_custom_fields_that_are_no_object_are_refused(value: Any) -> None:
    assert refusal(lambda: validation.custom_fields(value)).field == ("customFields",)


@pytest.mark.parametrize(
    "value",
    [
        {"a": float("nan")},
        {"a": float("inf")},
        {"a": [{"b": float("-inf")}]},
        {"a": 2**64},
        {"a": "\x00"},
        {"\x00": 1},
        {1: "a"},
        {"a": object()},
        {"a": "x" * 16_384},
        {"a": "\ud800"},
    ],
    ids=[
        "NaN",
        "infinity",
        "minus infinity",
        "a number over 64 bits",
        "NUL in a value",
        "NUL in a name",
        "a name that is no text",
        "no JSON value",
        "16 KiB and more",
        "half a character",
    ],
)
def test_custom_fields_that_json_or_the_database_cannot_hold_are_refused(value: Any) -> None:
    assert refusal(lambda: validation.custom_fields(value)).field == ("customFields",)


def test_custom_fields_nested_deeper_than_json_goes_are_refused() -> None:
    deep: dict[str, Any] = {}
    for _ in range(300):
        deep = {"a": deep}
    assert refusal(lambda: validation.custom_fields(deep)).field == ("customFields",)


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**63), max_value=2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\x00", codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(st.characters(exclude_characters="\x00", codec="utf-8"), max_size=5), inner, max_size=3
        )
    ),
    max_leaves=10,
)


@given(value=st.dictionaries(st.just("a"), _json))
def test_any_other_small_object_is_taken_as_it_is(value: dict[str, Any]) -> None:
    assert validation.custom_fields(value) is value


def test_custom_fields_are_measured_as_json() -> None:
    largest = {"a": "x" * (16_384 - len(orjson.dumps({"a": ""})))}
    assert validation.custom_fields(largest) is largest


@pytest.mark.parametrize("point", [(90, 180), (-90, -180), (0, 0), (52.1, 5.1)])
def test_a_point_on_the_earth_is_taken(point: tuple[float, float]) -> None:
    assert validation.point(*point) == point


@pytest.mark.parametrize(
    ("point", "part"),
    [
        ((90.0001, 0), "lat"),
        ((-91, 0), "lat"),
        ((float("nan"), 0), "lat"),
        ((float("inf"), 0), "lat"),
        ((0, 180.0001), "lon"),
        ((0, float("nan")), "lon"),
        ((0, float("-inf")), "lon"),
    ],
)
def test_a_point_beside_the_earth_is_refused(point: tuple[float, float], part: str) -> None:
    assert refusal(lambda: validation.point(*point)).field == ("location", part)


@pytest.mark.parametrize(
    ("value", "clean"),
    [("0", "0.00"), ("999.99", "999.99"), ("1.5", "1.50"), ("0.005", "0.00"), ("1.239", "1.24"), ("1E2", "100.00")],
)
def test_hours_are_rounded_to_hundredths(value: str, clean: str) -> None:
    assert str(validation.hours(Decimal(value))) == clean


@pytest.mark.parametrize(
    "value", ["-0.01", "1000", "999.991", "NaN", "sNaN", "Infinity", "-Infinity", "1E+40", "1E+999999", "9" * 40]
)
def test_hours_out_of_bounds_are_refused(value: str) -> None:
    assert refusal(lambda: validation.hours(Decimal(value))).field == ("timeSpentHours",)


@pytest.mark.parametrize(("value", "clean"), [("0", "0.00"), ("9999999999.99", "9999999999.99"), ("4.500", "4.50")])
def test_money_has_two_decimals(value: str, clean: str) -> None:
    assert str(validation.money(Decimal(value), ("cost",))) == clean


@pytest.mark.parametrize(
    "value", ["-0.01", "10000000000", "0.001", "1E-30", "9999999999.999", "NaN", "sNaN", "Infinity", "1E+99"]
)
def test_money_out_of_bounds_or_finer_than_a_cent_is_refused(value: str) -> None:
    refused = refusal(lambda: validation.money(Decimal(value), ("partsUsed", "0", "cost")))
    assert refused.field == ("partsUsed", "0", "cost")
    assert refused.message.startswith("cost must")


@given(value=st.decimals(allow_nan=True, allow_infinity=True))
def test_hours_and_money_take_or_refuse_every_decimal(value: Decimal) -> None:
    checks: list[Callable[[], Decimal]] = [
        lambda: validation.hours(value),
        lambda: validation.money(value, ("cost",)),
    ]
    for check in checks:
        try:
            clean = check()
        except Invalid:
            continue
        assert clean.as_tuple().exponent == -2
        assert abs(clean - value) <= Decimal("0.005")


LEVEL = ("requiredSkills", "0", "level")


@pytest.mark.parametrize("value", [1, 3, 5])
def test_a_number_is_taken_within_its_bounds(value: int) -> None:
    assert validation.number(value, LEVEL, least=1, most=5) == value


@pytest.mark.parametrize("value", [0, 6, -(2**70)])
def test_a_number_out_of_its_bounds_is_refused_by_its_path(value: int) -> None:
    refused = refusal(lambda: validation.number(value, LEVEL, least=1, most=5))
    assert (refused.field, refused.message) == (LEVEL, "level must lie between 1 and 5.")
