"""A technician's queue: the active jobs in the order in which they are to be done."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.assignments import assignments
from app.db.tables.tickets import tickets
from app.domain.assignments import ACTIVE, AssignmentStatus
from app.domain.tickets import PRIORITY_LABELS, TicketPriority
from app.reads.batches import columns_of, visible
from app.reads.entities import ASSIGNMENT
from app.reads.orders import Kind, Order, Term
from app.reads.reader import Reader
from app.reads.record import Record

_UNDER_WAY = (AssignmentStatus.IN_PROGRESS, AssignmentStatus.PAUSED, AssignmentStatus.EN_ROUTE)

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


async def load_queues(reader: Reader, technician_ids: Sequence[UUID]) -> dict[UUID, list[QueueItem]]:
    """Return the whole queue of each technician, in order; every technician is present.

    Under way first, then by priority, then first come, first served.
    """
    waiting = sa.case((assignments.c.status.in_(_UNDER_WAY), 0), else_=1)
    ticket = tickets.alias()
    order = (waiting, ticket.c.priority, assignments.c.assigned_at, assignments.c.id)
    number = sa.func.row_number().over(partition_by=assignments.c.technician_id, order_by=order)
    same = sa.and_(ticket.c.organization_id == assignments.c.organization_id, ticket.c.id == assignments.c.ticket_id)
    statement = (
        sa.select(
            *columns_of(reader, ASSIGNMENT, assignments),
            waiting.label("waiting"),
            ticket.c.priority,
            number.label("queue_position"),
        )
        .select_from(assignments.join(ticket, same))
        .where(
            *visible(reader, ASSIGNMENT, assignments),
            assignments.c.technician_id.in_(technician_ids),
            assignments.c.status.in_(ACTIVE),
        )
        .order_by(assignments.c.technician_id, sa.text("queue_position"))
    )
    queues: dict[UUID, list[QueueItem]] = {each: [] for each in technician_ids}
    for row in await reader.rows(statement):
        queues[row.technician_id].append(_item(row))
    return queues


def _item(row: "sa.Row[Any]") -> QueueItem:
    record = Record(ASSIGNMENT, row)
    if row.waiting == 0:
        reason = f"Under way ({row.status})"
    else:
        priority = TicketPriority(row.priority)
        reason = f"{priority} {PRIORITY_LABELS[priority]}, assigned {row.assigned_at:%Y-%m-%d %H:%M} UTC"
    return QueueItem(position=row.queue_position, assignment=record, rank_reason=reason)
