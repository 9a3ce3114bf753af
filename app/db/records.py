"""Frozen domain records in and out of tables whose columns bear the same names."""

from collections.abc import Sequence
from dataclasses import Field, fields, replace
from datetime import datetime
from typing import Any, ClassVar, Protocol, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.assignments import Assignment
from app.domain.tickets import Ticket


class DataclassInstance(Protocol):
    """What every record is."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


R = TypeVar("R", bound=DataclassInstance)
Changing = TypeVar("Changing", Ticket, Assignment)


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
    query = sa.select(*(table.c[each.name] for each in fields(record))).where(*where).order_by(*order).limit(limit)
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
    where = (table.c.organization_id == organization_id, table.c.id == id_)
    found = await fetch(connection, table, record, *where, lock=lock)
    return found[0] if found else None


async def insert(connection: AsyncConnection, table: sa.Table, record: Ticket | Assignment) -> None:
    """Insert a new record."""
    values = {each.name: getattr(record, each.name) for each in fields(record)}
    await connection.execute(sa.insert(table).values(values))


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
    done = await connection.execute(
        sa.update(table)
        .where(
            table.c.organization_id == before.organization_id,
            table.c.id == before.id,
            table.c.version == before.version,
        )
        .values(changed)
    )
    if done.rowcount != 1:
        raise RuntimeError("a row was written without its lock")
    return saved
