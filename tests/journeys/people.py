"""Somebody who uses the API: a client with a token of their own, over HTTP and websockets."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from functools import cache
from typing import Any

from gql import Client, GraphQLRequest, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportQueryError
from gql.transport.websockets import WebsocketsTransport

from tests.journeys.operations import LATEST, MUTATIONS

_SECONDS = 20
_PROTOCOL = [WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL]


class Stream:
    """A subscription that is being followed; `field` is what it asks for."""

    def __init__(self, results: AsyncGenerator[dict[str, Any], None], field: str) -> None:
        self._results = results
        self._field = field

    async def next(self) -> dict[str, Any]:
        """Return the next message."""
        async with asyncio.timeout(_SECONDS):
            result = await anext(self._results)
        message: dict[str, Any] = result[self._field]
        return message

    async def take(self, count: int) -> list[dict[str, Any]]:
        """Return the next so many messages."""
        return [await self.next() for _ in range(count)]

    async def ready(self) -> dict[str, Any]:
        """Return the next message, which must say that the stream is live."""
        message = await self.next()
        assert message["__typename"] == "StreamReady", message
        return message


class Person:
    """A client of the API."""

    def __init__(self, http: str, websocket: str, token: str) -> None:
        self.token = token
        self._websocket = websocket
        self._client = Client(
            transport=AIOHTTPTransport(url=http, headers={"Authorization": f"Bearer {token}"}),
            execute_timeout=60,
        )

    async def arrive(self, leaving: AsyncExitStack) -> None:
        """Open the connection, to be closed with the stack."""
        self._session = await leaving.enter_async_context(self._client)

    async def ask(self, operation: str, **variables: Any) -> dict[str, Any]:
        """Return the data of an operation; top-level errors fail."""
        data: dict[str, Any] = await self._session.execute(_request(operation, variables))
        return data

    async def complaints(self, operation: str, **variables: Any) -> list[dict[str, Any]]:
        """Return the top-level errors of an operation, which must have some."""
        try:
            data = await self._session.execute(_request(operation, variables))
        except TransportQueryError as refused:
            return list(refused.errors or [])
        raise AssertionError(f"expected errors, got {data}")

    async def complaint(self, operation: str, **variables: Any) -> dict[str, Any]:
        """Return the only top-level error of an operation."""
        (error,) = await self.complaints(operation, **variables)
        return error

    async def send(self, mutation: str, /, **values: Any) -> dict[str, Any]:
        """Return the payload of a mutation, whatever it says."""
        data = await self.ask(MUTATIONS[mutation], input=values)
        payload: dict[str, Any] = data[mutation]
        return payload

    async def do(self, mutation: str, /, **values: Any) -> dict[str, Any]:
        """Return the payload of a mutation that must succeed."""
        payload = await self.send(mutation, **values)
        assert payload["errors"] == [], payload["errors"]
        assert payload["changeId"] is not None
        return payload

    async def refused(self, mutation: str, /, **values: Any) -> dict[str, Any]:
        """Return the only refusal of a mutation; nothing else may be in the payload."""
        payload = await self.send(mutation, **values)
        (error,) = payload.pop("errors")
        assert all(each in (None, []) for each in payload.values()), payload
        refusal: dict[str, Any] = error
        return refusal

    async def latest_cursor(self) -> str:
        """Return where the log stands."""
        cursor: str = (await self.ask(LATEST))["viewer"]["organization"]["latestEventCursor"]
        return cursor

    @asynccontextmanager
    async def following(self, operation: str, **variables: Any) -> AsyncIterator[Stream]:
        """Follow a subscription over a websocket of its own until the block ends."""
        request = _request(operation, variables)
        async with Client(transport=websocket(self._websocket, self.token)) as session:
            results: Any = session.subscribe(request)
            async with aclosing(results):
                yield Stream(results, _field(operation))


def websocket(url: str, token: str | None) -> WebsocketsTransport:
    """Return gql's transport for a websocket, with a token or without."""
    payload = None if token is None else {"Authorization": f"Bearer {token}"}
    return WebsocketsTransport(url=url, init_payload=payload, subprotocols=_PROTOCOL, close_timeout=2)


def _field(operation: str) -> str:
    return operation.split("{", 1)[1].split("(", 1)[0].strip()


def _request(operation: str, variables: dict[str, Any]) -> GraphQLRequest:
    return GraphQLRequest(_parsed(operation).document, variable_values=variables)


@cache
def _parsed(operation: str) -> GraphQLRequest:
    return gql(operation)
