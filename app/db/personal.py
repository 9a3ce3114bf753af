"""A person's rows in SQL: where they are, as the register of what is personal says, and how their values are erased."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.tables.appointments import appointments
from app.db.tables.assignments import assignments
from app.db.tables.base import Moment, Uuid
from app.db.tables.families import TABLES
from app.db.tables.log import event_heads
from app.db.tables.tickets import tickets
from app.domain.assignments import AssignmentOutcome
from app.domain.privacy.declaring import TOMBSTONE, Declared, Link, Root, Way

_IDS = sa.ARRAY(Uuid)
# What the database calls its refusal to write of whoever was erased.
_STAYS_ERASED = "the_erased_stay_erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whose rows: a user, who may be a technician, or a customer."""

    organization_id: UUID
    user_id: UUID | None = None
    technician_id: UUID | None = None
    customer_id: UUID | None = None


def rows_of(person: Person, declared: Declared, *, erased: bool) -> "sa.ColumnElement[bool]":
    """Return the condition under which a row of a declared table is the person's; `erased`: and goes with them."""
    return linked(person, declared, [link for link in declared.links if link.erases_all or not erased])


def linked(person: Person, declared: Declared, links: Iterable[Link]) -> "sa.ColumnElement[bool]":
    """Return the condition under which one of the links makes a row the person's."""
    table = TABLES[declared.name]
    found = [table.c[link.column].in_(keys) for link in links if (keys := _keys(person, link.root)) is not None]
    return sa.and_(table.c.organization_id == person.organization_id, sa.or_(sa.false(), *found))


def _keys(person: Person, root: Root) -> "sa.Select[Any] | list[UUID] | None":
    """Return the keys of what rows are found by; None: the person has nothing of the kind."""
    match root:
        case Root.USER:
            return _one(person.user_id)
        case Root.TECHNICIAN:
            return _one(person.technician_id)
        case Root.CUSTOMER:
            return _one(person.customer_id)
        case Root.RESOLVED:
            return _resolved(person)
        case Root.TICKET:
            return _tickets(person)
        case Root.JOB:
            return _jobs(person)
        case Root.APPOINTMENT:
            return _appointments(person, "id")
        case Root.SERIES:
            return _appointments(person, "series_id")


def _one(key: UUID | None) -> list[UUID] | None:
    return None if key is None else [key]


def _tickets(person: Person) -> "sa.Select[Any]":
    of = tickets.alias()
    asked = [of.c.requester_id == person.user_id] if person.user_id is not None else []
    if person.customer_id is not None:
        asked.append(of.c.customer_id == person.customer_id)
    return sa.select(of.c.id).where(of.c.organization_id == person.organization_id, sa.or_(sa.false(), *asked))


def _resolved(person: Person) -> "sa.Select[Any] | None":
    if person.technician_id is None:
        return None
    of = assignments.alias()
    done = (of.c.technician_id == person.technician_id) & (of.c.outcome == AssignmentOutcome.SUCCESS)
    return sa.select(of.c.ticket_id).where(of.c.organization_id == person.organization_id, done)


def _jobs(person: Person) -> "sa.Select[Any]":
    of = assignments.alias()
    done = [] if person.technician_id is None else [of.c.technician_id == person.technician_id]
    mine = sa.or_(of.c.ticket_id.in_(_tickets(person)), *done)
    return sa.select(of.c.id).where(of.c.organization_id == person.organization_id, mine)


def _appointments(person: Person, column: str) -> "sa.Select[Any]":
    of = appointments.alias()
    agreed = [] if person.customer_id is None else [of.c.customer_id == person.customer_id]
    mine = sa.or_(of.c.ticket_id.in_(_tickets(person)), *agreed)
    return sa.select(of.c[column]).where(
        of.c.organization_id == person.organization_id, of.c[column].is_not(None), mine
    )


async def keys_of(connection: AsyncConnection, declared: Declared, rows: "sa.ColumnElement[bool]") -> Sequence[UUID]:
    """Return the ids of rows, in order."""
    table = TABLES[declared.name]
    return (await connection.scalars(sa.select(table.c.id).where(rows).order_by(table.c.id))).all()


