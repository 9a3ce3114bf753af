"""clamd: what it says of files, over a real socket, and what becomes of them when it does not answer."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.tables.attachments import attachments, file_contents
from app.domain.events import EventType
from app.domain.files import ScanState
from app.integrations.clamd import Clamd
from app.services.attachments.files import ScannerFailed
from app.services.attachments.scan_file import ScanFile, scan_file
from tests.files import samples
from tests.files.clamd import FakeClamd, fake_clamd
from tests.files.conftest import Yard
from tests.files.test_attaching import scanned
from tests.files.test_sharing import Desk
from tests.services.scene import Clock, Scene
from tests.world import World


async def pieces(*each: bytes) -> AsyncIterator[bytes]:
    for piece in each:
        yield piece


@pytest.fixture
async def clamd() -> AsyncIterator[FakeClamd]:
    """A clamd on a port of its own."""
    async with fake_clamd() as fake:
        yield fake


@pytest.fixture
def desk(engine: AsyncEngine, world: World, tmp_path: Path) -> Desk:
    """Nothing attached yet."""
    return Desk(Scene(engine=engine, world=world, clock=Clock()), tmp_path)


async def test_bytes_are_streamed_whole_and_in_order(clamd: FakeClamd) -> None:
    half = len(samples.EICAR) // 2

    clean = await Clamd(clamd.url).scan(pieces(b"x" * 1_000_000, b"y"))
    split = await Clamd(clamd.url).scan(pieces(b"x", samples.EICAR[:half], samples.EICAR[half:]))
    nothing = await Clamd(clamd.url).scan(pieces())

    assert [clean.state, split.state, nothing.state] == [ScanState.CLEAN, ScanState.INFECTED, ScanState.CLEAN]
    assert split.finding == "Eicar-Test-Signature"
    assert clamd.lengths == [1_000_001, 1 + len(samples.EICAR), 0]
    assert set(clamd.commands) == {b"INSTREAM"}


async def test_clamd_can_listen_on_a_socket_of_the_machine(tmp_path: Path) -> None:
    async with fake_clamd(tmp_path / "clamd.ctl") as clamd:
        assert (await Clamd(clamd.url).scan(pieces(samples.EICAR))).state is ScanState.INFECTED


@pytest.mark.parametrize("trouble", ["away", "hangs up", "too long", "error", "nonsense", "silent"])
async def test_who_cannot_say_is_no_proof_of_cleanness(clamd: FakeClamd, trouble: str) -> None:
    url, seconds = clamd.url, 20.0
    match trouble:
        case "away":
            url = "tcp://127.0.0.1:1"
        case "hangs up":
            clamd.hangs_up = True
        case "too long":
            clamd.longest = 100
        case "error":
            clamd.says = b"stream: Can't allocate memory ERROR"
        case "nonsense":
            clamd.says = b"OK?"
        case "silent":
            seconds = 0.2

    async def endless() -> AsyncIterator[bytes]:
        yield b"x" * 200
        if trouble == "silent":
            await asyncio.sleep(5)
        for _ in range(200):
            yield b"x" * 100_000

    with pytest.raises(ScannerFailed):
        await Clamd(url, seconds=seconds).scan(endless())


async def test_an_infected_file_is_never_to_be_had_and_not_taken_again(yard: Yard) -> None:
    customer = yard.sender("customer")
    attached = await customer.attach(yard.ticket_id, "eicar.txt", samples.EICAR)

    infected = await scanned(yard, attached["id"], "INFECTED", "customer")
    created = await customer.create(yard.ticket_id, "again.txt", samples.EICAR)
    await customer.put(created["upload"], samples.EICAR)
    again = await customer.finalize(created["upload"])

    assert infected["downloadUrl"] is None
    assert [error["code"] for error in again["errors"]] == ["FILE_REJECTED"]
    (content,) = await yard.scene.rows(file_contents)
    assert content.finding == "Eicar-Test-Signature"


async def test_while_nobody_can_look_a_file_waits_and_is_looked_at_later(yard: Yard) -> None:
    yard.clamd.hangs_up = True
    attached = await yard.sender("customer").attach(yard.ticket_id, "a.txt", b"a")
    failed = await scanned(yard, attached["id"], "FAILED")

    yard.clamd.hangs_up = False
    clean = await scanned(yard, attached["id"], "CLEAN")

    assert failed["downloadUrl"] is None
    assert (await yard.sender("customer").download(clean)).content == b"a"
    told = [event for event in await yard.scene.events() if event.type is EventType.ATTACHMENT_SCANNED]
    states = [(change.old, change.new) for event in told for change in event.changes]
    assert states == [("PENDING", "FAILED"), ("FAILED", "CLEAN")]
    assert [event.source for event in told] == ["SYSTEM", "SYSTEM"]


async def test_every_file_with_the_same_bytes_is_told_of(desk: Desk, clamd: FakeClamd) -> None:
    ticket_id = await desk.scene.ticket()
    one, two = await desk.attach(ticket_id), await desk.attach(ticket_id)
    content_id = (await desk.scene.row(attachments, one)).content_id
    command, ann = ScanFile(content_id=content_id), desk.actor("ann")

    await scan_file(desk.scene.writer, ann, command, desk.store, Clamd(clamd.url))
    again = await scan_file(desk.scene.writer, ann, command, desk.store, Clamd(clamd.url))

    rows = [await desk.scene.row(attachments, each) for each in (one, two)]
    assert [(each.scan_state, each.version) for each in rows] == [("CLEAN", 2), ("CLEAN", 2)]
    assert again is None
    assert len(clamd.lengths) == 1


async def test_who_looks_twice_at_once_tells_once(desk: Desk, clamd: FakeClamd) -> None:
    attachment_id = await desk.attach(await desk.scene.ticket())
    command = ScanFile(content_id=(await desk.scene.row(attachments, attachment_id)).content_id)

    await asyncio.gather(
        *(scan_file(desk.scene.writer, desk.actor("ann"), command, desk.store, Clamd(clamd.url)) for _ in range(5))
    )

    told = [event for event in await desk.scene.events() if event.type is EventType.ATTACHMENT_SCANNED]
    assert len(told) == 1
