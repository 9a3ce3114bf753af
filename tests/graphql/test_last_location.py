"""Who is told where a technician is, and how old that is."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.clock import now
from app.db.tables.assignments import assignments
from app.domain.assignments import STATUS_OF_OUTCOME, AssignmentStatus
from app.domain.locations import Point
from schema.ids import global_id
from tests.services.scene import Scene
from tests.serving import Served, serving, token
from tests.world import BEFORE, World

WHERE = "query ($id: ID!) { technician(id: $id) { lastLocation { point { lat lon } stale technician { id } } } }"
REPORT = "mutation ($points: [LocationPointInput!]!) { reportLocation(input: {points: $points}) { %s } }"
ERRORS = "errors { __typename ... on UserError { code field } ... on ClockSkewError { serverTime } }"
# What a job must have besides its status.
ENDED: dict[AssignmentStatus, dict[str, Any]] = {
    status: {"outcome": outcome} for outcome, status in STATUS_OF_OUTCOME.items()
} | {
    AssignmentStatus.REJECTED: {"rejection_reason": "far", "rejected_at": now()},
    AssignmentStatus.ESCALATED: {"outcome": "ESCALATED", "escalation_reason": "hard"},
}
COMING = {AssignmentStatus.EN_ROUTE, AssignmentStatus.IN_PROGRESS, AssignmentStatus.PAUSED}


def point(recorded_at: datetime, **values: Any) -> dict[str, Any]:
    return {"point": {"lat": 52.1, "lon": 5.1}, "recordedAt": recorded_at.isoformat(), **values}


async def report(served: Served, world: World, name: str, *points: dict[str, Any]) -> Any:
    answer = await served.ask(token(world, name), REPORT % f"changeId eventCursor {ERRORS}", {"points": list(points)})
    return answer["data"]["reportLocation"]


async def seen(served: Served, world: World, name: str, whose: str = "ann") -> Any:
    """Return where the user is told the technician is."""
    answer = await served.ask(token(world, name), WHERE, {"id": global_id("Technician", world.technicians[whose])})
    assert "errors" not in answer
    return answer["data"]["technician"]["lastLocation"]


async def test_what_a_phone_reports_is_what_dispatchers_see(database_url: str, world: World) -> None:
    async with serving(database_url) as served:
        assert await seen(served, world, "dispatcher") is None
        said = await report(served, world, "ann", point(now() - timedelta(hours=1)), point(now()))
        told = {name: await seen(served, world, name) for name in ("dispatcher", "lead", "manager", "admin")}
        hidden = [await seen(served, world, name) for name in ("ann", "bob", "cleo", "customer", "stranger")]

    assert said == {"changeId": None, "eventCursor": None, "errors": []}
    assert told["dispatcher"] == {
        "point": {"lat": 52.1, "lon": 5.1},
        "stale": False,
        "technician": {"id": global_id("Technician", world.technicians["ann"])},
    }
    assert list(told.values()) == [told["dispatcher"]] * 4
    assert hidden == [None] * 5


@pytest.mark.parametrize("plans", [True, False])
async def test_a_location_becomes_stale_when_nothing_newer_comes(
    database_url: str, engine: AsyncEngine, world: World, plans: bool
) -> None:
    scene = Scene(engine=engine, world=world)
    await scene.report("ann", Point(latitude=1.0, longitude=2.0, recorded_at=now() - timedelta(minutes=4, seconds=30)))
    await scene.report("bob", Point(latitude=1.0, longitude=2.0, recorded_at=now() - timedelta(minutes=5, seconds=1)))

    async with serving(database_url, read_plans=plans) as served:
        told = [(await seen(served, world, "dispatcher", whose))["stale"] for whose in ("ann", "bob")]

    assert told == [False, True]


async def test_a_requester_sees_the_technician_from_setting_out_until_the_job_ends(
    database_url: str, engine: AsyncEngine, world: World
) -> None:
    scene = Scene(engine=engine, world=world)
    await scene.report("ann", Point(latitude=1.0, longitude=2.0, recorded_at=now()))
    job_id = await scene.job("ann", await scene.ticket("customer"))

    async with serving(database_url) as served:
        for status in AssignmentStatus:
            await scene.change(assignments, job_id, status=status, **_fitting(status))
            told = [(await seen(served, world, name)) is not None for name in ("customer", "stranger", "bob")]
            assert (status, told) == (status, [status in COMING, False, False])


def _fitting(status: AssignmentStatus) -> dict[str, Any]:
    plain: dict[str, Any] = {"outcome": None, "rejection_reason": None, "rejected_at": None, "escalation_reason": None}
    plain["ended_at"] = None if status.is_active else BEFORE
    return {**plain, **ENDED.get(status, {})}


async def test_what_is_wrong_with_a_report_is_told_point_by_point(database_url: str, world: World) -> None:
    async with serving(database_url) as served:
        said = await report(
            served,
            world,
            "ann",
            point(now()),
            point(now(), accuracyMeters=-1.0),
            point(now() + timedelta(hours=2)),
            {**point(now()), "point": {"lat": 52.1, "lon": 181.0}},
        )
        told = await seen(served, world, "dispatcher")

    assert [(each["code"], each["field"]) for each in said["errors"]] == [
        ("VALIDATION_FAILED", ["points", "1", "accuracyMeters"]),
        ("CLOCK_SKEW", ["points", "2", "recordedAt"]),
        ("VALIDATION_FAILED", ["points", "3", "point", "lon"]),
    ]
    assert "serverTime" in said["errors"][1]
    assert told is None


async def test_whoever_is_no_technician_is_told_so(database_url: str, world: World) -> None:
    async with serving(database_url) as served:
        said = await report(served, world, "dispatcher", point(now()))

    assert [(each["__typename"], each["code"]) for each in said["errors"]] == [("ForbiddenError", "FORBIDDEN")]


async def test_the_largest_report_fits_and_one_point_more_is_refused(database_url: str, world: World) -> None:
    points = [point(now() - timedelta(seconds=n), accuracyMeters=12.345, headingDegrees=271.5) for n in range(501)]
    async with serving(database_url) as served:
        fits = await report(served, world, "ann", *points[:500])
        refused = await served.ask(
            token(world, "ann"), REPORT % "errors { ... on UserError { message field } }", {"points": points}
        )

    assert fits["errors"] == []
    assert refused["data"]["reportLocation"]["errors"] == [
        {"message": "points must list 1 to 500 points.", "field": ["points"]}
    ]
