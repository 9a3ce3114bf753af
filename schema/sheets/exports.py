"""Gives what there is of something as one file, as much as there is, while hardly any of it is in memory."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from app.db.engine import Engine
from app.domain.people import Actor, ApiKeyScope
from app.domain.sheets import written
from app.reads.exporting import COLUMNS, Column, Wanted, exported
from app.reads.reader import Reader
from app.transfers.answers import Headers
from app.transfers.downloads import disposition
from resolvers.context import Process
from schema.execution.callers import Caller
from schema.execution.watching import Watch
from schema.sheets.cells import cell_of
from schema.sheets.gate import Gate
from schema.sheets.parameters import export_of

# A client that takes nothing for so long, or has not all by then, is given up: it keeps a snapshot open.
_SILENCE_SECONDS = 30.0
_SLICE = 64 * 1024
_WHOLE_SECONDS = 900.0
_LAST_SECONDS = 4.0
_BYTE_ORDER_MARK = "\ufeff"
CSV = b"text/csv; charset=utf-8; header=present"
_HEADERS: Headers = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; sandbox"),
    (b"cache-control", b"private, no-store"),
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """What was asked for: the file's name and kind, and how its pieces are made."""

    name: str
    content_type: bytes
    pieces: Callable[[Reader], AsyncGenerator[bytes, None]]


class Exports:
    """Answers GET with a file of one snapshot.

    `engine` has connections for nothing else, so that an export keeps nobody from one. What breaks off is
    never ended as if it were whole.
    """

    def __init__(self, engine: Engine, gate: Gate, counted: Callable[[str], None]) -> None:
        self._engine = engine
        self._gate = gate
        self._counted = counted
        self._watch = Watch()

    def end(self) -> None:
        """Let what is under way have a little while yet: the server is about to stop."""
        self._watch.hurry(_LAST_SECONDS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._gate.let_in(scope, receive, send, "GET", self._give, opened_by=ApiKeyScope.EXPORT)

    async def _give(self, request: Request, caller: Caller, send: Send, more: Headers) -> None:
        actor = await caller.actor()
        process = self._gate.process
        file = await self._asked(request.scope["query_string"], actor, process)
        async with self._gate.room(caller):
            reader = Reader(self._engine, actor, timeout_seconds=process.statement_timeout_seconds)
            told = ((b"content-type", file.content_type), (b"content-disposition", disposition(file.name).encode()))
            headers = [*told, *_HEADERS, *more]
            outcome = "broken off"
            begun = False

            async def begin(message: Message) -> None:
                nonlocal begun
                begun = True
                await send(message)

            try:
                async with self._watch.over(request.receive, _WHOLE_SECONDS) as watched:
                    await _send(file.pieces(reader), headers, begin)
                    outcome = "whole"
                if watched.gone:
                    outcome = "given up"
            except TimeoutError:
                if not begun:
                    raise
                # Left without an end: the server cuts the connection.
            finally:
                await reader.close()
                self._counted(outcome)
                log.info("export.ended", outcome=outcome, statements=reader.statements)
        if outcome == "whole":
            # The room is free by then: whoever has the end may ask for the next.
            async with asyncio.timeout(_SILENCE_SECONDS):
                await send({"type": "http.response.body", "body": b""})

    async def _asked(self, query_string: bytes, actor: Actor, process: Process) -> File:
        """Return what an address asks for. Raises Refusal."""
        raise NotImplementedError


class TicketExports(Exports):
    """Gives every ticket that the caller may see and asks for, as comma-separated values."""

    async def _asked(self, query_string: bytes, actor: Actor, process: Process) -> File:  # noqa: ARG002  # what is seen is the reader's
        asked = export_of(query_string)
        return File(
            name=f"tickets-{process.clock():%Y-%m-%d}.csv",
            content_type=CSV,
            pieces=partial(_tickets, wanted=asked.wanted, begins_with_mark=asked.begins_with_mark),
        )


def _tickets(reader: Reader, wanted: Wanted, begins_with_mark: bool) -> AsyncGenerator[bytes, None]:
    return lines(COLUMNS, exported(reader, wanted), begins_with_mark=begins_with_mark)


async def lines(
    columns: Sequence[Column], rows: AsyncGenerator[Sequence[Sequence[Any]], None], *, begins_with_mark: bool
) -> AsyncGenerator[bytes, None]:
    """Yield a file, piece by piece; the first with the header, once the database has the first rows."""
    head = written([[column.name for column in columns]])
    if begins_with_mark:
        head = _BYTE_ORDER_MARK + head
    async with aclosing(rows) as parts:
        async for part in parts:
            yield (head + written([_cells(columns, row) for row in part])).encode()
            head = ""
    yield head.encode()


def _cells(columns: Sequence[Column], row: Sequence[Any]) -> list[Any]:
    return [cell_of(column, value) for column, value in zip(columns, row, strict=True)]


async def _send(pieces: AsyncGenerator[bytes, None], headers: Headers, send: Send) -> None:
    begun = False
    async with aclosing(pieces):
        async for piece in pieces:
            if not begun:
                await send({"type": "http.response.start", "status": 200, "headers": headers})
                begun = True
            # In slices, so that little is left in the socket of whoever is given up.
            for at in range(0, len(piece), _SLICE):
                async with asyncio.timeout(_SILENCE_SECONDS):
                    await send({"type": "http.response.body", "body": piece[at : at + _SLICE], "more_body": True})
