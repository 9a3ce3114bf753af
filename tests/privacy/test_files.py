"""Files of whoever was erased: their bytes go, unless somebody else has attached the same ones."""

from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.tables.attachments import attachments
from app.domain.erasures import ErasureReason, ErasureSubject
from app.domain.events import EventType
from app.domain.privacy.declaring import TOMBSTONE
from app.domain.tickets import TicketStatus
from app.services.perform import Written
from app.services.privacy.erase_personal_data import ErasePersonalData, erase_personal_data
from app.services.tickets.transition_ticket import TransitionTicket, transition_ticket
from tests.files.test_sharing import TEXT, Desk
from tests.privacy.persona import dump, holding
from tests.services.scene import Clock, Scene
from tests.world import World

OWN = b"Quartermain's own letter.\n"


@pytest.fixture
async def desk(engine: AsyncEngine, world: World, tmp_path: Path) -> Desk:
    """Nothing attached yet."""
    return Desk(Scene(engine=engine, world=world, clock=Clock()), tmp_path)


async def call_off(desk: Desk, ticket_id: UUID) -> None:
    """Let a ticket be over."""
    command = TransitionTicket(ticket_id=ticket_id, to=TicketStatus.CANCELLED, note="Settled.")
    await transition_ticket(desk.scene.writer, desk.scene.actor("admin"), command)


async def erase(desk: Desk) -> Written:
    """Erase the customer's user."""
    scene = desk.scene
    command = ErasePersonalData(
        subject=ErasureSubject.USER, id=scene.world.users["customer"], reason=ErasureReason.REQUESTED
    )
    return await erase_personal_data(scene.writer, scene.actor("admin"), command)


async def test_bytes_go_unless_others_have_the_same(desk: Desk) -> None:
    scene = desk.scene
    theirs, others = await scene.ticket("customer"), await scene.ticket("stranger")
    own = await desk.attach(theirs, OWN, name="quartermain.txt", by="customer")
    shared = await desk.attach(theirs, name="quartermain-2.txt", by="customer")
    same = await desk.attach(others, name="manual.txt")
    assert len(desk.kept()) == 2
    await call_off(desk, theirs)
    assert {"attachments", "uploads", "events"} <= holding(await dump(scene.engine), "quartermain")

    told = await scene.events(await erase(desk))
    for each in (own, shared):
        await desk.erase(each)

    rows = {row.id: row for row in await scene.rows(attachments)}
    assert [(rows[each].file_name, rows[each].content_id) for each in (own, shared)] == [(TOMBSTONE, None)] * 2
    assert rows[same].file_name == "manual.txt"
    assert await desk.bytes_of(same) == TEXT
    assert [each.read_bytes() for each in desk.kept()] == [TEXT]
    assert holding(await dump(scene.engine), "quartermain") == set()
    assert {each.subject_id for each in told if each.type is EventType.ATTACHMENT_DELETED} == {own, shared}


async def test_a_worker_is_told_to_erase_them(desk: Desk) -> None:
    scene = desk.scene
    theirs = await scene.ticket("customer")
    own = await desk.attach(theirs, OWN, by="customer")
    await call_off(desk, theirs)

    await erase(desk)

    assert str(own) in (await dump(scene.engine))["pgqueuer"]
