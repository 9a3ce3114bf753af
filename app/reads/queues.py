"""A technician's queue: the active jobs in the order in which they are to be done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.assignments import assignments
from app.db.tables.base import Uuid
from app.db.tables.tickets import tickets
from app.domain.assignments import ACTIVE, AssignmentStatus
from app.domain.policy import Visibility
from app.domain.tickets import PRIORITY_LABELS
from app.reads.batches import columns_of
from app.reads.entities import ASSIGNMENT
from app.reads.filters import Values, among
from app.reads.orders import Kind, Order, Term
from app.reads.reader import Reader
from app.reads.record import Record

_UNDER_WAY = (AssignmentStatus.IN_PROGRESS, AssignmentStatus.PAUSED, AssignmentStatus.EN_ROUTE)

PRIORITIES: Mapping[str, str] = {priority.value: label for priority, label in PRIORITY_LABELS.items()}
QUEUE_ORDER = Order(
    (
        Term("waiting", Kind.NUMBER),
        Term("priority", Kind.TEXT),
        Term("assigned_at", Kind.MOMENT),
        Term("id", Kind.ID),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueItem:
    """A job in its place, counted from 1, and why it stands there."""

    position: int
    assignment: Record
    rank_reason: str


def queue_of(
    technician_id: "sa.ColumnElement[Any]", visibility: Visibility, territory_ids: Values | None = None
) -> "sa.Select[Any]":
    """Return the active jobs of each technician that equals the expression, with what they are ordered by.

    Under way first, then by priority, then first come, first served. With territories only the jobs at
    tickets in these, counted without the others.
    """
    job, ticket = assignments.alias(), tickets.alias()
    waiting = sa.case((job.c.status.in_(_UNDER_WAY), 0), else_=1)
    order = (waiting, ticket.c.priority, job.c.assigned_at, job.c.id)
    number = sa.func.row_number().over(partition_by=job.c.technician_id, order_by=order)
    same = sa.and_(ticket.c.organization_id == job.c.organization_id, ticket.c.id == job.c.ticket_id)
    queue = (
        sa.select(*job.c, waiting.label("waiting"), ticket.c.priority, number.label("queue_position"))
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
    statement = sa.select(
        *columns_of(reader, ASSIGNMENT, queue), queue.c.waiting, queue.c.priority, queue.c.queue_position
    ).order_by(queue.c.technician_id, queue.c.queue_position)
    queues: dict[UUID, list[QueueItem]] = {each: [] for each in technician_ids}
    for row in await reader.rows(statement):
        queues[row.technician_id].append(_item(row))
    return queues


def _item(row: "sa.Row[Any]") -> QueueItem:
    record = Record(ASSIGNMENT, row)
    if row.waiting == 0:
        reason = f"Under way ({row.status})"
    else:
        reason = f"{row.priority} {PRIORITIES[row.priority]}, assigned {row.assigned_at:%Y-%m-%d %H:%M} UTC"
    return QueueItem(position=row.queue_position, assignment=record, rank_reason=reason)
