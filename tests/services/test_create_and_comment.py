from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from app.db.tables.customers import assets, customers
from app.db.tables.tickets import comments, ticket_required_parts, ticket_required_skills, tickets
from app.db.transaction import transaction
from app.domain.events import Concerned, EventType
from app.domain.refusals import Forbidden, Invalid, NotFound, Refusal
from app.domain.tickets import Environment, TicketPriority, TicketStatus
from app.services.comments.add_comment import AddComment, add_comment
from app.services.tickets.create_ticket import create_ticket
from app.services.tickets.ticket_fields import NeededPart, NeededSkill
from tests.services.scene import Clock, Scene, new_ticket
from tests.world import make_world


async def add_asset(scene: Scene, customer_id: UUID | None) -> UUID:
    async with transaction(scene.engine, scene.world.organization_id) as connection:
        values = {"organization_id": scene.world.organization_id, "kind": "SYSTEM", "name": "Press"}
        added = sa.insert(assets).values(
            **values, customer_id=customer_id, created_at=scene.clock(), updated_at=scene.clock()
        )
        found = await connection.scalars(added.returning(assets.c.id))
        asset_id: UUID = found.one()
        return asset_id


async def test_a_ticket_is_kept_and_told_as_it_was_asked_for(scene: Scene, clock: Clock) -> None:
    world = scene.world
    command = new_ticket(
        title="  The pump leaks ",
        environment=Environment.PRODUCTION,
        affected_service=" ",
        customer_id=world.customer_id,
        territory_id=world.territory_id,
        requester_id=world.users["customer"],
        latitude=52.5,
        longitude=-4.25,
        address="Quay 1",
        tags=("wet", "pump", "wet"),
        custom_fields={"floor": 3, "keys": ["a", None]},
        required_skills=(NeededSkill(skill_id=world.skill_id, level=2),),
        required_parts=(NeededPart(part_id=world.part_id, quantity=2, critical=True),),
    )

    written = await create_ticket(scene.writer, scene.actor("dispatcher"), command)
    ticket = await scene.row(tickets, written.ids["ticket"])
    (event,) = await scene.events()

    assert (ticket.title, ticket.affected_service, ticket.tags) == ("The pump leaks", None, ("wet", "pump"))
    assert (ticket.status, ticket.version, ticket.escalation_count) == (TicketStatus.NEW, 1, 0)
    assert (ticket.ticket_number, ticket.created_at, ticket.updated_at) == ("TKT-2026-000001", clock.at, clock.at)
    assert (ticket.latitude, ticket.longitude, ticket.custom_fields) == (52.5, -4.25, {"floor": 3, "keys": ["a", None]})
    assert [tuple(row)[2:] for row in await scene.rows(ticket_required_skills)] == [(world.skill_id, 2)]
    assert [tuple(row)[2:] for row in await scene.rows(ticket_required_parts)] == [(world.part_id, 2, True)]
    told = {change.field: (change.old, change.new) for change in event.changes}
    assert (event.type, event.kind, event.subject_id, event.version) == (
        EventType.TICKET_CREATED,
        "Ticket",
        ticket.id,
        1,
    )
    assert (event.before, event.ticket_id, event.assignment_id) == (None, ticket.id, None)
    assert event.after == Concerned(
        territory_id=world.territory_id, requester_id=world.users["customer"], customer_id=world.customer_id
    )
    assert told["status"] == (None, "NEW")
    assert told["tags"] == (None, ["wet", "pump"])
    assert told["ticket_number"] == (None, "TKT-2026-000001")
    assert told["required_skills"] == (None, [{"skill_id": str(world.skill_id), "level": 2}])
    assert told["required_parts"] == (None, [{"part_id": str(world.part_id), "quantity": 2, "critical": True}])
    assert set(told) - {"required_skills", "required_parts"} == {each.name for each in tickets.c} - {
        "id",
        "organization_id",
        "version",
        "created_at",
        "updated_at",
        "status_rank",
        *(each.name for each in tickets.c if each.name.startswith("sla_")),
    }


async def test_numbers_begin_again_each_year(scene: Scene, clock: Clock) -> None:
    first = await scene.ticket()
    clock.pass_by(days=365)
    second = await scene.ticket()
    third = await scene.ticket()

    numbers = [(await scene.row(tickets, each)).ticket_number for each in (first, second, third)]
    assert numbers == ["TKT-2026-000001", "TKT-2027-000001", "TKT-2027-000002"]


