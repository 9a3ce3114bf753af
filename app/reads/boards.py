"""A dispatch board: whose lanes are on it, and which tickets nobody has."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from app.db.tables.assignments import assignments
from app.db.tables.people import technician_territories, technicians
from app.db.tables.tickets import tickets
from app.domain.assignments import ACTIVE
from app.domain.board import MOST_AT_RISK, MOST_LANES, MOST_UNASSIGNED
from app.domain.policy import Visibility
from app.domain.sla import ALARMING
from app.domain.tickets import OPEN
from app.reads.batches import columns_of
from app.reads.entities import TECHNICIAN, TICKET, Entity
from app.reads.filters import among
from app.reads.orders import Kind, Order, Term, ending_in_id
from app.reads.pages import sorting
from app.reads.questions import Board
from app.reads.queues import queue_of
from app.reads.reader import Reader
from app.reads.record import Record
from app.reads.relations import BY_CREATION

LANE_ORDER = BY_CREATION
UNASSIGNED_ORDER = ending_in_id([Term("priority", Kind.TEXT), Term("created_at", Kind.MOMENT)])


AT_RISK_ORDER = ending_in_id([Term("sla_due_first", Kind.MOMENT)])


def lanes_of(board: Board, visibility: Visibility) -> "sa.Select[Any]":
    """Return the technicians with a lane, in order, one more than are shown.

    Those who can be given jobs, in one of the board's territories if it has such, and whoever has a job
    that is on the board.
    """
    technician = technicians.alias()
    lanes = sa.select(*technician.c).where(*TECHNICIAN.seen(technician, visibility))
    if board.team_ids is not None:
        lanes = lanes.where(among(technician.c.team_id, board.team_ids))
    if board.technician_ids is not None:
        lanes = lanes.where(among(technician.c.id, board.technician_ids))
    expected: sa.ColumnElement[bool] = technician.c.active
    if board.territory_ids is not None:
        works_in = technician_territories.alias()
        expected = expected & sa.exists().where(
            works_in.c.organization_id == technician.c.organization_id,
            works_in.c.technician_id == technician.c.id,
            among(works_in.c.territory_id, board.territory_ids),
        )
    busy = queue_of(technician.c.id, visibility, board.territory_ids).correlate(technician).exists()
    return _nearest(lanes.where(expected | busy), technician, LANE_ORDER, MOST_LANES)


def unassigned_of(board: Board, visibility: Visibility) -> "sa.Select[Any]":
    """Return the open tickets that nobody has, in the order in which they are to be given out, one more than shown."""
    ticket, job = tickets.alias(), assignments.alias()
    held = sa.exists().where(
        job.c.organization_id == ticket.c.organization_id, job.c.ticket_id == ticket.c.id, job.c.status.in_(ACTIVE)
    )
    waiting = sa.select(*ticket.c).where(*TICKET.seen(ticket, visibility), ticket.c.status.in_(OPEN), ~held)
    if board.territory_ids is not None:
        waiting = waiting.where(among(ticket.c.territory_id, board.territory_ids))
    if not board.include_unassigned:
        waiting = waiting.where(sa.false())
    return _nearest(waiting, ticket, UNASSIGNED_ORDER, MOST_UNASSIGNED)


def at_risk_of(board: Board, visibility: Visibility) -> "sa.Select[Any]":
    """Return the board's tickets whose clocks warn or are breached, first due first, one more than shown."""
    ticket, job, holder = tickets.alias(), assignments.alias(), technicians.alias()
    active = (
        sa.exists()
        .where(
            job.c.organization_id == ticket.c.organization_id, job.c.ticket_id == ticket.c.id, job.c.status.in_(ACTIVE)
        )
        .correlate_except(job)
    )
    alarming = sa.select(*ticket.c).where(*TICKET.seen(ticket, visibility), ticket.c.sla_state.in_(sorted(ALARMING)))
    if board.territory_ids is not None:
        alarming = alarming.where(among(ticket.c.territory_id, board.territory_ids))
    held = active
    if board.team_ids is not None:
        held = held.where(
            sa.exists().where(
                holder.c.organization_id == job.c.organization_id,
                holder.c.id == job.c.technician_id,
                among(holder.c.team_id, board.team_ids),
            )
        )
    if board.technician_ids is not None:
        held = held.where(among(job.c.technician_id, board.technician_ids))
    shown = held | ~active if board.include_unassigned else held
    return _nearest(alarming.where(shown), ticket, AT_RISK_ORDER, MOST_AT_RISK)


async def load_lanes(reader: Reader, board: Board) -> list[Record]:
    """Return the technicians with a lane, in order, one more than are shown."""
    return await _load(reader, TECHNICIAN, lanes_of(board, reader.visibility), LANE_ORDER)


async def load_at_risk(reader: Reader, board: Board) -> list[Record]:
    """Return the tickets whose clocks warn or are breached, in order, one more than are shown."""
    return await _load(reader, TICKET, at_risk_of(board, reader.visibility), AT_RISK_ORDER)


async def load_unassigned(reader: Reader, board: Board) -> list[Record]:
    """Return the tickets that nobody has, in order, one more than are shown."""
    return await _load(reader, TICKET, unassigned_of(board, reader.visibility), UNASSIGNED_ORDER)


def in_order(rows: sa.FromClause, order: Order) -> "Sequence[sa.ColumnElement[Any]]":
    """Return by what the rows are ordered."""
    return sorting([rows.c[term.column] for term in order.terms], order, backwards=False)


def _nearest(found: "sa.Select[Any]", table: sa.FromClause, order: Order, most: int) -> "sa.Select[Any]":
    return found.order_by(*in_order(table, order)).limit(sa.literal_column(str(most + 1)))


async def _load(reader: Reader, entity: Entity, found: "sa.Select[Any]", order: Order) -> list[Record]:
    rows = found.subquery()
    statement = sa.select(*columns_of(entity, rows, reader.visibility)).order_by(*in_order(rows, order))
    return [Record(entity, row) for row in await reader.rows(statement)]
