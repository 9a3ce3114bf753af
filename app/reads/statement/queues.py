"""A technician's queue in SQL."""

from typing import Any

import sqlalchemy as sa

from app.domain.policy import Visibility
from app.domain.sla import SlaState
from app.reads.entities import ASSIGNMENT
from app.reads.filters import Values
from app.reads.pages import Placed
from app.reads.queues import PRIORITIES, QUEUE_ORDER, Day, queue_of, version_of
from app.reads.slots import bound
from app.reads.statement.listing import OnPage
from app.reads.statement.pieces import joined, literal, or_null
from app.reads.statement.standpoints import OnRow, OnValues, Part, Value, as_it_is


class OnQueue:
    """A queue as a standpoint, by the names of the schema's TechnicianQueue."""

    def __init__(self, page: OnPage, technician: OnRow, first: OnRow, day: Day) -> None:
        self._page = page
        self._technician = technician
        self._first = first
        self._day = day

    def value(self, name: str) -> Value:
        """Return how many jobs the whole queue has, its version, or its day."""
        if name == "date":
            return Value(sa.cast(sa.null() if self._day is None else bound(self._day), sa.Date), nullable=True)
        if name == "version":
            return Value(version_of(self._technician.table.c.id), nullable=False)
        return self._page.value(name)

    def part(self, name: str) -> Part:
        """Return the technician, the page's items, where the page stands, or the job to do next."""
        match name:
            case "technician":
                return Part(self._technician, as_it_is)
            case "next":
                return Part(_item(self._first), self._next)
            case "page_info":
                return Part(self._info(), as_it_is)
            case _:
                return self._page.part(name)

    def _info(self) -> OnValues:
        """Return where the page stands; a queue knows what is before it by the places of its jobs."""
        info = self._page.info()
        before = sa.func.min(self._page.rows.c.queue_position) > sa.literal_column("1")
        some = self._page.value("total_count").expression > sa.literal_column("0")
        known = Value(sa.func.coalesce(before, some), nullable=False)
        return OnValues({**info.values, "has_previous_page": known})

    def _next(self, json: "list[str | sa.ColumnElement[Any]]") -> "list[str | sa.ColumnElement[Any]]":
        queue = self._first.table
        first = sa.select(joined(json)).select_from(queue).where(queue.c.queue_position == sa.literal_column("1"))
        return [or_null(first.scalar_subquery(), required=False)]


def on_queue(
    technician: OnRow,
    window: Placed,
    visibility: Visibility,
    *,
    with_info: bool,
    territory_ids: Values | None = None,
    day: Day = None,
) -> tuple[OnPage, OnQueue]:
    """Return a technician's queue, whole, in territories or of a day, and the page of it that holds the items."""
    jobs = queue_of(technician.table.c.id, visibility, territory_ids, day).correlate(technician.table)
    queue, first, counted = jobs.subquery(), jobs.subquery(), jobs.subquery()
    page = OnPage(
        sa.select(*queue.c),
        QUEUE_ORDER,
        window,
        total=sa.select(sa.func.count()).select_from(counted).scalar_subquery(),
        with_info=with_info,
    )
    page.holds({"items": _item(OnRow(ASSIGNMENT, page.rows, visibility))})
    return page, OnQueue(page, technician, OnRow(ASSIGNMENT, first, visibility), day)


def _item(job: OnRow) -> OnValues:
    table = job.table
    stamp, due_stamp = _minute(table.c.assigned_at), _minute(table.c.sla_due_at)
    agreed_stamp = _minute(table.c.planned_start)
    agreed = sa.case(
        (table.c.planned_start.is_(None), literal("")),
        else_=sa.func.concat(literal("Agreed for "), agreed_stamp, literal(" UTC, ")),
    )
    due = sa.case(
        (table.c.sla_due_at.is_(None), literal("")), else_=sa.func.concat(literal("Due "), due_stamp, literal(" UTC, "))
    )
    label = sa.case(*((table.c.priority == literal(word), literal(label)) for word, label in PRIORITIES.items()))
    pin, pinned = table.c.pin, table.c.pin.is_not(None)
    tenths = (table.c.meters + _number(50)) // _number(100)
    km = (tenths // _number(10), literal("."), tenths % _number(10))
    way = sa.case((table.c.distance_km.is_(None), literal("")), else_=sa.func.concat(*km, literal(" km from home, ")))
    words = (table.c.priority, literal(" "), label, literal(", "))
    reason = sa.case(
        (
            table.c.waiting == sa.literal_column("0"),
            sa.func.concat(literal("Under way ("), table.c.status, literal(")")),
        ),
        (pinned, sa.func.concat(literal("Pinned at "), pin)),
        else_=sa.func.concat(agreed, due, *words, way, literal("assigned "), stamp, literal(" UTC")),
    )
    return OnValues(
        {
            "position": Value(table.c.queue_position, nullable=False),
            "pinned": Value(pinned, nullable=False),
            "planned_start": Value(table.c.planned_start, nullable=True),
            "planned_end": Value(table.c.planned_end, nullable=True),
            "sla_due_at": Value(table.c.sla_due_at, nullable=True),
            "late": Value(
                sa.func.coalesce(table.c.sla_state == literal(SlaState.BREACHED), sa.false()), nullable=False
            ),
            "rank_reason": Value(sa.type_coerce(reason, sa.Text()), nullable=False),
        },
        {"assignment": Part(job, as_it_is)},
    )


def _minute(column: "sa.ColumnElement[Any]") -> "sa.ColumnElement[Any]":
    return sa.func.to_char(column, literal("YYYY-MM-DD HH24:MI"))


def _number(value: int) -> "sa.ColumnElement[int]":
    return sa.literal_column(str(value), sa.Integer)
