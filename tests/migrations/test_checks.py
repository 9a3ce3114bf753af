"""What the database refuses even if the application forgot a rule."""

from collections.abc import AsyncIterator
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.db.tables.assignments import assignments
from app.db.tables.tickets import tickets
from app.db.transaction import transaction
from app.domain.assignments import ACTIVE, STATUS_OF_OUTCOME, AssignmentOutcome, AssignmentStatus
from tests.services.scene import Scene
from tests.world import BEFORE, World

OUTCOMES = {
    status: {outcome for outcome, of in STATUS_OF_OUTCOME.items() if of is status} for status in AssignmentStatus
}


@pytest.fixture
async def scene(engine: AsyncEngine, world: World) -> Scene:
    return Scene(engine=engine, world=world)


@pytest.fixture
async def ticket_id(scene: Scene) -> UUID:
    return await scene.ticket()


@pytest.fixture
async def connection(scene: Scene) -> AsyncIterator[AsyncConnection]:
    async with transaction(scene.engine, scene.world.organization_id) as opened:
        yield opened


async def takes(connection: AsyncConnection, statement: "sa.Insert | sa.Update") -> str | None:
    """Return None when the database takes the statement, else the name of the rule it breaks; nothing stays."""
    await connection.execute(sa.text("SAVEPOINT tried"))
    try:
        await connection.execute(statement)
    except IntegrityError as refused:
        return str(getattr(refused.orig.__cause__, "constraint_name", None)) if refused.orig else None
    else:
        return None
    finally:
        await connection.execute(sa.text("ROLLBACK TO SAVEPOINT tried"))


def job(scene: Scene, ticket_id: UUID, status: AssignmentStatus, **values: Any) -> "sa.Insert":
    plain: dict[str, Any] = {
        "organization_id": scene.world.organization_id,
        "ticket_id": ticket_id,
        "technician_id": scene.world.technicians["ann"],
        "sequence": 1,
        "tier_level": 1,
        "reason": "INITIAL",
        "type": "MANUAL",
        "status": status,
        "assigned_at": BEFORE,
        "ended_at": None if status in ACTIVE else BEFORE,
        "created_at": BEFORE,
        "updated_at": BEFORE,
    }
    return sa.insert(assignments).values({**plain, **values})


def fitting(status: AssignmentStatus) -> dict[str, Any]:
    """Return what a job of this status must have, its outcome aside."""
    match status:
        case AssignmentStatus.REJECTED:
            return {"rejection_reason": "far away", "rejected_at": BEFORE}
        case AssignmentStatus.ESCALATED:
            return {"escalation_reason": "too hard"}
        case _:
            return {}


async def test_a_jobs_outcome_is_tied_to_its_status(scene: Scene, ticket_id: UUID, connection: AsyncConnection) -> None:
    for status, outcome in product(AssignmentStatus, (None, *AssignmentOutcome)):
        refused = await takes(connection, job(scene, ticket_id, status, outcome=outcome, **fitting(status)))
        fits = OUTCOMES[status] == set() if outcome is None else outcome in OUTCOMES[status]
        assert (status, outcome, refused) == (status, outcome, None if fits else "outcome_fits_status")


async def test_reasons_are_tied_to_the_status_that_needs_them(
    scene: Scene, ticket_id: UUID, connection: AsyncConnection
) -> None:
    rejected = {"rejection_reason": "far away", "rejected_at": BEFORE}
    escalated = {"escalation_reason": "too hard"}

    for status in AssignmentStatus:
        rejection = None if status is AssignmentStatus.REJECTED else "rejection_has_reason"
        escalation = None if status is AssignmentStatus.ESCALATED else "escalation_has_reason"
        needed = {
            AssignmentStatus.REJECTED: "rejection_has_reason",
            AssignmentStatus.ESCALATED: "escalation_has_reason",
        }
        cases: list[tuple[dict[str, Any], str | None]] = [
            (fitting(status), None),
            ({**fitting(status), **rejected}, rejection),
            ({**fitting(status), **escalated}, escalation),
            ({}, needed.get(status)),
        ]
        if status is AssignmentStatus.REJECTED:
            cases += [({name: value}, "rejection_has_reason") for name, value in rejected.items()]
        outcome = next(iter(OUTCOMES[status]), None)
        for values, expected in cases:
            refused = await takes(connection, job(scene, ticket_id, status, outcome=outcome, **values))
            assert (status, values, refused) == (status, values, expected)


async def test_a_ticket_has_one_active_job_whatever_its_status_and_any_number_of_ended_ones(
    scene: Scene, connection: AsyncConnection
) -> None:
    job_id = await scene.job("ann")
    (row,) = await scene.rows(assignments, assignments.c.id == job_id)

    for status in AssignmentStatus:
        outcome = next(iter(OUTCOMES[status]), None)
        another = job(scene, row.ticket_id, status, sequence=2, previous_id=job_id, outcome=outcome, **fitting(status))
        expected = "one_active_assignment" if status in ACTIVE else None
        assert (status, await takes(connection, another)) == (status, expected)


