"""The same bytes are kept once for each organisation, as long as anybody needs them."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from app.db.tables.attachments import attachments, file_contents, uploads
from app.db.transaction import transaction
from app.domain.events import EventType
from app.domain.file_addresses import FileAddresses, FileKey
from app.domain.files import FileLimits
from app.domain.people import Actor
from app.domain.refusals import FileRejected, Invalid, NotFound, StaleVersion
from app.domain.timers import TooEarly
from app.integrations.disk_files import DiskFiles
from app.services.attachments import erase_file as erasing
from app.services.attachments.create_attachment import CreateAttachment, create_attachment
from app.services.attachments.delete_attachment import delete_attachment
from app.services.attachments.end_upload import end_upload
from app.services.attachments.erase_file import erase_file
from app.services.attachments.files import Files
from app.services.attachments.finalize_attachment import FinalizeAttachment, finalize_attachment
from app.services.deleting import Delete
from tests.files import samples
from tests.services.scene import Clock, Scene
from tests.world import World, make_world

LIMITS = FileLimits(max_bytes=1024 * 1024, extensions=("txt", "pdf"))
TEXT = b"The pump leaks.\n"


class Desk:
    """People who attach files by the services, and the folder where these are kept."""

    def __init__(self, scene: Scene, folder: Path) -> None:
        self.scene = scene
        self.folder = folder
        self.store = DiskFiles(folder, FileAddresses.of_log(b"key", ""))
        self.files = Files(store=self.store, limits=LIMITS)

    def actor(self, name: str) -> Actor:
        return self.scene.actor(name)

    async def announce(
        self, ticket_id: UUID, content: bytes, name: str = "a.txt", by: str = "ann", **more: Any
    ) -> UUID:
        """Announce a file; return the upload's key."""
        command = CreateAttachment(
            ticket_id=ticket_id, file_name=name, size_bytes=len(content), sha256=samples.digest(content), **more
        )
        written = await create_attachment(self.scene.writer, self.actor(by), command, LIMITS)
        return written.ids["upload"]

    async def send(self, upload_id: UUID, content: bytes) -> bool:
        """Let bytes arrive, as the route does."""
        key = FileKey(self.scene.world.organization_id, upload_id)
        async with self.store.incoming(key) as incoming:
            await incoming.write(content)
            return await incoming.close()

    async def finalize(self, upload_id: UUID, by: str = "ann", **more: Any) -> UUID:
        """Have it checked; return the attachment's key."""
        command = FinalizeAttachment(id=upload_id, **more)
        written = await finalize_attachment(self.scene.writer, self.actor(by), command, self.files)
        return written.ids["attachment"]

    async def attach(self, ticket_id: UUID, content: bytes = TEXT, **more: Any) -> UUID:
        """Attach a file from beginning to end."""
        upload_id = await self.announce(ticket_id, content, **more)
        assert await self.send(upload_id, content)
        return await self.finalize(upload_id, more.get("by", "ann"))

    async def delete(self, attachment_id: UUID, by: str = "ann", **more: Any) -> None:
        """Take it away; its bytes are erased when a worker comes to it."""
        await delete_attachment(self.scene.writer, self.actor(by), Delete(id=attachment_id, **more))

    async def erase(self, attachment_id: UUID) -> None:
        """Do as the worker does."""
        await erase_file(self.scene.writer, self.actor("ann"), attachment_id, self.store)

    def kept(self) -> list[Path]:
        """Return the files that have bytes."""
        return sorted(each for each in self.folder.rglob("*") if each.is_file() and each.stat().st_size)

    async def bytes_of(self, attachment_id: UUID) -> bytes:
        """Return what one would download."""
        row = await self.scene.row(attachments, attachment_id)
        key = FileKey(row.organization_id, row.content_id)
        return b"".join([piece async for piece in self.store.read(key, 0, row.size_bytes)])


@pytest.fixture
async def desk(engine: AsyncEngine, world: World, tmp_path: Path) -> Desk:
    """Nothing attached yet."""
    return Desk(Scene(engine=engine, world=world, clock=Clock()), tmp_path)


