"""Dispatch boards."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.domain.board import MOST_AT_RISK, MOST_LANES, MOST_UNASSIGNED, Narrowing
from app.domain.policy import Action, Standing, may
from app.domain.refusals import Forbidden
from app.reads.boards import load_at_risk, load_lanes, load_unassigned
from app.reads.questions import Board
from resolvers.context import Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A technician on a board, and the territories that it is narrowed to."""

    technician: Any
    territory_ids: tuple[UUID, ...] | None


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
    )


async def board_of(operation: Operation, asked: Board) -> BoardPart:
    """Return a board. Raises Forbidden for whoever is no dispatcher."""
    if not may(operation.actor, Action.SUBSCRIBE_BOARD, Standing()):
        raise Forbidden(action="see the dispatch board")
    lanes = await load_lanes(operation.reader, asked)
    waiting = await load_unassigned(operation.reader, asked)
    alarming = await load_at_risk(operation.reader, asked)
    return BoardPart(
        rows=[Lane(technician=each, territory_ids=asked.territory_ids) for each in lanes[:MOST_LANES]],
        has_more_rows=len(lanes) > MOST_LANES,
        unassigned=waiting[:MOST_UNASSIGNED],
        has_more_unassigned=len(waiting) > MOST_UNASSIGNED,
        at_risk=alarming[:MOST_AT_RISK],
        has_more_at_risk=len(alarming) > MOST_AT_RISK,
    )


def _sorted(keys: frozenset[UUID] | None) -> tuple[UUID, ...] | None:
    return None if keys is None else tuple(sorted(keys))
