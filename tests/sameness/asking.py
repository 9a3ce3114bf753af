"""One request sent to two servers over one database: the one compiles its reads, the other never does."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from schema.execution.answers import Answer, Answers, Way
from tests.sameness.viewers import Viewer
from tests.serving import Served, serving

# What a bucket of cost holds that no test empties.
NO_LIMIT = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request: a document, its variables, and which of its operations is meant."""

    query: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    name: str | None = None
    media: str = "application/json"


@dataclass(frozen=True, slots=True)
class Reply:
    """All of a response that a client can see."""

    status: int
    media: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Replies:
    """Both servers' responses, and the way the first one went; None where it did not execute."""

    planned: Reply
    ordinary: Reply
    way: Way | None

    @property
    def differ(self) -> bool:
        """Tell whether a client could tell the servers apart."""
        return self.planned != self.ordinary


class Servers:
    """Asks both, one after the other."""

    def __init__(self, planning: Served, resolving: Served, client: httpx.AsyncClient, ways: list[Way]) -> None:
        self._planning = planning
        self._resolving = resolving
        self._client = client
        self._ways = ways

    async def ask(self, viewer: Viewer, asked: Asked) -> Replies:
        """Return what each server says."""
        self._ways.clear()
        planned = await self._say(self._planning, viewer, asked)
        way = self._ways[0] if self._ways else None
        return Replies(planned=planned, ordinary=await self.resolve(viewer, asked), way=way)

    async def resolve(self, viewer: Viewer, asked: Asked) -> Reply:
        """Return what the server says that resolves field by field."""
        return await self._say(self._resolving, viewer, asked)

    async def _say(self, served: Served, viewer: Viewer, asked: Asked) -> Reply:
        body: dict[str, Any] = {"query": asked.query, "variables": dict(asked.variables)}
        if asked.name is not None:
            body["operationName"] = asked.name
        told = await self._client.post(
            served.http,
            json=body,
            # Internal errors tell the request's id, and the two must not differ by that.
            headers={"Authorization": f"Bearer {viewer.token}", "Accept": asked.media, "X-Request-Id": "same"},
        )
        return Reply(told.status_code, told.headers["content-type"], told.content)


def noted_ways(patch: pytest.MonkeyPatch) -> list[Way]:
    """Return a list that grows by the way of each answer that servers of this process give."""
    ways: list[Way] = []
    answer = Answers.answer

    async def noting(self: Answers, *arguments: Any) -> Answer:
        told = await answer(self, *arguments)
        ways.append(told.way)
        return told

    patch.setattr(Answers, "answer", noting)
    return ways


@asynccontextmanager
async def both_servers(url: str, patch: pytest.MonkeyPatch, **settings: Any) -> AsyncIterator[Servers]:
    """Serve a database by both servers until the block ends; `settings` are the one's that compiles."""
    ways = noted_ways(patch)
    async with (
        serving(url, read_plans=True, cost_bucket=NO_LIMIT, **settings) as planning,
        serving(url, read_plans=False, cost_bucket=NO_LIMIT) as resolving,
        httpx.AsyncClient(timeout=60) as client,
    ):
        yield Servers(planning, resolving, client, ways)
