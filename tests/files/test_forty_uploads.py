"""Forty uploads by people and attackers at a server of its own: forty right answers, and hardly any memory."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from schema.ids import global_id
from tests.cli.command import Workplace
from tests.files import samples
from tests.files.clamd import fake_clamd
from tests.files.sending import Sender
from tests.journeys.process import ServerProcess
from tests.services.scene import Scene
from tests.serving import token
from tests.world import World, make_world

MOST_GROWN_KIB = 32 * 1024
PIECE = bytes(1024 * 1024)
LIMIT = 50 * 1024 * 1024


@dataclass(slots=True)
class Gate:
    """A server process with its people, and what every upload came to."""

    people: dict[str, Sender]
    ticket: str
    theirs: str
    memory: Callable[[], dict[str, int]]
    outcomes: dict[str, str] = field(default_factory=dict)

    async def tried(self, name: str, content: bytes, who: str = "customer", **more: Any) -> str:
        """Attach a file as everybody does; return what became of it."""
        sender = self.people[who]
        created = await sender.create(more.pop("ticketId", self.ticket), name, content, **more)
        if created["errors"]:
            return f"create {created['errors'][0]['code']}"
        sent = await sender.put(created["upload"], content)
        if sent.status_code != 204:
            return f"put {sent.status_code}"
        return await self.finalized(sender, created["upload"])

    async def finalized(self, sender: Sender, upload: dict[str, Any]) -> str:
        """Have it checked; return what became of it."""
        payload = await sender.finalize(upload)
        return f"finalize {payload['errors'][0]['code']}" if payload["errors"] else "attached"

    async def announced(self, content: bytes, name: str = "a.txt") -> tuple[Sender, dict[str, Any]]:
        """Announce a file of the customer's."""
        created = await self.people["customer"].create(self.ticket, name, content)
        return self.people["customer"], created["upload"]


Case = Callable[[Gate], Awaitable[str]]


def plain(name: str, content: bytes, **more: Any) -> Case:
    async def case(gate: Gate) -> str:
        return await gate.tried(name, content, **more)

    return case


# These two take seconds to make, and every worker collects all tests.
async def a_bomb(gate: Gate) -> str:
    return await gate.tried("bomb.zip", samples.bomb())


async def a_bomb_of_gzip(gate: Gate) -> str:
    return await gate.tried("bomb.gz", samples.gzip_bomb())


