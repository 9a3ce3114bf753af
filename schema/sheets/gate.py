"""Who is let in to the routes of tables, and how many at once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from app.domain.people import ApiKeyScope
from app.transfers.answers import Answer, Headers
from resolvers.context import Process
from schema.execution.admission import Admission
from schema.execution.bodies import BodyRefused, ClientGone
from schema.execution.callers import Caller, identify
from schema.execution.caps import Caps
from schema.execution.key_scopes import check_route
from schema.execution.origins import Origins
from schema.sheets.problems import NoRoom, problem_of

# Sends its answer itself, with these headers, once it has something to answer with.
Work = Callable[[Request, Caller, Send, Headers], Awaitable[None]]

# Whoever comes by many users from one address shares it with others behind it.
_PER_USER, _PER_ADDRESS = 1, 4


class Gate:
    """Asks each request where it comes from, whose it is, and whether there is room and it is paid for.

    A table costs as much as the most that one operation may. A user has one under way at a time.
    """

    def __init__(self, process: Process, origins: Origins, admission: Admission, *, at_once: int) -> None:
        self.process = process
        self._origins = origins
        self._admission = admission
        self._caps = Caps(per_user=_PER_USER, per_ip=_PER_ADDRESS)
        self._room = asyncio.Semaphore(at_once)

    async def let_in(
        self, scope: Scope, receive: Receive, send: Send, method: str, work: Work, *, opened_by: ApiKeyScope
    ) -> None:
        """Have the work done, or say why not; an API key must have the scope that it is `opened_by`."""
        request = Request(scope, receive)
        origin = request.headers.get("origin")
        more = self._origins.headers(origin)
        if origin is not None and request.method == "OPTIONS":
            await Answer(204).send(send, self._origins.preflight(origin))
            return
        try:
            caller = await self._known(request, method, opened_by)
        except Exception as error:  # noqa: BLE001  # the edge of the process: logged and masked
            await problem_of(error).send(send, more)
            return
        begun = False

        async def begin(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await work(request, caller, begin, more)
        except ClientGone:
            return
        except Exception as error:
            if begun:
                # Only breaking off says that this is not all.
                raise
            await problem_of(error).send(send, more)

    @asynccontextmanager
    async def room(self, caller: Caller) -> AsyncIterator[None]:
        """Give room to work in while the block lasts.

        Raises:
            TooMany: the user, or their address, has too many under way.
            NoRoom: everybody together has.
            Throttled: it is too much for what was spent lately.
        """
        with self._caps.of_caller(caller):
            if self._room.locked():
                raise NoRoom
            self._admission.admit_dearest(caller)
            async with self._room:
                yield

    async def _known(self, request: Request, method: str, opened_by: ApiKeyScope) -> Caller:
        headers = request.headers
        if request.method != method:
            raise BodyRefused(405, f"Send {method}.", ((b"allow", method.encode()),))
        if not self._origins.admits(headers.get("origin"), headers.get("host"), headers.get("sec-fetch-site")):
            raise BodyRefused(403, "Pages of this origin may not use the endpoint.")
        caller = await identify(
            self.process,
            headers.get("authorization"),
            client=headers.get("x-client"),
            ip=request.client.host if request.client else None,
        )
        if caller.claims.key_id is not None:
            check_route(f"{method} {request.url.path}", opened_by, await caller.actor())
        return caller
