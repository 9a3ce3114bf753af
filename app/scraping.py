"""Where Prometheus reads the figures of a process."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from hmac import compare_digest
from time import monotonic
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app.db.standing import Standing, standing
from app.db.transaction import UNREACHABLE
from app.metrics.counting import Labels, Level
from app.metrics.figures import TEXT, Figures

# Several that scrape one process, or one that does so often, ask the database once.
_KEPT_SECONDS = 10.0

log = structlog.get_logger(__name__)


class Scraping:
    """Answers /metrics with what the process has counted and how the database says things stand.

    Whoever asks must bring the token, where there is one. `positions` are how far the logs of organisations have been
    read. A database that cannot be asked is a figure, too.
    """

    def __init__(
        self,
        figures: Figures,
        engine: AsyncEngine,
        *,
        token: str | None = None,
        positions: Callable[[], Mapping[UUID, int]] = dict,
    ) -> None:
        self._figures = figures
        self._engine = engine
        self._token = token
        self._positions = positions
        self._standing: Standing | None = None
        self._looked_at = -_KEPT_SECONDS
        self._looking = asyncio.Lock()
        self._watch()

    @property
    def route(self) -> Route:
        """The route."""
        return Route("/metrics", self.answer)

    async def answer(self, request: Request) -> Response:
        """Return all figures, to whoever may have them."""
        if self._token is not None:
            scheme, _, given = request.headers.get("authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not compare_digest(given.strip().encode(), self._token.encode()):
                return PlainTextResponse("Bring the token that METRICS_TOKEN is set to.\n", 401)
        async with self._looking:
            if monotonic() - self._looked_at >= _KEPT_SECONDS:
                await self._look()
        return Response(self._figures.text(), media_type=TEXT)

    async def _look(self) -> None:
        self._standing = None
        with suppress(TimeoutError):
            try:
                self._standing = await standing(self._engine, self._positions())
            except UNREACHABLE as lost:
                log.warning("metrics.database_unreachable", reason=type(lost).__name__)
        self._looked_at = monotonic()

    def _watch(self) -> None:
        registry = self._figures.registry
        Level(
            registry,
            "fieldgraph_database_up",
            "Whether the database answered when it was last asked how things stand.",
            lambda: float(self._standing is not None),
        )
        Level(
            registry,
            "fieldgraph_log_head",
            "How many events the logs of all organisations have.",
            lambda: self._told(lambda found: {(): float(found.log_head)}),
        )
        Level(
            registry,
            "fieldgraph_log_reader_lag_events",
            "How many events this process has not read yet, of the log in which it is furthest behind.",
            lambda: self._told(lambda found: {(): float(found.reader_lag)}),
        )
        Level(
            registry,
            "fieldgraph_jobs",
            "Jobs that are open, by status, over all organisations.",
            lambda: self._told(lambda found: _by_word(found.jobs)),
            ("status",),
        )
        Level(
            registry,
            "fieldgraph_sla_clocks",
            "Clocks of tickets that are open, by state, over all organisations.",
            lambda: self._told(lambda found: _by_word(found.clocks)),
            ("state",),
        )
        Level(
            registry,
            "fieldgraph_timers",
            "Timers by what becomes of them: waiting, due, carried_out or set_aside.",
            lambda: self._told(lambda found: _by_word(found.timers)),
            ("state",),
        )
        Level(
            registry,
            "fieldgraph_timers_behind_seconds",
            "For how long the timer that waits longest has been due.",
            lambda: self._told(lambda found: {(): found.timers_behind}),
        )

    def _told(self, of: Callable[[Standing], Mapping[Labels, float]]) -> Mapping[Labels, float]:
        return {} if self._standing is None else of(self._standing)


def _by_word(counts: Mapping[str, int]) -> Mapping[Labels, float]:
    return {(word,): float(count) for word, count in counts.items()}
