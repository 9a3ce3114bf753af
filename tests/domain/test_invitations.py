"""What calendars get, read by a parser that shares no code with what wrote it, and by the letter of RFC 5545."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import vobject
from hypothesis import given
from hypothesis import strategies as st

from app.domain.invitations import CalendarEntry, Method, Party, invitation, plain_text, published

ORGANIZER = Party(name="Testwerk", email="service@test.example")
GUEST = Party(name="Ann", email="ann@test.example")
ENTRY = CalendarEntry(
    appointment_id=UUID(int=7),
    sequence=2,
    starts_at=datetime(2026, 5, 4, 7, tzinfo=UTC),
    ends_at=datetime(2026, 5, 4, 10, tzinfo=UTC),
    time_zone="Europe/Amsterdam",
    summary="Testwerk: Repair",
    description="TKT-2026-000001\nArrival by 10:00",
    location="Quay 1; gate 2, Rotterdam",
    confirmed=False,
    changed_at=datetime(2026, 5, 1, 7, 1, 2, 345, tzinfo=UTC),
)
CONTENT_LINE = re.compile(
    rb"[A-Z0-9-]+"  # a name
    rb'(;[A-Z0-9-]+=("[^"\x00-\x08\x0a-\x1f\x7f]*"|[^";:,\x00-\x08\x0a-\x1f\x7f]*))*'  # parameters
    rb":[^\x00-\x08\x0a-\x1f\x7f]*"  # a value
)


def asked(entry: CalendarEntry = ENTRY, method: Method = Method.REQUEST, **parties: Party) -> bytes:
    return invitation(entry, method, **{"organizer": ORGANIZER, "attendee": GUEST, **parties})


def lines(text: bytes) -> list[bytes]:
    """Return the unfolded lines; every physical one must be ended and short enough."""
    assert text.endswith(b"\r\n")
    physical = text[:-2].split(b"\r\n")
    assert [each for each in physical if len(each) > 75 or b"\r" in each or b"\n" in each] == []
    for each in physical:
        # No character may be torn apart by folding.
        each.decode()
    return re.sub(rb"\r\n[ \t]", b"", text[:-2]).split(b"\r\n")


def parsed(text: bytes) -> Any:
    wrong = [each for each in lines(text) if not CONTENT_LINE.fullmatch(each)]
    assert wrong == []
    calendar = vobject.readOne(text.decode())
    calendar.validate(raiseException=True)
    return calendar


def test_a_request_says_what_when_where_who_and_which() -> None:
    calendar = parsed(asked())
    event = calendar.vevent

    assert (calendar.version.value, calendar.method.value) == ("2.0", "REQUEST")
    assert calendar.prodid.value.startswith("-//Fieldgraph//")
    assert (event.uid.value, event.sequence.value) == ("00000000-0000-0000-0000-000000000007", "2")
    assert event.dtstart.value == ENTRY.starts_at
    assert event.dtend.value == ENTRY.ends_at
    assert f"{event.dtstart.value:%Y-%m-%d %H:%M}" == "2026-05-04 09:00"
    assert event.dtstamp.value == datetime(2026, 5, 1, 7, 1, 2, tzinfo=UTC)
    assert event.summary.value == "Testwerk: Repair"
    assert event.location.value == "Quay 1; gate 2, Rotterdam"
    assert event.description.value == "TKT-2026-000001\nArrival by 10:00"
    assert event.status.value == "CONFIRMED"
    assert (event.organizer.value, event.organizer.cn_param) == ("mailto:service@test.example", "Testwerk")
    assert (event.attendee.value, event.attendee.partstat_param) == ("mailto:ann@test.example", "NEEDS-ACTION")
    assert len(list(calendar.components())) == 2


def test_what_is_called_off_bears_the_same_name_a_higher_number_and_neither_where_nor_why() -> None:
    first, off = parsed(asked()).vevent, parsed(asked(replace(ENTRY, sequence=3), Method.CANCEL))

    assert off.method.value == "CANCEL"
    assert off.vevent.status.value == "CANCELLED"
    assert off.vevent.uid.value == first.uid.value
    assert int(off.vevent.sequence.value) > int(first.sequence.value)
    assert {"location", "description"} & set(off.vevent.contents) == set()


def test_who_has_agreed_is_known_to_have() -> None:
    assert parsed(asked(replace(ENTRY, confirmed=True))).vevent.attendee.partstat_param == "ACCEPTED"


@pytest.mark.parametrize(
    ("zone", "starts"),
    [
        ("Europe/Amsterdam", datetime(2026, 10, 24, 23, 30, tzinfo=UTC)),
        ("Europe/Amsterdam", datetime(2026, 3, 28, 23, 30, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 11, 1, 4, 30, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2026, 4, 4, 12, 0, tzinfo=UTC)),
        ("Asia/Kolkata", datetime(2026, 7, 1, 3, 30, tzinfo=UTC)),
        ("UTC", datetime(2026, 7, 1, 3, 30, tzinfo=UTC)),
    ],
)
def test_times_are_right_on_days_when_clocks_are_changed(zone: str, starts: datetime) -> None:
    ends = starts + timedelta(hours=4)
    text = asked(replace(ENTRY, starts_at=starts, ends_at=ends, time_zone=zone))
    calendar = parsed(text)

    # By the zone as the text itself defines it, and by its clock.
    assert calendar.vevent.dtstart.value == starts
    assert calendar.vevent.dtend.value == ends
    local = starts.astimezone(ZoneInfo(zone))
    assert calendar.vevent.dtstart.value.replace(tzinfo=None) == local.replace(tzinfo=None)
    zones = [each for each in calendar.components() if each.name == "VTIMEZONE"]
    assert len(zones) == (0 if zone == "UTC" else 1)
    if zone != "UTC":
        assert f"TZID={zone}:".encode() in text


@given(
    words=st.text(max_size=200),
    name=st.text(st.characters(codec="utf-8"), max_size=60),
    lines_of=st.text(st.sampled_from('ab;,\\\n\r\t:"ä€😀 \x00\x1b\u2028'), max_size=300),
)
def test_no_word_can_break_out_of_its_place(words: str, name: str, lines_of: str) -> None:
    entry = replace(ENTRY, summary=words, description=lines_of, location=name)
    text = asked(entry, organizer=Party(name=name, email="a@test.example"), attendee=Party(name=words, email="b@c.d"))
    calendar = parsed(text)

    assert sum(line == b"BEGIN:VEVENT" for line in lines(text)) == 1
    assert sum(line.startswith(b"ATTENDEE") for line in lines(text)) == 1
    assert calendar.vevent.description.value == plain_text(lines_of)
    assert calendar.vevent.summary.value == " ".join(plain_text(words).split())
    assert calendar.vevent.attendee.value == "mailto:b@c.d"


def test_the_same_entry_is_the_same_text_whenever_it_is_made() -> None:
    assert asked() == asked(replace(ENTRY))


def test_a_feed_shows_every_appointment_and_asks_nobody() -> None:
    other = replace(ENTRY, appointment_id=UUID(int=8), time_zone="America/New_York")
    calendar = parsed(published([ENTRY, other], name="Ann"))

    assert calendar.method.value == "PUBLISH"
    events = [each for each in calendar.components() if each.name == "VEVENT"]
    assert [each.uid.value for each in events] == [str(UUID(int=7)), str(UUID(int=8))]
    assert [set(each.contents) & {"attendee", "organizer"} for each in events] == [set(), set()]
    assert len([each for each in calendar.components() if each.name == "VTIMEZONE"]) == 2
    assert b"NAME:Ann" in lines(published([], name="Ann"))
