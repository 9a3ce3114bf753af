"""Where operations are compared: two organisations in one database, everybody who may ask, and both servers."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import GraphQLSchema

from app.clock import now
from app.db.engine import open_engine
from schema.build import executable
from tests.sameness.asking import Asked, Replies, Servers, both_servers
from tests.sameness.loading import fix_log, load
from tests.sameness.organisation import named
from tests.sameness.shrinking import shrunk
from tests.sameness.stock import Stock
from tests.sameness.viewers import Viewer, viewers_of
from tests.sameness.vocabulary import AWKWARD

_TICKETS = 70
# Of several errors the one that is met first is told, and which one that is, is a matter of time.
_TRIES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Everything that a comparison needs."""

    schema: GraphQLSchema
    servers: Servers
    stock: Stock
    viewers: Sequence[Viewer]

    async def compare(self, viewer: Viewer, asked: Asked) -> tuple[Replies, bool]:
        """Return both servers' answers, and whether they differ by more than chance."""
        first = replies = await self.servers.ask(viewer, asked)
        for _ in range(_TRIES):
            if not replies.differ:
                return first, False
            if b'"errors"' not in replies.planned.body or b'"errors"' not in replies.ordinary.body:
                return first, True
            replies = await self.servers.ask(viewer, asked)
        return first, True

    async def explain(self, viewer: Viewer, asked: Asked, holds: Callable[[Asked, Replies, bool], bool]) -> str:
        """Return the smallest request of which something still holds, and what is answered to it."""

        async def still(smaller: Asked) -> bool:
            return holds(smaller, *await self.compare(viewer, smaller))

        least = await shrunk(self.schema, asked, still)
        replies, _ = await self.compare(viewer, least)
        return f"{viewer.name}\n{least.query}\n{dict(least.variables)}\n{difference(replies)}"


def difference(replies: Replies) -> str:
    """Return the first place where two answers differ, with what stands around it."""
    planned, ordinary = replies.planned, replies.ordinary
    pairs = enumerate(zip(planned.body, ordinary.body, strict=False))
    at = next((at for at, (one, other) in pairs if one != other), min(len(planned.body), len(ordinary.body)))
    around = slice(max(0, at - 80), at + 80)
    return (
        f"planned  {planned.status} {planned.media} {planned.body[around]!r}\n"
        f"ordinary {ordinary.status} {ordinary.media} {ordinary.body[around]!r}"
    )


@asynccontextmanager
async def make_ground(url: str, patch: pytest.MonkeyPatch, **settings: Any) -> AsyncIterator[Ground]:
    """Fill a migrated database and serve it both ways until the block ends, as `both_servers` does."""
    engine = open_engine(url, size=3)
    organisations = [named(name, AWKWARD) for name in ("Alpha", "Beta")]
    await fix_log(engine)
    for organisation in organisations:
        await load(engine, organisation, many=_TICKETS, now=now())
    await engine.dispose()
    viewers = [viewer for organisation in organisations for viewer in viewers_of(organisation)]
    stock = Stock(organisations)
    async with both_servers(url, patch, **settings) as servers:
        everything = {viewer.organisation.name: viewer for viewer in viewers if viewer.sees_all}
        await stock.learn(executable(), servers, everything)
        yield Ground(schema=executable(), servers=servers, stock=stock, viewers=viewers)
