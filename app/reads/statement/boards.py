"""A dispatch board in SQL."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.domain.board import MOST_AT_RISK, MOST_LANES, MOST_UNASSIGNED
from app.domain.policy import Visibility
from app.reads.boards import AT_RISK_ORDER, LANE_ORDER, UNASSIGNED_ORDER, at_risk_of, in_order, lanes_of, unassigned_of
from app.reads.entities import TECHNICIAN, TICKET
from app.reads.orders import Order
from app.reads.questions import Board
from app.reads.statement.pieces import joined, literal
from app.reads.statement.standpoints import NotInSql, OnRow, Part, Value, as_it_is

Json: TypeAlias = "list[str | sa.ColumnElement[Any]]"


@dataclass(frozen=True, slots=True)
class OnLane:
    """A technician's lane, by the names of the schema's BoardRow."""

    technician: OnRow
    board: Board

    def value(self, name: str) -> Value:
        """Refuse: a lane has no values."""
        raise NotInSql(f"a lane has no value {name}")

    def part(self, name: str) -> Part:
        """Return the technician."""
        if name != "technician":
            raise NotInSql(f"a lane has no part {name}")
        return Part(self.technician, as_it_is)


@dataclass(frozen=True, slots=True)
class OnBoard:
    """A board as a standpoint, by the names of the schema's DispatchBoard."""

    board: Board
    visibility: Visibility

    def value(self, name: str) -> Value:
        """Return whether there is more than is shown."""
        match name:
            case "has_more_rows":
                return _more(lanes_of(self.board, self.visibility), MOST_LANES)
            case "has_more_unassigned":
                return _more(unassigned_of(self.board, self.visibility), MOST_UNASSIGNED)
            case "has_more_at_risk":
                return _more(at_risk_of(self.board, self.visibility), MOST_AT_RISK)
            case _:
                raise NotInSql(f"a board has no value {name}")

    def part(self, name: str) -> Part:
        """Return the lanes, or the tickets that nobody has."""
        match name:
            case "rows":
                lanes = _shown(lanes_of(self.board, self.visibility), MOST_LANES)
                lane = OnLane(OnRow(TECHNICIAN, lanes, self.visibility), self.board)
                return Part(lane, _listed(lanes, LANE_ORDER))
            case "unassigned":
                waiting = _shown(unassigned_of(self.board, self.visibility), MOST_UNASSIGNED)
                return Part(OnRow(TICKET, waiting, self.visibility), _listed(waiting, UNASSIGNED_ORDER))
            case "at_risk":
                alarming = _shown(at_risk_of(self.board, self.visibility), MOST_AT_RISK)
                return Part(OnRow(TICKET, alarming, self.visibility), _listed(alarming, AT_RISK_ORDER))
            case _:
                raise NotInSql(f"a board has no part {name}")


def _more(found: "sa.Select[Any]", most: int) -> Value:
    counted = sa.select(sa.func.count() > sa.literal_column(str(most))).select_from(found.subquery())
    return Value(counted.correlate(None).scalar_subquery(), nullable=False)


def _shown(found: "sa.Select[Any]", most: int) -> "sa.Subquery":
    return found.limit(sa.literal_column(str(most))).subquery()


def _listed(rows: "sa.Subquery", order: Order) -> "Callable[[Json], Json]":
    def wrapped(json: "Json") -> "Json":
        separated = aggregate_order_by(literal(","), *in_order(rows, order))
        listed = sa.select(sa.func.string_agg(joined(json), separated)).select_from(rows)
        return ["[", listed.correlate(None).scalar_subquery(), "]"]

    return wrapped
