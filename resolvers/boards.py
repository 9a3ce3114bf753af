"""Dispatch boards."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.domain.appointment_life import OPEN
from app.domain.board import MOST_AT_RISK, MOST_LANES, MOST_UNASSIGNED, Narrowing
from app.domain.double_bookings import Misfit, misfits
from app.domain.policy import Action, Standing, may
from app.domain.refusals import Forbidden
from app.reads import entities, relations
from app.reads.boards import load_at_risk, load_lanes, load_unassigned
from app.reads.questions import Board
from app.reads.record import Record
from resolvers import schedules
from resolvers.context import Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A technician on a board, and the territories and the time that it is narrowed to."""

    technician: Any
    territory_ids: tuple[UUID, ...] | None
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardPart:
    """As much of a board as is shown at once."""

    rows: Sequence[Lane]
    has_more_rows: bool
    unassigned: Sequence[Any]
    has_more_unassigned: bool
    at_risk: Sequence[Any]
    has_more_at_risk: bool


def board(narrowing: Narrowing) -> Board:
    """Return the question for a board."""
    return Board(
        _sorted(narrowing.territory_ids),
        _sorted(narrowing.team_ids),
        _sorted(narrowing.technician_ids),
        narrowing.include_unassigned,
        narrowing.since,
        narrowing.until,
    )


async def board_of(operation: Operation, asked: Board) -> BoardPart:
    """Return a board. Raises Forbidden for whoever is no dispatcher."""
    if not may(operation.actor, Action.SUBSCRIBE_BOARD, Standing()):
        raise Forbidden(action="see the dispatch board")
    lanes = await load_lanes(operation.reader, asked)
    waiting = await load_unassigned(operation.reader, asked)
    alarming = await load_at_risk(operation.reader, asked)
    return BoardPart(
        rows=[
            Lane(technician=each, territory_ids=asked.territory_ids, since=asked.since, until=asked.until)
            for each in lanes[:MOST_LANES]
        ],
        has_more_rows=len(lanes) > MOST_LANES,
        unassigned=waiting[:MOST_UNASSIGNED],
        has_more_unassigned=len(waiting) > MOST_UNASSIGNED,
        at_risk=alarming[:MOST_AT_RISK],
        has_more_at_risk=len(alarming) > MOST_AT_RISK,
    )


async def entries_of(operation: Operation, lane: Lane) -> list[Record]:
    """Return what fills the technician's time within the board's. Raises Invalid for a board of more than 92 days."""
    found = await schedules.schedule(operation, lane.technician.id, *_times(lane))
    return found or []


async def conflicts_of(operation: Operation, lane: Lane) -> list[Misfit[Any]]:
    """Return what does not fit among the technician's open appointments within the board's time. Raises Invalid."""
    start, end = _times(lane)
    schedules.check(start, end)
    key = lane.technician.id
    agreed = await schedules.agreed_with(operation, key, start, end)
    off = await schedules.time_off_of(operation, key, start, end)
    organization = await operation.loaders.row(entities.ORGANIZATION, operation.actor.organization_id)
    settled = await operation.loaders.one(relations.ORGANIZATION_SETTINGS, organization)
    rules = operation.process.writer.booking_rules
    buffer = rules.buffer_minutes if settled is None or settled.buffer_minutes is None else settled.buffer_minutes
    found = misfits(
        [
            ((each.appointment.starts_at, each.appointment.ends_at), each.appointment)
            for each in agreed
            if each.appointment.status in OPEN
        ],
        buffer=timedelta(minutes=buffer),
        at_work=await schedules.working_hours(operation, key, start, end),
        time_off=[(each.starts_at, each.ends_at) for each in off],
        within=(start, end),
    )
    return list(found)


def _times(lane: Lane) -> tuple[datetime, datetime]:
    if lane.since is None or lane.until is None:
        raise TypeError("a client's board has a time")
    return lane.since, lane.until


def _sorted(keys: frozenset[UUID] | None) -> tuple[UUID, ...] | None:
    return None if keys is None else tuple(sorted(keys))
