"""Google Calendar as it answers: ids that callers choose, 409 for one that is there, events that stay as cancelled."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.invitations.grants import Provider
from tests.invitations.outside import served

CALENDAR = "ann@calendars.example"


@dataclass(slots=True)
class Google(Provider):
    """One calendar of Google's."""

    url: str = ""
    events: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def all(self, request: Request) -> Response:
        """Answer at the calendar's events: insert."""
        if request.path_params["calendar"] != CALENDAR:
            return _error(404, "notFound", "Not Found")
        event = await request.json()
        if not re.fullmatch("[a-v0-9]{5,1024}", event["id"]):
            return _error(400, "invalid", "Invalid resource id value.")
        if event["id"] in self.events:
            return _error(409, "duplicate", "The requested identifier already exists.")
        self.events[event["id"]] = event
        return JSONResponse(event)

    async def one(self, request: Request) -> Response:
        """Answer at an event: update and delete."""
        id_ = request.path_params["event"]
        if id_ not in self.events:
            return _error(404, "notFound", "Not Found")
        if request.method == "DELETE":
            if self.events[id_]["status"] == "cancelled":
                return _error(410, "deleted", "Resource has been deleted")
            self.events[id_]["status"] = "cancelled"
            return Response(status_code=204)
        self.events[id_] = {**await request.json(), "id": id_}
        return JSONResponse(self.events[id_])


def _error(status: int, reason: str, message: str) -> Response:
    inner = [{"domain": "calendar", "reason": reason, "message": message}]
    return JSONResponse({"error": {"errors": inner, "code": status, "message": message}}, status)


@asynccontextmanager
async def google() -> AsyncIterator[Google]:
    """Serve Google until the block ends; its token endpoint is at /token."""
    fake = Google()
    app = Starlette(
        routes=[
            Route("/token", fake.exchange, methods=["POST"]),
            Route("/v3/calendars/{calendar}/events", fake.guarded(fake.all), methods=["POST"]),
            Route("/v3/calendars/{calendar}/events/{event}", fake.guarded(fake.one), methods=["PUT", "DELETE"]),
        ]
    )
    async with served(app) as url:
        fake.url = url
        yield fake
