"""How things stand over all organisations, for whoever watches the server: counts, and nothing of anybody's."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.transaction import system_transaction

# Nobody who watches may hold up who works.
_SECONDS = 2.0

_HEADS = sa.text("SELECT coalesce(sum(position), 0) AS total FROM event_heads")
_JOBS = sa.text(
    """
    SELECT status, count(*) AS jobs FROM assignments
    WHERE status IN ('ASSIGNED', 'ACCEPTED', 'EN_ROUTE', 'IN_PROGRESS', 'PAUSED') GROUP BY status
    """
)
_CLOCKS = sa.text(
    """
    SELECT state, count(*) AS clocks FROM sla_clocks
    WHERE current AND state IN ('RUNNING', 'PAUSED', 'AT_RISK', 'BREACHED') GROUP BY state
    """
)
_TIMERS = sa.text(
    """
    SELECT count(*) FILTER (WHERE status = 'queued' AND execute_after > now()) AS waiting,
        count(*) FILTER (WHERE status = 'queued' AND execute_after <= now()) AS due,
        count(*) FILTER (WHERE status = 'picked') AS carried_out,
        count(*) FILTER (WHERE status = 'failed') AS set_aside,
        coalesce(extract(epoch FROM now() - min(execute_after)
            FILTER (WHERE status = 'queued' AND execute_after <= now())), 0) AS behind
    FROM pgqueuer
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How things stand: jobs and clocks that are open and timers, by state; `timers_behind` in seconds."""

    log_head: int
    jobs: Mapping[str, int]
    clocks: Mapping[str, int]
    timers: Mapping[str, int]
    timers_behind: float


async def standing(engine: AsyncEngine) -> Standing:
    """Look how things stand. Raises whatever keeps the database from answering within two seconds."""
    async with system_transaction(engine, timeout_seconds=_SECONDS) as connection:
        head = int(await connection.scalar(_HEADS) or 0)
        jobs = {row.status: row.jobs for row in await connection.execute(_JOBS)}
        clocks = {row.state: row.clocks for row in await connection.execute(_CLOCKS)}
        timers = (await connection.execute(_TIMERS)).one()
    return Standing(
        log_head=head,
        jobs=jobs,
        clocks=clocks,
        timers={name: getattr(timers, name) for name in ("waiting", "due", "carried_out", "set_aside")},
        timers_behind=float(timers.behind),
    )
