"""Offers that nobody answers: whom they go to, and what is told when nobody is left."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
import sqlalchemy as sa

from app.db.tables.assignments import assignments
from app.db.tables.people import technicians
from app.db.transaction import system_transaction
from app.domain.assignments import AssignmentStatus
from app.domain.events import EventType
from app.domain.people import Actor, EventSource, Role
from app.domain.refusals import InvalidTransition
from app.domain.timers import TooEarly
from app.services.assignments.accept_assignment import accept_assignment
from app.services.assignments.expire_offer import ExpireOffer, expire_offer
from app.services.assignments.job_step import StepCommand
from app.services.perform import Written
from app.services.situations import find_job
from tests.services.scene import Clock, Scene
from tests.services.unlocked import without_row_locks


@pytest.fixture(autouse=True)
async def ten_minutes(scene: Scene) -> None:
    """Let offers stand for ten minutes."""
    await scene.settle(offer_accept_minutes=10)


async def expire(scene: Scene, job_id: UUID) -> Written | None:
    server = Actor(
        organization_id=scene.world.organization_id,
        user_id=None,
        roles=frozenset({Role.DISPATCHER}),
        source=EventSource.SYSTEM,
    )
    return await expire_offer(scene.writer, server, ExpireOffer(assignment_id=job_id))


async def timers(scene: Scene) -> list[dict[str, Any]]:
    async with system_transaction(scene.engine) as connection:
        rows = await connection.execute(sa.text("SELECT entrypoint, payload FROM pgqueuer ORDER BY id"))
        return [{"kind": row.entrypoint, **orjson.loads(row.payload)} for row in rows]


async def test_an_offer_sets_a_timer_in_its_own_transaction(scene: Scene) -> None:
    job_id = await scene.job("ann")
    organization = str(scene.world.organization_id)
    assert await timers(scene) == [{"kind": "offer-expires", "organization": organization, "subject": str(job_id)}]

    await scene.settle(offer_accept_minutes=None)
    await scene.job("bob")
    assert len(await timers(scene)) == 1


async def test_a_late_offer_goes_to_the_next_and_its_technician_is_not_asked_again(scene: Scene, clock: Clock) -> None:
    job_id = await scene.job("ann")
    clock.pass_by(minutes=9)
    with pytest.raises(TooEarly) as early:
        await expire(scene, job_id)
    assert early.value.wait == timedelta(minutes=1)
    clock.pass_by(minutes=1)

    written = await expire(scene, job_id)
    assert written is not None
    old, new = await scene.row(assignments, job_id), await scene.row(assignments, written.ids["assignment"])
    ticket = await scene.ticket_of(job_id)

    assert (old.status, old.offer_expired_at, old.ended_at) == (AssignmentStatus.REASSIGNED, clock.at, clock.at)
    assert (new.status, new.type, new.sequence, new.assigned_by) == (AssignmentStatus.ASSIGNED, "AUTO", 2, None)
    assert new.technician_id != scene.world.technicians["ann"]
    assert new.accept_by == clock.at + timedelta(minutes=10)
    assert ticket.status == "ASSIGNED"
    told = await scene.events(written)
    assert [each.type for each in told] == [EventType.JOB_OFFER_EXPIRED, EventType.JOB_ASSIGNED]
    assert {each.source for each in told} == {EventSource.SYSTEM}
    # Once more the same does nothing.
    assert await expire(scene, job_id) is None
    assert [each["subject"] for each in await timers(scene)] == [str(job_id), str(new.id)]


async def test_with_nobody_left_the_ticket_is_open_and_why_is_told(scene: Scene, clock: Clock) -> None:
    for name in ("bob", "cleo"):
        await scene.change(technicians, scene.world.technicians[name], active=False)
    await scene.off_shift("dan")
    job_id = await scene.job("ann")
    clock.pass_by(minutes=11)

    written = await expire(scene, job_id)
    assert written is not None
    job, ticket = await scene.row(assignments, job_id), await scene.ticket_of(job_id)
    told = await scene.events(written)

    assert set(written.ids) == {"ticket", "previous_assignment"}
    assert (job.status, job.offer_expired_at, ticket.status) == (AssignmentStatus.CANCELLED, clock.at, "OPEN")
    assert [each.type for each in told] == [
        EventType.JOB_OFFER_EXPIRED,
        EventType.TICKET_STATUS_CHANGED,
        EventType.DISPATCH_FAILED,
    ]
    (why,) = told[-1].changes
    assert {each["constraint"]: each["count"] for each in why.new} == {
        "INACTIVE": 2,
        "SHIFT": 1,
        "PREVIOUSLY_REJECTED": 1,
    }


async def test_at_a_higher_tier_only_its_own_people_stand_in(scene: Scene, clock: Clock) -> None:
    await scene.hire("eve", level=2)
    ticket_id = await scene.ticket()
    job_id = (await scene.assign(ticket_id, "ann")).ids["assignment"]
    climbed = await scene.escalate(ticket_id)
    assert climbed.ids["previous_assignment"] == job_id
    clock.pass_by(minutes=10)

    written = await expire(scene, climbed.ids["assignment"])
    assert written is not None
    pair = {scene.world.technicians["cleo"], scene.world.technicians["eve"]}
    held = [await scene.row(assignments, each) for each in (climbed.ids["assignment"], written.ids["assignment"])]
    assert {each.technician_id for each in held} == pair
    assert {each.tier_level for each in held} == {2}


@pytest.mark.parametrize("late", [True, False])
async def test_whoever_answers_first_wins(scene: Scene, clock: Clock, late: bool) -> None:
    job_id = await scene.job("ann")
    clock.pass_by(minutes=20)
    step = StepCommand(assignment_id=job_id)
    if late:
        passed_on = await expire(scene, job_id)
        assert passed_on is not None
        with pytest.raises(InvalidTransition) as refused:
            await accept_assignment(scene.writer, scene.actor("ann"), step)
        assert refused.value.current_assignment_id == passed_on.ids["assignment"]
    else:
        await accept_assignment(scene.writer, scene.actor("ann"), step)
        assert await expire(scene, job_id) is None


async def test_two_workers_at_once_pass_an_offer_on_once(scene: Scene, clock: Clock) -> None:
    job_id = await scene.job("ann")
    clock.pass_by(minutes=10)

    answers = await asyncio.gather(*(expire(scene, job_id) for _ in range(5)))

    assert sum(answer is not None for answer in answers) == 1
    assert len(await scene.rows(assignments)) == 2


async def test_what_is_not_there_any_more_is_let_be(scene: Scene) -> None:
    assert await expire(scene, uuid4()) is None


async def test_without_the_tickets_lock_only_the_tables_would_stop_the_second(
    scene: Scene, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = await scene.job("ann")
    clock.pass_by(minutes=10)
    without_row_locks(monkeypatch)
    both = asyncio.Barrier(2)

    async def together(*arguments: Any) -> Any:
        found = await find_job(*arguments)
        async with asyncio.timeout(5):
            await both.wait()
        return found

    monkeypatch.setattr("app.services.assignments.expire_offer.find_job", together)
    monkeypatch.setattr("app.services.assignments.offering.lock_technicians", _nobody)
    answers = await asyncio.gather(*(expire(scene, job_id) for _ in range(2)), return_exceptions=True)

    # Both have found the offer open; with the lock the second finds it passed on.
    assert sorted(type(each).__name__ for each in answers) == ["RuntimeError", "Written"]


async def _nobody(*_arguments: Any) -> None:
    """Lock nobody."""
