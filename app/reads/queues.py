"""A technician's queue: the active jobs in the order in which they are to be done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.appointments import appointments
from app.db.tables.assignments import assignments
from app.db.tables.availability import queue_versions
from app.db.tables.base import Moment, Uuid
from app.db.tables.organizations import organizations
from app.db.tables.tickets import NEVER_DUE_COMES_LAST, tickets
from app.domain.appointment_life import OPEN as OPEN_APPOINTMENTS
from app.domain.assignments import ACTIVE, AssignmentStatus
from app.domain.policy import Visibility
from app.domain.sla import SlaState
from app.domain.tickets import PRIORITY_LABELS
from app.reads.batches import columns_of
from app.reads.entities import ASSIGNMENT
from app.reads.filters import Values, among
from app.reads.orders import Kind, Order, Term
from app.reads.reader import Reader
from app.reads.record import Record
from app.reads.slots import Slot, bound
from app.reads.viewers import NOW, ORGANIZATION

_UNDER_WAY = (AssignmentStatus.IN_PROGRESS, AssignmentStatus.PAUSED, AssignmentStatus.EN_ROUTE)

PRIORITIES: Mapping[str, str] = {priority.value: label for priority, label in PRIORITY_LABELS.items()}
# Stands for what is not known in an order: behind everything that is.
_UNKNOWN = 2**31 - 1
_NO_TIME: sa.ColumnElement[Any] = sa.literal_column(f"'{NEVER_DUE_COMES_LAST}'::timestamptz", Moment)
Day = date | Slot | None
QUEUE_ORDER = Order(
    (
        Term("waiting", Kind.NUMBER),
        Term("pin_rank", Kind.NUMBER),
        Term("agreed_first", Kind.MOMENT),
        Term("sla_due_first", Kind.MOMENT),
        Term("priority", Kind.TEXT),
        Term("meters", Kind.NUMBER),
        Term("assigned_at", Kind.MOMENT),
        Term("id", Kind.ID),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueItem:
    """A job in its place, counted from 1, and why it stands there."""

    position: int
    assignment: Record
    pinned: bool
    rank_reason: str
    planned_start: datetime | None
    planned_end: datetime | None
    sla_due_at: datetime | None
    late: bool


def queue_of(
    technician_id: "sa.ColumnElement[Any]",
    visibility: Visibility,
    territory_ids: Values | None = None,
    day: Day = None,
) -> "sa.Select[Any]":
    """Return the active jobs of each technician that equals the expression, with what they are ordered by.

    Under way first, then those that somebody has pinned, by their pins; then by when their appointments begin, first
    due, by priority, nearest to the technician's home, and first come, first served. With territories only the jobs at
    tickets in these, and with a day only those that are agreed for it, counted without the others; of the present
    day, where the organisation is, those without an appointment too.
    """
    job, ticket, agreed = assignments.alias(), tickets.alias(), appointments.alias()
    waiting = sa.case((job.c.status.in_(_UNDER_WAY), 0), else_=1)
    pin_rank = sa.func.coalesce(job.c.pin, sa.literal_column(str(_UNKNOWN)))
    whole = sa.cast(job.c.distance_km * sa.literal_column("1000"), sa.Integer)
    meters = sa.func.coalesce(whole, sa.literal_column(str(_UNKNOWN)))
    agreed_first = sa.func.coalesce(agreed.c.starts_at, _NO_TIME)
    due, priority = ticket.c.sla_due_first, ticket.c.priority
    order = (waiting, pin_rank, agreed_first, due, priority, meters, job.c.assigned_at, job.c.id)
    number = sa.func.row_number().over(partition_by=job.c.technician_id, order_by=order)
    same = sa.and_(ticket.c.organization_id == job.c.organization_id, ticket.c.id == job.c.ticket_id)
    open_one = sa.and_(
        agreed.c.organization_id == job.c.organization_id,
        agreed.c.ticket_id == job.c.ticket_id,
        agreed.c.status.in_(OPEN_APPOINTMENTS),
    )
    queue = (
        sa.select(
            *job.c,
            waiting.label("waiting"),
            pin_rank.label("pin_rank"),
            agreed_first.label("agreed_first"),
            agreed.c.starts_at.label("planned_start"),
            agreed.c.ends_at.label("planned_end"),
            ticket.c.priority,
            ticket.c.sla_due_first,
            ticket.c.sla_due_at,
            ticket.c.sla_state,
            meters.label("meters"),
            number.label("queue_position"),
        )
        .select_from(job.join(ticket, same).outerjoin(agreed, open_one))
        .where(*ASSIGNMENT.seen(job, visibility), job.c.technician_id == technician_id, job.c.status.in_(ACTIVE))
    )
    if territory_ids is not None:
        queue = queue.where(among(ticket.c.territory_id, territory_ids))
    return queue if day is None else queue.where(_on(day, agreed))


def _on(day: Any, agreed: sa.FromClause) -> "sa.ColumnElement[bool]":
    zone = sa.select(organizations.c.time_zone).where(organizations.c.organization_id == ORGANIZATION)
    today = sa.cast(sa.func.timezone(zone.scalar_subquery(), NOW), sa.Date)
    begins = sa.cast(sa.func.timezone(agreed.c.time_zone, agreed.c.starts_at), sa.Date)
    return sa.or_(begins == bound(day), agreed.c.id.is_(None) & (bound(day) == today))


async def load_queues(
    reader: Reader,
    technician_ids: Sequence[UUID],
    territory_ids: tuple[UUID, ...] | None = None,
    *,
    day: date | None = None,
    now: datetime | None = None,
) -> dict[UUID, list[QueueItem]]:
    """Return the whole queue of each technician, or of it what is in the territories; every technician is present.

    With a day only what is agreed for it; `now` tells whether it is the present one.
    """
    these = sa.any_(sa.literal(list(technician_ids), sa.ARRAY(Uuid)))
    queue = queue_of(these, reader.visibility, territory_ids, day).subquery()
    ranks = (
        queue.c.waiting,
        queue.c.pin_rank,
        queue.c.agreed_first,
        queue.c.planned_start,
        queue.c.planned_end,
        queue.c.sla_due_first,
        queue.c.sla_due_at,
        queue.c.sla_state,
        queue.c.priority,
        queue.c.meters,
        queue.c.queue_position,
    )
    statement = sa.select(*columns_of(ASSIGNMENT, queue, reader.visibility), *ranks).order_by(
        queue.c.technician_id, queue.c.queue_position
    )
    queues: dict[UUID, list[QueueItem]] = {each: [] for each in technician_ids}
    for row in await reader.rows(statement, {} if day is None else {"now": now}):
        queues[row.technician_id].append(_item(row))
    return queues


def version_of(technician_id: "sa.ColumnElement[Any]") -> "sa.ScalarSelect[int]":
    """Return the version of the queue of the technician that equals the expression, 0 before its first job."""
    of = queue_versions.alias()
    found = sa.select(of.c.version).where(of.c.organization_id == ORGANIZATION, of.c.technician_id == technician_id)
    return sa.select(sa.func.coalesce(found.scalar_subquery(), sa.literal_column("0"))).scalar_subquery()


async def load_versions(reader: Reader, technician_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return the version of each technician's queue; every technician is present."""
    of = queue_versions.c
    these = sa.any_(sa.literal(list(technician_ids), sa.ARRAY(Uuid)))
    statement = sa.select(of.technician_id, of.version).where(
        of.organization_id == ORGANIZATION, of.technician_id == these
    )
    known = {row.technician_id: row.version for row in await reader.rows(statement)}
    return {each: known.get(each, 0) for each in technician_ids}


