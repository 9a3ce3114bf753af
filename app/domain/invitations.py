"""Appointments as the calendars of others know them: iCalendar (RFC 5545), sent as invitations (RFC 5546).

What becomes of an entry is the same text whenever it is made: nothing in it comes from a clock or from chance.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, vCalAddress, vText

PRODUCT = "-//Fieldgraph//Appointments//EN"
# How often who follows a feed is to look.
_LOOK_AGAIN = timedelta(minutes=15)
_UTC_NAMES = frozenset({"UTC", "Etc/UTC"})


class Method(StrEnum):
    """What a calendar is to do with what it gets: ask its owner, strike it out, or only show it."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"
    PUBLISH = "PUBLISH"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who invites, or is invited."""

    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEntry:
    """An appointment as whoever it is made for may know it.

    `changed_at` is when the appointment was written last; a later `sequence` replaces an earlier one.
    """

    appointment_id: UUID
    sequence: int
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    summary: str
    description: str | None
    location: str | None
    confirmed: bool
    changed_at: datetime


def uid(appointment_id: UUID) -> str:
    """Return what an appointment is called in every calendar, for ever."""
    return str(appointment_id)


def invitation(entry: CalendarEntry, method: Method, *, organizer: Party, attendee: Party) -> bytes:
    """Return what asks one person to an appointment, or calls it off.

    What calls off says neither where nor why: it may go to somebody whom that does not concern any more.
    """
    event = _event(entry)
    event.add("organizer", _address(organizer))
    guest = _address(attendee)
    guest.params["CUTYPE"] = vText("INDIVIDUAL")
    guest.params["ROLE"] = vText("REQ-PARTICIPANT")
    guest.params["PARTSTAT"] = vText("ACCEPTED" if entry.confirmed else "NEEDS-ACTION")
    guest.params["RSVP"] = vText("FALSE")
    event.add("attendee", guest)
    if method is Method.CANCEL:
        event.add("status", "CANCELLED")
    else:
        event.add("status", "CONFIRMED")
        _tell(event, entry)
    return _calendar(method, [event], [entry])


def published(entries: Iterable[CalendarEntry], *, name: str | None = None) -> bytes:
    """Return appointments to be shown; under a `name` they are a feed that is looked at again and again."""
    kept = list(entries)
    events = []
    for entry in kept:
        event = _event(entry)
        event.add("status", "CONFIRMED")
        _tell(event, entry)
        events.append(event)
    return _calendar(Method.PUBLISH, events, kept, name=name)


def plain_text(text: str) -> str:
    """Return a text without characters that neither calendars nor letters can hold; lines are kept."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(each for each in unified if each in "\n\t" or each.isprintable())


def one_line(text: str) -> str:
    """Return a text as one line."""
    return " ".join(plain_text(text).split())


def _event(entry: CalendarEntry) -> Event:
    event = Event()
    event.add("uid", uid(entry.appointment_id))
    event.add("sequence", entry.sequence)
    event.add("dtstamp", _second(entry.changed_at))
    event.add("last-modified", _second(entry.changed_at))
    zone = UTC if entry.time_zone in _UTC_NAMES else ZoneInfo(entry.time_zone)
    event.add("dtstart", entry.starts_at.astimezone(zone))
    event.add("dtend", entry.ends_at.astimezone(zone))
    event.add("summary", one_line(entry.summary))
    return event


def _tell(event: Event, entry: CalendarEntry) -> None:
    if entry.location is not None:
        event.add("location", one_line(entry.location))
    if entry.description is not None:
        event.add("description", plain_text(entry.description))
    event.add("transp", "OPAQUE")


def _calendar(method: Method, events: list[Event], entries: list[CalendarEntry], *, name: str | None = None) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method.value)
    if name is not None:
        calendar.add("name", one_line(name))
        calendar.add("x-wr-calname", one_line(name))
        calendar.add("refresh-interval", _LOOK_AGAIN)
        calendar["refresh-interval"].params["VALUE"] = "DURATION"
        calendar.add("x-published-ttl", "PT15M")
    for zone in sorted({entry.time_zone for entry in entries} - _UTC_NAMES):
        years = [each.year for entry in entries if entry.time_zone == zone for each in (entry.starts_at, entry.ends_at)]
        calendar.add_component(_zone(zone, min(years) - 1, max(years) + 1))
    for event in events:
        calendar.add_component(event)
    return bytes(calendar.to_ical())


# Working out when clocks are changed takes longer than all the rest.
@lru_cache(maxsize=256)
def _zone(name: str, first_year: int, last_year: int) -> Timezone:
    first, last = (datetime(year, 1, 1, tzinfo=UTC).date() for year in (first_year, last_year + 1))
    return Timezone.from_tzinfo(ZoneInfo(name), tzid=name, first_date=first, last_date=last)


def _address(party: Party) -> vCalAddress:
    address = vCalAddress(f"mailto:{party.email}")
    # A quotation mark cannot be written in a parameter.
    address.params["CN"] = vText(one_line(party.name).replace('"', "'"))
    return address


def _second(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)
