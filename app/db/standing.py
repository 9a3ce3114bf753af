"""How things stand over all organisations, for whoever watches the server: counts, and nothing of anybody's."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db import log
from app.db.transaction import system_transaction
from app.domain.assignments import ACTIVE
from app.domain.sla import SlaState

# Nobody who watches may hold up who works.
_SECONDS = 2.0
_OPEN = (SlaState.RUNNING, SlaState.PAUSED, SlaState.AT_RISK, SlaState.BREACHED)

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
    """How things stand: jobs and clocks that are open and timers, by state; `timers_behind` in seconds.

    `reader_lag` are the events that are not read yet, of the log that is least so.
    """

    log_head: int
    reader_lag: int
    jobs: Mapping[str, int]
    clocks: Mapping[str, int]
    timers: Mapping[str, int]
    timers_behind: float


async def standing(engine: AsyncEngine, positions: Mapping[UUID, int]) -> Standing:
    """Look how things stand; `positions` are how far logs have been read.

    Raises:
        TimeoutError: the database takes longer than two seconds.
        Whatever else keeps it from answering.
    """
    async with asyncio.timeout(_SECONDS), system_transaction(engine, timeout_seconds=_SECONDS) as connection:
        head = int(await connection.scalar(_HEADS) or 0)
        heads = await log.heads(connection, positions) if positions else {}
        jobs = {row.status: row.jobs for row in await connection.execute(_JOBS)}
        clocks = {row.state: row.clocks for row in await connection.execute(_CLOCKS)}
        timers = (await connection.execute(_TIMERS)).one()
    return Standing(
        log_head=head,
        reader_lag=max((heads.get(key, 0) - position for key, position in positions.items()), default=0),
        # A state that nothing is in is told as 0.
        jobs={status: jobs.get(status, 0) for status in sorted(ACTIVE)},
        clocks={state: clocks.get(state, 0) for state in _OPEN},
        timers={name: getattr(timers, name) for name in ("waiting", "due", "carried_out", "set_aside")},
        timers_behind=float(timers.behind),
    )
