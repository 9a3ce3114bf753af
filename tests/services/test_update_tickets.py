import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.db.tables.assignments import assignments
from app.db.tables.tickets import comments, ticket_required_parts, ticket_required_skills, tickets
from app.domain.events import EventType
from app.domain.refusals import Forbidden, IdempotencyMismatch, Invalid, NotFound, StaleVersion
from app.domain.tickets import TicketPriority, TicketStatus
from app.services.comments.add_comment import AddComment, add_comment
from app.services.comments.delete_comment import delete_comment
from app.services.comments.update_comment import UpdateComment, update_comment
from app.services.deleting import Delete
from app.services.perform import Written
from app.services.tickets.bulk_update_tickets import MOST_AT_ONCE, BulkUpdateTickets, bulk_update_tickets
from app.services.tickets.ticket_fields import NeededPart, NeededSkill
from app.services.tickets.update_ticket import UpdateTicket, update_ticket
from tests.services.scene import Scene


async def update(scene: Scene, ticket_id: UUID, by: str = "dispatcher", version: int = 1, **values: Any) -> Written:
    given = tuple("location" if name in {"latitude", "longitude"} else name for name in values)
    command = UpdateTicket(ticket_id=ticket_id, expected_version=version, given=given, **values)
    return await update_ticket(scene.writer, scene.actor(by), command)


async def test_what_is_given_is_changed_and_the_rest_stays(scene: Scene) -> None:
    ticket_id = await scene.ticket(address="Mill 1", tags=("wet",))
    before = await scene.row(tickets, ticket_id)

    written = await update(scene, ticket_id, title=" Pump is dead ", tags=("dry", "dry"), address=None)

    after = await scene.row(tickets, ticket_id)
    assert (after.title, after.tags, after.address) == ("Pump is dead", ("dry",), None)
    assert (after.description, after.priority, after.version) == (before.description, before.priority, 2)
    (event,) = await scene.events(written)
    assert event.type is EventType.TICKET_UPDATED
    assert {change.field for change in event.changes} == {"title", "tags", "address"}


async def test_a_new_priority_is_told_as_such(scene: Scene) -> None:
    ticket_id = await scene.ticket(priority=TicketPriority.P3)

    written = await update(scene, ticket_id, priority=TicketPriority.P1)

    assert [event.type for event in await scene.events(written)] == [EventType.TICKET_PRIORITY_CHANGED]


async def test_what_is_so_already_is_neither_written_nor_told(scene: Scene) -> None:
    ticket_id = await scene.ticket(tags=("wet",))

    written = await update(scene, ticket_id, tags=("wet",))

    assert await scene.events(written) == []
    assert (await scene.row(tickets, ticket_id)).version == 1


async def test_what_it_asks_for_is_replaced_as_a_whole(scene: Scene) -> None:
    skill = NeededSkill(skill_id=scene.world.skill_id, level=1)
    ticket_id = await scene.ticket(required_skills=(skill,))
    part = NeededPart(part_id=scene.world.part_id, quantity=2)

    written = await update(scene, ticket_id, required_skills=(), required_parts=(part,))

    assert await scene.rows(ticket_required_skills, ticket_required_skills.c.ticket_id == ticket_id) == []
    (needed,) = await scene.rows(ticket_required_parts, ticket_required_parts.c.ticket_id == ticket_id)
    assert (needed.quantity, needed.critical) == (2, False)
    (event,) = await scene.events(written)
    assert {change.field for change in event.changes} == {"required_skills", "required_parts"}
    assert (await scene.row(tickets, ticket_id)).version == 2


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": None}, "title"),
        ({"title": "  "}, "title"),
        ({"description": "x" * 20_001}, "description"),
        ({"priority": None}, "priority"),
        ({"latitude": 91.0, "longitude": 0.0}, "location"),
        ({"tags": ("a",) * 21}, "tags"),
    ],
)
async def test_values_that_make_no_sense_change_nothing(scene: Scene, values: dict[str, Any], field: str) -> None:
    ticket_id = await scene.ticket()

    with pytest.raises(Invalid) as refused:
        await update(scene, ticket_id, **values)

    assert refused.value.field is not None
    assert refused.value.field[0] == field
    assert (await scene.row(tickets, ticket_id)).version == 1


async def test_who_may_change_a_ticket(scene: Scene) -> None:
    ticket_id = await scene.ticket("customer")

    with pytest.raises(Forbidden):
        await update(scene, ticket_id, by="ann", title="Mine")
    with pytest.raises(NotFound):
        await update(scene, ticket_id, by="stranger", title="Mine")
    with pytest.raises(NotFound):
        await update(scene, ticket_id, by="customer", customer_id=uuid4())
    await update(scene, ticket_id, by="customer", title="It leaks more")


async def test_of_two_who_read_the_same_one_is_told_that_it_is_stale(scene: Scene) -> None:
    ticket_id = await scene.ticket()

    answers = await asyncio.gather(
        *(update(scene, ticket_id, title=f"Title {n}") for n in range(8)), return_exceptions=True
    )

    assert sum(isinstance(each, Written) for each in answers) == 1
    assert sum(isinstance(each, StaleVersion) for each in answers) == 7


async def bulk(scene: Scene, *ids: UUID, by: str = "dispatcher", **values: Any) -> Written:
    return await bulk_update_tickets(scene.writer, scene.actor(by), BulkUpdateTickets(ticket_ids=ids, **values))