async def erase_rows(
    connection: AsyncConnection,
    declared: Declared,
    rows: "sa.ColumnElement[bool]",
    *,
    now: datetime,
    only: Collection[str] | None = None,
) -> int:
    """Erase what is personal in these rows, or `only` some of it, or the rows as a whole; return how many there were.

    Guard: the rows' locks. A row under a version gets its next one.
    """
    table = TABLES[declared.name]
    if declared.goes:
        return (await connection.execute(sa.delete(table).where(rows))).rowcount
    return (await connection.execute(sa.update(table).where(rows).values(_values(declared, table, now, only)))).rowcount


def _values(declared: Declared, table: sa.Table, now: datetime, only: Collection[str] | None) -> Mapping[str, Any]:
    values: dict[str, Any] = {}
    for name, personal in declared.personal.items():
        if only is not None and name not in only:
            continue
        column = table.c[name]
        match personal.way:
            case Way.TOMBSTONE:
                values[name] = sa.case((column.is_not(None), sa.literal(TOMBSTONE)), else_=sa.null())
            case Way.NULL | Way.BYTES:
                # A JSON column would take None for a null of JSON's.
                values[name] = sa.null()
            case Way.EMPTY:
                values[name] = _emptied(column)
            case Way.ROW | Way.FOLLOWS:
                pass
    if "version" in table.c:
        values["version"] = table.c.version + 1
        values["updated_at"] = sa.func.greatest(table.c.updated_at, sa.literal(now, Moment))
    return values


def _emptied(column: "sa.ColumnElement[Any]") -> "sa.ColumnElement[Any]":
    if not isinstance(column.type, JSONB):
        return sa.case((column.is_not(None), sa.text("'{}'::text[]")), else_=sa.null())
    kind = sa.func.jsonb_typeof(column)
    return sa.case(
        (kind == "array", sa.text("'[]'::jsonb")), (kind == "object", sa.text("'{}'::jsonb")), else_=sa.null()
    )


_ERASE_EVENTS = sa.text("SELECT erase_events(:person, :subjects, :fields, :after)").bindparams(
    sa.bindparam("person", type_=Uuid),
    sa.bindparam("subjects", type_=_IDS),
    sa.bindparam("fields", type_=sa.ARRAY(sa.Text)),
    sa.bindparam("after", type_=sa.BigInteger),
)
_ERASE_ADDRESSES = sa.text("SELECT erase_addresses(:person, :after, :until)").bindparams(
    sa.bindparam("person", type_=Uuid),
    sa.bindparam("after", type_=sa.BigInteger),
    sa.bindparam("until", type_=sa.BigInteger),
)


async def erase_events(
    connection: AsyncConnection,
    person: UUID,
    subjects: Sequence[UUID],
    *,
    after: int,
    only: Collection[str] | None = None,
) -> int:
    """Let events about these rows, behind a position, lose what is personal, or `only` some; return how many did.

    It is the log's one exception: a function of the role `fieldgraph_erasure` does it, in whose transaction the erasure
    of the person must have been noted.
    """
    values = {"person": person, "subjects": list(subjects), "fields": None if only is None else list(only)}
    return int(await connection.scalar(_ERASE_EVENTS, {**values, "after": after}) or 0)


async def erase_addresses(connection: AsyncConnection, person: UUID, *, after: int, until: int) -> int:
    """Let the events of a user lose the addresses they came from, as `erase_events` does."""
    values = {"person": person, "after": after, "until": until}
    return int(await connection.scalar(_ERASE_ADDRESSES, values) or 0)


async def log_head(connection: AsyncConnection, organization_id: UUID, *, lock: bool) -> int:
    """Return the log's last position; with `lock`, nobody writes behind it until the transaction ends."""
    query = sa.select(event_heads.c.position).where(event_heads.c.organization_id == organization_id)
    return int((await connection.execute(query.with_for_update() if lock else query)).scalar_one())


def is_about_the_erased(error: DBAPIError) -> bool:
    """Tell whether the database refused because somebody's data was erased of whom this would tell."""
    return getattr(getattr(error.orig, "__cause__", None), "constraint_name", None) == _STAYS_ERASED
