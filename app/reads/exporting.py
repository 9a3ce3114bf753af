"""A whole list of tickets as a table: one statement, one snapshot, whatever the number of its rows.

A column shows what the ticket's field of that name shows to the same viewer; what that hides is null here.
"""

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import sqlalchemy as sa

from app.db.cursors import fetch_rows, open_cursor
from app.db.tables.tickets import tickets
from app.domain.policy import Visibility
from app.reads import relations
from app.reads.entities import ASSIGNMENT, TICKET
from app.reads.filters import TicketFilter, of_tickets
from app.reads.orders import Order
from app.reads.pages import sorting
from app.reads.reader import Reader
from app.reads.relations import Relation
from app.reads.searching import RELEVANCE, found_by
from app.reads.viewers import parameters

# Whole tickets have up to 40,000 characters.
ROWS_AT_ONCE = 100

_Value = Callable[[Visibility], "sa.ColumnElement[Any]"]


class Content(Enum):
    """What the values of a column are, as they are read."""

    TEXT = "text"
    NUMBER = "number"
    MOMENT = "moment"
    TEXTS = "texts"
    # True or false.
    SWITCH = "switch"
    # The text of a JSON document.
    JSON = "json"
    # The key of a row; `kind` names its type.
    KEY = "key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the table: its name, what it holds, and where that comes from."""

    name: str
    content: Content
    value: _Value
    kind: str | None = None


def _own(name: str, column: str, content: Content = Content.TEXT) -> Column:
    return Column(name=name, content=content, value=lambda visibility: TICKET.shown(tickets, column, visibility))


def _custom_fields(visibility: Visibility) -> "sa.ColumnElement[Any]":
    return sa.cast(TICKET.shown(tickets, "custom_fields", visibility), sa.Text)


def _referred(name: str, relation: Relation, column: str = "name") -> Column:
    is_key = column == "id"
    return Column(
        name=name,
        content=Content.KEY if is_key else Content.TEXT,
        value=lambda visibility: _through(relation, column, visibility),
        kind=relation.target.name if is_key else None,
    )


def _through(relation: Relation, column: str, visibility: Visibility) -> "sa.ColumnElement[Any]":
    target = relation.target.table.alias()
    return (
        sa.select(relation.target.shown(target, column, visibility))
        .where(
            *relation.target.seen(target, visibility),
            target.c[relation.target_column] == tickets.c[relation.parent_column],
        )
        .correlate(tickets)
        .scalar_subquery()
    )


def _of_technician(column: str) -> _Value:
    def value(visibility: Visibility) -> "sa.ColumnElement[Any]":
        job, technician = ASSIGNMENT.table.alias(), relations.ASSIGNMENT_TECHNICIAN.target.table.alias()
        user = relations.TECHNICIAN_USER.target.table.alias()
        holds = (technician.c.organization_id == job.c.organization_id) & (technician.c.id == job.c.technician_id)
        active = relations.TICKET_CURRENT_ASSIGNMENT.where
        chosen = technician.c.id
        source: sa.FromClause = job.join(technician, holds)
        if column == "name":
            seen = relations.TECHNICIAN_USER.target.seen(user, visibility)
            source = source.join(user, sa.and_(user.c.id == technician.c.user_id, *seen))
            chosen = user.c.name
        return (
            sa.select(chosen)
            .select_from(source)
            .where(
                *ASSIGNMENT.seen(job, visibility, ticket_seen=True),
                job.c.ticket_id == tickets.c.id,
                *(() if active is None else (active(job),)),
            )
            .correlate(tickets)
            .scalar_subquery()
        )

    return value


# Names are for ever: tables of others are filled by them. New ones come last.
COLUMNS: Sequence[Column] = (
    Column(name="id", content=Content.KEY, kind="Ticket", value=lambda _: tickets.c.id),
    _own("ticketNumber", "ticket_number"),
    _own("title", "title"),
    _own("description", "description"),
    _own("status", "status"),
    _own("priority", "priority"),
    _own("category", "category"),
    _own("environment", "environment"),
    _own("affectedService", "affected_service"),
    _own("tags", "tags", Content.TEXTS),
    Column(name="customFields", content=Content.JSON, value=_custom_fields),
    _referred("requesterId", relations.TICKET_REQUESTER, "id"),
    _referred("requester", relations.TICKET_REQUESTER),
    _referred("customerId", relations.TICKET_CUSTOMER, "id"),
    _referred("customer", relations.TICKET_CUSTOMER),
    _referred("assetId", relations.TICKET_ASSET, "id"),
    _referred("asset", relations.TICKET_ASSET),
    _referred("territoryId", relations.TICKET_TERRITORY, "id"),
    _referred("territory", relations.TICKET_TERRITORY),
    Column(name="technicianId", content=Content.KEY, kind="Technician", value=_of_technician("id")),
    Column(name="technician", content=Content.TEXT, value=_of_technician("name")),
    _own("latitude", "latitude", Content.NUMBER),
    _own("longitude", "longitude", Content.NUMBER),
    _own("address", "address"),
    _own("escalationCount", "escalation_count", Content.NUMBER),
    _own("escalationTierLevel", "escalation_tier_level", Content.NUMBER),
    _own("resolutionNotes", "resolution_notes"),
    _own("createdAt", "created_at", Content.MOMENT),
    _own("updatedAt", "updated_at", Content.MOMENT),
    _own("resolvedAt", "resolved_at", Content.MOMENT),
    _own("closedAt", "closed_at", Content.MOMENT),
    _own("version", "version", Content.NUMBER),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which tickets, in which order; with `search` only those in which its words are found."""

    order: Order
    narrowed: TicketFilter | None = None
    search: str | None = None


async def exported(reader: Reader, wanted: Wanted) -> AsyncGenerator[Sequence[Sequence[Any]], None]:
    """Yield the rows that the viewer sees, in order, some at a time; values in the order of `COLUMNS`.

    All are of the reader's one snapshot. At most `ROWS_AT_ONCE` rows are held, here and in the driver.
    """
    await reader.run(open_cursor, _selected(wanted, reader.visibility), parameters(reader.actor))
    while rows := await reader.run(fetch_rows, ROWS_AT_ONCE):
        yield rows


def _selected(wanted: Wanted, visibility: Visibility) -> "sa.Select[Any]":
    source: sa.FromClause = tickets
    known: dict[str, sa.ColumnElement[Any]] = dict(tickets.c)
    if wanted.search is not None:
        source, known[RELEVANCE] = found_by(wanted.search, visibility)
    narrowed: Iterable[sa.ColumnElement[bool]] = () if wanted.narrowed is None else of_tickets(wanted.narrowed)
    by = [known[term.column] for term in wanted.order.terms]
    return (
        sa.select(*(column.value(visibility).label(column.name) for column in COLUMNS))
        .select_from(source)
        .where(*TICKET.seen(tickets, visibility), *narrowed)
        .order_by(*sorting(by, wanted.order, backwards=False))
    )
