"""What nobody will ask for any more is forgotten: answers kept for repeats that may come no longer."""

import asyncio
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
import structlog

from app.db.tables.log import event_heads, idempotency_results
from app.db.transaction import UNREACHABLE, system_transaction, transaction
from app.services.perform import KEPT_FOR, Writer
from app.tracing.traces import UNTRACED, Traces

_EVERY_SECONDS = 3600.0
_AT_ONCE = 1_000

log = structlog.get_logger(__name__)


async def forgetting(writer: Writer, traces: Traces = UNTRACED) -> None:
    """Forget now and every hour; what could not be done now is done next time."""
    while True:
        try:
            with traces.job("forget answers"):
                count = await forget_answers(writer)
        except UNREACHABLE as error:
            log.warning("answers.not_forgotten", reason=type(error).__name__)
        else:
            if count:
                log.info("answers.forgotten", count=count)
        await asyncio.sleep(_EVERY_SECONDS)


async def forget_answers(writer: Writer) -> int:
    """Delete the answers that are older than repeats are recognised for, of all organisations; return how many.

    Guard: none; rows that somebody holds are left for the next time, so any number may forget at once.
    """
    async with system_transaction(writer.engine) as connection:
        organizations = list(await connection.scalars(sa.select(event_heads.c.organization_id)))
    before = writer.clock() - KEPT_FOR
    return sum([await _forget_of(writer, each, before) for each in organizations])


async def _forget_of(writer: Writer, organization_id: UUID, before: datetime) -> int:
    of, key = idempotency_results.c, ("organization_id", "actor_id", "mutation", "key")
    old = (
        sa.select(*(of[name] for name in key))
        .where(of.organization_id == organization_id, of.created_at <= before)
        .order_by(of.created_at)
        .limit(_AT_ONCE)
        .with_for_update(skip_locked=True)
        .cte("old")
    )
    forget = sa.delete(idempotency_results).where(
        of.organization_id == organization_id, *(of[name] == old.c[name] for name in key)
    )  # fmt: skip
    total, done = 0, _AT_ONCE
    # In pieces, so that nobody waits long for a row.
    while done == _AT_ONCE:
        async with transaction(writer.engine, organization_id) as connection:
            done = (await connection.execute(forget)).rowcount
        total += done
    return total
