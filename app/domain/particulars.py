"""What an appointment is to those whom it concerns: as an entry of their calendars, and in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from app.domain.appointment_life import OPEN
from app.domain.appointments import Appointment, AppointmentStatus, AppointmentType, LocationMode
from app.domain.invitations import CalendarEntry, one_line

KINDS: Mapping[AppointmentType, str] = MappingProxyType(
    {
        AppointmentType.ROUTINE_MAINTENANCE: "Routine maintenance",
        AppointmentType.DIAGNOSTIC: "Diagnosis",
        AppointmentType.COMPONENT_REPAIR: "Repair",
        AppointmentType.EMERGENCY: "Emergency service",
    }
)


class Audience(StrEnum):
    """Whom something is made for: the customer's side, or the technician who comes."""

    CUSTOMER = "CUSTOMER"
    TECHNICIAN = "TECHNICIAN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Particulars:
    """An appointment with the words that belong to it.

    `address` is where the work is, of a facility and its bay their names.
    """

    appointment: Appointment
    organization: str
    ticket_number: str
    title: str
    technician: str
    customer: str | None = None
    address: str | None = None
    facility: str | None = None
    bay: str | None = None


def entry_of(found: Particulars, audience: Audience, *, with_place: bool = True) -> CalendarEntry:
    """Return the appointment as somebody's calendar shows it.

    What was noted at the booking is for the technician alone. Where it is, is told only while it stands, as the
    address of a customer is nothing for those who have been there.
    """
    appointment = found.appointment
    kind = KINDS[appointment.type]
    if audience is Audience.TECHNICIAN:
        summary = f"{found.ticket_number} {found.title}"
    else:
        summary = f"{found.organization}: {kind}"
    return CalendarEntry(
        appointment_id=appointment.id,
        sequence=appointment.invite_sequence,
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
        time_zone=appointment.time_zone,
        summary=summary,
        description="\n".join(lines_of(found, audience)),
        location=place_of(found) if with_place and appointment.status in OPEN else None,
        confirmed=appointment.status is AppointmentStatus.CONFIRMED,
        changed_at=appointment.updated_at,
    )


def place_of(found: Particulars) -> str | None:
    """Return where it is, None where nobody knows."""
    if found.appointment.location_mode is LocationMode.AT_FACILITY:
        parts = [each for each in (found.facility, found.bay) if each]
        return ", ".join(parts) or None
    return found.address


def lines_of(found: Particulars, audience: Audience) -> list[str]:
    """Return what is to be known beside time and place, a line each."""
    appointment = found.appointment
    lines = [f"{KINDS[appointment.type]}, {found.ticket_number}: {one_line(found.title)}"]
    if audience is Audience.CUSTOMER:
        lines.append(f"Technician: {one_line(found.technician)}")
    elif found.customer is not None:
        lines.append(f"Customer: {one_line(found.customer)}")
    if appointment.arrival_until > appointment.starts_at:
        lines.append(f"Arrival by {_local(appointment.arrival_until, appointment.time_zone):%H:%M}")
    if audience is Audience.TECHNICIAN and appointment.notes:
        lines.append(appointment.notes)
    return lines


def time_in_words(appointment: Appointment) -> str:
    """Return when it is, by the clock of where it is: Monday, 4 May 2026, 09:00 to 12:00 (Europe/Amsterdam)."""
    start, end = (_local(each, appointment.time_zone) for each in (appointment.starts_at, appointment.ends_at))
    until = f"{end:%H:%M}" if start.date() == end.date() else f"{_day(end)}, {end:%H:%M}"
    return f"{_day(start)}, {start:%H:%M} to {until} ({appointment.time_zone})"


def _day(moment: datetime) -> str:
    return f"{_DAYS[moment.weekday()]}, {moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def _local(moment: datetime, zone: str) -> datetime:
    return moment.astimezone(ZoneInfo(zone))


# A process's locale must not change what is written.
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