async def a_gigabyte(gate: Gate) -> str:
    """Send a gigabyte, without saying so, to an address for ten bytes, as long as anybody takes it."""
    sender, upload = await gate.announced(b"0123456789")
    reader, writer = await asyncio.open_connection("127.0.0.1", sender.served.port)
    writer.write(f"PUT {upload['url']} HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
    answering, sent = asyncio.create_task(reader.readline()), 0
    with suppress(ConnectionError):
        while sent < 1024 and not answering.done():
            writer.write(f"{len(PIECE):x}\r\n".encode() + PIECE + b"\r\n")
            await writer.drain()
            sent += 1
    status = (await answering).split()
    writer.close()
    assert sent < 64
    return f"put {status[1].decode()}"


async def a_gigabyte_that_is_announced(gate: Gate) -> str:
    """Say in the header that a gigabyte comes, and hear that it need not."""
    _, upload = await gate.announced(b"0123456789")
    return await raw(gate, upload["url"], f"Content-Length: {1 << 30}\r\n", b"x" * 1000)


async def raw(gate: Gate, path: str, headers: str, body: bytes, *, end: bool = False) -> str:
    """Send a request by hand; return the status of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gate.people["customer"].served.port)
    writer.write(f"PUT {path} HTTP/1.1\r\nHost: here\r\n{headers}\r\n".encode() + body)
    if end:
        writer.write_eof()
    status = (await asyncio.wait_for(reader.readline(), 20)).split()
    writer.close()
    return f"put {status[1].decode()}" if status else "nothing said"


async def fifty_megabytes(gate: Gate) -> str:
    """Attach the largest file that is taken."""
    return await gate.tried("largest.log", (b"2026-05-04 all is well\n" * 2_300_000)[:LIMIT])


async def too_short(gate: Gate) -> str:
    sender, upload = await gate.announced(b"0123456789")
    return f"put {(await sender.put(upload, b'012345678')).status_code}"


async def too_long(gate: Gate) -> str:
    sender, upload = await gate.announced(b"0123456789")
    return f"put {(await sender.put(upload, b'0123456789a')).status_code}"


async def too_long_by_and_by(gate: Gate) -> str:
    sender, upload = await gate.announced(b"0123456789")

    async def pieces() -> AsyncIterator[bytes]:
        yield b"0123456789"
        yield b"a"

    return f"put {(await sender.put(upload, pieces())).status_code}"


async def broken_off_then_whole(gate: Gate) -> str:
    sender, upload = await gate.announced(b"0123456789")
    first = await raw(gate, upload["url"], "Content-Length: 10\r\n", b"01234", end=True)
    second = await sender.put(upload, b"0123456789")
    return f"{first}, put {second.status_code}, {await gate.finalized(sender, upload)}"


async def another_content(gate: Gate) -> str:
    sender, upload = await gate.announced(b"0123456789")
    await sender.put(upload, b"9876543210")
    return await gate.finalized(sender, upload)


async def anothers_hash(gate: Gate) -> str:
    """Claim the hash of a file that the other organisation has, without having it."""
    secret = b"nobody else has this\n"
    assert await gate.tried("secret.txt", secret, "theirs", ticketId=gate.theirs) == "attached"
    sender, upload = await gate.announced(secret)
    nothing = await gate.finalized(sender, upload)
    await sender.put(upload, b"x" * len(secret))
    return f"{nothing}, {await gate.finalized(sender, upload)}"


async def colleagues_hash(gate: Gate) -> str:
    """Claim the hash of an internal file of one's own organisation, without having it."""
    secret = b"customers must not read this\n"
    assert await gate.tried("internal.txt", secret, "dispatcher", internal=True) == "attached"
    sender, upload = await gate.announced(secret)
    nothing = await gate.finalized(sender, upload)
    await sender.put(upload, b"y" * len(secret))
    return f"{nothing}, {await gate.finalized(sender, upload)}"


async def replayed(gate: Gate) -> str:
    sender, upload = await gate.announced(b"0123456789")
    codes = [(await sender.put(upload, b"0123456789")).status_code for _ in range(2)]
    attached = await gate.finalized(sender, upload)
    codes.append((await sender.put(upload, b"9876543210")).status_code)
    return f"put {codes[0]}, put {codes[1]}, {attached}, put {codes[2]}"


async def forged(gate: Gate) -> str:
    sender, upload = await gate.announced(b"0123456789")
    url = upload["url"]
    forged = {**upload, "url": url[:-4] + ("AAAA" if url[-4:] != "AAAA" else "BBBB")}
    return f"put {(await sender.put(forged, b'0123456789')).status_code}"


async def upload_as_download(gate: Gate) -> str:
    sender, upload = await gate.announced(b"0123456789")
    got = await sender.client.get(sender.address(upload["url"].replace("/uploads/", "/files/")))
    return f"get {got.status_code}"


async def never_sent(gate: Gate) -> str:
    sender, upload = await gate.announced(b"0123456789")
    return await gate.finalized(sender, upload)


async def finalized_by_another(gate: Gate) -> str:
    sender, upload = await gate.announced(b"0123456789")
    await sender.put(upload, b"0123456789")
    return await gate.finalized(gate.people["dispatcher"], upload)


async def finalized_twice_at_once(gate: Gate) -> str:
    sender, upload = await gate.announced(b"0123456789")
    await sender.put(upload, b"0123456789")
    both = await asyncio.gather(gate.finalized(sender, upload), gate.finalized(sender, upload))
    return ", ".join(sorted(both, key=lambda each: each != "attached")[:1])


async def packed(gate: Gate) -> str:
    sender, upload = await gate.announced(b"0123456789")
    return f"put {(await sender.put(upload, b'0123456789', **{'Content-Encoding': 'gzip'})).status_code}"


async def posted(gate: Gate) -> str:
    sender, upload = await gate.announced(b"0123456789")
    answer = await sender.client.post(sender.address(upload["url"]), content=b"0123456789")
    return f"post {answer.status_code}"


CASES: dict[str, tuple[Case, str]] = {
    "a picture": (plain("photo.jpg", samples.jpeg(200_000)), "attached"),
    "a PDF": (plain("plan.pdf", samples.pdf()), "attached"),
    "logs": (plain("logs.tar.gz", samples.gzipped(samples.tape({"a.log": b"x" * 5000}))), "attached"),
    "fifty megabytes": (fifty_megabytes, "attached"),
    "EICAR": (plain("eicar.txt", samples.EICAR), "attached"),
    "EICAR in a ZIP": (plain("eicar.zip", samples.zipped({"e.com": samples.EICAR}, packing=0)), "attached"),
    "a name that climbs": (plain("../../../../root/.ssh/authorized_keys.txt", b"ssh-rsa"), "attached"),
    "a name written backwards": (plain("invoice\u202efdp.exe", b"MZ"), "create FILE_REJECTED"),
    "a name of dots": (plain("..", b"x"), "create VALIDATION_FAILED"),
    "a program": (plain("run.exe", b"MZ"), "create FILE_REJECTED"),
    "a drawing with a script": (plain("logo.svg", samples.SVG), "create FILE_REJECTED"),
    "the same as a picture": (plain("logo.png", samples.SVG), "finalize FILE_REJECTED"),
    "the same as text": (plain("logo.txt", samples.SVG), "finalize FILE_REJECTED"),
    "a page as a PDF": (plain("page.pdf", samples.PAGE), "finalize FILE_REJECTED"),
    "a program as a document": (plain("letter.docx", b"MZ\x90\0" + bytes(500)), "finalize FILE_REJECTED"),
    "a document with macros": (
        plain("letter.docx", samples.docx(**{"vbaProject.bin": b"x"})),
        "finalize FILE_REJECTED",
    ),
    "a picture and an archive": (
        plain("gifar.gif", samples.gif() + samples.zipped({"a": b"x"})),
        "finalize FILE_REJECTED",
    ),
    "a PDF and an archive": (plain("both.pdf", samples.pdf() + samples.zipped({"a": b"x"})), "finalize FILE_REJECTED"),
    "a bomb": (a_bomb, "finalize FILE_REJECTED"),
    "a bomb of gzip": (a_bomb_of_gzip, "finalize FILE_REJECTED"),
    "archives in archives": (plain("deep.zip", samples.nested(9)), "finalize FILE_REJECTED"),
    "an endless name": (plain("name.gz", samples.long_name_tape(1 << 33)), "finalize FILE_REJECTED"),
    "an archive that climbs": (plain("slip.zip", samples.zipped({"../x": b"x"})), "finalize FILE_REJECTED"),
    "an encrypted archive": (plain("locked.zip", samples.encrypted()), "finalize FILE_REJECTED"),
    "51 megabytes": (plain("huge.txt", b"x", sizeBytes=51 * 1024 * 1024), "create FILE_REJECTED"),
    "nothing": (plain("empty.txt", b""), "create VALIDATION_FAILED"),
    "no digest": (plain("a.txt", b"x", sha256="1234"), "create VALIDATION_FAILED"),
    "another digest": (another_content, "finalize FILE_REJECTED"),
    "another organisation's digest": (anothers_hash, "finalize VALIDATION_FAILED, finalize FILE_REJECTED"),
    "a colleague's digest": (colleagues_hash, "finalize VALIDATION_FAILED, finalize FILE_REJECTED"),
    "another organisation's ticket": (plain("a.txt", b"x", who="theirs"), "create NOT_FOUND"),
    "a stranger's ticket": (plain("a.txt", b"x", who="stranger"), "create NOT_FOUND"),
    "internally, by a customer": (plain("a.txt", b"x", internal=True), "create FORBIDDEN"),
    "a gigabyte": (a_gigabyte, "put 413"),
    "a gigabyte that is announced": (a_gigabyte_that_is_announced, "put 413"),
    "a byte too few": (too_short, "put 400"),
    "a byte too many": (too_long, "put 413"),
    "a byte too many, by and by": (too_long_by_and_by, "put 413"),
    "broken off, then whole": (broken_off_then_whole, "nothing said, put 204, attached"),
    "sent again and again": (replayed, "put 204, put 409, attached, put 409"),
    "a forged address": (forged, "put 403"),
    "an upload's address for a download": (upload_as_download, "get 403"),
    "never sent": (never_sent, "finalize VALIDATION_FAILED"),
    "finished by another": (finalized_by_another, "finalize NOT_FOUND"),
    "finished twice at once": (finalized_twice_at_once, "attached"),
    "packed on the way": (packed, "put 415"),
    "posted": (posted, "post 405"),
}


@pytest.fixture
async def gate(database_url: str, engine: AsyncEngine, world: World) -> AsyncIterator[Gate]:
    """A server as a process, with a scanner, and two organisations with a ticket each."""
    elsewhere = await make_world(engine)
    mine = global_id("Ticket", await Scene(engine=engine, world=world).ticket("customer"))
    theirs = global_id("Ticket", await Scene(engine=engine, world=elsewhere).ticket("customer"))
    folder = Path(tempfile.mkdtemp(prefix="fg-gate-"))
    place = Workplace(folder)
    try:
        async with fake_clamd() as clamd:
            settings = {"UPLOAD_DIR": str(folder / "files"), "CLAMD_URL": clamd.url, "RUN_WORKER": "true"}
            server = ServerProcess(place, database_url, {**settings, "COST_BUCKET": "1000000"})
            await server.start()
            people = {
                name: Sender(server.served, token(world, name)) for name in ("customer", "stranger", "dispatcher")
            }
            people["theirs"] = Sender(server.served, token(elsewhere, "customer"))
            yield Gate(people, mine, theirs, lambda: memory_of(server.pid))
            for each in people.values():
                await each.client.aclose()
            assert "Traceback" not in server.said()
    finally:
        place.end()
        shutil.rmtree(folder)


def memory_of(pid: int) -> dict[str, int]:
    """Return how much memory a process has, and had at most, in KiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {line.split(":")[0]: int(line.split()[1]) for line in lines if line.startswith(("VmRSS", "VmHWM"))}


async def test_forty_uploads_get_forty_right_answers_and_need_hardly_any_memory(gate: Gate) -> None:
    assert len(CASES) >= 40
    # Whatever is loaded at first use is loaded by this one.
    assert await gate.tried("first.zip", samples.zipped({"a.gz": samples.gzipped(b"x")})) == "attached"
    before = gate.memory()["VmRSS"]

    for name, (case, _) in CASES.items():
        gate.outcomes[name] = await case(gate)
    grown = gate.memory()["VmHWM"] - before
    files = await gate.people["dispatcher"].listed(gate.ticket)

    print(f"{len(CASES)} uploads; the server grew by at most {grown} KiB")  # noqa: T201 - the figure is the point
    assert gate.outcomes == {name: right for name, (_, right) in CASES.items()}
    assert grown <= MOST_GROWN_KIB
    assert "authorized_keys.txt" in {each["fileName"] for each in files}
    async with asyncio.timeout(20):
        while infected(files) != {"eicar.txt", "eicar.zip"}:
            await asyncio.sleep(0.1)
            files = await gate.people["dispatcher"].listed(gate.ticket)
    assert all(each["downloadUrl"] is None for each in files if each["scanState"] != "CLEAN")


def infected(files: list[dict[str, Any]]) -> set[str]:
    return {each["fileName"] for each in files if each["scanState"] == "INFECTED"}


async def test_many_large_files_at_once_need_hardly_any_memory(gate: Gate) -> None:
    assert await gate.tried("first.log", b"x") == "attached"
    before = gate.memory()["VmRSS"]
    content = b"y" * (40 * 1024 * 1024)

    async def attach(number: int) -> str:
        return await gate.tried(f"{number}.log", str(number).encode() + content)

    done = await asyncio.gather(*(attach(number) for number in range(8)))
    grown = gate.memory()["VmHWM"] - before

    print(f"8 files of 40 MiB at once; the server grew by at most {grown} KiB")  # noqa: T201 - the figure is the point
    assert done == ["attached"] * 8
    assert grown <= MOST_GROWN_KIB
