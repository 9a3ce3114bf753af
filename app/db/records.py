"""Frozen domain records in and out of tables whose columns bear the same names."""

from collections.abc import Sequence
from dataclasses import Field, fields, replace
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, Protocol, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.appointments import Appointment, AppointmentSeries
from app.domain.assignments import Assignment
from app.domain.tickets import Ticket
from app.domain.waitlist import WaitlistEntry


class DataclassInstance(Protocol):
    """What every record is."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


R = TypeVar("R", bound=DataclassInstance)
Changing = TypeVar("Changing", Ticket, Assignment, Appointment, AppointmentSeries, WaitlistEntry)
New = Ticket | Assignment | Appointment | AppointmentSeries | WaitlistEntry


async def fetch(
    connection: AsyncConnection,
    table: sa.Table,
    record: type[R],
    *where: "sa.ColumnElement[bool]",
    order: Sequence["sa.ColumnElement[Any]"] = (),
    limit: int | None = None,
    lock: bool = False,
) -> list[R]:
    """Return the rows that match as records; with `lock`, locked until the transaction ends."""
    query = select(table, record).where(*where).order_by(*order).limit(limit)
    if lock:
        query = query.with_for_update()
    return [record(**row) for row in (await connection.execute(query)).mappings()]


async def fetch_one(
    connection: AsyncConnection,
    table: sa.Table,
    record: type[R],
    organization_id: UUID,
    id_: UUID,
    *,
    lock: bool = False,
) -> R | None:
    """Return the row with this key, None when the organisation has none."""
    values = {"organization_id": organization_id, "id": id_}
    row = (await connection.execute(_select_by_key(table, record, lock), values)).mappings().one_or_none()
    return None if row is None else record(**row)


# Making a statement of this many columns takes longer than carrying it out: each is made once.
@cache
def select(table: sa.Table, record: type[DataclassInstance]) -> "sa.Select[Any]":
    """Return the statement that chooses the columns of a record."""
    return sa.select(*(table.c[each.name] for each in fields(record)))


@cache
def _select_by_key(table: sa.Table, record: type[DataclassInstance], lock: bool) -> "sa.Select[Any]":
    query = select(table, record).where(
        table.c.organization_id == sa.bindparam("organization_id"), table.c.id == sa.bindparam("id")
    )
    return query.with_for_update() if lock else query


async def insert(connection: AsyncConnection, table: sa.Table, record: New) -> None:
    """Insert a new record."""
    values = {each.name: getattr(record, each.name) for each in fields(record)}
    await connection.execute(_insert(table), values)


async def insert_all(connection: AsyncConnection, table: sa.Table, new: Sequence[New]) -> None:
    """Insert new records of one kind, all at once; none is nothing to do."""
    if new:
        rows = [{each.name: getattr(record, each.name) for each in fields(record)} for record in new]
        await connection.execute(_insert(table), rows if len(rows) > 1 else rows[0])


@cache
def _insert(table: sa.Table) -> sa.Insert:
    return sa.insert(table)


async def update(
    connection: AsyncConnection, table: sa.Table, before: Changing, after: Changing, *, now: datetime
) -> Changing:
    """Write what differs and return the record with its next version.

    Guard: the row lock under which `before` was read; the version is compared all the same, so a
    caller without the lock fails instead of overwriting.
    """
    saved = replace(after, version=before.version + 1, updated_at=max(now, before.updated_at))
    changed = {
        each.name: getattr(saved, each.name)
        for each in fields(saved)
        if getattr(saved, each.name) != getattr(before, each.name)
    }
    known = {"known_organization_id": before.organization_id, "known_id": before.id, "known_version": before.version}
    done = await connection.execute(_update(table, *changed), {**changed, **known})
    if done.rowcount != 1:
        raise RuntimeError("a row was written without its lock")
    return saved


@cache
def _update(table: sa.Table, *columns: str) -> sa.Update:
    return (
        sa.update(table)
        .where(
            table.c.organization_id == sa.bindparam("known_organization_id"),
            table.c.id == sa.bindparam("known_id"),
            table.c.version == sa.bindparam("known_version"),
        )
        .values({name: sa.bindparam(name) for name in columns})
    )
