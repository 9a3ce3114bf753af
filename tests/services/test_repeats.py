"""Phones retry after a timeout: one key, one change."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.db import locks
from app.db.tables.log import idempotency_results
from app.db.tables.tickets import comments, tickets
from app.db.transaction import transaction
from app.domain.refusals import AlreadyAssigned, IdempotencyInProgress, IdempotencyMismatch, Invalid
from app.domain.tickets import TicketPriority
from app.services import perform as performing
from app.services.assignments.accept_assignment import accept_assignment
from app.services.assignments.job_step import StepCommand
from app.services.comments.add_comment import AddComment, add_comment
from app.services.perform import LONGEST_KEY, Written, fingerprint
from tests.services.scene import Clock, Scene, new_ticket
from tests.world import make_world


async def say(scene: Scene, ticket_id: UUID, body: str = "Hello.", key: str | None = "k", by: str = "ann") -> Written:
    command = AddComment(ticket_id=ticket_id, body=body, idempotency_key=key)
    return await add_comment(scene.writer, scene.actor(by), command)


async def twenty_phones(scene: Scene, ticket_id: UUID) -> tuple[list[Written | BaseException], int]:
    """Send one request twenty times at once; return the answers, and how many comments there are."""
    answers = await asyncio.gather(*(say(scene, ticket_id) for _ in range(20)), return_exceptions=True)
    return answers, len(await scene.rows(comments))


async def test_twenty_requests_with_one_key_make_one_change_and_get_one_answer(scene: Scene) -> None:
    ticket_id = await scene.ticket()

    answers, written = await twenty_phones(scene, ticket_id)

    assert written == 1
    assert answers == [answers[0]] * 20
    assert isinstance(answers[0], Written)
    assert [each.position for each in await scene.events(answers[0])] == [answers[0].position]


async def test_without_the_keys_lock_some_of_twenty_would_write_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def always(*_: Any, **__: Any) -> bool:
        return True

    monkeypatch.setattr(locks, "try_lock_key", always)
    ticket_id = await scene.ticket()

    _, written = await twenty_phones(scene, ticket_id)

    assert written > 1


async def test_a_repeat_gets_the_first_answer_though_the_world_has_moved_on(scene: Scene) -> None:
    ticket_id = await scene.ticket()
    first = await scene.assign(ticket_id, "ann", idempotency_key="k")
    step = StepCommand(assignment_id=first.ids["assignment"])
    await accept_assignment(scene.writer, scene.actor("ann"), step)
    before = len(await scene.events())

    again = await scene.assign(ticket_id, "ann", idempotency_key="k")

    assert again == first
    assert len(await scene.events()) == before


async def test_reaching_a_state_again_succeeds_with_the_same_key_and_only_with_it(scene: Scene) -> None:
    ticket_id = await scene.ticket()
    await scene.assign(ticket_id, "ann", idempotency_key="k")

    for key in (None, "another"):
        with pytest.raises(AlreadyAssigned):
            await scene.assign(ticket_id, "ann", idempotency_key=key)


async def test_one_key_with_another_input_is_refused(scene: Scene) -> None:
    ticket_id = await scene.ticket()
    await say(scene, ticket_id, "Hello.")

    with pytest.raises(IdempotencyMismatch) as refused:
        await say(scene, ticket_id, "Goodbye.")

    assert refused.value.field == ("idempotencyKey",)
    assert [row.body for row in await scene.rows(comments)] == ["Hello."]


async def test_a_key_belongs_to_one_actor_one_mutation_and_one_organisation(scene: Scene) -> None:
    ticket_id = await scene.ticket(idempotency_key="k")
    other = Scene(engine=scene.engine, world=await make_world(scene.engine, "Nachbarn"), clock=scene.clock)

    await say(scene, ticket_id, by="ann")
    await say(scene, ticket_id, by="bob")
    await say(scene, ticket_id, by="dispatcher")
    await other.ticket(idempotency_key="k")

    assert len(await scene.rows(comments)) == 3
    assert len(await other.rows(tickets)) == 1


async def test_a_change_without_a_key_may_happen_twice(scene: Scene) -> None:
    ticket_id = await scene.ticket()

    first, second = [await say(scene, ticket_id, key=None) for _ in range(2)]

    assert first.ids["comment"] != second.ids["comment"]
    assert await scene.rows(idempotency_results) == []


async def test_what_was_refused_is_not_kept(scene: Scene) -> None:
    ticket_id = await scene.ticket()
    for _ in range(2):
        with pytest.raises(Invalid):
            await say(scene, ticket_id, "  ")

    await say(scene, ticket_id, "Hello.")

    assert [row.body for row in await scene.rows(comments)] == ["Hello."]


async def test_an_answer_is_kept_for_seven_days_and_then_forgotten(scene: Scene, clock: Clock) -> None:
    ticket_id = await scene.ticket()
    first = await say(scene, ticket_id)
    clock.pass_by(days=7, microseconds=-1)
    assert await say(scene, ticket_id) == first

    clock.pass_by(microseconds=1)
    second = await say(scene, ticket_id, "Something else.")
    clock.pass_by(days=6)
    third = await say(scene, ticket_id, "Something else.")

    assert timedelta(days=7) == performing.KEPT_FOR
    assert second.change_id != first.change_id
    assert third == second
    assert len(await scene.rows(comments)) == 2


async def test_a_repeat_waits_for_the_first_and_gives_up_when_it_takes_too_long(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert performing._PATIENCE_SECONDS == 5.0
    monkeypatch.setattr(performing, "_PATIENCE_SECONDS", 0.3)
    ticket_id = await scene.ticket()
    ann = scene.actor("ann")
    names = (str(ann.organization_id), str(ann.user_id), "addComment", "k")

    async with transaction(scene.engine, ann.organization_id) as connection:
        assert await locks.try_lock_key(connection, *names, patience_seconds=0)
        with pytest.raises(IdempotencyInProgress) as refused:
            await say(scene, ticket_id)
        waiting = asyncio.create_task(say(scene, ticket_id))
        await asyncio.sleep(0.05)

    assert refused.value.field == ("idempotencyKey",)
    assert set((await waiting).ids) == {"comment", "ticket"}
    assert len(await scene.rows(comments)) == 1


async def test_a_key_out_of_bounds_is_refused(scene: Scene) -> None:
    for key in ("", "x" * (LONGEST_KEY + 1), "a\x00b"):
        with pytest.raises(Invalid) as refused:
            await scene.ticket(idempotency_key=key)
        assert refused.value.field == ("idempotencyKey",)


async def test_the_longest_key_and_any_letters_in_it_are_taken(scene: Scene) -> None:
    key = "ü " * 127 + "."

    first, second = [await scene.ticket(idempotency_key=key) for _ in range(2)]

    assert len(key) == LONGEST_KEY
    assert first == second


def test_the_input_is_recognised_by_all_it_asks_for_and_not_by_its_key() -> None:
    plain = fingerprint(new_ticket())

    assert fingerprint(new_ticket(idempotency_key="k")) == plain
    assert fingerprint(new_ticket(custom_fields={"b": 1, "a": [1, 2]})) == fingerprint(
        new_ticket(custom_fields={"a": [1, 2], "b": 1})
    )
    different = [
        new_ticket(title="Other"),
        new_ticket(priority=TicketPriority.P1),
        new_ticket(tags=("a",)),
        new_ticket(custom_fields={"a": 1}),
        new_ticket(latitude=1.0, longitude=2.0),
    ]
    assert len({plain, *(fingerprint(each) for each in different)}) == 6