async def test_two_turns_at_a_ticket_cannot_have_one_number(scene: Scene, connection: AsyncConnection) -> None:
    job_id = await scene.completed("ann")
    (row,) = await scene.rows(assignments, assignments.c.id == job_id)

    again = job(scene, row.ticket_id, AssignmentStatus.CANCELLED)

    assert await takes(connection, again) == "assignments_organization_id_ticket_id_sequence_key"


async def test_a_job_out_of_range_is_refused(scene: Scene, ticket_id: UUID, connection: AsyncConnection) -> None:
    # Columns without the program's types, which would refuse a foreign word before the database does.
    untyped = sa.table("assignments", *(sa.column(name) for name in assignments.columns.keys()))  # noqa: SIM118 - no dict
    plain = {**job(scene, ticket_id, AssignmentStatus.ASSIGNED).compile().params, "status": "ASSIGNED"}
    cases: list[tuple[dict[str, Any], str | None]] = [
        ({}, None),
        ({"status": "DONE"}, "assignments_status_check"),
        ({"sequence": 0}, "assignments_sequence_check"),
        ({"time_spent_hours": -1}, "assignments_time_spent_hours_check"),
        ({"reason": "WHIM"}, "assignments_reason_check"),
        ({"type": "MAGIC"}, "assignments_type_check"),
        ({"tier_level": 9}, "assignments_organization_id_tier_level_fkey"),
    ]

    for values, rule in cases:
        refused = await takes(connection, sa.insert(untyped).values({**plain, **values}))
        assert (values, refused) == (values, rule)


async def test_a_ticket_out_of_range_is_refused(ticket_id: UUID, connection: AsyncConnection) -> None:
    cases: list[tuple[dict[str, Any], str | None]] = [
        ({"title": "x" * 200, "description": "x" * 20_000, "latitude": 90.0, "longitude": -180.0}, None),
        ({"title": ""}, "tickets_title_check"),
        ({"title": "x" * 201}, "tickets_title_check"),
        ({"description": "x" * 20_001}, "tickets_description_check"),
        ({"latitude": 91.0, "longitude": 0.0}, "tickets_latitude_check"),
        ({"latitude": 10.0}, "tickets_check"),
        ({"longitude": 181.0, "latitude": 0.0}, "tickets_longitude_check"),
        ({"escalation_count": -1}, "tickets_escalation_count_check"),
        ({"escalation_tier_level": 9}, "tickets_organization_id_escalation_tier_level_fkey"),
    ]

    for values, rule in cases:
        refused = await takes(connection, sa.update(tickets).where(tickets.c.id == ticket_id).values(values))
        assert (values, refused) == (values, rule)


async def test_a_turn_names_the_one_before_it_and_no_two_the_same(scene: Scene, connection: AsyncConnection) -> None:
    first = await scene.completed("ann")
    (row,) = await scene.rows(assignments, assignments.c.id == first)
    ended = AssignmentStatus.CANCELLED
    alone = await scene.ticket()

    cases: list[tuple[dict[str, Any], str | None]] = [
        ({"sequence": 2, "previous_id": first}, None),
        ({"sequence": 2}, "first_has_none_before"),
        ({"sequence": 2, "previous_id": uuid4()}, "follows_a_turn"),
    ]
    for values, expected in cases:
        assert await takes(connection, job(scene, row.ticket_id, ended, **values)) == expected
    wrong = job(scene, alone, ended, previous_id=first)
    assert await takes(connection, wrong) == "first_has_none_before"
    await connection.execute(job(scene, row.ticket_id, ended, sequence=2, previous_id=first))
    twice = job(scene, row.ticket_id, ended, sequence=3, previous_id=first)
    assert await takes(connection, twice) == "one_follows"


async def test_an_end_an_expiry_and_a_rating_belong_to_their_statuses(
    scene: Scene, ticket_id: UUID, connection: AsyncConnection
) -> None:
    rated = {"customer_rating": 4, "rated_at": BEFORE}
    for status in AssignmentStatus:
        plain = {"outcome": next(iter(OUTCOMES[status]), None), **fitting(status)}
        completed = status is AssignmentStatus.COMPLETED
        given_up = status in {AssignmentStatus.REASSIGNED, AssignmentStatus.CANCELLED}
        cases: list[tuple[dict[str, Any], str | None]] = [
            ({"ended_at": BEFORE if status in ACTIVE else None}, "end_fits_status"),
            (rated, None if completed else "only_completed_is_rated"),
            ({"offer_expired_at": BEFORE}, None if given_up else "only_offers_expire"),
            ({"offer_expired_at": BEFORE, "accepted_at": BEFORE}, "only_offers_expire"),
            ({"distance_km": 3.5}, "distance_has_a_source"),
        ]
        for values, expected in cases:
            refused = await takes(connection, job(scene, ticket_id, status, **plain, **values))
            assert (status, values, refused) == (status, values, expected)
    lonely = job(scene, ticket_id, AssignmentStatus.COMPLETED, outcome=AssignmentOutcome.SUCCESS, customer_rating=4)
    assert await takes(connection, lonely) == "rating_has_a_time"
