"""Setting a timer: part of the transaction that makes it necessary, and gone with it."""

from datetime import timedelta
from functools import cache

import orjson
from pgqueuer.adapters.persistence.qb import QueryQueueBuilder
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.engine import driver_of
from app.db.timers.naming import SETTINGS
from app.domain.timers import Timer

_PRIORITY = 0


async def set_timer(connection: AsyncConnection, timer: Timer, *, after: timedelta, apart: str | None = None) -> None:
    """Let a worker carry the timer out so long after this transaction began; twice the same counts once.

    What sets it `apart` from others of the same row makes it another one.
    """
    driver = await driver_of(connection)
    await driver.fetch(
        _statement(),
        [_PRIORITY],
        [timer.kind.value],
        [written(timer)],
        [max(timedelta(), after)],
        [f"{timer.kind}:{timer.organization_id}:{timer.subject_id}" + ("" if apart is None else f":{apart}")],
        [None],
    )


def written(timer: Timer) -> bytes:
    """Return what a worker needs to know of a timer."""
    return orjson.dumps({"organization": str(timer.organization_id), "subject": str(timer.subject_id)})


@cache
def _statement() -> str:
    return QueryQueueBuilder(SETTINGS).build_enqueue_query(on_conflict="skip")
