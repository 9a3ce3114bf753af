"""What lists can be narrowed by: frozen filters, and the conditions they stand for.

Where a filter has a value it may have a slot (`app.reads.slots`) instead: the conditions are the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.appointments import appointments, waitlist_entries
from app.db.tables.assignments import assignments
from app.db.tables.base import Moment, Uuid
from app.db.tables.people import technician_skills, technician_territories, technicians
from app.db.tables.tickets import tickets
from app.domain.appointments import LONGEST, AppointmentStatus
from app.domain.assignments import ACTIVE, AssignmentStatus
from app.domain.availability import Availability
from app.domain.policy import Visibility
from app.domain.sla import SlaState
from app.domain.tickets import TicketCategory, TicketPriority, TicketStatus
from app.domain.waitlist import WaitlistStatus
from app.reads.availability import present_availability
from app.reads.calendars import CalendarFilter, newest_of_its_name
from app.reads.named import NamedFilter, of_named
from app.reads.slots import Asked, Slot, array_of, bound
from app.reads.users import UserFilter, of_users

Values = tuple[Any, ...] | Slot
Conditions = Iterable["sa.ColumnElement[bool]"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdFilter(Asked):
    """Equal to, one of, none of, or absent; what is None does not narrow."""

    eq: UUID | None = None
    in_: tuple[UUID, ...] | None = None
    nin: tuple[UUID, ...] | None = None
    null: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MomentFilter(Asked):
    """Between bounds, or absent; what is None does not narrow."""

    gt: datetime | None = None
    gte: datetime | None = None
    lt: datetime | None = None
    lte: datetime | None = None
    null: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberFilter(Asked):
    """Equal to, one of, or between bounds; what is None does not narrow."""

    eq: int | None = None
    in_: tuple[int, ...] | None = None
    gte: int | None = None
    lte: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFilter(Asked):
    """Everything given must hold; `any_of` needs one to hold, `none_of` must not hold."""

    all_of: tuple["TicketFilter", ...] = ()
    any_of: tuple["TicketFilter", ...] | None = None
    none_of: "TicketFilter | None" = None
    status: tuple[TicketStatus, ...] | None = None
    priority: tuple[TicketPriority, ...] | None = None
    category: tuple[TicketCategory, ...] | None = None
    assignee: IdFilter | None = None
    team: IdFilter | None = None
    customer: IdFilter | None = None
    requester: IdFilter | None = None
    asset: IdFilter | None = None
    territory: IdFilter | None = None
    created_at: MomentFilter | None = None
    updated_at: MomentFilter | None = None
    sla_due_at: MomentFilter | None = None
    sla_state: tuple[SlaState, ...] | None = None
    escalation_count: NumberFilter | None = None
    tags: tuple[str, ...] | None = None
    unassigned: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentFilter(Asked):
    """Everything given must hold."""

    technician: IdFilter | None = None
    ticket: IdFilter | None = None
    status: tuple[AssignmentStatus, ...] | None = None
    tier: NumberFilter | None = None
    assigned_at: MomentFilter | None = None
    current: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TechnicianFilter(Asked):
    """Everything given must hold; a technician must have every skill and one of the territories."""

    ids: tuple[UUID, ...] | None = None
    active: bool | None = None
    skill_ids: tuple[UUID, ...] | None = None
    territory_ids: tuple[UUID, ...] | None = None
    tier: NumberFilter | None = None
    availability: tuple[Availability, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentFilter(Asked):
    """Everything given must hold; an appointment must have some of its time within [start, end)."""

    start: datetime
    end: datetime
    technician_id: UUID | None = None
    asset_id: UUID | None = None
    customer_id: UUID | None = None
    status: tuple[AppointmentStatus, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitlistFilter(Asked):
    """Who waits at one of these statuses."""

    status: tuple[WaitlistStatus, ...]


AnyFilter = (
    TicketFilter
    | AssignmentFilter
    | TechnicianFilter
    | AppointmentFilter
    | WaitlistFilter
    | NamedFilter
    | UserFilter
    | CalendarFilter
)


def containing(words: str) -> str:
    """Return the pattern of texts that have the words in them as they stand."""
    for special in ("\\", "%", "_"):
        words = words.replace(special, f"\\{special}")
    return f"%{words}%"


def conditions_of(wanted: AnyFilter | None, visibility: Visibility = Visibility.NOTHING) -> Conditions:
    """Return the conditions of whichever filter it is, for a viewer of this class."""
    match wanted:
        case None:
            return ()
        case TicketFilter():
            return of_tickets(wanted)
        case AssignmentFilter():
            return of_assignments(wanted)
        case TechnicianFilter():
            return of_technicians(wanted, visibility)
        case AppointmentFilter():
            return of_appointments(wanted)
        case WaitlistFilter(status=status):
            return (among(waitlist_entries.c.status, status),)
        case NamedFilter():
            return of_named(wanted)
        case UserFilter():
            return of_users(wanted, visibility)
        case CalendarFilter():
            return (newest_of_its_name(),)


def of_appointments(wanted: AppointmentFilter) -> Conditions:
    """Yield the conditions of an appointment filter."""
    of = appointments.c
    yield of.starts_at < wanted.end
    yield of.ends_at > wanted.start
    # What follows from the line above, so that an index by starts need not be read from its beginning.
    longest = sa.literal_column(f"interval '{LONGEST.total_seconds():.0f} seconds'", sa.Interval())
    yield of.starts_at > sa.type_coerce(bound(wanted.start), Moment) - longest
    for column, key in (
        (of.technician_id, wanted.technician_id),
        (of.asset_id, wanted.asset_id),
        (of.customer_id, wanted.customer_id),
    ):
        if key is not None:
            yield column == key
    yield from _one_of(of.status, wanted.status)


def of_tickets(wanted: TicketFilter) -> Conditions:
    """Yield the conditions of a ticket filter."""
    of = tickets.c
    yield from _one_of(of.status, wanted.status)
    yield from _one_of(of.priority, wanted.priority)
    yield from _one_of(of.category, wanted.category)
    yield from _ids(of.customer_id, wanted.customer)
    yield from _ids(of.requester_id, wanted.requester)
    yield from _ids(of.asset_id, wanted.asset)
    yield from _ids(of.territory_id, wanted.territory)
    yield from _moments(of.created_at, wanted.created_at)
    yield from _moments(of.updated_at, wanted.updated_at)
    yield from _moments(of.sla_due_at, wanted.sla_due_at)
    yield from _one_of(of.sla_state, wanted.sla_state)
    yield from _numbers(of.escalation_count, wanted.escalation_count)
    yield from _of_active_job(wanted)
    if wanted.tags is not None:
        yield of.tags.contains(array_of(wanted.tags, sa.Text()))
    yield from _combined(wanted)


def of_assignments(wanted: AssignmentFilter) -> Conditions:
    """Yield the conditions of an assignment filter."""
    of = assignments.c
    yield from _ids(of.technician_id, wanted.technician)
    yield from _ids(of.ticket_id, wanted.ticket)
    yield from _one_of(of.status, wanted.status)
    yield from _numbers(of.tier_level, wanted.tier)
    yield from _moments(of.assigned_at, wanted.assigned_at)
    if wanted.current is not None:
        active = of.status.in_(ACTIVE)
        yield active if wanted.current else ~active


def of_technicians(wanted: TechnicianFilter, visibility: Visibility = Visibility.NOTHING) -> Conditions:
    """Yield the conditions of a technician filter; what they are at the moment asks for the time."""
    of = technicians.c
    yield from _one_of(of.id, wanted.ids)
    yield from _numbers(of.tier_level, wanted.tier)
    if wanted.active is not None:
        yield of.active.is_(wanted.active)
    if wanted.availability is not None:
        yield among(present_availability(technicians, visibility), wanted.availability, sa.Text())
    if wanted.skill_ids is not None:
        asked = (
            sa.func.unnest(array_of(wanted.skill_ids, Uuid))
            .table_valued(sa.column("skill_id", Uuid), name="asked")
            .render_derived()
        )
        has = sa.exists().where(
            technician_skills.c.organization_id == of.organization_id,
            technician_skills.c.technician_id == of.id,
            technician_skills.c.skill_id == asked.c.skill_id,
        )
        lacks = sa.select(asked.c.skill_id).where(~has.correlate_except(technician_skills))
        yield ~lacks.correlate_except(asked).exists()
    if wanted.territory_ids is not None:
        yield sa.exists().where(
            technician_territories.c.organization_id == of.organization_id,
            technician_territories.c.technician_id == of.id,
            among(technician_territories.c.territory_id, wanted.territory_ids),
        )


def _of_active_job(wanted: TicketFilter) -> Conditions:
    job = assignments.alias()
    active = sa.exists().where(
        job.c.organization_id == tickets.c.organization_id,
        job.c.ticket_id == tickets.c.id,
        job.c.status.in_(ACTIVE),
    )
    if wanted.unassigned is not None:
        yield ~active if wanted.unassigned else active
    if wanted.assignee is not None:
        yield _held(active, job.c.technician_id, wanted.assignee)
    if wanted.team is not None:
        member = technicians.alias()
        in_team = active.where(member.c.organization_id == job.c.organization_id, member.c.id == job.c.technician_id)
        yield _held(in_team, member.c.team_id, wanted.team)


def _held(job_exists: "sa.Exists", column: "sa.ColumnElement[Any]", wanted: IdFilter) -> "sa.ColumnElement[bool]":
    """Spell an id filter on the active job; nobody counts as an absent id, and as none of the named."""
    clauses: list[sa.ColumnElement[bool]] = []
    if wanted.null is not None:
        held = job_exists.where(column.is_not(None))
        clauses.append(~held if wanted.null else held)
    if wanted.eq is not None:
        clauses.append(job_exists.where(column == wanted.eq))
    if wanted.in_ is not None:
        clauses.append(job_exists.where(among(column, wanted.in_)))
    if wanted.nin is not None:
        clauses.append(~job_exists.where(among(column, wanted.nin)))
    return sa.and_(sa.true(), *clauses)


def _combined(wanted: TicketFilter) -> Conditions:
    for each in wanted.all_of:
        yield from of_tickets(each)
    if wanted.any_of is not None:
        either = [sa.and_(sa.true(), *of_tickets(each)) for each in wanted.any_of]
        yield sa.or_(sa.false(), *either)
    if wanted.none_of is not None:
        # IS NOT TRUE, because what is absent makes a comparison unknown, and unknown is not held.
        yield sa.and_(sa.true(), *of_tickets(wanted.none_of)).is_not(sa.true())


def within(column: "sa.ColumnElement[Any]", wanted: IdFilter | MomentFilter | None) -> Conditions:
    """Yield the conditions that a column must meet."""
    if isinstance(wanted, MomentFilter):
        yield from _moments(column, wanted)
    else:
        yield from _ids(column, wanted)


def _ids(column: "sa.ColumnElement[Any]", wanted: IdFilter | None) -> Conditions:
    if wanted is None:
        return
    if wanted.null is not None:
        yield column.is_(None) if wanted.null else column.is_not(None)
    if wanted.eq is not None:
        yield column == wanted.eq
    yield from _one_of(column, wanted.in_)
    if wanted.nin is not None:
        yield column.is_(None) | ~among(column, wanted.nin)


def _moments(column: "sa.ColumnElement[Any]", wanted: MomentFilter | None) -> Conditions:
    if wanted is None:
        return
    if wanted.null is not None:
        yield column.is_(None) if wanted.null else column.is_not(None)
    if wanted.gt is not None:
        yield column > wanted.gt
    if wanted.gte is not None:
        yield column >= wanted.gte
    if wanted.lt is not None:
        yield column < wanted.lt
    if wanted.lte is not None:
        yield column <= wanted.lte


def _numbers(column: "sa.ColumnElement[Any]", wanted: NumberFilter | None) -> Conditions:
    if wanted is None:
        return
    if wanted.eq is not None:
        yield column == _whole(wanted.eq)
    yield from _one_of(column, wanted.in_, sa.BigInteger())
    if wanted.gte is not None:
        yield column >= _whole(wanted.gte)
    if wanted.lte is not None:
        yield column <= _whole(wanted.lte)


def _whole(value: Any) -> Any:
    # A column may be narrower than the schema's Int: compared as one, the value need not fit it.
    return _typed(value, sa.BigInteger())


def _typed(value: Any, kind: "sa.types.TypeEngine[Any] | None") -> Any:
    return value if kind is None or isinstance(value, Slot) else sa.literal(value, kind)


def _one_of(
    column: "sa.ColumnElement[Any]", wanted: "Values | None", kind: "sa.types.TypeEngine[Any] | None" = None
) -> Conditions:
    if wanted is not None:
        yield among(column, wanted, kind)


def among(
    column: "sa.ColumnElement[Any]", wanted: "Values", kind: "sa.types.TypeEngine[Any] | None" = None
) -> "sa.ColumnElement[bool]":
    """Spell that a column has one of the values; of a single one as an equation, which an index keeps in order."""
    if isinstance(wanted, tuple) and len(wanted) < 2:
        return sa.or_(sa.false(), *(column == _typed(value, kind) for value in wanted))
    return column == sa.any_(array_of(wanted, kind or _element(column)))


def _element(column: "sa.ColumnElement[Any]") -> "sa.types.TypeEngine[Any]":
    return Uuid if isinstance(column.type, type(Uuid)) else sa.Text()
