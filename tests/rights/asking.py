"""Asks the server as each role, and as everybody for whom nothing is hidden."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import httpx
import orjson
from graphql import GraphQLObjectType, GraphQLSchema

from app.db.engine import open_engine
from app.db.log import identity
from app.domain.cursors import CursorCodec, LogPosition
from app.domain.people import Role
from schema.build import executable
from tests.rights.allowing import everything_allowed
from tests.rights.leaking import Foreign, foreign_to
from tests.rights.meaning import Meaning
from tests.rights.roots import ids_in, query
from tests.rights.scene import Scene
from tests.rights.selecting import is_row, selections
from tests.rights.table import Root, queries
from tests.serving import Served, serving

_NO_LIMIT = 10**6
_MOST_IDS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The world behind a server; `foreign` is what would be a leak, and `cursor` is where the log begins."""

    url: str
    scene: Scene
    schema: GraphQLSchema
    served: Served
    client: httpx.AsyncClient
    foreign: Foreign
    cursor: str

    async def ask(self, token: str, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the whole response to an operation."""
        answer = await self.client.post(
            self.served.http,
            content=orjson.dumps({"query": query, "variables": variables}),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        found: dict[str, Any] = orjson.loads(answer.content)
        return found

    async def rows(self, token: str, ids: Sequence[str]) -> dict[str, Any]:
        """Return all that is told of rows, by their ids; of a row that is not told of, None."""
        told: dict[str, Any] = {}
        for kind in row_types(self.schema):
            of = [id_ for id_ in ids if self.scene.things[id_].kind == kind.name]
            for start in range(0, len(of), _MOST_IDS):
                some = of[start : start + _MOST_IDS]
                parts = [await self._nodes(token, some, kind, asked) for asked in selections(self.schema, kind)]
                for id_, *each in zip(some, *parts, strict=True):
                    told[id_] = None if None in each else {name: value for part in each for name, value in part.items()}
                    assert told[id_] is not None or set(map(type, each)) == {type(None)}, id_
        return told

    async def _nodes(self, token: str, ids: Sequence[str], kind: GraphQLObjectType, asked: str) -> list[Any]:
        query = f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on {kind.name} {{ {asked} }} }} }}"
        answer = await self.ask(token, query, {"ids": ids})
        if "errors" in answer:
            raise AssertionError(f"{kind.name}: {answer['errors']}")
        nodes: list[Any] = answer["data"]["nodes"]
        return nodes

    async def fetch(self, token: str, path: str, **given: str) -> httpx.Response:
        """Return what is answered to a GET beside the endpoint."""
        address = f"http://127.0.0.1:{self.served.port}{path}"
        return await self.client.get(address, params=given, headers={"Authorization": f"Bearer {token}"})

    async def listed(self, token: str, root: Root) -> Any:
        """Return a list of the root's, with the ids of its rows."""
        of = self.schema.query_type
        assert of is not None
        given = Meaning(scene=self.scene).fill(root.given, "", None)
        if "first" in of.fields[root.name].args:
            given["first"] = 100
        answer = await self.ask(token, query(root.name, list(given), ids_alone=True), given)
        if "errors" in answer:
            raise AssertionError(f"{root.name}: {answer['errors']}")
        return answer["data"][root.name]

    def as_role(self, role: Role) -> str:
        """Return jo's token for one role."""
        return self.scene.token(role)


def row_types(schema: GraphQLSchema) -> list[GraphQLObjectType]:
    """Return the types whose rows have ids of their own."""
    kinds = [each for each in schema.type_map.values() if isinstance(each, GraphQLObjectType)]
    return [kind for kind in kinds if is_row(schema, kind)]


@asynccontextmanager
async def opened(url: str, scene: Scene) -> AsyncIterator[Ground]:
    """Serve the world until the block ends."""
    async with httpx.AsyncClient(timeout=60) as client, served(url) as server:
        yield Ground(
            url=url,
            scene=scene,
            schema=executable(),
            served=server,
            client=client,
            foreign=await foreign_to(url, scene),
            cursor=await first_cursor(url, scene.here),
        )


@asynccontextmanager
async def freely(ground: Ground, *, whose: bool = True) -> AsyncIterator[Ground]:
    """Serve the world once more with nothing hidden; without `whose` reads do not even ask for the organisation."""
    with everything_allowed(whose=whose):
        async with served(ground.url) as server:
            yield replace(ground, served=server)


async def whole_lists(ground: Ground) -> dict[str, list[str]]:
    """Return the ids that each list of the root has with nothing hidden, by its name."""
    async with freely(ground) as free:
        listed = [root for root in queries() if root.lists is not None]
        return {root.name: ids_in(await free.listed(free.scene.token(), root)) for root in listed}


@asynccontextmanager
async def served(url: str) -> AsyncIterator[Served]:
    """Serve a database to whoever asks much."""
    async with serving(url, max_cost=_NO_LIMIT, max_depth=30) as server:
        yield server


async def first_cursor(url: str, organization_id: UUID) -> str:
    """Return the cursor of an organisation's log before its first event."""
    engine = open_engine(url, size=1)
    try:
        async with engine.connect() as connection:
            of = await identity(connection)
    finally:
        await engine.dispose()
    return CursorCodec(of.cursor_key).encode(LogPosition(organization_id=organization_id, epoch=of.epoch, position=0))
