"""How values are spelled: what is written is read back, and what is none is refused as the client's fault."""

from base64 import b64encode
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from graphql import GraphQLError, GraphQLScalarType
from hypothesis import given
from hypothesis import strategies as st

from app.domain.refusals import Invalid
from schema.build import executable
from schema.ids import global_id, key_of, optional_key, split_id

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def scalar(name: str) -> GraphQLScalarType:
    """Return a scalar of the schema."""
    found = executable().type_map[name]
    assert isinstance(found, GraphQLScalarType)
    return found


def read(name: str, value: Any) -> Any:
    return scalar(name).parse_value(value)


def refused(name: str, value: Any) -> None:
    with pytest.raises(GraphQLError) as error:
        read(name, value)
    assert error.value.extensions == {"code": "BAD_USER_INPUT"}


_kinds = st.sampled_from(["Ticket", "Assignment", "Customer"])


@given(kind=_kinds, key=st.uuids())
def test_a_global_id_is_read_back(kind: str, key: UUID) -> None:
    assert split_id(global_id(kind, key)) == (kind, key)
    assert key_of(kind, global_id(kind, key), "id") == key
    assert optional_key(kind, global_id(kind, key), "id") == key


@given(kind=_kinds, key=st.uuids())
def test_an_id_of_another_type_is_refused_by_its_path(kind: str, key: UUID) -> None:
    with pytest.raises(Invalid) as error:
        key_of("Team", global_id(kind, key), "filter", "teamId")
    assert error.value.field == ("filter", "teamId")
    assert error.value.message == "teamId must be the id of a Team."


@given(text=st.text() | st.text(alphabet="AVGlja2V0=", max_size=80) | st.just("A" * 5000))
def test_any_other_text_is_no_id(text: str) -> None:
    assert split_id(text) is None


@pytest.mark.parametrize(
    "inside",
    [
        "Ticket:1",
        "Ticket:",
        ":",
        "Ticket",
        "Ticket:{00000000-0000-0000-0000-000000000001}",
        "Ticket:urn:uuid:00000000-0000-0000-0000-000000000001",
        "Ticket:00000000000000000000000000000001",
        "Ticket:00000000-0000-0000-0000-00000000000A",
        " Ticket:00000000-0000-0000-0000-000000000001 ",
    ],
)
def test_an_id_has_one_spelling_only(inside: str) -> None:
    assert split_id(b64encode(inside.encode()).decode()) is None


def test_no_id_names_no_row() -> None:
    assert optional_key("Ticket", None, "id") is None


_seconds = st.integers(min_value=-(6 * 10**10), max_value=2 * 10**11)


@given(
    moment=st.builds(lambda s, us: EPOCH + timedelta(seconds=s, microseconds=us), _seconds, st.integers(0, 999_999)),
    hours=st.integers(min_value=-12, max_value=14),
)
def test_a_moment_is_read_with_any_offset_and_written_in_utc(moment: datetime, hours: int) -> None:
    there = moment.astimezone(timezone(timedelta(hours=hours)))
    assert read("DateTime", there.isoformat(timespec="microseconds")) == moment
    written = scalar("DateTime").serialize(there)
    assert read("DateTime", written) == moment
    assert (len(written), written[-1]) == (27, "Z")


@pytest.mark.parametrize(
    ("text", "second"),
    [("2026-01-31T09:30:00Z", 0), ("2026-01-31t09:30:00.5z", 500_000), ("2026-01-31T09:30:00.123456789Z", 123_456)],
)
def test_a_moment_may_be_spelled_shorter_or_finer(text: str, second: int) -> None:
    assert read("DateTime", text) == datetime(2026, 1, 31, 9, 30, microsecond=second, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "2026-01-31",
        "2026-01-31T09:30:00",
        "2026-01-31 09:30:00Z",
        "2026-02-30T09:30:00Z",
        "2026-01-31T24:30:00Z",
        "2026-01-31T09:30:60Z",
        "2026-01-31T09:30:00+25:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
        "\u0662026-01-31T09:30:00Z",
        "2026-01-31T09:30:00Z\n",
        1_767_225_600,
        None,
        True,
        [],
    ],
)
def test_what_is_no_moment_is_refused(value: Any) -> None:
    refused("DateTime", value)


@given(day=st.dates())
def test_a_day_is_read_back(day: date) -> None:
    assert read("Date", scalar("Date").serialize(day)) == day


@pytest.mark.parametrize(
    "value", ["", "2026-1-1", "2026-02-30", "20260101", "2026-W01-1", "2026-01-01T00:00:00Z", 1, None]
)
def test_what_is_no_day_is_refused(value: Any) -> None:
    refused("Date", value)


@given(number=st.decimals(min_value=-(10**12), max_value=10**12, places=4))
def test_a_decimal_is_exact(number: Decimal) -> None:
    assert read("Decimal", scalar("Decimal").serialize(number)) == number


@pytest.mark.parametrize(("value", "number"), [(1, "1"), (0.1, "0.1"), ("12.50", "12.50"), ("1e3", "1E+3")])
def test_a_decimal_is_taken_as_number_or_text(value: Any, number: str) -> None:
    assert read("Decimal", value) == Decimal(number)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x",
        "NaN",
        "Infinity",
        "-Infinity",
        "sNaN",
        "1e41",
        "1e-41",
        "1E+99999999999999999999",
        "9" * 41,
        True,
        None,
        [],
        {},
    ],
)
def test_what_is_no_decimal_of_sensible_length_is_refused(value: Any) -> None:
    refused("Decimal", value)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Mars/Base",
        "../../etc/passwd",
        "/etc/localtime",
        "localtime",
        "Factory",
        "right/UTC",
        "\x00",
        "x" * 5000,
        1,
        None,
        [],
    ],
)
def test_what_is_no_time_zone_is_refused(value: Any) -> None:
    refused("TimeZone", value)


def test_a_time_zone_is_taken_by_its_name() -> None:
    assert read("TimeZone", "Europe/Amsterdam") == "Europe/Amsterdam"


@pytest.mark.parametrize("value", [1, None, [], {}])
def test_a_cursor_that_is_no_text_is_refused(value: Any) -> None:
    refused("EventCursor", value)


@pytest.mark.parametrize("value", ["0001-01-01", "9999-12-31"])
def test_a_date_that_the_database_would_keep_as_infinity_is_refused(value: str) -> None:
    refused("Date", value)


def test_the_first_and_the_last_day_that_are_kept_are_taken() -> None:
    assert (read("Date", "0001-01-02"), read("Date", "9999-12-30")) == (date(1, 1, 2), date(9999, 12, 30))
