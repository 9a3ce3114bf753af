"""Looking at timers: what waits, what is being done, what was set aside and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

_LONGEST_REASON = 200
_LISTED = sa.text(
    """
    SELECT job.id, job.entrypoint, job.status::text, job.payload, job.execute_after, job.attempts,
        coalesce(pickup.times, 0) AS pickups,
        (SELECT log.traceback ->> 'exception_message' FROM pgqueuer_log AS log
         WHERE log.job_id = job.id AND log.traceback IS NOT NULL ORDER BY log.created DESC LIMIT 1) AS reason
    FROM pgqueuer AS job LEFT JOIN timer_pickups AS pickup ON pickup.job_id = job.id
    ORDER BY job.status = 'failed' DESC, job.execute_after, job.id LIMIT :most
    """
)
_COUNTED = sa.text("SELECT status::text, count(*) AS number FROM pgqueuer GROUP BY status ORDER BY status")
_AGAIN = sa.text(
    """
    UPDATE pgqueuer SET status = 'queued', attempts = 0, execute_after = now(), updated = now(),
        queue_manager_id = NULL, slot = NULL
    WHERE id = :id AND status = 'failed'
    """
)
_FORGOTTEN = sa.text("DELETE FROM timer_pickups WHERE job_id = :id")
_DROPPED = sa.text("DELETE FROM pgqueuer WHERE id = :id AND status = 'failed'")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTimer:
    """A timer as an operator sees it; `reason` is the last error."""

    id: int
    kind: str
    status: str
    organization_id: UUID | None
    subject_id: UUID | None
    due_at: datetime
    attempts: int
    pickups: int
    reason: str | None


async def listed(connection: AsyncConnection, *, most: int) -> list[ListedTimer]:
    """Return timers: those set aside first, then by when they are due."""
    return [_listed(row) for row in await connection.execute(_LISTED, {"most": most})]


async def counted(connection: AsyncConnection) -> dict[str, int]:
    """Return how many timers there are, by status."""
    return {row.status: row.number for row in await connection.execute(_COUNTED)}


async def try_again(connection: AsyncConnection, id_: int) -> bool:
    """Let a timer that was set aside be carried out now; False when there is none of this id."""
    done = await connection.execute(_AGAIN, {"id": id_})
    await connection.execute(_FORGOTTEN, {"id": id_})
    return done.rowcount == 1


async def drop(connection: AsyncConnection, id_: int) -> bool:
    """Forget a timer that was set aside; False when there is none of this id."""
    return (await connection.execute(_DROPPED, {"id": id_})).rowcount == 1


def _listed(row: "sa.Row[Any]") -> ListedTimer:
    told = orjson.loads(row.payload or b"{}")
    return ListedTimer(
        id=row.id,
        kind=row.entrypoint,
        status=row.status,
        organization_id=_key(told.get("organization")),
        subject_id=_key(told.get("subject")),
        due_at=row.execute_after,
        attempts=row.attempts,
        pickups=row.pickups,
        reason=None if row.reason is None else row.reason[:_LONGEST_REASON],
    )


def _key(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)
