"""Takes tickets as comma-separated values: every line is checked, then all of them are written, or none."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from app.domain.people import ApiKeyScope
from app.domain.policy import Action, may
from app.domain.refusals import Forbidden, Invalid
from app.reads.batches import load_by_key
from app.reads.entities import TICKET
from app.services.import_tickets import ImportTickets, LinesRefused, check_import, import_tickets
from app.services.perform import Written
from app.transfers.answers import Headers
from resolvers.context import Operation
from schema.execution.bodies import BodyRefused, read_body
from schema.execution.callers import Caller
from schema.execution.responses import told
from schema.ids import global_id
from schema.mutations.writing import to_the_end
from schema.sheets.gate import Gate
from schema.sheets.lines import Lines, Problem, lines_of, problems_of
from schema.sheets.parameters import parameters_of, switch_of

LARGEST = 5 * 1024 * 1024
_MEDIA = "text/csv"
_KEY = "Idempotency-Key"
# A body that has not come by then is given up.
_SECONDS = 60.0
# Whoever sends nothing for so long keeps a place from others.
_SILENCE_SECONDS = 5
_MOST_PROBLEMS = 1000


class TicketImports:
    """Answers POST with a report: which tickets there are now, or what is wrong with which lines.

    A dry run writes nothing. Without one the header Idempotency-Key is needed, and makes a repeat harmless.
    """

    def __init__(self, gate: Gate, counted: Callable[[str], None]) -> None:
        self._gate = gate
        self._counted = counted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._gate.let_in(scope, receive, send, "POST", self._take, opened_by=ApiKeyScope.WRITE_TICKETS)

    async def _take(self, request: Request, caller: Caller, send: Send, more: Headers) -> None:
        dry_run = switch_of(parameters_of(request.scope["query_string"], ("dryRun",)), "dryRun")
        key = _key(request, dry_run=dry_run)
        _check_media(request)
        operation = await caller.operation()
        if not may(operation.actor, Action.CREATE_TICKET):
            raise Forbidden(action="create tickets")
        async with self._gate.room(caller):
            # Reading thousands of lines takes longer than others should wait.
            lines = await asyncio.to_thread(lines_of, await _body(request))
            try:
                status, report = await self._report(operation, lines, key, dry_run=dry_run)
            finally:
                await operation.close()
        self._counted("refused" if report["problemCount"] else "checked" if dry_run else "written")
        await told(status, report, headers=((b"cache-control", b"no-store"),)).send(send, more)

    async def _report(
        self, operation: Operation, lines: Lines, key: str | None, *, dry_run: bool
    ) -> tuple[int, dict[str, Any]]:
        problems = list(lines.problems)
        command = ImportTickets(lines=lines.good, idempotency_key=key)
        writer, actor = operation.process.writer, operation.actor
        written = None
        try:
            if dry_run or problems:
                await check_import(writer, actor, command)
            else:
                written = await to_the_end(operation.process, import_tickets(writer, actor, command))
        except LinesRefused as refused:
            problems += problems_of(refused.each)
        problems.sort(key=lambda each: each.line)
        report = {"dryRun": dry_run, "lines": lines.count, **_told(problems)}
        if written is not None:
            report |= await _created(operation, written)
        return 200 if dry_run or written is not None else 422, report


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


async def _created(operation: Operation, written: Written) -> dict[str, Any]:
    numbers = await _numbers(operation, list(written.ids.values()))
    return {
        "tickets": [
            {"line": int(line), "id": global_id("Ticket", key), "ticketNumber": numbers.get(key)}
            for line, key in written.ids.items()
        ],
        "changeId": global_id("Change", written.change_id),
        "eventCursor": operation.cursor(written.position),
    }


async def _numbers(operation: Operation, keys: Sequence[UUID]) -> dict[UUID, str]:
    await operation.renew()
    return {key: row.ticket_number for key, row in (await load_by_key(operation.reader, TICKET, keys)).items()}
