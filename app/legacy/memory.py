"""What an import keeps of itself: which old key became which row, which numbers are given, how far the log is."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from uuid_utils.compat import uuid7

from app.db.bulk import copy_rows
from app.db.journal import Journal, write
from app.db.tables.legacy import legacy_rows
from app.db.tables.log import event_heads
from app.db.tables.tickets import ticket_counters, tickets
from app.db.transaction import transaction
from app.legacy.platforms import Platform
from app.legacy.tickets import Numbers

_TIMEOUT_SECONDS = 600


@asynccontextmanager
async def importing(engine: AsyncEngine, organization_id: UUID, *, alone: bool) -> AsyncIterator[AsyncConnection]:
    """Open a transaction for one batch; `alone`: no other import of this organisation goes on meanwhile."""
    async with transaction(engine, organization_id, timeout_seconds=_TIMEOUT_SECONDS) as connection:
        # Foreign keys are checked by plans made while the tables are almost empty, and kept.
        await connection.execute(sa.select(sa.func.set_config("enable_seqscan", "off", sa.true())))
        if alone:
            key = sa.func.hashtextextended(f"legacy import {organization_id}", 0)
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))
        yield connection


async def recall(
    connection: AsyncConnection, organization_id: UUID, platform: Platform, kind: str, keys: Sequence[str]
) -> dict[str, UUID]:
    """Return what became of old keys, of those that came over."""
    of = legacy_rows.c
    query = sa.select(of.legacy_key, of.id).where(
        of.organization_id == organization_id,
        of.source == platform,
        of.kind == kind,
        of.legacy_key == _any(keys),
    )
    return {row.legacy_key: row.id for row in await connection.execute(query)}


async def keep(
    connection: AsyncConnection,
    organization_id: UUID,
    platform: Platform,
    kind: str,
    rows: Sequence[tuple[str, UUID, Any]],
) -> None:
    """Remember what old keys became, with what is kept of their rows; what is remembered already stays."""
    known = await recall(connection, organization_id, platform, kind, [key for key, _, _ in rows])
    columns = ("organization_id", "source", "kind", "legacy_key", "id", "kept")
    new = [(organization_id, platform, kind, key, id_, kept) for key, id_, kept in rows if key not in known]
    if new:
        await copy_rows(connection, legacy_rows, columns, new)


async def tickets_here(connection: AsyncConnection, organization_id: UUID, keys: Sequence[str]) -> dict[str, UUID]:
    """Return tickets that came over from any platform under these keys, or whose own key one of them is."""
    own = {str(id_): id_ for key in keys if (id_ := _uuid(key)) is not None}
    query = sa.select(tickets.c.id).where(
        tickets.c.organization_id == organization_id, tickets.c.id == sa.any_(sa.literal(list(own.values()), _UUIDS))
    )
    found = {str(id_): id_ for id_ in await connection.scalars(query)}
    of = legacy_rows.c
    came = sa.select(of.legacy_key, of.id).where(
        of.organization_id == organization_id, of.kind == "Ticket", of.legacy_key == _any(keys)
    )
    found.update({row.legacy_key: row.id for row in await connection.execute(came)})
    return found


async def numbers(
    connection: AsyncConnection,
    organization_id: UUID,
    *,
    wanted: Sequence[str],
    least: Mapping[int, int],
    years: Collection[int],
    lock: bool,
) -> Numbers:
    """Return where the numbers of tickets stand; with `lock`, nobody else gets one until the transaction ends."""
    of = ticket_counters.c
    every = sorted({*years, *least})
    if lock:
        rows = [{"organization_id": organization_id, "year": year, "last_number": 0} for year in every]
        raised = insert(ticket_counters).values(rows)
        await connection.execute(
            raised.on_conflict_do_update(
                index_elements=["organization_id", "year"], set_={"last_number": ticket_counters.c.last_number}
            )
        )
    query = sa.select(of.year, of.last_number).where(of.organization_id == organization_id, of.year.in_(every))
    last = {row.year: max(row.last_number, least.get(row.year, 0)) for row in await connection.execute(query)}
    taken = sa.select(tickets.c.ticket_number).where(
        tickets.c.organization_id == organization_id, tickets.c.ticket_number == _any(wanted)
    )
    return Numbers({**dict(least), **last}, await connection.scalars(taken))


async def keep_numbers(connection: AsyncConnection, organization_id: UUID, given: Numbers) -> None:
    """Let the next numbers come after those that were given."""
    rows = [
        {"organization_id": organization_id, "year": year, "last_number": last}
        for year, last in sorted(given.last.items())
    ]
    raised = insert(ticket_counters).values(rows)
    greatest = sa.func.greatest(ticket_counters.c.last_number, raised.excluded.last_number)
    await connection.execute(
        raised.on_conflict_do_update(index_elements=["organization_id", "year"], set_={"last_number": greatest})
    )


async def journal_at(connection: AsyncConnection, organization_id: UUID, *, now: datetime, lock: bool) -> Journal:
    """Return a journal that goes on where the log ends; with `lock`, nobody else writes until the transaction ends."""
    query = sa.select(event_heads).where(event_heads.c.organization_id == organization_id)
    head = (await connection.execute(query.with_for_update() if lock else query)).one_or_none()
    if head is None:
        return Journal(organization_id, _FreshIds(), recorded_at=now)
    return Journal(
        organization_id, _FreshIds(), position=head.position, recorded_at=max(head.recorded_at, now)
    )  # fmt: skip


async def finish(connection: AsyncConnection, journal: Journal) -> None:
    """Write what a journal holds, and let the log end there."""
    if not journal.waiting:
        return
    await write(connection, journal.take())
    raised = insert(event_heads).values(
        organization_id=journal.organization_id, position=journal.position, recorded_at=journal.recorded_at
    )
    await connection.execute(
        raised.on_conflict_do_update(
            index_elements=["organization_id"],
            set_={"position": raised.excluded.position, "recorded_at": raised.excluded.recorded_at},
        )
    )


class _FreshIds:
    """Gives keys that nobody has had."""

    def new(self, _at: datetime, /) -> UUID:
        """Return a new key."""
        return uuid7()


_UUIDS = sa.ARRAY(sa.Uuid)


def _any(keys: Sequence[str]) -> Any:
    return sa.any_(sa.literal(list(keys), sa.ARRAY(sa.Text)))


def _uuid(key: str) -> UUID | None:
    try:
        return UUID(key)
    except ValueError:
        return None
