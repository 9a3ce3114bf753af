"""Whether the process lives and whether it can serve: for people, load balancers and containers."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from app.db.migrate import current_revision, newest_revision

_PATIENCE_SECONDS = 3.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Answers /health and /healthz (alive, and how the database is) and /readyz (fit to serve).

    `event_bus` tells whether the event bus is connected, and is None where none is set. Without it everything
    goes on, so it makes an answer `degraded` and never unready.
    """

    engine: AsyncEngine
    service: str
    version: str
    event_bus: Callable[[], bool] | None = None

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/health", self.health),
            Route("/healthz", self.health),
            Route("/readyz", self.ready),
        ]

    async def health(self, _request: Request) -> JSONResponse:
        """Answer 200 while the process lives; `database` is `up` or `down`."""
        up = await self._revision() is not None
        return JSONResponse(self._said("ok" if up else "degraded", "up" if up else "down"))

    async def ready(self, _request: Request) -> JSONResponse:
        """Answer 200 when the database is reachable and migrated to this release, else 503."""
        revision = await self._revision()
        if revision is None:
            return JSONResponse(self._said("unavailable", "down"), status_code=503)
        if revision != newest_revision():
            return JSONResponse(self._said("unavailable", "not migrated"), status_code=503)
        return JSONResponse(self._said("ok", "up"))

    def _said(self, status: str, database: str) -> dict[str, str]:
        said = {"status": status, "service": self.service, "version": self.version, "database": database}
        if self.event_bus is None:
            return said
        up = self.event_bus()
        if status == "ok" and not up:
            said["status"] = "degraded"
        return {**said, "event_bus": "up" if up else "down"}

    async def _revision(self) -> str | None:
        """Return the database's revision, empty for an unmigrated one, None when it cannot be reached."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS), self.engine.connect() as connection:
                await connection.execute(text("SELECT 1"))
                return await current_revision(connection) or ""
        except (TimeoutError, OSError, SQLAlchemyError) as error:
            log.warning("health.database_down", reason=type(error).__name__)
            return None