async def test_many_are_changed_each_for_itself(scene: Scene) -> None:
    free, taken, gone = await scene.ticket(), await scene.ticket(), uuid4()
    await scene.job("ann", taken)

    written = await bulk(scene, free, gone, taken, add_tags=("storm",), technician_id=scene.world.technicians["bob"])

    assert written.ids == {"ticket.0": free}
    assert {id_: (item.place, item.code) for id_, item in written.refused.items()} == {
        gone: (1, "NOT_FOUND"),
        taken: (2, "ALREADY_ASSIGNED"),
    }
    assert (await scene.row(tickets, free)).tags == ("storm",)
    # Nothing of one that was refused stands, its tags neither.
    assert (await scene.row(tickets, taken)).tags == ()
    assert {event.ticket_id for event in await scene.events(written)} == {free}


async def test_many_move_with_their_jobs(scene: Scene) -> None:
    job_id = await scene.started("ann")
    first, second = (await scene.ticket_of(job_id)).id, await scene.ticket()

    written = await bulk(scene, second, first, status=TicketStatus.CANCELLED, priority=TicketPriority.P4)

    assert set(written.ids.values()) == {first, second}
    assert (await scene.row(assignments, job_id)).status == "CANCELLED"
    assert {(await scene.row(tickets, each)).priority for each in (first, second)} == {"P4"}


async def test_a_repeat_answers_the_same_and_acts_once(scene: Scene) -> None:
    free, gone = await scene.ticket(), uuid4()
    once: dict[str, Any] = {"add_tags": ("storm",), "idempotency_key": "once"}

    first = await bulk(scene, free, gone, **once)
    again = await bulk(scene, free, gone, **once)

    assert again == first
    assert again.refused == first.refused
    assert (await scene.row(tickets, free)).version == 2
    with pytest.raises(IdempotencyMismatch):
        await bulk(scene, free, **once)


@pytest.mark.parametrize(
    ("count", "values", "field"),
    [
        (0, {"add_tags": ("a",)}, "ids"),
        (MOST_AT_ONCE + 1, {"add_tags": ("a",)}, "ids"),
        (1, {}, "ids"),
        (1, {"add_tags": ("",)}, "addTags"),
        (1, {"status": TicketStatus.OPEN, "technician_id": UUID(int=1)}, "status"),
    ],
)
async def test_many_that_make_no_sense_are_refused_as_a_whole(
    scene: Scene, count: int, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await bulk(scene, *(uuid4() for _ in range(count)), **values)

    assert refused.value.field == (field,)


async def test_changes_of_many_that_cross_wait_for_each_other(scene: Scene) -> None:
    ids = [await scene.ticket() for _ in range(6)]

    answers = await asyncio.gather(
        *(bulk(scene, *(ids if n % 2 else reversed(ids)), add_tags=(f"t{n}",)) for n in range(8))
    )

    assert all(len(each.ids) == 6 for each in answers)
    assert {len((await scene.row(tickets, each)).tags) for each in ids} == {8}


async def said(scene: Scene, by: str = "ann", *, internal: bool = False) -> UUID:
    ticket_id = await scene.ticket("customer")
    command = AddComment(ticket_id=ticket_id, body="Known.", internal=internal)
    return (await add_comment(scene.writer, scene.actor(by), command)).ids["comment"]


async def test_whoever_said_something_may_change_it(scene: Scene) -> None:
    comment_id = await said(scene)
    command = UpdateComment(id=comment_id, body="Known since May.", expected_version=1)

    written = await update_comment(scene.writer, scene.actor("ann"), command)

    comment = await scene.row(comments, comment_id)
    assert (comment.body, comment.version, comment.edited_at is not None) == ("Known since May.", 2, True)
    assert [event.type for event in await scene.events(written)] == [EventType.COMMENT_UPDATED]
    with pytest.raises(StaleVersion):
        await update_comment(scene.writer, scene.actor("ann"), command)


@pytest.mark.parametrize("name", ["bob", "dispatcher", "admin", "customer"])
async def test_and_nobody_else_may(scene: Scene, name: str) -> None:
    comment_id = await said(scene)

    command = UpdateComment(id=comment_id, body="I never said that.", expected_version=1)
    with pytest.raises(Forbidden):
        await update_comment(scene.writer, scene.actor(name), command)


async def test_what_was_said_is_taken_back_by_its_author_or_a_moderator(scene: Scene) -> None:
    first, second = await said(scene), await said(scene)
    with pytest.raises(Forbidden):
        await delete_comment(scene.writer, scene.actor("dispatcher"), Delete(id=first))

    await delete_comment(scene.writer, scene.actor("ann"), Delete(id=first))
    written = await delete_comment(scene.writer, scene.actor("admin"), Delete(id=second))

    rows = await scene.rows(comments, comments.c.id.in_([first, second]))
    assert [row.deleted_at is not None for row in rows] == [True, True]
    assert [event.type for event in await scene.events(written)] == [EventType.COMMENT_DELETED]
    with pytest.raises(NotFound):
        await delete_comment(scene.writer, scene.actor("ann"), Delete(id=first))


async def test_an_internal_comment_is_not_there_for_customers(scene: Scene) -> None:
    comment_id = await said(scene, internal=True)

    with pytest.raises(NotFound):
        await delete_comment(scene.writer, scene.actor("customer"), Delete(id=comment_id))
