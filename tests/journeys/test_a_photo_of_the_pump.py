"""A customer sends a photo, the technician answers with a report: a server, and a worker beside it that is killed."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from schema.ids import global_id
from tests.cli.command import Workplace
from tests.files import samples
from tests.files.clamd import fake_clamd
from tests.journeys.files import attach_at
from tests.journeys.operations import TICKET_UPDATES
from tests.journeys.people import Person
from tests.journeys.process import ServerProcess
from tests.journeys.stage import ticket_for
from tests.serving import token
from tests.world import World

LIST = "query Files($id: ID!) { ticket(id: $id) { attachments { nodes { id fileName scanState downloadUrl } } } }"
REPORT = "query Report($id: ID!) { assignment(id: $id) { attachments { nodes { fileName } } } }"


@dataclass(slots=True)
class Depot:
    """A server process, and whatever workers are started beside it, that share a folder."""

    server: ServerProcess
    place: Workplace
    folder: Path
    settings: dict[str, str]
    world: World
    leaving: AsyncExitStack

    async def enter(self, name: str) -> Person:
        """Return the client of the world's user of this name."""
        served = self.server.served
        person = Person(served.http, served.websocket, token(self.world, name, lifetime=timedelta(minutes=10)))
        await person.arrive(self.leaving)
        return person

    def worker(self) -> Any:
        """Start one more worker."""
        return self.place.start("worker", **self.settings)

    def kept(self) -> int:
        """Return how many files have bytes."""
        return len([each for each in (self.folder / "files").rglob("*") if each.is_file() and each.stat().st_size])

    async def until_kept(self, number: int) -> None:
        """Wait until so many files have bytes."""
        for _ in range(300):
            if self.kept() == number:
                return
            await asyncio.sleep(0.1)
        raise TimeoutError(f"{self.kept()} files are kept, not {number}")


@pytest.fixture
async def depot(database_url: str, world: World) -> AsyncIterator[Depot]:
    """A server without a worker of its own, and no worker yet."""
    folder = Path(tempfile.mkdtemp(prefix="fg-depot-"))
    place = Workplace(folder)
    try:
        async with fake_clamd() as clamd, AsyncExitStack() as leaving:
            files = {"UPLOAD_DIR": str(folder / "files"), "CLAMD_URL": clamd.url}
            settings = {**files, "DATABASE_URL": database_url, "JOB_TAKEOVER_SECONDS": "2"}
            server = ServerProcess(place, database_url, files)
            await server.start()
            yield Depot(server, place, folder, settings, world, leaving)
            assert "Traceback" not in place.said()
            assert "/uploads/" not in place.said().replace("/uploads/…", "")
    finally:
        place.end()
        shutil.rmtree(folder)


async def test_a_photo_goes_in_a_report_comes_out_and_what_is_deleted_is_gone(depot: Depot) -> None:
    served = depot.server.served
    customer, ann, dispatcher = [await depot.enter(name) for name in ("customer", "ann", "dispatcher")]
    photo, report = samples.jpeg(700_000), samples.pdf(b"It was the seal.")
    ticket = await ticket_for(customer)

    async with customer.following(TICKET_UPDATES, ticketId=ticket) as stream:
        await stream.ready()
        photo_id = await attach_at(served, customer, ticket, "pump.jpg", photo)
        added = await stream.next()
        worker = depot.worker()
        scanned = await stream.next()
        worker.kill()
        worker.wait()
    assert (added["type"], added["attachment"]["downloadUrl"]) == ("ATTACHMENT_ADDED", None)
    assert (scanned["type"], scanned["attachment"]["scanState"]) == ("ATTACHMENT_SCANNED", "CLEAN")

    technician = global_id("Technician", depot.world.technicians["ann"])
    job = (await dispatcher.do("assignTicket", ticketId=ticket, technicianId=technician))["assignment"]["id"]
    (seen,) = (await ann.ask(LIST, id=ticket))["ticket"]["attachments"]["nodes"]
    async with httpx.AsyncClient() as client:
        had = await client.get(f"http://127.0.0.1:{served.port}{seen['downloadUrl']}")
    assert had.content == photo
    for step in ("acceptAssignment", "startWork"):
        await ann.do(step, assignmentId=job)
    report_id = await attach_at(served, ann, ticket, "report.pdf", report)
    note_id = await attach_at(served, ann, ticket, "for us.txt", b"He never oils it.", internal=True)
    await ann.do(
        "completeAssignment", assignmentId=job, outcome="SUCCESS", timeSpentHours=1, attachmentIds=[report_id, note_id]
    )

    # What the killed worker left undone another one does.
    depot.worker()
    await _settled(customer, ticket)
    found = (await customer.ask(LIST, id=ticket))["ticket"]["attachments"]["nodes"]
    assert [each["fileName"] for each in found] == ["pump.jpg", "report.pdf"]
    reported = (await customer.ask(REPORT, id=job))["assignment"]["attachments"]["nodes"]
    assert reported == [{"fileName": "report.pdf"}]
    assert len((await ann.ask(REPORT, id=job))["assignment"]["attachments"]["nodes"]) == 2

    refusal = await ann.refused("deleteAttachment", id=photo_id)
    assert refusal["code"] == "FORBIDDEN"
    await customer.do("deleteAttachment", id=photo_id)
    await depot.until_kept(2)
    async with httpx.AsyncClient() as client:
        gone = await client.get(f"http://127.0.0.1:{served.port}{seen['downloadUrl']}")
    assert gone.status_code == 404


async def _settled(customer: Person, ticket: str) -> None:
    for _ in range(300):
        files = (await customer.ask(LIST, id=ticket))["ticket"]["attachments"]["nodes"]
        if all(each["scanState"] == "CLEAN" for each in files):
            return
        await asyncio.sleep(0.1)
    raise TimeoutError("not every file was looked at")
