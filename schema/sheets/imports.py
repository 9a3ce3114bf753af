"""Takes comma-separated values: every line is checked, then all of them are written, or none."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, Generic, TypeVar
from uuid import UUID

from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from app.domain.people import Actor, ApiKeyScope
from app.domain.policy import Action, may
from app.domain.refusals import Forbidden, Invalid
from app.reads.batches import load_by_key
from app.reads.entities import TICKET
from app.services.imports.import_tickets import ImportTickets, NewLine, check_import, import_tickets
from app.services.imports.lines import LinesRefused, RefusedLine
from app.services.perform import Written
from app.transfers.answers import Headers
from resolvers.context import Operation
from schema.execution.bodies import BodyRefused, read_body
from schema.execution.callers import Caller
from schema.execution.responses import told
from schema.ids import global_id
from schema.mutations.writing import to_the_end
from schema.sheets.gate import Gate
from schema.sheets.lines import TICKETS
from schema.sheets.parameters import parameters_of, switch_of
from schema.sheets.reading import Layout, Lines, Problem, lines_of

L = TypeVar("L")
LARGEST = 5 * 1024 * 1024
_MEDIA = "text/csv"
_KEY = "Idempotency-Key"
# A body that has not come by then is given up.
_SECONDS = 60.0
# Whoever sends nothing for so long keeps a place from others.
_SILENCE_SECONDS = 5
_MOST_PROBLEMS = 1000


class Imports(Generic[L]):
    """Answers POST with a report: what there is now, or what is wrong with which lines.

    A dry run writes nothing. Without one the header Idempotency-Key is needed, and makes a repeat harmless.
    """

    def __init__(
        self, gate: Gate, counted: Callable[[str], None], layout: Layout[L], *, opened_by: ApiKeyScope
    ) -> None:
        self._gate = gate
        self._counted = counted
        self._layout = layout
        self._opened_by = opened_by

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._gate.let_in(scope, receive, send, "POST", self._take, opened_by=self._opened_by)

    async def _take(self, request: Request, caller: Caller, send: Send, more: Headers) -> None:
        dry_run = switch_of(parameters_of(request.scope["query_string"], ("dryRun",)), "dryRun")
        key = _key(request, dry_run=dry_run)
        _check_media(request)
        operation = await caller.operation()
        self._check_right(operation.actor)
        async with self._gate.room(caller):
            # Reading thousands of lines takes longer than others should wait.
            lines = await asyncio.to_thread(lines_of, await _body(request), self._layout)
            try:
                status, report = await self._report(operation, lines, key, dry_run=dry_run)
            finally:
                await operation.close()
        self._counted("refused" if report["problemCount"] else "checked" if dry_run else "written")
        await told(status, report, headers=((b"cache-control", b"no-store"),)).send(send, more)

    async def _report(
        self, operation: Operation, lines: Lines[L], key: str | None, *, dry_run: bool
    ) -> tuple[int, dict[str, Any]]:
        problems = list(lines.problems)
        written: Written | None = None
        more: dict[str, Any] = {}
        refused: Sequence[RefusedLine] = ()
        if dry_run or problems:
            refused, more = await self._check(operation, lines.good)
        else:
            try:
                written, more = await self._write(operation, lines.good, key)
            except LinesRefused as wrong:
                refused = wrong.each
        problems += self._layout.problems(refused)
        problems.sort(key=lambda each: each.line)
        report = {"dryRun": dry_run, "lines": lines.count, **_told(problems)}
        if dry_run or written is not None:
            report |= more
        if written is not None:
            report["changeId"] = global_id("Change", written.change_id)
            report["eventCursor"] = operation.cursor(written.position)
        return 200 if dry_run or written is not None else 422, report

    def _check_right(self, actor: Actor) -> None:
        """Raise Forbidden unless the actor may bring such things at all."""
        raise NotImplementedError

    async def _check(self, operation: Operation, good: tuple[L, ...]) -> tuple[Sequence[RefusedLine], dict[str, Any]]:
        """Return the lines that are wrong, and what a dry run tells besides."""
        raise NotImplementedError

    async def _write(
        self, operation: Operation, good: tuple[L, ...], key: str | None
    ) -> tuple[Written, dict[str, Any]]:
        """Write all lines, and return what is told of them. Raises LinesRefused."""
        raise NotImplementedError


class TicketImports(Imports[NewLine]):
    """Takes tickets."""

    def __init__(self, gate: Gate, counted: Callable[[str], None]) -> None:
        super().__init__(gate, counted, TICKETS, opened_by=ApiKeyScope.WRITE_TICKETS)

    def _check_right(self, actor: Actor) -> None:
        if not may(actor, Action.CREATE_TICKET):
            raise Forbidden(action="create tickets")

    async def _check(
        self, operation: Operation, good: tuple[NewLine, ...]
    ) -> tuple[Sequence[RefusedLine], dict[str, Any]]:
        try:
            await check_import(operation.process.writer, operation.actor, ImportTickets(lines=good))
        except LinesRefused as refused:
            return refused.each, {}
        return (), {}

    async def _write(
        self, operation: Operation, good: tuple[NewLine, ...], key: str | None
    ) -> tuple[Written, dict[str, Any]]:
        command = ImportTickets(lines=good, idempotency_key=key)
        writing = import_tickets(operation.process.writer, operation.actor, command)
        written = await to_the_end(operation, writing)
        numbers = await _numbers(operation, list(written.ids.values()))
        created = [
            {"line": int(line), "id": global_id("Ticket", key), "ticketNumber": numbers.get(key)}
            for line, key in written.ids.items()
        ]
        return written, {"tickets": created}


def _key(request: Request, *, dry_run: bool) -> str | None:
    if dry_run:
        return None
    key = request.headers.get(_KEY)
    if key is None:
        problem = f"Send the header {_KEY}: with the same one a repeat creates nothing twice."
        raise Invalid(field=(_KEY,), problem=problem)
    return key


def _check_media(request: Request) -> None:
    media, _, rest = request.headers.get("content-type", "").partition(";")
    charset = rest.partition("charset=")[2].partition(";")[0].strip().strip('"').lower()
    if media.strip().lower() != _MEDIA or charset not in {"", "utf-8", "utf8"}:
        raise BodyRefused(415, f"Send {_MEDIA} in UTF-8.")
    if request.headers.get("content-encoding", "identity") != "identity":
        raise BodyRefused(415, "Send the file as it is, not compressed.")


async def _body(request: Request) -> bytes:
    declared = request.headers.get("content-length")

    async def receive() -> Message:
        async with asyncio.timeout(_SILENCE_SECONDS):
            return await request.receive()

    try:
        async with asyncio.timeout(_SECONDS):
            return await read_body(receive, None if declared is None else declared.encode(), LARGEST)
    except TimeoutError as late:
        raise BodyRefused(408, "The file did not come in time.") from late


def _told(problems: Sequence[Problem]) -> dict[str, Any]:
    return {"problemCount": len(problems), "problems": [asdict(each) for each in problems[:_MOST_PROBLEMS]]}


async def _numbers(operation: Operation, keys: Sequence[UUID]) -> dict[UUID, str]:
    await operation.renew()
    return {key: row.ticket_number for key, row in (await load_by_key(operation.reader, TICKET, keys)).items()}
