"""What happened to tickets, one entry per changed field, as the log keeps it.

The conditions say in SQL what `app.domain.sight` says of an event, so that a page is one statement and
full; values are masked by the domain's own rules when they are read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from app.db.log import event_of
from app.db.tables.assignments import assignments
from app.db.tables.base import Uuid
from app.db.tables.log import events
from app.db.tables.tickets import comments
from app.domain.assignments import ACTIVE
from app.domain.events import Event, EventType
from app.domain.policy import Visibility
from app.domain.sight import INTERNAL_FIELDS, PLACE_FIELDS
from app.reads.filters import IdFilter, MomentFilter, among, within
from app.reads.orders import Kind, Order, Term, write_cursor
from app.reads.pages import Edge, Page, Placed
from app.reads.reader import Reader
from app.reads.viewers import ORGANIZATION, VIEWER_CUSTOMERS, VIEWER_TECHNICIAN, VIEWER_USER

# As it happened; within one event, in the order in which its fields are told.
IN_ORDER = Order((Term("position", Kind.NUMBER), Term("place", Kind.NUMBER)))

_COMMENT, _SAID = "Comment", "body"


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryFilter:
    """Everything given must hold; `fields` are names of columns. What is None does not narrow."""

    types: tuple[EventType, ...] | None = None
    fields: tuple[str, ...] | None = None
    actor: IdFilter | None = None
    occurred_at: MomentFilter | None = None
    recorded_at: MomentFilter | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One changed field of one event; without a field, an event that changed none that the viewer may see.

    `event` has this change alone. `place` counts the changes of one event from 1, and is 0 without one.
    """

    event: Event
    place: int
    # Of a comment that is not there for the viewer any more.
    withheld: bool


async def load_history(
    reader: Reader, wanted: HistoryFilter, asked: Placed, tickets: Sequence[UUID]
) -> dict[UUID, Page]:
    """Return a page of each ticket's history; whoever asks sees the tickets already."""
    parents = _parents(tickets)
    part = (
        _entries(wanted, reader.visibility, parents.c.ticket)
        .order_by(sa.literal_column("position"), sa.literal_column("place"))
        .limit(asked.size + 1)
    )
    if asked.place is not None:
        position, place = asked.place
        # The first condition is a range of the index; the second is exact.
        part = part.where(
            events.c.position >= position,
            sa.tuple_(events.c.position, _PLACE) > sa.tuple_(sa.literal(position), sa.literal(place)),
        )
    lateral = part.lateral("part")
    statement = (
        sa.select(parents.c.ticket, *lateral.c)
        .select_from(parents.join(lateral, sa.true()))
        .order_by(parents.c.ticket, lateral.c.position, lateral.c.place)
    )
    found: dict[UUID, list[Entry]] = {ticket: [] for ticket in tickets}
    for row in await reader.rows(statement):
        found[row.ticket].append(_entry(row._asdict()))
    return {ticket: _page(entries, asked, partial(_count, reader, wanted, ticket)) for ticket, entries in found.items()}


async def _count(reader: Reader, wanted: HistoryFilter, ticket: UUID) -> int:
    entries = _entries(wanted, reader.visibility, sa.literal(ticket, Uuid)).subquery()
    return int((await reader.rows(sa.select(sa.func.count()).select_from(entries)))[0][0])


def _page(entries: list[Entry], asked: Placed, count: Any) -> Page:
    kept = entries[: asked.size]
    return Page(
        edges=[
            Edge(write_cursor(IN_ORDER, {"position": each.event.position, "place": each.place}), each) for each in kept
        ],
        has_next_page=len(entries) > asked.size,
        has_previous_page=asked.place is not None,
        count=count,
    )


def _parents(tickets: Sequence[UUID]) -> Any:
    keys = sa.literal(list(tickets), sa.ARRAY(Uuid))
    return sa.func.unnest(keys).table_valued(sa.column("ticket", Uuid), name="parents").render_derived()


_TOLD = (
    sa.func.jsonb_array_elements(events.c.changes)
    .table_valued(sa.column("change", JSONB), with_ordinality="number", name="told")
    .render_derived()
)
_PLACE = sa.func.coalesce(_TOLD.c.number, sa.literal_column("0"))
_FIELD = _TOLD.c.change["field"].astext