async def test_the_same_bytes_are_kept_once_and_under_every_name(desk: Desk) -> None:
    first, second = await desk.scene.ticket(), await desk.scene.ticket()
    one = await desk.attach(first, name="one.txt")
    two = await desk.attach(second, name="two.txt", by="bob")

    rows = [await desk.scene.row(attachments, each) for each in (one, two)]
    assert [each.file_name for each in rows] == ["one.txt", "two.txt"]
    assert len({each.content_id for each in rows}) == 1
    assert len(desk.kept()) == 1
    assert await desk.bytes_of(two) == TEXT


async def test_bytes_go_with_the_last_who_needs_them(desk: Desk) -> None:
    ticket_id = await desk.scene.ticket()
    one, two = await desk.attach(ticket_id), await desk.attach(ticket_id)

    await desk.delete(one)
    await desk.erase(one)
    assert await desk.bytes_of(two) == TEXT
    await desk.delete(two)
    await desk.erase(two)
    await desk.erase(two)

    (content,) = await desk.scene.rows(file_contents)
    assert desk.kept() == []
    assert content.doomed_at is not None
    assert content.erased_at is not None
    # Whoever brings them again keeps them anew.
    assert await desk.bytes_of(await desk.attach(ticket_id)) == TEXT


async def test_organisations_share_nothing(desk: Desk, engine: AsyncEngine) -> None:
    other = Desk(Scene(engine=engine, world=await make_world(engine)), desk.folder)
    mine, theirs = await desk.attach(await desk.scene.ticket()), await other.attach(await other.scene.ticket())
    assert len(desk.kept()) == 2

    await desk.delete(mine)
    await desk.erase(mine)

    assert await other.bytes_of(theirs) == TEXT
    with pytest.raises(NotFound):
        await desk.delete(theirs, "dispatcher")


async def test_who_names_a_digest_gets_nothing_for_it(desk: Desk) -> None:
    ticket_id = await desk.scene.ticket()
    await desk.attach(ticket_id, b"Nobody else may read this.", by="dispatcher", internal=True)
    upload_id = await desk.announce(ticket_id, b"Nobody else may read this.")

    with pytest.raises(Invalid):
        await desk.finalize(upload_id)
    await desk.send(upload_id, b"x" * len(b"Nobody else may read this."))
    with pytest.raises(FileRejected):
        await desk.finalize(upload_id)

    assert len(await desk.scene.rows(attachments)) == 1
    assert len(desk.kept()) == 1


async def race(desk: Desk, rounds: int) -> list[UUID]:
    """Attach the same bytes while the last who needs them is erased, again and again; return those without bytes."""
    ticket_id, lost = await desk.scene.ticket(), []
    for number in range(rounds):
        old = await desk.attach(ticket_id)
        upload_id = await desk.announce(ticket_id, TEXT)
        await desk.send(upload_id, TEXT)
        await desk.delete(old)

        async def later(upload_id: UUID = upload_id, pause: float = number % 8 * 0.004) -> UUID:
            await asyncio.sleep(pause)
            return await desk.finalize(upload_id)

        _, new = await asyncio.gather(desk.erase(old), later())
        try:
            assert await desk.bytes_of(new) == TEXT
        except Exception:  # noqa: BLE001 - whatever comes of bytes that are not there
            lost.append(new)
        await desk.delete(new)
        await desk.erase(new)
    return lost


async def test_bytes_that_are_being_erased_are_not_given_to_anybody(desk: Desk) -> None:
    assert await race(desk, 40) == []
    assert desk.kept() == []


