"""Microsoft Graph as it answers: its own ids, and the same event for whoever repeats a transaction's id."""

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


@dataclass(slots=True)
class Graph(Provider):
    """One mailbox."""

    url: str = ""
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    made: int = 0

    async def all(self, request: Request) -> Response:
        """Answer at the mailbox's events: create."""
        event = await request.json()
        for there in self.events.values():
            if there["transactionId"] == event["transactionId"]:
                return JSONResponse(there, 201)
        self.made += 1
        id_ = f"AAMk{self.made}=/+"
        self.events[id_] = {**event, "id": id_}
        return JSONResponse(self.events[id_], 201)

    async def one(self, request: Request) -> Response:
        """Answer at an event: update and delete."""
        id_ = request.path_params["event"]
        if id_ not in self.events:
            return JSONResponse({"error": {"code": "ErrorItemNotFound", "message": "Not found."}}, 404)
        if request.method == "DELETE":
            del self.events[id_]
            return Response(status_code=204)
        self.events[id_].update(await request.json())
        return JSONResponse(self.events[id_])


@asynccontextmanager
async def graph() -> AsyncIterator[Graph]:
    """Serve Graph until the block ends, and the login of every tenant."""
    fake = Graph(rolls=True)
    app = Starlette(
        routes=[
            Route("/{tenant}/oauth2/v2.0/token", fake.exchange, methods=["POST"]),
            Route("/v1.0/me/events", fake.guarded(fake.all), methods=["POST"]),
            Route("/v1.0/me/events/{event:path}", fake.guarded(fake.one), methods=["PATCH", "DELETE"]),
        ]
    )
    async with served(app) as url:
        fake.url = url
        yield fake