async def test_a_refused_ticket_leaves_no_gap(scene: Scene) -> None:
    await scene.ticket()
    with pytest.raises(Invalid):
        await scene.ticket(title=" ")
    with pytest.raises(NotFound):
        await scene.ticket(required_parts=(NeededPart(part_id=uuid4(), quantity=1),))
    ticket = await scene.row(tickets, await scene.ticket())

    assert ticket.ticket_number == "TKT-2026-000002"


async def test_a_ticket_on_an_asset_belongs_to_the_assets_customer(scene: Scene) -> None:
    asset_id = await add_asset(scene, scene.world.customer_id)

    ticket = await scene.row(tickets, await scene.ticket("customer", asset_id=asset_id))

    assert (ticket.asset_id, ticket.customer_id) == (asset_id, scene.world.customer_id)


async def test_a_customer_asks_for_themselves_and_their_own(scene: Scene) -> None:
    ticket = await scene.row(tickets, await scene.ticket("customer", customer_id=scene.world.customer_id))
    plain = await scene.row(tickets, await scene.ticket("stranger"))

    assert ticket.requester_id == scene.world.users["customer"]
    assert plain.requester_id == scene.world.users["stranger"]


async def test_what_a_ticket_names_must_be_there_and_in_sight(scene: Scene) -> None:
    other = await make_world(scene.engine, "Nachbarn")
    theirs = await add_asset(scene, scene.world.customer_id)
    cases: list[tuple[str, dict[str, Any], tuple[str, ...], str]] = [
        ("dispatcher", {"customer_id": uuid4()}, ("customerId",), "customer"),
        ("dispatcher", {"customer_id": other.customer_id}, ("customerId",), "customer"),
        ("dispatcher", {"territory_id": other.territory_id}, ("territoryId",), "territory"),
        ("dispatcher", {"requester_id": other.users["customer"]}, ("requesterId",), "user"),
        ("dispatcher", {"asset_id": uuid4()}, ("assetId",), "asset"),
        (
            "dispatcher",
            {"required_skills": (NeededSkill(skill_id=other.skill_id, level=1),)},
            ("requiredSkills", "0", "skillId"),
            "skill",
        ),
        (
            "dispatcher",
            {"required_parts": (NeededPart(part_id=other.part_id, quantity=1),)},
            ("requiredParts", "0", "partId"),
            "part",
        ),
        ("stranger", {"customer_id": scene.world.customer_id}, ("customerId",), "customer"),
        ("stranger", {"asset_id": theirs}, ("assetId",), "asset"),
    ]

    for name, values, field, kind in cases:
        with pytest.raises(NotFound) as refused:
            await scene.ticket(name, **values)
        assert (refused.value.field, refused.value.kind) == (field, kind)
    assert (await scene.rows(tickets), await scene.events(), scene.woken) == ([], [], [])


async def test_values_that_no_ticket_can_have_are_named(scene: Scene) -> None:
    skill, part = scene.world.skill_id, scene.world.part_id
    asset_id = await add_asset(scene, None)
    cases: list[tuple[dict[str, Any], tuple[str, ...]]] = [
        ({"title": ""}, ("title",)),
        ({"title": "x" * 201}, ("title",)),
        ({"description": "\n"}, ("description",)),
        ({"description": "a\x00b"}, ("description",)),
        ({"address": "x" * 501}, ("address",)),
        ({"affected_service": "x" * 201}, ("affectedService",)),
        ({"tags": tuple(map(str, range(21)))}, ("tags",)),
        ({"custom_fields": {"n": float("inf")}}, ("customFields",)),
        ({"latitude": 91.0, "longitude": 0.0}, ("location", "lat")),
        ({"latitude": 1.0, "longitude": float("nan")}, ("location", "lon")),
        ({"required_skills": (NeededSkill(skill_id=skill, level=6),)}, ("requiredSkills", "0", "level")),
        ({"required_skills": (NeededSkill(skill_id=skill, level=1),) * 2}, ("requiredSkills",)),
        ({"required_parts": (NeededPart(part_id=part, quantity=0),)}, ("requiredParts", "0", "quantity")),
        ({"required_parts": (NeededPart(part_id=part, quantity=1),) * 21}, ("requiredParts",)),
    ]

    for values, field in cases:
        with pytest.raises(Invalid) as refused:
            await scene.ticket(**values)
        assert (values, refused.value.field) == (values, field)
    await scene.ticket(asset_id=asset_id, customer_id=scene.world.customer_id)
    assert len(await scene.rows(tickets)) == 1


