"""Clients that behave as phones do: they ask again, with the same key, until they are told it is done."""

import asyncio
import itertools
import random
from collections.abc import Mapping
from typing import Any

import httpx

from tests.faults.ledger import ROWS, Ledger, Promise, Request

_INPUTS = {"acceptAssignment": "AssignmentActionInput"}
_AGAIN = frozenset({"UNAVAILABLE", "TIMEOUT", "IDEMPOTENCY_IN_PROGRESS"})
_PATIENCE = httpx.Timeout(8.0)
_IMPATIENCE = httpx.Timeout(8.0, read=0.004)


class Refused(Exception):
    """The server said no to something that it has no reason to refuse."""


class Traffic:
    """A number of clients at work on tickets of their own; what they were promised is in `ledger`.

    Some answers are lost on the way to the client, and some clients hang up early: both ask again.
    `keyed` False leaves the idempotency key out, which a real client must not do.
    """

    def __init__(
        self, *, address: str, tokens: Mapping[str, str], technician: str, dice: random.Random, keyed: bool = True
    ) -> None:
        self.ledger = Ledger()
        self.in_flight = 0
        self._url = f"http://{address}"
        self._tokens = tokens
        self._technician = technician
        self._dice = dice
        self._keyed = keyed
        self._ending = False
        self._stirred = asyncio.Event()
        self._numbers = itertools.count(1)

    async def run(self, clients: int) -> None:
        """Work until `end` is called and everything begun has been told done."""
        async with (
            httpx.AsyncClient(limits=httpx.Limits(max_connections=clients)) as http,
            asyncio.TaskGroup() as group,
        ):
            for _ in range(clients):
                group.create_task(self._work(http))

    def end(self) -> None:
        """Let every client finish its ticket."""
        self._ending = True

    async def progress(self, promises: int) -> None:
        """Wait until this many more mutations were promised."""
        aim = len(self.ledger.promises) + promises
        while len(self.ledger.promises) < aim:
            self._stirred.clear()
            await self._stirred.wait()

    async def tickets(self, count: int) -> None:
        """Work on this many tickets, one after the other."""
        async with httpx.AsyncClient() as http:
            for _ in range(count):
                await self._work_on_a_ticket(http)

    async def repeat(self, promise: Promise) -> Promise:
        """Send the request of a promise once more and return what is promised now."""
        async with httpx.AsyncClient() as http:
            return await self._ask(http, promise.request)

    async def _work(self, http: httpx.AsyncClient) -> None:
        while not self._ending:
            await self._work_on_a_ticket(http)

    async def _work_on_a_ticket(self, http: httpx.AsyncClient) -> None:
        try:
            ticket = await self._do(http, "dispatcher", "createTicket", "title", description="It drips.", **_KIND)
            await self._do(http, "dispatcher", "addComment", "body", ticketId=ticket)
            assign = {"ticketId": ticket, "technicianId": self._technician, "reason": "INITIAL"}
            job = await self._do(http, "dispatcher", "assignTicket", "reasonNote", **assign)
            if self._dice.random() < 0.3:
                await self._do(http, "technician", "rejectAssignment", "rejectionReason", assignmentId=job)
            else:
                await self._do(http, "technician", "acceptAssignment", None, assignmentId=job)
            await self._do(http, "dispatcher", "addComment", "body", ticketId=ticket, internal=True)
        except Refused as refused:
            self.ledger.refusals.append(str(refused))

    async def _do(self, http: httpx.AsyncClient, user: str, mutation: str, marked: str | None, **values: Any) -> str:
        marker = f"{mutation} {next(self._numbers):06}"
        given = values if marked is None else {**values, marked: marker}
        promise = await self._ask(http, Request(mutation=mutation, user=user, marker=marker, values=given))
        self.ledger.promises.append(promise)
        self._stirred.set()
        return promise.row

    async def _ask(self, http: httpx.AsyncClient, request: Request) -> Promise:
        # Repeats are patient and hear every answer, or no client would ever be done.
        fate = self._dice.random()
        patience = _IMPATIENCE if fate < 0.1 else _PATIENCE
        for attempt in itertools.count():
            answer = await self._send(http, request, patience if attempt == 0 else _PATIENCE)
            if isinstance(answer, Promise) and attempt == 0 and fate > 0.9:
                answer = "answer lost"
            if isinstance(answer, Promise):
                return answer
            self.ledger.trouble[answer] += 1
            await asyncio.sleep(self._dice.uniform(0.0, min(0.3, 0.02 * 2**attempt)))
        raise AssertionError("a client never gives up")

    async def _send(self, http: httpx.AsyncClient, request: Request, patience: httpx.Timeout) -> Promise | str:
        """Send once; return what was promised, or why to ask again."""
        self.ledger.sent += 1
        self.in_flight += 1
        try:
            response = await http.post(
                self._url,
                json={"query": _document(request.mutation), "variables": {"input": self._input(request)}},
                headers={"Authorization": f"Bearer {self._tokens[request.user]}"},
                timeout=patience,
            )
        except httpx.TransportError as error:
            return type(error).__name__
        finally:
            self.in_flight -= 1
        return _read(request, response.json())

    def _input(self, request: Request) -> dict[str, Any]:
        return {**request.values, "idempotencyKey": request.key} if self._keyed else dict(request.values)


_KIND = {"category": "INCIDENT", "priority": "P3"}


def _document(mutation: str) -> str:
    given = _INPUTS.get(mutation, f"{mutation[0].upper()}{mutation[1:]}Input")
    return (
        f"mutation ($input: {given}!) {{ done: {mutation}(input: $input) {{ "
        f"changeId eventCursor row: {ROWS[mutation]} {{ id }} errors {{ ... on UserError {{ code message }} }} }} }}"
    )


def _read(request: Request, told: dict[str, Any]) -> Promise | str:
    """Return the promise that an answer makes, or why to ask again.

    Raises:
        Refused: asking again would not help.
    """
    if "errors" in told:
        code = str(told["errors"][0]["extensions"]["code"])
        if code in _AGAIN:
            return code
        raise Refused(f"{request.marker}: {told['errors']}")
    done = told["data"]["done"]
    if done["errors"]:
        code = str(done["errors"][0]["code"])
        if code in _AGAIN:
            return code
        raise Refused(f"{request.marker}: {done['errors']}")
    return Promise(request=request, change_id=done["changeId"], cursor=done["eventCursor"], row=done["row"]["id"])
