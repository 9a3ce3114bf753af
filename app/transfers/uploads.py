"""Takes the bytes of one upload: as many as its address says, once, piece by piece to the disk."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from app.domain.file_addresses import BadAddress, Expected, FileAddresses, FileKey
from app.services.attachments.files import StoreFailed
from app.transfers.answers import Answer, Headers, problem

_PIECE = 256 * 1024
_AT_ONCE = 64
# A client that sends nothing for so long, or is not through by then, is given up.
_SILENCE_SECONDS = 30.0
_WHOLE_SECONDS = 900.0
# How long somebody may go on sending who was told already that it is of no use, so that they hear it.
_DEAF_SECONDS = 2.0
_MOST_UNHEARD = 4 * 1024 * 1024

log = structlog.get_logger(__name__)


class Incoming(Protocol):
    """Bytes on their way to the disk."""

    async def write(self, piece: bytes) -> None:
        """Write a piece. Raises StoreFailed."""

    async def close(self) -> bool:
        """Give the whole its name; False when the name is taken. Raises StoreFailed."""


class Receiving(Protocol):
    """A store that takes bytes from us."""

    def incoming(self, upload: FileKey) -> AbstractAsyncContextManager[Incoming]:
        """Give what takes the bytes of an upload."""

    async def has_come(self, upload: FileKey) -> bool:
        """Tell whether they have come already."""


class Uploads:
    """Answers PUT under the addresses of uploads.

    `more` says what a page of another origin needs to be told, `preflight` what it is told before it sends.
    """

    def __init__(
        self,
        store: Receiving,
        addresses: FileAddresses,
        clock: Callable[[], datetime],
        more: Callable[[str | None], Headers],
        counted: Callable[[str], None],
    ) -> None:
        self._store = store
        self._addresses = addresses
        self._clock = clock
        self._more = more
        self._counted = counted
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        more = self._more(request.headers.get("origin"))
        if request.method == "OPTIONS":
            await Answer(204).send(send, [*more, *_PREFLIGHT])
            return
        try:
            answer = await self._taken(request)
        except ClientDisconnect:
            self._counted("broken off")
            return
        except TimeoutError:
            answer = problem(408, "The bytes did not come in time.")
        except StoreFailed as error:
            log.error("upload.store_failed", reason=str(error))  # noqa: TRY400  # the text is made for it
            answer = problem(503, "Files cannot be kept at the moment.", ((b"retry-after", b"5"),))
        self._counted(str(answer.status))
        if answer.status < 300:
            await answer.send(send, more)
        else:
            await _refuse(answer, request, send, more)

    async def _taken(self, request: Request) -> Answer:
        if request.method != "PUT":
            return problem(405, "Send the bytes by PUT.", ((b"allow", b"OPTIONS, PUT"),))
        try:
            expected = self._addresses.expected(request.path_params["token"], self._clock())
        except BadAddress:
            return problem(403, "The address is none that was given out, or its time is over.")
        wrong = _wrong_length(request.headers.get("content-length"), expected)
        if wrong is not None:
            return wrong
        if request.headers.get("content-encoding", "identity") != "identity":
            return problem(415, "Send the bytes as they are.")
        if await self._store.has_come(expected.key):
            return _USED
        if self._room.locked():
            return problem(503, "Too many files come at the moment.", ((b"retry-after", b"5"),))
        async with self._room, asyncio.timeout(_WHOLE_SECONDS):
            return await self._received(request, expected)

    async def _received(self, request: Request, expected: Expected) -> Answer:
        length, waiting = 0, bytearray()
        pieces = request.stream()
        async with self._store.incoming(expected.key) as incoming:
            while True:
                async with asyncio.timeout(_SILENCE_SECONDS):
                    piece = await anext(pieces, None)
                if piece is None:
                    break
                length += len(piece)
                if length > expected.size_bytes:
                    return _too_long(expected)
                waiting += piece
                if len(waiting) >= _PIECE:
                    await incoming.write(bytes(waiting))
                    waiting.clear()
            if length < expected.size_bytes:
                return problem(400, f"{length} bytes came, and {expected.size_bytes} were announced.")
            await incoming.write(bytes(waiting))
            return Answer(204) if await incoming.close() else _USED


def _wrong_length(told: str | None, expected: Expected) -> Answer | None:
    if told is None:
        return None
    if not told.isdecimal() or int(told) < expected.size_bytes:
        return problem(400, f"The file was announced with {expected.size_bytes} bytes.")
    return _too_long(expected) if int(told) > expected.size_bytes else None


def _too_long(expected: Expected) -> Answer:
    return problem(413, f"The file was announced with {expected.size_bytes} bytes.")


async def _refuse(answer: Answer, request: Request, send: Send, more: Headers) -> None:
    """Answer, then hear the client out for a moment: who is still sending would not hear why."""
    async with answer.sending(send, [*more, (b"connection", b"close")]):
        left = _MOST_UNHEARD
        try:
            async with asyncio.timeout(_DEAF_SECONDS):
                async for piece in request.stream():
                    left -= len(piece)
                    if left < 0:
                        break
        except (TimeoutError, ClientDisconnect, RuntimeError):
            # Heard out, gone, or there is nothing left to hear.
            return


_USED = problem(409, "The bytes have come already; an address takes them once.")
_PREFLIGHT: Sequence[tuple[bytes, bytes]] = (
    (b"access-control-allow-methods", b"PUT"),
    (b"access-control-allow-headers", b"Content-Type, X-Request-Id"),
    (b"access-control-max-age", b"600"),
)
