"""The way to a job, work on it and its pauses; one job at a time."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from app.db.tables.assignments import assignments
from app.db.tables.locations import technician_locations
from app.db.tables.tickets import comments
from app.domain.assignments import AssignmentStatus
from app.domain.events import EventType
from app.domain.refusals import Invalid, InvalidTransition
from app.services.assignments.job_step import write_step
from tests.services.scene import Clock, Scene
from tests.services.test_job_steps import arrive, complete, pause, resume, start, travel


async def test_the_way_to_a_job_and_its_pauses_are_stamped_and_told(scene: Scene, clock: Clock) -> None:
    job_id = await scene.accepted("ann")
    told, moments = [], []
    for step in (travel, arrive, start, pause, resume):
        moments.append(clock.pass_by(minutes=10))
        told += [each.type for each in await scene.events(await step(scene, job_id))]

    job, ticket = await scene.row(assignments, job_id), await scene.ticket_of(job_id)
    assert (job.en_route_at, job.arrived_at, job.started_at, job.paused_at, job.resumed_at) == (
        *moments[:3],
        None,
        moments[4],
    )
    assert (job.status, job.paused_seconds, ticket.status) == (AssignmentStatus.IN_PROGRESS, 600, "IN_PROGRESS")
    assert told == [
        EventType.JOB_EN_ROUTE,
        EventType.JOB_ARRIVED,
        EventType.JOB_STARTED,
        EventType.TICKET_STATUS_CHANGED,
        EventType.JOB_PAUSED,
        EventType.JOB_RESUMED,
    ]
    clock.pass_by(minutes=5)
    await complete(scene, job_id)
    ended = await scene.row(assignments, job_id)
    assert (ended.ended_at, ended.worked_seconds) == (clock.at, 900)


async def test_a_technician_is_at_work_on_one_job_at_a_time_where_the_organisation_wants_that(scene: Scene) -> None:
    running, other, resting = await scene.started("ann"), await scene.accepted("ann"), await scene.started("bob")
    await pause(scene, resting, "bob")
    await scene.started("bob")

    for step, job_id, by, allowed in ((start, other, "ann", "EN_ROUTE"), (resume, resting, "bob", "COMPLETED")):
        with pytest.raises(InvalidTransition) as refused:
            await step(scene, job_id, by)
        assert refused.value.message == "You are at work on another job: pause or complete it first."
        assert (allowed in refused.value.allowed, "IN_PROGRESS" in refused.value.allowed) == (True, False)
    assert refused.value.current_assignment_id not in {None, running, resting}
    await pause(scene, running)
    await start(scene, other)

    await scene.settle(one_job_in_progress=False)
    await resume(scene, running)
    assert (await scene.row(assignments, running)).status == (await scene.row(assignments, other)).status


async def test_two_starts_at_once_leave_one_job_in_progress(scene: Scene) -> None:
    jobs = [await scene.accepted("ann") for _ in range(6)]
    answers = await asyncio.gather(*(start(scene, each) for each in jobs), return_exceptions=True)

    assert sorted(type(each).__name__ for each in answers) == ["InvalidTransition"] * 5 + ["Written"]
    assert len(await scene.rows(assignments, assignments.c.status == AssignmentStatus.IN_PROGRESS)) == 1


async def test_without_the_technicians_lock_two_starts_at_once_would_both_succeed(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = asyncio.Barrier(2)

    async def unlocked(*_arguments: Any) -> None:
        await together.wait()

    # Both have looked before either writes.
    looked = asyncio.Barrier(2)
    look = write_step

    async def after_both(*arguments: Any, **named: Any) -> dict[str, UUID]:
        await looked.wait()
        return await look(*arguments, **named)

    monkeypatch.setattr("app.services.assignments.start_work.lock_technicians", unlocked)
    monkeypatch.setattr("app.services.assignments.start_work.write_step", after_both)
    jobs = [await scene.accepted("ann") for _ in range(2)]
    async with asyncio.timeout(10):
        await asyncio.gather(*(start(scene, each) for each in jobs))

    assert len(await scene.rows(assignments, assignments.c.status == AssignmentStatus.IN_PROGRESS)) == 2


async def test_a_step_may_say_something_and_where_it_happened(scene: Scene, clock: Clock) -> None:
    job_id = await scene.accepted("ann")

    written = await travel(scene, job_id, note=" On my way. ", place=(52.0, 5.0))
    ticket = await scene.ticket_of(job_id)
    (said,) = await scene.rows(comments, comments.c.ticket_id == ticket.id)
    (seen,) = await scene.rows(technician_locations)

    assert (said.body, said.internal, said.author_id) == ("On my way.", True, scene.world.users["ann"])
    assert (seen.latitude, seen.longitude, seen.recorded_at) == (52.0, 5.0, clock.at)
    assert [each.type for each in await scene.events(written)] == [EventType.JOB_EN_ROUTE, EventType.COMMENT_ADDED]
    with pytest.raises(Invalid) as nowhere:
        await arrive(scene, job_id, place=(91.0, 5.0))
    assert nowhere.value.field == ("location", "lat")