async def test_without_the_lock_somebody_would_be_left_without_bytes(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def doomed_without_lock(writer: Any, actor: Actor, attachment_id: UUID) -> UUID | None:
        organization_id = actor.organization_id
        async with transaction(writer.engine, organization_id) as connection:
            content_id: UUID | None = await connection.scalar(
                sa.select(attachments.c.former_content_id).where(attachments.c.id == attachment_id)
            )
            needed = sa.exists().where(attachments.c.content_id == content_id)
            return None if await connection.scalar(sa.select(needed)) else content_id

    monkeypatch.setattr(erasing, "_doomed", doomed_without_lock)

    assert await race(desk, 24) != []


async def test_ten_at_once_bring_the_same_bytes(desk: Desk) -> None:
    ticket_id = await desk.scene.ticket()
    made = await asyncio.gather(*(desk.attach(ticket_id) for _ in range(10)))

    assert len({(await desk.scene.row(attachments, each)).content_id for each in made}) == 1
    assert len(desk.kept()) == 1


async def test_two_who_finalize_one_upload_at_once_make_one_attachment(desk: Desk) -> None:
    upload_id = await desk.announce(await desk.scene.ticket(), TEXT)
    await desk.send(upload_id, TEXT)

    done = await asyncio.gather(*(desk.finalize(upload_id) for _ in range(6)), return_exceptions=True)

    assert [each for each in done if isinstance(each, UUID)] == [upload_id]
    assert all(isinstance(each, UUID | Invalid | NotFound) for each in done)
    assert len(await desk.scene.rows(attachments)) == 1
    assert len(desk.kept()) == 1


async def test_a_repeat_with_the_same_key_gets_the_same_answer(desk: Desk) -> None:
    upload_id = await desk.announce(await desk.scene.ticket(), TEXT)
    await desk.send(upload_id, TEXT)

    assert await desk.finalize(upload_id, idempotency_key="k") == await desk.finalize(upload_id, idempotency_key="k")
    with pytest.raises(NotFound):
        await desk.finalize(upload_id)


async def test_what_was_announced_and_never_finished_goes_when_its_time_is_over(desk: Desk) -> None:
    clock = desk.scene.clock
    assert isinstance(clock, Clock)
    ticket_id, writer, ann = await desk.scene.ticket(), desk.scene.writer, desk.actor("ann")
    upload_id = await desk.announce(ticket_id, TEXT)
    await desk.send(upload_id, TEXT)
    with pytest.raises(TooEarly):
        await end_upload(writer, ann, upload_id, desk.store)

    # As a process leaves it that is killed while bytes come.
    (desk.folder / "incoming").mkdir(exist_ok=True)
    (desk.folder / "incoming" / f"{upload_id}.left").write_bytes(b"half of it")

    clock.pass_by(minutes=16)
    await end_upload(writer, ann, upload_id, desk.store)
    await end_upload(writer, ann, upload_id, desk.store)

    assert desk.kept() == []
    with pytest.raises(NotFound):
        await desk.finalize(upload_id)
    assert (await desk.scene.row(uploads, upload_id)).finished_at is not None


async def test_a_copy_whose_checker_died_goes_when_its_time_is_over(desk: Desk) -> None:
    clock = desk.scene.clock
    assert isinstance(clock, Clock)
    upload_id, attempt_id = await desk.announce(await desk.scene.ticket(), TEXT), uuid7()
    await desk.send(upload_id, TEXT)
    organization_id = desk.scene.world.organization_id
    await desk.scene.change(uploads, upload_id, attempt_id=attempt_id, attempted_at=clock())
    await desk.store.take(FileKey(organization_id, upload_id), FileKey(organization_id, attempt_id), longest=100)
    with pytest.raises(Invalid):
        await desk.finalize(upload_id)

    # Somebody else tries again, whose copy takes the place of the lost one.
    clock.pass_by(minutes=6)
    attachment_id = await desk.finalize(upload_id)
    clock.pass_by(minutes=16)
    await end_upload(desk.scene.writer, desk.actor("ann"), upload_id, desk.store)

    assert await desk.bytes_of(attachment_id) == TEXT
    assert len(desk.kept()) == 1


async def test_a_check_that_took_too_long_is_of_no_use(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    upload_id = await desk.announce(await desk.scene.ticket(), TEXT)
    await desk.send(upload_id, TEXT)
    taken = desk.store.take

    async def overtaken(*arguments: Any, **more: Any) -> int:
        await desk.scene.change(uploads, upload_id, attempt_id=uuid7())
        return await taken(*arguments, **more)

    monkeypatch.setattr(desk.store, "take", overtaken)

    with pytest.raises(Invalid):
        await desk.finalize(upload_id)
    assert await desk.scene.rows(attachments) == []


async def test_deleting_is_told_and_minds_the_version(desk: Desk) -> None:
    attachment_id = await desk.attach(await desk.scene.ticket())
    with pytest.raises(StaleVersion):
        await desk.delete(attachment_id, expected_version=7)
    await desk.delete(attachment_id, expected_version=1)
    with pytest.raises(NotFound):
        await desk.delete(attachment_id)

    told = [event for event in await desk.scene.events() if event.kind == "Attachment"]
    assert [event.type for event in told] == [EventType.ATTACHMENT_ADDED, EventType.ATTACHMENT_DELETED]
    assert (told[0].before, told[1].after) == (None, None)
    assert {change.field: change.new for change in told[0].changes}["file_name"] == "a.txt"
