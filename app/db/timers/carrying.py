"""Carrying timers out: picks up what is due, at least once, and sets aside what cannot be done."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from time import perf_counter
from uuid import UUID

import asyncpg
import orjson
import structlog
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.db import AsyncpgDriver
from pgqueuer.errors import RetryRequested
from pgqueuer.models import Job
from pgqueuer.qm import QueueManager
from pgqueuer.queries import Queries
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.engine import driver_of
from app.db.timers.naming import SETTINGS
from app.db.transaction import DatabaseRole
from app.domain.timers import MOST_WORKERS_LOST, PAUSES, Timer, TimerKind, TooEarly
from app.metrics.figures import Figures
from app.tracing.traces import UNTRACED, Step, Traces

Handler = Callable[[Timer], Awaitable[None]]

_LOST = (
    OSError,
    SQLAlchemyError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    # What the driver says of a connection that died between two messages of an answer.
    asyncpg.InternalClientError,
    RuntimeError,
)
_POLL = timedelta(seconds=1)
_BATCH = 10
_AT_ONCE = 20
_KEPT_DAYS = 7
_RETRY_SECONDS = 1.0
_HOUR_SECONDS = 3600.0
_LONGEST_REASON = 200
_PICKED_UP_BEFORE = "SELECT times FROM timer_pickups WHERE job_id = $1"
_PICKED_UP = """
INSERT INTO timer_pickups (job_id, times) VALUES ($1, 1)
ON CONFLICT (job_id) DO UPDATE SET times = timer_pickups.times + 1
"""
_CLEARED = f"DELETE FROM pgqueuer_log WHERE created < now() - interval '{_KEPT_DAYS} days'"  # noqa: S608  # a constant

log = structlog.get_logger(__name__)


class DeadlyTimer(Exception):
    """A timer whose workers have ended before it did, again and again."""

    def __init__(self, lost: int) -> None:
        super().__init__(f"{lost} workers ended while they carried it out")


class TimerFailed(Exception):
    """A timer has failed as often as it was tried; the text says how."""


class Carrier:
    """Carries timers out for one process, over one connection of an engine that nobody else uses.

    A timer whose worker has said nothing for `taken_over_after` is picked up by another.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        handlers: Mapping[TimerKind, Handler],
        *,
        figures: Figures,
        traces: Traces = UNTRACED,
        taken_over_after: timedelta = timedelta(seconds=30),
    ) -> None:
        self._engine = engine
        self._figures = figures
        self._traces = traces
        self._handlers = handlers
        self._taken_over_after = taken_over_after
        self._ending = asyncio.Event()
        self._manager: QueueManager | None = None

    def end(self) -> None:
        """Pick up nothing more; `run` returns once what is under way is done."""
        self._ending.set()
        if self._manager is not None:
            self._manager.shutdown.set()

    async def run(self) -> None:
        """Carry timers out until told to end; a lost connection is opened again."""
        while not self._ending.is_set():
            try:
                await self._once()
            except _LOST as lost:
                log.warning("timers.interrupted", reason=str(lost) or type(lost).__name__)
                await _first(self._ending.wait(), asyncio.sleep(_RETRY_SECONDS))

    async def _once(self) -> None:
        async with self._engine.connect() as connection:
            try:
                await self._carry(AsyncpgDriver(await driver_of(connection)))
            finally:
                self._manager = None
                # It listens, and has a role: nobody else may get it.
                await connection.invalidate()

    async def _carry(self, driver: AsyncpgDriver) -> None:
        await driver.execute(f"SET ROLE {DatabaseRole.SYSTEM}")
        queries = Queries(
            driver,
            qbe=QueryBuilderEnvironment(SETTINGS),
            qbq=QueryQueueBuilder(SETTINGS),
            qbs=QuerySchedulerBuilder(SETTINGS),
        )
        manager = QueueManager(queries, channel=SETTINGS.channel)
        carrying = _Carrying(driver, self._figures, self._traces)
        self._manager = manager
        if self._ending.is_set():
            return
        for kind, handler in self._handlers.items():
            register = manager.entrypoint(kind.value, accepts_context=False, on_failure="hold")
            register(carrying.of(kind, handler))
        clearing = asyncio.create_task(_clear(driver))
        try:
            await manager.run(
                dequeue_timeout=_POLL,
                batch_size=_BATCH,
                max_concurrent_tasks=_AT_ONCE,
                heartbeat_timeout=self._taken_over_after,
                log_aggregation_interval=timedelta(),
            )
        finally:
            clearing.cancel()


