"""NOTIFY and LISTEN: they only say that something was written, never what."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

import asyncpg
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.engine import Driver, driver_of

_CHANNEL = "fieldgraph_log"
_LOST = (
    OSError,
    SQLAlchemyError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)

log = structlog.get_logger(__name__)


class Notifications:
    """One connection that listens for the process and tells the others.

    While the connection is down nothing is heard and telling does nothing: readers poll all the same.
    """

    def __init__(self, engine: AsyncEngine, *, retry_seconds: float = 1.0) -> None:
        self._engine = engine
        self._retry_seconds = retry_seconds
        self._driver: asyncpg.Connection[asyncpg.Record] | None = None
        self._to_tell = asyncio.Event()

    def tell(self, _organization_id: UUID, /) -> None:
        """Wake the other processes soon; many calls become one notification."""
        self._to_tell.set()

    async def run(self, heard: Callable[[None], None], /) -> None:
        """Listen and tell until cancelled; a lost connection is opened again.

        `heard` is called in the loop for every notification, which does not say whose log has grown, and
        after every reconnection.
        """
        while True:
            try:
                await self._once(heard)
            except _LOST as lost:
                log.warning("notifications.lost", reason=type(lost).__name__)
            await asyncio.sleep(self._retry_seconds)

    async def _once(self, heard: Callable[[None], None]) -> None:
        ended = asyncio.Event()
        async with self._engine.connect() as connection:
            driver = await driver_of(connection)
            driver.add_termination_listener(lambda _: ended.set())
            await driver.add_listener(_CHANNEL, lambda *_: heard(None))
            heard(None)
            try:
                await self._tell_until(driver, ended)
            finally:
                with suppress(*_LOST):
                    await driver.reset(timeout=1)
                await connection.invalidate()

    async def _tell_until(self, driver: Driver, ended: asyncio.Event) -> None:
        over = asyncio.ensure_future(ended.wait())
        try:
            while not over.done():
                told = asyncio.ensure_future(self._to_tell.wait())
                await asyncio.wait({over, told}, return_when=asyncio.FIRST_COMPLETED)
                told.cancel()
                if self._to_tell.is_set() and not over.done():
                    self._to_tell.clear()
                    await driver.execute(f"NOTIFY {_CHANNEL}")
        finally:
            over.cancel()
