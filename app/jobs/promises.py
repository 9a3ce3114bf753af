"""Clocks whose warnings and breaches are due: found for all organisations, told ticket by ticket."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
import structlog

from app.db.tables.sla import sla_clocks
from app.db.transaction import UNREACHABLE, system_transaction
from app.domain.people import Actor, EventSource, Role
from app.services.perform import Writer
from app.services.service_levels.settle_sla import SettleSla, settle_sla
from app.tracing.traces import UNTRACED, Traces

_EVERY_SECONDS = 1.0
_AT_ONCE = 100
_AGAIN_AFTER = timedelta(minutes=1)

log = structlog.get_logger(__name__)

Place = tuple[UUID, UUID]


async def keeping_promises(writer: Writer, traces: Traces = UNTRACED, *, every_seconds: float = _EVERY_SECONDS) -> None:
    """Tell what has come due, again and again; what could not be told is tried again a minute later."""
    set_aside: dict[Place, datetime] = {}
    while True:
        try:
            found = await settle_due(writer, set_aside, traces)
        except UNREACHABLE as error:
            log.warning("sla.not_looked_at", reason=type(error).__name__)
            found = 0
        if found < _AT_ONCE:
            await asyncio.sleep(every_seconds)


async def settle_due(writer: Writer, set_aside: dict[Place, datetime], traces: Traces = UNTRACED) -> int:
    """Tell what has come due of at most a hundred tickets; return how many were found.

    Those that fail are `set_aside` until a moment, whatever the reason, so that they never keep others waiting.

    Guard: none here; two workers may find the same ticket, and its lock decides which of them tells.
    """
    now = writer.clock()
    for place in [place for place, until in set_aside.items() if until <= now]:
        del set_aside[place]
    found = [place for place in await _due(writer, now, _AT_ONCE + len(set_aside)) if place not in set_aside]
    for place in found[:_AT_ONCE]:
        try:
            with traces.job("settle sla"):
                await _settle(writer, *place)
        except Exception as error:  # noqa: BLE001  # tried again, and told
            log.error("sla.not_settled", ticket_id=str(place[1]), reason=type(error).__name__)  # noqa: TRY400  # the error may hold values of rows
            set_aside[place] = now + _AGAIN_AFTER
    return len(found)


async def _settle(writer: Writer, organization_id: UUID, ticket_id: UUID) -> None:
    server = Actor(
        organization_id=organization_id, user_id=None, roles=frozenset({Role.DISPATCHER}), source=EventSource.SYSTEM
    )
    await settle_sla(writer, server, SettleSla(ticket_id=ticket_id))


async def _due(writer: Writer, now: datetime, most: int) -> list[Place]:
    of = sla_clocks.c
    first = sa.func.min(of.next_check_at)
    query = (
        sa.select(of.organization_id, of.ticket_id)
        .where(of.next_check_at <= now)
        .group_by(of.organization_id, of.ticket_id)
        .order_by(first, of.ticket_id)
        .limit(most)
    )
    async with system_transaction(writer.engine) as connection:
        return [(row.organization_id, row.ticket_id) for row in await connection.execute(query)]