async def test_an_asset_of_one_customer_is_not_taken_for_another(scene: Scene) -> None:
    asset_id = await add_asset(scene, scene.world.customer_id)
    async with transaction(scene.engine, scene.world.organization_id) as connection:
        values = {"organization_id": scene.world.organization_id, "name": "Hill Farm", "tier": "STANDARD"}
        added = sa.insert(customers).values(**values, created_at=scene.clock(), updated_at=scene.clock())
        other = (await connection.scalars(added.returning(customers.c.id))).one()

    with pytest.raises(Invalid) as refused:
        await scene.ticket(asset_id=asset_id, customer_id=other)

    assert refused.value.field == ("assetId",)


async def test_a_stranger_asks_for_nobody_else(scene: Scene) -> None:
    for name in ("customer", "dispatcher"):
        with pytest.raises(NotFound) as refused:
            await scene.ticket("stranger", requester_id=scene.world.users[name])
        assert refused.value.field == ("requesterId",)


async def test_a_customer_opens_no_ticket_in_the_name_of_staff(scene: Scene) -> None:
    with pytest.raises(NotFound):
        await scene.ticket(
            "customer", requester_id=scene.world.users["dispatcher"], customer_id=scene.world.customer_id
        )


async def test_a_comment_is_kept_and_told_with_the_ticket_and_its_job(scene: Scene, clock: Clock) -> None:
    ticket_id = await scene.ticket("customer", priority=TicketPriority.P1, customer_id=scene.world.customer_id)
    job_id = await scene.job("ann", ticket_id)
    before = await scene.row(tickets, ticket_id)

    command = AddComment(ticket_id=ticket_id, body=" Known. ", internal=True)
    written = await add_comment(scene.writer, scene.actor("bob"), command)
    comment = await scene.row(comments, written.ids["comment"])
    (event,) = await scene.events(written)

    assert (comment.body, comment.internal, comment.author_id) == ("Known.", True, scene.world.users["bob"])
    assert (comment.created_at, comment.version, comment.system_generated) == (clock.at, 1, False)
    assert (event.type, event.kind, event.subject_id) == (EventType.COMMENT_ADDED, "Comment", comment.id)
    assert (event.ticket_id, event.assignment_id, event.before) == (ticket_id, job_id, None)
    assert event.after == Concerned(
        technician_id=scene.world.technicians["ann"],
        team_id=scene.world.teams["north"],
        requester_id=scene.world.users["customer"],
        customer_id=scene.world.customer_id,
        internal=True,
    )
    assert {each.field: each.new for each in event.changes} == {"body": "Known.", "internal": True}
    assert await scene.row(tickets, ticket_id) == before


async def test_comments_are_refused_for_what_is_out_of_sight_or_reach(scene: Scene) -> None:
    own = await scene.ticket("stranger")
    deleted = await scene.ticket("customer")
    await scene.change(tickets, deleted, deleted_at=scene.clock())
    other = Scene(engine=scene.engine, world=await make_world(scene.engine, "Nachbarn"), clock=scene.clock)
    cases: list[tuple[str, AddComment, type[Refusal]]] = [
        ("ann", AddComment(ticket_id=own, body=" "), Invalid),
        ("ann", AddComment(ticket_id=own, body="x" * 20_001), Invalid),
        ("ann", AddComment(ticket_id=uuid4(), body="."), NotFound),
        ("admin", AddComment(ticket_id=deleted, body="."), NotFound),
        ("admin", AddComment(ticket_id=await other.ticket(), body="."), NotFound),
        ("customer", AddComment(ticket_id=own, body="."), NotFound),
        ("stranger", AddComment(ticket_id=own, body=".", internal=True), Forbidden),
    ]

    for name, command, refusal in cases:
        with pytest.raises(refusal):
            await add_comment(scene.writer, scene.actor(name), command)
    assert await scene.rows(comments) == []
    assert len(scene.woken) == 2
