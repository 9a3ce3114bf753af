from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.calendar_addresses import CALENDAR_PATH, CalendarAddresses, EntryKey, FeedKey
from app.domain.file_addresses import BadAddress, FileAddresses, FileKey

NOW = datetime(2026, 5, 4, 8, 30, tzinfo=UTC)
FILES = FileAddresses(b"a key for tests", "https://field.example")
ADDRESSES = CalendarAddresses.beside(FILES)
FEED = FeedKey(UUID(int=1), UUID(int=2), 3)
ENTRY = EntryKey(UUID(int=1), UUID(int=2), True)


def name(address: str) -> str:
    assert address.startswith(f"https://field.example{CALENDAR_PATH}")
    return address.rpartition("/")[2]


def test_a_feed_is_read_back_for_ever() -> None:
    address = name(ADDRESSES.feed(FEED))

    assert address.endswith(".ics")
    assert ADDRESSES.read(address, NOW + timedelta(days=10_000)) == FEED


@given(st.integers(0, 3599))
def test_an_appointment_is_read_back_for_a_day(seconds: int) -> None:
    given_out = NOW.replace(minute=0) + timedelta(seconds=seconds)
    address = name(ADDRESSES.entry(ENTRY, given_out))

    assert ADDRESSES.read(address, given_out + timedelta(hours=24)) == ENTRY
    with pytest.raises(BadAddress):
        ADDRESSES.read(address, given_out + timedelta(hours=25))


@given(st.data())
def test_nothing_that_was_changed_is_read(data: st.DataObject) -> None:
    address = name(data.draw(st.sampled_from([ADDRESSES.feed(FEED), ADDRESSES.entry(ENTRY, NOW)])))
    place = data.draw(st.integers(0, len(address) - 5))
    other = data.draw(st.sampled_from("ABCxyz019-_=é/").filter(lambda each: each != address[place]))

    with pytest.raises(BadAddress):
        ADDRESSES.read(address[:place] + other + address[place + 1 :], NOW)


@pytest.mark.parametrize("text", ["", ".ics", "x.ics", "A" * 300 + ".ics", "é.ics"])
def test_nonsense_is_not_read(text: str) -> None:
    with pytest.raises(BadAddress):
        ADDRESSES.read(text, NOW)


def test_a_file_is_no_calendar_and_without_its_ending_nothing_is() -> None:
    file = FILES.download(FileKey(UUID(int=1), UUID(int=2)), NOW).rpartition("/")[2]
    for text in (f"{file}.ics", name(ADDRESSES.feed(FEED)).removesuffix(".ics")):
        with pytest.raises(BadAddress):
            ADDRESSES.read(text, NOW)
