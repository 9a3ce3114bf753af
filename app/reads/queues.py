"""A technician's queue: the active jobs in the order in which they are to be done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.assignments import assignments
from app.db.tables.availability import queue_versions
from app.db.tables.base import Uuid
from app.db.tables.tickets import tickets
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
from app.reads.viewers import ORGANIZATION

_UNDER_WAY = (AssignmentStatus.IN_PROGRESS, AssignmentStatus.PAUSED, AssignmentStatus.EN_ROUTE)

PRIORITIES: Mapping[str, str] = {priority.value: label for priority, label in PRIORITY_LABELS.items()}
# Stands for what is not known in an order: behind everything that is.
_UNKNOWN = 2**31 - 1
QUEUE_ORDER = Order(
    (
        Term("waiting", Kind.NUMBER),
        Term("pin_rank", Kind.NUMBER),
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
    sla_due_at: datetime | None
    late: bool


def queue_of(
    technician_id: "sa.ColumnElement[Any]", visibility: Visibility, territory_ids: Values | None = None
) -> "sa.Select[Any]":
    """Return the active jobs of each technician that equals the expression, with what they are ordered by.

    Under way first, then those that somebody has pinned, by their pins; then first due, by priority, nearest
    to the technician's home, and first come, first served. With territories only the jobs at
    tickets in these, counted without the others.
    """
    job, ticket = assignments.alias(), tickets.alias()
    waiting = sa.case((job.c.status.in_(_UNDER_WAY), 0), else_=1)
    pin_rank = sa.func.coalesce(job.c.pin, sa.literal_column(str(_UNKNOWN)))
    whole = sa.cast(job.c.distance_km * sa.literal_column("1000"), sa.Integer)
    meters = sa.func.coalesce(whole, sa.literal_column(str(_UNKNOWN)))
    order = (waiting, pin_rank, ticket.c.sla_due_first, ticket.c.priority, meters, job.c.assigned_at, job.c.id)
    number = sa.func.row_number().over(partition_by=job.c.technician_id, order_by=order)
    same = sa.and_(ticket.c.organization_id == job.c.organization_id, ticket.c.id == job.c.ticket_id)
    queue = (
        sa.select(
            *job.c,
            waiting.label("waiting"),
            pin_rank.label("pin_rank"),
            ticket.c.priority,
            ticket.c.sla_due_first,
            ticket.c.sla_due_at,
            ticket.c.sla_state,
            meters.label("meters"),
            number.label("queue_position"),
        )
        .select_from(job.join(ticket, same))
        .where(*ASSIGNMENT.seen(job, visibility), job.c.technician_id == technician_id, job.c.status.in_(ACTIVE))
    )
    return queue if territory_ids is None else queue.where(among(ticket.c.territory_id, territory_ids))


async def load_queues(
    reader: Reader, technician_ids: Sequence[UUID], territory_ids: tuple[UUID, ...] | None = None
) -> dict[UUID, list[QueueItem]]:
    """Return the whole queue of each technician, or of it what is in the territories; every technician is present."""
    these = sa.any_(sa.literal(list(technician_ids), sa.ARRAY(Uuid)))
    queue = queue_of(these, reader.visibility, territory_ids).subquery()
    ranks = (
        queue.c.waiting,
        queue.c.pin_rank,
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
    for row in await reader.rows(statement):
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
        due = "" if row.sla_due_at is None else f"Due {_minute(row.sla_due_at)} UTC, "
        at = _minute(row.assigned_at)
        reason = f"{due}{row.priority} {PRIORITIES[row.priority]}, {way}assigned {at} UTC"
    return QueueItem(
        position=row.queue_position,
        assignment=record,
        pinned=pinned,
        rank_reason=reason,
        sla_due_at=row.sla_due_at,
        late=row.sla_state == SlaState.BREACHED,
    )


def _minute(at: datetime) -> str:
    # Not by strftime, which leaves out the noughts of early years.
    return at.isoformat(sep=" ", timespec="minutes")[:16]
