"""clamd: a daemon that knows malware. Bytes are streamed to it (INSTREAM); it needs to reach no file of ours."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from urllib.parse import urlsplit

from app.domain.files import ScanState
from app.services.attachments.files import ScannerFailed, Verdict
from app.tracing.traces import UNTRACED, Traces

_ASK = b"zINSTREAM\0"
_LONGEST_ANSWER = 4096
_LENGTH_BYTES = 4
_CONNECT_SECONDS = 5.0
_SECONDS = 120.0


class Clamd:
    """Asks the clamd at tcp://host:port or unix:///path, over a connection for each file."""

    def __init__(self, url: str, *, seconds: float = _SECONDS, traces: Traces = UNTRACED) -> None:
        self._parts = urlsplit(url)
        self._traces = traces
        self._seconds = seconds

    async def scan(self, pieces: AsyncIterator[bytes]) -> Verdict:
        """Look at bytes. Raises ScannerFailed."""
        host = self._parts.hostname or self._parts.path
        try:
            with self._traces.call("scan", "clamd", host, self._parts.port) as step:
                async with asyncio.timeout(self._seconds):
                    answer = await self._asked(pieces)
                verdict = _verdict(answer)
                step.ended(verdict.state.lower())
        except (OSError, EOFError, asyncio.LimitOverrunError) as error:
            raise ScannerFailed(f"clamd cannot be asked: {type(error).__name__}") from error
        return verdict

    async def _asked(self, pieces: AsyncIterator[bytes]) -> str:
        async with asyncio.timeout(_CONNECT_SECONDS):
            reader, writer = await self._connection()
        answering = asyncio.create_task(reader.readuntil(b"\0"))
        try:
            writer.write(_ASK)
            # It may have heard enough before the end, and says so.
            with suppress(ConnectionError):
                async for piece in pieces:
                    if answering.done():
                        break
                    writer.write(len(piece).to_bytes(_LENGTH_BYTES, "big") + piece)
                    await writer.drain()
                else:
                    writer.write(bytes(_LENGTH_BYTES))
                    await writer.drain()
            return (await answering).rstrip(b"\0").decode("utf-8", "replace").strip()
        finally:
            answering.cancel()
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._parts.scheme == "unix":
            return await asyncio.open_unix_connection(self._parts.path, limit=_LONGEST_ANSWER)
        return await asyncio.open_connection(self._parts.hostname, self._parts.port, limit=_LONGEST_ANSWER)


def _verdict(answer: str) -> Verdict:
    said = answer.removeprefix("stream:").strip()
    if said == "OK":
        return Verdict(ScanState.CLEAN)
    if said.endswith(" FOUND"):
        return Verdict(ScanState.INFECTED, said.removesuffix(" FOUND"))
    # Among them that a file is larger than it takes: nobody has looked at that.
    raise ScannerFailed(f"clamd says: {said[:100]}")
