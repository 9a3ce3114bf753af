"""A clamd as the real one answers: INSTREAM with z- and n-terminators, its own length limit, and EICAR known."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.files.samples import EICAR


@dataclass(slots=True)
class FakeClamd:
    """What it was asked, and how it behaves."""

    url: str = ""
    longest: int = 100 * 1024 * 1024
    # Answers with this instead of looking.
    says: bytes | None = None
    hangs_up: bool = False
    lengths: list[int] = field(default_factory=list)
    commands: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        try:
            await self._answer(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.readexactly(1)
        if first not in (b"z", b"n"):
            writer.write(b"UNKNOWN COMMAND\n")
            return
        end = b"\0" if first == b"z" else b"\n"
        command = (await reader.readuntil(end))[:-1]
        self.commands.append(command)
        if command != b"INSTREAM":
            writer.write(b"UNKNOWN COMMAND" + end)
            return
        if self.hangs_up:
            return
        seen = bytearray()
        while length := int.from_bytes(await reader.readexactly(4), "big"):
            if len(seen) + length > self.longest:
                writer.write(b"INSTREAM size limit exceeded. ERROR" + end)
                await writer.drain()
                return
            seen += await reader.readexactly(length)
        self.lengths.append(len(seen))
        found = b"stream: Eicar-Test-Signature FOUND" if EICAR in seen else b"stream: OK"
        writer.write((self.says or found) + end)
        await writer.drain()


@asynccontextmanager
async def fake_clamd(path: Path | None = None) -> AsyncIterator[FakeClamd]:
    """Serve on a free port of the loopback, or on a socket at `path`, for the block."""
    fake = FakeClamd()
    if path is None:
        server = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
        fake.url = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    else:
        server = await asyncio.start_unix_server(fake.serve, path)
        fake.url = f"unix://{path}"
    try:
        yield fake
    finally:
        server.close()
        await server.wait_closed()
