"""Clients from npm, each in a process of its own."""

import asyncio
import json
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.graphql.node import CLIENTS, NODE
from tests.serving import Served

_SECONDS = 20


class NodeClient:
    """A subscription that another process follows."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def line(self) -> dict[str, Any]:
        """Return the next thing that happened to the subscription."""
        if self._process.stdout is None:
            raise TypeError("the client's output must be a pipe")
        async with asyncio.timeout(_SECONDS):
            text = await self._process.stdout.readline()
        assert text, "the client ended without saying why"
        found: dict[str, Any] = json.loads(text)
        return found

    async def next(self, field: str) -> dict[str, Any]:
        """Return what the field's next result holds; anything else fails."""
        while "acknowledged" in (line := await self.line()):
            pass
        assert "next" in line, f"expected a result, got {line}"
        assert "errors" not in line["next"], line["next"]
        message: dict[str, Any] = line["next"]["data"][field]
        return message

    async def kill(self) -> None:
        """End the client without a word to the server."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


@asynccontextmanager
async def node_client(
    url: str, query: str, variables: dict[str, Any], *, headers: dict[str, str]
) -> AsyncIterator[NodeClient]:
    """Follow a subscription with graphql-ws, which does not come back, until the block ends."""
    asked = {"url": url, "query": query, "variables": variables, "headers": headers}
    async with _running("follow.mjs", asked) as client:
        yield client


@asynccontextmanager
async def returning_client(
    client: str, served: Served, query: str, variables: dict[str, Any], *, headers: dict[str, str]
) -> AsyncIterator[NodeClient]:
    """Follow a subscription with a client by its name, which comes back by itself, until the block ends."""
    where = {"client": client, "url": served.http, "socket": served.websocket}
    async with _running("resume.mjs", {**where, "query": query, "variables": variables, "headers": headers}) as found:
        yield found


@asynccontextmanager
async def _running(script: str, asked: dict[str, Any]) -> AsyncIterator[NodeClient]:
    if not (CLIENTS / "node_modules" / "graphql-ws").is_dir():
        raise FileNotFoundError("The clients of tests/clients are not installed: run `make test` once.")
    # Lines carry whole results, longer than a stream's usual limit.
    process = await asyncio.create_subprocess_exec(
        NODE, script, cwd=CLIENTS, stdin=PIPE, stdout=PIPE, limit=1024 * 1024
    )
    client = NodeClient(process)
    try:
        if process.stdin is None:
            raise TypeError("the client's input must be a pipe")
        process.stdin.write(json.dumps(asked).encode())
        process.stdin.close()
        yield client
    finally:
        await client.kill()
