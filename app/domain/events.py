"""Events: the rows of the log, as they are made and as they are read.

An event says what happened to which row, every changed field, and who was concerned before and
after, so that any reader can decide later who may see it without asking for today's rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

from app.domain.people import EventSource


class EventType(StrEnum):
    """What happened."""

    TICKET_CREATED = "TICKET_CREATED"
    TICKET_UPDATED = "TICKET_UPDATED"
    TICKET_STATUS_CHANGED = "TICKET_STATUS_CHANGED"
    TICKET_PRIORITY_CHANGED = "TICKET_PRIORITY_CHANGED"
    TICKET_ESCALATED = "TICKET_ESCALATED"
    TICKET_RESOLVED = "TICKET_RESOLVED"
    TICKET_CLOSED = "TICKET_CLOSED"
    TICKET_REOPENED = "TICKET_REOPENED"
    TICKET_DELETED = "TICKET_DELETED"
    COMMENT_ADDED = "COMMENT_ADDED"
    COMMENT_UPDATED = "COMMENT_UPDATED"
    COMMENT_DELETED = "COMMENT_DELETED"
    ATTACHMENT_ADDED = "ATTACHMENT_ADDED"
    ATTACHMENT_SCANNED = "ATTACHMENT_SCANNED"
    ATTACHMENT_DELETED = "ATTACHMENT_DELETED"
    JOB_ASSIGNED = "JOB_ASSIGNED"
    JOB_ACCEPTED = "JOB_ACCEPTED"
    JOB_REJECTED = "JOB_REJECTED"
    JOB_EN_ROUTE = "JOB_EN_ROUTE"
    JOB_ARRIVED = "JOB_ARRIVED"
    JOB_STARTED = "JOB_STARTED"
    JOB_PAUSED = "JOB_PAUSED"
    JOB_RESUMED = "JOB_RESUMED"
    JOB_COMPLETED = "JOB_COMPLETED"
    JOB_FAILED = "JOB_FAILED"
    JOB_ESCALATED = "JOB_ESCALATED"
    JOB_REASSIGNED = "JOB_REASSIGNED"
    JOB_CANCELLED = "JOB_CANCELLED"
    JOB_OFFER_EXPIRED = "JOB_OFFER_EXPIRED"
    JOB_RATED = "JOB_RATED"
    QUEUE_REORDERED = "QUEUE_REORDERED"
    SLA_STARTED = "SLA_STARTED"
    SLA_PAUSED = "SLA_PAUSED"
    SLA_RESUMED = "SLA_RESUMED"
    SLA_WARNING = "SLA_WARNING"
    SLA_BREACHED = "SLA_BREACHED"
    SLA_MET = "SLA_MET"
    DUE_DATE_CHANGED = "DUE_DATE_CHANGED"
    SLOT_HELD = "SLOT_HELD"
    SLOT_RELEASED = "SLOT_RELEASED"
    APPOINTMENT_SCHEDULED = "APPOINTMENT_SCHEDULED"
    APPOINTMENT_RESCHEDULED = "APPOINTMENT_RESCHEDULED"
    APPOINTMENT_CANCELLED = "APPOINTMENT_CANCELLED"
    APPOINTMENT_REMINDER = "APPOINTMENT_REMINDER"
    APPOINTMENT_CONFIRMED = "APPOINTMENT_CONFIRMED"
    APPOINTMENT_LOCKED = "APPOINTMENT_LOCKED"
    APPOINTMENT_STARTED = "APPOINTMENT_STARTED"
    APPOINTMENT_COMPLETED = "APPOINTMENT_COMPLETED"
    APPOINTMENT_NO_SHOW = "APPOINTMENT_NO_SHOW"
    WAITLIST_JOINED = "WAITLIST_JOINED"
    WAITLIST_OFFERED = "WAITLIST_OFFERED"
    WAITLIST_BOOKED = "WAITLIST_BOOKED"
    WAITLIST_EXPIRED = "WAITLIST_EXPIRED"
    WAITLIST_LEFT = "WAITLIST_LEFT"
    WAITLIST_PAUSED = "WAITLIST_PAUSED"
    WAITLIST_RESUMED = "WAITLIST_RESUMED"
    WAITLIST_WITHDRAWN = "WAITLIST_WITHDRAWN"
    PARTS_ORDER_REQUESTED = "PARTS_ORDER_REQUESTED"
    DISPATCH_FAILED = "DISPATCH_FAILED"
    PERSONAL_DATA_ERASED = "PERSONAL_DATA_ERASED"
    RECORD_CHANGED = "RECORD_CHANGED"
    TECHNICIAN_AVAILABILITY_CHANGED = "TECHNICIAN_AVAILABILITY_CHANGED"


PAYLOAD_VERSION = 1
# The kind of events about a technician's queue as a whole; its key is the technician's.
QUEUE = "TechnicianQueue"
# The kind of events about a clock of a ticket.
CLOCK = "SlaClock"
# The kind of events about an appointment; it always has a ticket.
APPOINTMENT = "Appointment"
HOLD = "SlotHold"
WAITING = "WaitlistEntry"
SERIES = "AppointmentSeries"
# Of a saved view the requester is the owner, and internal is one that is not shared.
VIEW = "SavedView"
# For ADMIN alone.
API_KEY = "ApiKey"
# The kinds of events about a technician's time.
SHIFT = "Shift"
TIME_OFF = "TimeOff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Concerned:
    """Whom a row concerns at one moment: what visibility and filters look at."""

    technician_id: UUID | None = None
    team_id: UUID | None = None
    territory_id: UUID | None = None
    requester_id: UUID | None = None
    customer_id: UUID | None = None
    # Of what lies in no territory itself: where its technician works, and has jobs.
    territory_ids: frozenset[UUID] = frozenset()
    internal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field's value before and after, in JSON's types."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event before it has a position.

    `kind`, `id` and `version` are the changed row's GraphQL type, key and version after the
    change. `before` is None when the row is new, `after` when it is gone.
    """

    type: EventType
    kind: str
    id: UUID
    version: int
    occurred_at: datetime
    changes: tuple[FieldChange, ...]
    before: Concerned | None = None
    after: Concerned | None = None
    ticket_id: UUID | None = None
    assignment_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A row of the log."""

    organization_id: UUID
    position: int
    id: UUID
    change_id: UUID
    type: EventType
    payload_version: int
    kind: str
    subject_id: UUID
    version: int
    ticket_id: UUID | None
    assignment_id: UUID | None
    before: Concerned | None
    after: Concerned | None
    changes: Sequence[FieldChange] = field(default_factory=tuple)
    actor_id: UUID | None
    source: EventSource
    ip_address: str | None
    occurred_at: datetime
    recorded_at: datetime


_PLAIN = frozenset({type(None), bool, int, float, str})
# What the event carries already; a job's pin, which is its queue's, and ratings, which are jobs', and told with them;
# and what was asked for or is copied, which names places.
_UNTOLD = frozenset(
    {
        *("id", "organization_id", "version", "created_at", "updated_at"),
        *("pin", "rating_total", "rating_count", "request", "template"),
    }
)


def changed_fields(before: object | None, after: Any) -> tuple[FieldChange, ...]:
    """List every field that differs between two frozen records of one class; of a creation, all.

    Keys, versions, the row's own time stamps, pins, ratings and requests are left out.
    """
    return tuple(
        FieldChange(field=name, old=plain(old), new=plain(new))
        for name in _told(after.__class__)
        for old, new in [(getattr(before, name, None), getattr(after, name))]
        if before is None or old != new
    )


@cache
def _told(record: type) -> tuple[str, ...]:
    return tuple(each.name for each in fields(record) if each.name not in _UNTOLD)


def plain(value: Any) -> Any:
    """Spell a value in JSON's types: times in RFC 3339, days as such, decimals and ids as text."""
    if value.__class__ in _PLAIN:
        return value
    match value:
        case StrEnum():
            return value.value
        case UUID() | Decimal():
            return str(value)
        case datetime() | date():
            return value.isoformat()
        case dict():
            return {name: plain(each) for name, each in value.items()}
        case tuple() | list() | set() | frozenset():
            return [plain(each) for each in value]
        case _:
            return value