def _entries(wanted: HistoryFilter, visibility: Visibility, ticket: "sa.ColumnElement[UUID]") -> "sa.Select[Any]":
    shown = [*_fields_shown(visibility)]
    if wanted.fields is not None:
        shown.append(among(_FIELD, wanted.fields, sa.Text()))
    source = events.join(_TOLD, sa.and_(sa.true(), *shown), isouter=wanted.fields is None)
    columns = [column for column in events.c if column is not events.c.changes]
    chosen = (
        sa.select(*columns, _TOLD.c.change, _PLACE.label("place"), _withheld(visibility).label("withheld"))
        .select_from(source)
        .where(events.c.organization_id == ORGANIZATION, events.c.ticket_id == ticket, _seen(visibility))
        .where(*within(events.c.actor_id, wanted.actor))
        .where(*within(events.c.occurred_at, wanted.occurred_at))
        .where(*within(events.c.recorded_at, wanted.recorded_at))
        .correlate_except(events, _TOLD)
    )
    return chosen if wanted.types is None else chosen.where(among(events.c.type, wanted.types, sa.Text()))


def _seen(visibility: Visibility) -> "sa.ColumnElement[bool]":
    """Say as `sight` does whether an event is there for the viewer."""
    if visibility is Visibility.NOTHING:
        return sa.false()
    if visibility is not Visibility.OWN:
        return sa.true()
    after, before = (
        sa.and_(
            ~events.c[f"internal_{moment}"],
            (events.c[f"requester_{moment}"] == VIEWER_USER)
            | (events.c[f"customer_{moment}"] == sa.any_(VIEWER_CUSTOMERS)),
        )
        for moment in ("after", "before")
    )
    return sa.case((events.c.exists_after, after), else_=events.c.existed & before)


def _fields_shown(visibility: Visibility) -> "list[sa.ColumnElement[bool]]":
    """Say which fields of an event are there for the viewer, as `visible_changes` does, and `sees_place` of places."""
    shown: list[sa.ColumnElement[bool]] = []
    if visibility in {Visibility.OWN, Visibility.NOTHING}:
        shown.append(_FIELD.not_in(sorted(INTERNAL_FIELDS)))
    if visibility in {Visibility.DISPATCH, Visibility.ADMINISTRATION}:
        return shown

    def concerned(name: str) -> "sa.ColumnElement[Any]":
        return sa.case((events.c.exists_after, events.c[f"{name}_after"]), else_=events.c[f"{name}_before"])

    job = assignments.alias()
    # As the ticket itself shows its address: while they have the job.
    has_the_job = sa.exists().where(
        job.c.organization_id == events.c.organization_id,
        job.c.ticket_id == events.c.ticket_id,
        job.c.technician_id == VIEWER_TECHNICIAN,
        job.c.status.in_(ACTIVE),
    )
    theirs = (
        (concerned("technician") == VIEWER_TECHNICIAN) & has_the_job
        if visibility is Visibility.STAFF
        else concerned("customer") == sa.any_(VIEWER_CUSTOMERS)
    )
    sees_place = (concerned("requester") == VIEWER_USER) | theirs
    return [*shown, _FIELD.not_in(sorted(PLACE_FIELDS)) | sees_place]


def _withheld(visibility: Visibility) -> "sa.ColumnElement[bool]":
    if visibility is Visibility.ADMINISTRATION:
        return sa.false()
    there = sa.exists().where(
        comments.c.organization_id == events.c.organization_id,
        comments.c.id == events.c.subject_id,
        comments.c.deleted_at.is_(None),
    )
    if visibility in {Visibility.OWN, Visibility.NOTHING}:
        there = there.where(~comments.c.internal)
    kind, field = sa.literal_column(f"'{_COMMENT}'", sa.Text()), sa.literal_column(f"'{_SAID}'", sa.Text())
    return sa.and_(events.c.kind == kind, field == _FIELD, ~there)


def _entry(row: Mapping[str, Any]) -> Entry:
    changes = [] if row["change"] is None else [row["change"]]
    return Entry(event=event_of({**row, "changes": changes}), place=row["place"], withheld=bool(row["withheld"]))