class _Carrying:
    """Carries out the timers of one connection; those that have lost a worker before, each alone."""

    def __init__(self, driver: AsyncpgDriver, figures: Figures, traces: Traces) -> None:
        self._driver = driver
        self._figures = figures
        self._traces = traces
        self._beside = 0
        self._changed = asyncio.Condition()

    def of(self, kind: TimerKind, handler: Handler) -> Callable[[Job], Awaitable[None]]:
        """Return what pgqueuer calls for a kind of timer."""

        async def carry(job: Job) -> None:
            told = orjson.loads(job.payload or b"{}")
            timer = Timer(kind, UUID(told["organization"]), UUID(told["subject"]))
            about = {"kind": kind.value, "organization_id": told["organization"], "subject_id": told["subject"]}
            lost = await self._lost(job)
            if lost >= MOST_WORKERS_LOST:
                log.error("timer.set_aside", **about, workers_lost=lost)
                self._figures.timers.of(kind.value, "set_aside").add(0.0)
                raise DeadlyTimer(lost)
            # Beside others it could not be told whose fault it is that the worker ends.
            async with self._room(alone=lost > 0):
                await self._driver.execute(_PICKED_UP, job.id)
                with self._traces.job(timer.kind.value) as step:
                    await self._try(job, handler, timer, about, step)

        return carry

    async def _lost(self, job: Job) -> int:
        """Return how many workers have ended while they carried this timer out."""
        rows = await self._driver.fetch(_PICKED_UP_BEFORE, job.id)
        # Attempts end in an error; a pick-up without one has lost its worker.
        return int(str(rows[0]["times"])) - job.attempts if rows else 0

    @asynccontextmanager
    async def _room(self, *, alone: bool) -> AsyncIterator[None]:
        async with self._changed:
            await self._changed.wait_for(lambda: self._beside == 0 if alone else self._beside >= 0)
            self._beside = -1 if alone else self._beside + 1
        try:
            yield
        finally:
            async with self._changed:
                self._beside = 0 if alone else self._beside - 1
                self._changed.notify_all()

    async def _try(self, job: Job, handler: Handler, timer: Timer, about: Mapping[str, str], step: Step) -> None:
        began, ended = perf_counter(), "retried"
        try:
            await handler(timer)
            ended = "done"
        except TooEarly as early:
            ended = "early"
            # The clocks of two machines differ.
            raise RetryRequested(delay=early.wait, reason="too early") from None
        except asyncio.CancelledError:
            # The worker ends; what is cancelled would be forgotten.
            raise RetryRequested(reason="cut short") from None
        except Exception as error:  # noqa: BLE001  # tried again, and told in the end
            reason = _reason(error)
            step.failed(type(error).__name__)
            if job.attempts >= len(PAUSES):
                ended = "set_aside"
                log.error("timer.set_aside", **about, attempts=job.attempts + 1, reason=reason)  # noqa: TRY400  # the error may hold values of rows
                raise TimerFailed(reason) from None
            log.warning("timer.failed", **about, attempt=job.attempts + 1, reason=reason)
            raise RetryRequested(delay=PAUSES[job.attempts], reason=reason) from None
        finally:
            self._figures.timers.of(timer.kind.value, ended).add(perf_counter() - began)
            step.ended(ended)
        log.info("timer.done", **about)


def _reason(error: Exception) -> str:
    """Return what may be kept of an error: a database's own words can hold values of rows."""
    if isinstance(error, SQLAlchemyError | asyncpg.PostgresError):
        state = getattr(getattr(error, "orig", error), "sqlstate", None)
        return f"{type(error).__name__} {state or ''}".strip()
    return f"{type(error).__name__}: {error}"[:_LONGEST_REASON]


async def _clear(driver: AsyncpgDriver) -> None:
    """Forget what was done long ago, now and then."""
    while True:
        await driver.execute(_CLEARED)
        await asyncio.sleep(_HOUR_SECONDS)


async def _first(*works: Awaitable[object]) -> None:
    tasks = [asyncio.ensure_future(work) for work in works]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
