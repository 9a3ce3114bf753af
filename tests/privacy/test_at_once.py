"""Somebody writes of a person while their data is erased: it goes too, or is refused."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.db.tables.people import users
from app.db.transaction import transaction
from app.domain.files import FileLimits
from app.domain.locations import Point
from app.domain.refusals import Forbidden
from app.services.attachments.create_attachment import CreateAttachment, create_attachment
from app.services.change import Change
from app.services.comments.add_comment import AddComment, add_comment, write_comment
from app.services.perform import perform
from app.services.privacy import erase_personal_data as erasing
from app.services.privacy.erasing.rows import erase_person
from app.services.situations import read_ticket
from app.services.views.save_view import SaveView, save_view
from tests.privacy.persona import USER, Filled, dump, holding
from tests.services.scene import Scene

LATE = "latecomer"
PLACE = "52.31415"


async def comment_slowly(filled: Filled, ticket_id: UUID, by: str, written: asyncio.Event, on: asyncio.Event) -> None:
    """Comment on a ticket, and commit only once one may go on."""
    command = AddComment(ticket_id=ticket_id, body=f"{USER} {LATE}", internal=by != "customer")

    async def work(change: Change) -> dict[str, Any]:
        situation = await read_ticket(change, ticket_id)
        from_where = await _comment(change, situation, command)
        written.set()
        await on.wait()
        return from_where

    await perform(filled.scene.writer, filled.scene.actor(by), "addComment", command, work)


async def _comment(change: Change, situation: Any, command: AddComment) -> dict[str, Any]:
    return {"comment": await write_comment(change, situation, command.body, internal=command.internal)}


async def overlapped(filled: Filled, by: str, whose: str = "customer", ticket_id: UUID | None = None) -> bool:
    """Erase while a comment is being written that is not committed; return whether the erasure waited for it."""
    written, on = asyncio.Event(), asyncio.Event()
    commenting = asyncio.create_task(comment_slowly(filled, ticket_id or filled.ticket_id, by, written, on))
    await written.wait()
    counted = asyncio.Event()

    async def erase(*arguments: Any) -> Any:
        found = await erase_person(*arguments)
        counted.set()
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(erasing, "erase_person", erase)
        erase_user = asyncio.create_task(filled.erase_user(whose))
        done, _ = await asyncio.wait({asyncio.create_task(counted.wait())}, timeout=0.5)
        on.set()
        await commenting
        await erase_user
    return not done


@pytest.mark.parametrize("by", ["customer", "dispatcher"])
async def test_a_comment_that_is_being_written_goes_too(filled: Filled, by: str) -> None:
    assert await overlapped(filled, by)

    assert holding(await dump(filled.scene.engine), USER, LATE) == set()


async def test_a_comment_on_somebody_elses_ticket_that_is_being_written_goes_too(filled: Filled) -> None:
    assert await overlapped(filled, "ann", "ann", await filled.scene.ticket("stranger"))

    assert holding(await dump(filled.scene.engine), LATE) == set()


async def test_without_the_locks_it_would_stay(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket_id = await filled.scene.ticket("stranger")
    monkeypatch.setattr(sa.Select, "with_for_update", lambda query, **_: query)

    await overlapped(filled, "ann", "ann", ticket_id)

    assert "comments" in holding(await dump(filled.scene.engine), LATE)


Late = Callable[[Scene, Filled], Coroutine[Any, Any, None]]


async def late_comment(scene: Scene, filled: Filled) -> None:
    await add_comment(scene.writer, scene.actor("dispatcher"), AddComment(ticket_id=filled.ticket_id, body=LATE))


async def late_comment_of_their_own(scene: Scene, filled: Filled) -> None:
    await add_comment(scene.writer, scene.actor("customer"), AddComment(ticket_id=filled.ticket_id, body=LATE))


async def late_ticket(scene: Scene, _filled: Filled) -> None:
    customer = scene.actor("customer")
    await scene.ticket("dispatcher", requester_id=customer.user_id, title=LATE)


async def late_view(scene: Scene, _filled: Filled) -> None:
    await save_view(scene.writer, scene.actor("customer"), SaveView(name=LATE, filter={}))


async def late_upload(scene: Scene, filled: Filled) -> None:
    command = CreateAttachment(ticket_id=filled.ticket_id, file_name=f"{LATE}.txt", size_bytes=1, sha256="0" * 64)
    limits = FileLimits(max_bytes=10, extensions=("txt",))
    await create_attachment(scene.writer, scene.actor("dispatcher"), command, limits)


async def late_location(scene: Scene, _filled: Filled) -> None:
    # Whose location is not known yet: a known one is locked by its row.
    await scene.report("bob", Point(latitude=float(PLACE), longitude=5.1, recorded_at=scene.clock()))


LATECOMERS: dict[Late, tuple[str, str]] = {
    late_comment: ("customer", "events"),
    late_comment_of_their_own: ("customer", "events"),
    late_ticket: ("customer", "events"),
    late_view: ("customer", "events"),
    late_upload: ("customer", "uploads"),
    late_location: ("bob", "technician_locations"),
}


async def begun_meanwhile(filled: Filled, late: Late, whose: str) -> BaseException | None:
    """Begin to write while an erasure holds its locks; return how that ends once the erasure is committed."""
    held, on = asyncio.Event(), asyncio.Event()

    async def erase(*arguments: Any) -> Any:
        held.set()
        await on.wait()
        return await erase_person(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(erasing, "erase_person", erase)
        erase_user = asyncio.create_task(filled.erase_user(whose))
        await held.wait()
        writing = asyncio.create_task(late(filled.scene, filled))
        done, _ = await asyncio.wait({writing}, timeout=0.3)
        assert not done
        on.set()
        await erase_user
        await asyncio.wait({writing})
    return writing.exception()


@pytest.mark.parametrize("late", LATECOMERS, ids=lambda late: late.__name__)
async def test_what_comes_too_late_is_refused(filled: Filled, late: Late) -> None:
    whose, _ = LATECOMERS[late]

    assert isinstance(await begun_meanwhile(filled, late, whose), Forbidden)

    assert holding(await dump(filled.scene.engine), LATE, PLACE) == set()


@pytest.mark.parametrize("late", LATECOMERS, ids=lambda late: late.__name__)
async def test_without_the_databases_own_refusal_it_would_be_written(filled: Filled, late: Late) -> None:
    whose, table = LATECOMERS[late]
    async with filled.scene.engine.connect() as superuser:
        await superuser.execute(sa.text(f"DROP TRIGGER the_erased_stay_erased ON {table}"))

    assert await begun_meanwhile(filled, late, whose) is None

    assert holding(await dump(filled.scene.engine), LATE, PLACE) != set()


async def test_two_who_erase_at_once_do_it_one_after_the_other(filled: Filled) -> None:
    first, second = await asyncio.gather(filled.erase_user(), filled.erase_customer())

    assert first.change_id != second.change_id
    assert holding(await dump(filled.scene.engine), USER, "millstone") == set()


async def test_a_new_ticket_that_comes_in_between_goes_too_or_stands_in_the_way(filled: Filled) -> None:
    scene = filled.scene
    outcomes = await asyncio.gather(filled.erase_user(), scene.ticket("customer", title=LATE), return_exceptions=True)

    assert len([each for each in outcomes if isinstance(each, BaseException)]) == 1
    async with transaction(scene.engine, scene.world.organization_id) as connection:
        active = await connection.scalar(sa.select(users.c.active).where(users.c.id == scene.world.users["customer"]))
    assert active == ("tickets" in holding(await dump(scene.engine), LATE))