def _item(row: "sa.Row[Any]") -> QueueItem:
    record = Record(ASSIGNMENT, row)
    pinned = row.pin is not None
    if row.waiting == 0:
        reason = f"Under way ({row.status})"
    elif pinned:
        reason = f"Pinned at {row.pin}"
    else:
        tenths = (row.meters + 50) // 100
        way = "" if row.distance_km is None else f"{tenths // 10}.{tenths % 10} km from home, "
        agreed = "" if row.planned_start is None else f"Agreed for {_minute(row.planned_start)} UTC, "
        due = "" if row.sla_due_at is None else f"Due {_minute(row.sla_due_at)} UTC, "
        at = _minute(row.assigned_at)
        reason = f"{agreed}{due}{row.priority} {PRIORITIES[row.priority]}, {way}assigned {at} UTC"
    return QueueItem(
        position=row.queue_position,
        assignment=record,
        pinned=pinned,
        rank_reason=reason,
        planned_start=row.planned_start,
        planned_end=row.planned_end,
        sla_due_at=row.sla_due_at,
        late=row.sla_state == SlaState.BREACHED,
    )


def _minute(at: datetime) -> str:
    # Not by strftime, which leaves out the noughts of early years.
    return at.isoformat(sep=" ", timespec="minutes")[:16]
