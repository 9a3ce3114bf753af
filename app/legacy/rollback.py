"""The way back: current assignments return to the columns in which tickets once carried their engineer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.engine import Driver
from app.db.legacy_source import LegacySource, LegacyTable
from app.db.tables.assignments import assignments
from app.db.tables.legacy import legacy_rows
from app.db.tables.organizations import escalation_tiers
from app.db.tables.people import technicians, users
from app.db.transaction import Mode, transaction
from app.domain.assignments import AssignmentStatus
from app.legacy.platforms import Platform
from app.legacy.ticket_platform import ASSIGNED_AT, INLINE, TICKETS

_TIMEOUT_SECONDS = 600
_COLUMNS = (*INLINE, ASSIGNED_AT)
_TYPES = ("varchar", "varchar", "integer", "text", "timestamptz")
# A turn in one of these still names who has the ticket, or had it to its end.
_HOLDING = {status for status in AssignmentStatus if status.is_active or status is AssignmentStatus.COMPLETED}
_NOBODY = (None,) * len(_COLUMNS)


class NothingToRollBack(Exception):
    """No ticket came over from a platform whose tickets carried their engineer, or its table is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RolledBack:
    """How many tickets came over, how many of them are gone there, and how many have to change, or changed."""

    tickets: int
    gone: int
    changed: int


async def roll_back(
    engine: AsyncEngine, organization_id: UUID, driver: Driver, source: LegacySource, *, dry: bool
) -> RolledBack:
    """Write back who has each ticket now, columns that are gone included; `dry` only compares.

    A ticket whose last turn still is the one that came over gets its columns exactly as they were.
    Runs within the older database's transaction.

    Raises:
        NothingToRollBack: see there.
    """
    table = source.table(TICKETS, "id")
    rows = await _carried(engine, organization_id)
    if table is None or not rows:
        raise NothingToRollBack
    staging = ", ".join(f"{name} text" for name in ("id", *_COLUMNS))
    await driver.execute(f"CREATE TEMPORARY TABLE carried_back ({staging}) ON COMMIT DROP")
    await driver.copy_records_to_table("carried_back", records=rows)
    there = await driver.fetchval(
        f"SELECT count(*) FROM {table.spelled} AS old JOIN carried_back AS back ON back.id = old.id::text"  # noqa: S608  # names from the catalogue
    )
    if not dry:
        for name, kind in zip(_COLUMNS, _TYPES, strict=True):
            await driver.execute(f"ALTER TABLE {table.spelled} ADD COLUMN IF NOT EXISTS {name} {kind}")
    changed = await _compare(driver, table) if dry else await _write(driver, table)
    return RolledBack(tickets=len(rows), gone=len(rows) - there, changed=changed)


async def _compare(driver: Driver, table: LegacyTable) -> int:
    kinds = await _kinds(driver, table)
    old = ", ".join(f"old.{name}" if name in kinds else "NULL" for name in _COLUMNS)
    new = ", ".join(f"back.{name}::{kinds[name]}" if name in kinds else f"back.{name}" for name in _COLUMNS)
    return int(
        await driver.fetchval(
            f"SELECT count(*) FROM {table.spelled} AS old JOIN carried_back AS back ON back.id = old.id::text"  # noqa: S608  # names from the catalogue
            f" WHERE ({old}) IS DISTINCT FROM ({new})"
        )
    )


async def _write(driver: Driver, table: LegacyTable) -> int:
    kinds = await _kinds(driver, table)
    sets = ", ".join(f"{name} = back.{name}::{kinds[name]}" for name in _COLUMNS)
    old = ", ".join(f"old.{name}" for name in _COLUMNS)
    new = ", ".join(f"back.{name}::{kinds[name]}" for name in _COLUMNS)
    done = await driver.execute(
        f"UPDATE {table.spelled} AS old SET {sets} FROM carried_back AS back"  # noqa: S608  # names from the catalogue
        f" WHERE back.id = old.id::text AND ({old}) IS DISTINCT FROM ({new})"
    )
    return int(str(done).rsplit(" ", 1)[-1])


async def _kinds(driver: Driver, table: LegacyTable) -> dict[str, str]:
    """Return the types of the columns that are there."""
    rows = await driver.fetch(
        "SELECT attname::text AS name, format_type(atttypid, atttypmod) AS kind FROM pg_attribute"
        " WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped AND attname = ANY ($2::text[])",
        table.spelled,
        list(_COLUMNS),
    )
    return {row["name"]: row["kind"] for row in rows}


async def _carried(engine: AsyncEngine, organization_id: UUID) -> list[tuple[Any, ...]]:
    """Return, for each ticket that came over, its old key and what its columns have to say."""
    came, whose, job = legacy_rows.alias("came"), legacy_rows.alias("whose"), assignments
    latest = (
        sa.select(job)
        .where(job.c.organization_id == came.c.organization_id, job.c.ticket_id == came.c.id)
        .order_by(job.c.sequence.desc())
        .limit(1)
        .lateral("latest")
    )
    query = (
        sa.select(
            came.c.legacy_key,
            came.c.kept,
            latest.c.id,
            latest.c.version,
            latest.c.status,
            sa.func.coalesce(whose.c.legacy_key, technicians.c.external_id, sa.cast(technicians.c.id, sa.Text)).label(
                "engineer"
            ),
            users.c.name.label("name"),
            latest.c.tier_level,
            escalation_tiers.c.name.label("tier_name"),
            latest.c.assigned_at,
        )
        .select_from(
            came.outerjoin(latest, sa.true())
            .outerjoin(technicians, _same(technicians, latest.c.organization_id, latest.c.technician_id))
            .outerjoin(users, _same(users, technicians.c.organization_id, technicians.c.user_id))
            .outerjoin(
                escalation_tiers,
                sa.and_(
                    escalation_tiers.c.organization_id == latest.c.organization_id,
                    escalation_tiers.c.level == latest.c.tier_level,
                ),
            )
            .outerjoin(
                whose,
                sa.and_(
                    whose.c.organization_id == technicians.c.organization_id,
                    whose.c.source == Platform.TICKETS,
                    whose.c.kind == "Technician",
                    whose.c.id == technicians.c.id,
                ),
            )
        )
        .where(came.c.organization_id == organization_id, came.c.source == Platform.TICKETS, came.c.kind == "Ticket")
        .order_by(came.c.legacy_key)
    )
    async with transaction(engine, organization_id, mode=Mode.READ, timeout_seconds=_TIMEOUT_SECONDS) as connection:
        return [(row.legacy_key, *_columns(row)) for row in await connection.execute(query)]


def _same(table: sa.Table, organization_id: Any, id_: Any) -> "sa.ColumnElement[bool]":
    return sa.and_(table.c.organization_id == organization_id, table.c.id == id_)


def _columns(row: Any) -> Sequence[str | None]:
    as_it_was = row.kept["columns"]
    last = None if row.id is None else str(row.id)
    holds = row.id is not None and (row.status in _HOLDING)
    if last == row.kept["last"] and (last is None or row.version == 1 or holds):
        return [_text(as_it_was.get(name)) for name in _COLUMNS]
    if not holds:
        return _NOBODY
    return [row.engineer, row.name, _text(row.tier_level), row.tier_name, _text(row.assigned_at)]


def _text(value: Any) -> str | None:
    if isinstance(value, datetime):
        return value.isoformat()
    return None if value is None else str(value)
