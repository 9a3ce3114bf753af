"""Wake-ups by an event bus: each process says whose logs grew, and hears what the others say.

A process is connected while it hears itself: that proves both ways, whatever the driver believes. Nothing is
kept while there is no connection; the first word of each connection is that anybody's log may have grown.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import structlog

from app.integrations.bus_line import BusRefused, Driver, Line
from app.integrations.wake_up import WakeUp
from app.live.wakeups import Heard
from app.tracing.traces import UNTRACED, Cause, Traces

# Beyond this many it is shorter, and as good, to say that anybody's log may have grown.
_MOST_NAMED = 100
# Of more it would not be read which of them a word was said for.
_MOST_CAUSES = 20
# Every log has a subject of its own, by its id.
_SUBJECTS = "fieldgraph.wake.{log}"
# So much later than the first may the second of two wake-ups come: a busy process says 100 in a second.
_PAUSE_SECONDS = 0.01
_FIRST_WORD_AGAIN_SECONDS = 0.2
_CLOSE_SECONDS = 2.0

log = structlog.get_logger(__name__)


class BusSilent(Exception):
    """We do not hear ourselves on the bus, though nothing says that the connection is broken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When an idle process says a word, how long it waits to hear it, and when it tries again."""

    beat_seconds: float = 2.0
    patience_seconds: float = 3.0
    retry_seconds: float = 1.0
    retry_refused_seconds: float = 10.0


class EventBus:
    """Carries wake-ups over a bus that may come and go."""

    def __init__(
        self, driver: Driver, url: str, subject: str, *, timing: Timing | None = None, traces: Traces = UNTRACED
    ) -> None:
        parts = urlsplit(url)
        self._system, self._host, self._port = parts.scheme, parts.hostname or "", parts.port
        self._traces = traces
        self._causes: list[Cause] = []
        self._driver = driver
        self._url = url
        self._subject = subject
        self._timing = timing or Timing()
        self._id = uuid4().hex
        self._connected = False
        self._complained: str | None = None
        self._grown: set[UUID] | None = set()
        self._to_tell = asyncio.Event()
        self._number = 0
        self._unanswered: tuple[int, float] | None = None
        self._heard_myself = asyncio.Event()

    def is_connected(self) -> bool:
        """Tell whether wake-ups come and go at present."""
        return self._connected

    def tell(self, organization_id: UUID, /) -> None:
        """Wake the other processes soon; many calls become one wake-up."""
        if self._grown is not None:
            self._grown.add(organization_id)
            if len(self._grown) > _MOST_NAMED:
                self._grown = None
        if (cause := self._traces.cause()) is not None and len(self._causes) < _MOST_CAUSES:
            self._causes.append(cause)
        self._to_tell.set()

    async def run(self, heard: Heard, /) -> None:
        """Carry wake-ups until cancelled; a lost connection is logged once and opened again."""
        while True:
            pause = self._timing.retry_seconds
            try:
                await self._once(heard)
            except BusRefused as refused:
                pause = self._timing.retry_refused_seconds
                self._complain("event_bus.refused", refused.__cause__ or refused)
            except Exception as lost:  # noqa: BLE001 - whatever a driver raises, streams go on by polling
                self._complain("event_bus.lost", lost)
            _end_if_cancelled()
            await asyncio.sleep(pause)

    async def _once(self, heard: Heard) -> None:
        self._heard_myself.clear()
        self._unanswered = None
        line = self._driver(self._url, self._subject, lambda message: self._receive(message, heard))
        try:
            with self._traces.call("connect", self._system, self._host, self._port):
                async with asyncio.timeout(self._timing.patience_seconds):
                    await line.open()
            await self._hear_myself(line)
            self._connected = True
            self._complained = None
            log.info("event_bus.connected", address=_without_credentials(self._url))
            heard(None)
            while True:
                await self._something_to_tell()
                await self._publish(line)
                _end_if_cancelled()
                await asyncio.sleep(_PAUSE_SECONDS)
        finally:
            self._connected = False
            # A line that is lost cannot be closed in form.
            with suppress(Exception):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await line.close()

    async def _hear_myself(self, line: Line) -> None:
        """Say the first word until we hear it: a bus may begin to listen a moment later than it says."""
        while not self._heard_myself.is_set():
            self._grown = None
            await self._publish(line)
            _end_if_cancelled()
            with suppress(TimeoutError):
                async with asyncio.timeout(_FIRST_WORD_AGAIN_SECONDS):
                    await self._heard_myself.wait()

    async def _something_to_tell(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._timing.beat_seconds):
                await self._to_tell.wait()

    async def _publish(self, line: Line) -> None:
        now = asyncio.get_running_loop().time()
        if self._unanswered is None:
            self._unanswered = (self._number + 1, now)
        elif now - self._unanswered[1] > self._timing.patience_seconds:
            # Also where our user may not publish or listen: a bus need not say so.
            raise BusSilent
        self._number += 1
        grown, self._grown = self._grown, set()
        causes, self._causes = self._causes, []
        self._to_tell.clear()
        with self._traces.message(self._system, self._host, self._port, subject=_SUBJECTS, causes=causes):
            async with asyncio.timeout(self._timing.patience_seconds):
                await line.publish(WakeUp(sender=self._id, number=self._number, grown=grown).message())

    def _receive(self, message: object, heard: Heard) -> None:
        wake_up = WakeUp.read(message)
        if wake_up is None:
            # Of another release, perhaps: it says at least that there is something.
            heard(None)
        elif wake_up.sender != self._id:
            heard(wake_up.grown)
        elif self._unanswered is not None and wake_up.number >= self._unanswered[0]:
            self._unanswered = None
            self._heard_myself.set()

    def _complain(self, event: str, why: BaseException) -> None:
        # Once for each loss, not for each try. Not what the driver says either: it may repeat the address.
        if event != self._complained:
            self._complained = event
            address = _without_credentials(self._url)
            log.warning(event, setting="EVENT_BUS_URL", address=address, reason=type(why).__name__)


def _end_if_cancelled() -> None:
    """End where a driver has kept our cancellation to itself. Raises CancelledError."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _without_credentials(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
