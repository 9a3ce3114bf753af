"""Calendars and policies follow one another; what was promised stays."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from app.db.tables.sla import business_calendars, sla_policies
from app.db.tables.supply import facilities
from app.db.tables.tickets import tickets
from app.domain.refusals import Forbidden, Invalid, NotFound
from app.domain.sla import SlaMetric
from app.domain.tickets import TicketPriority, TicketStatus
from app.services.administration import facilities as places
from app.services.administration import promises
from app.services.administration.facilities import CreateFacility, create_facility, update_facility
from app.services.administration.saying import Update
from tests.services.administration.settling import DAILY, HOURS, calendar, promise
from tests.services.promising import RESOLUTION, RESPONSE, clocks
from tests.services.scene import Clock, Scene
from tests.world import make_world

# A Monday at noon.
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
async def scene(engine: AsyncEngine) -> Scene:
    """An organisation on a Monday at noon."""
    return Scene(engine=engine, world=await make_world(engine, promises=True), clock=Clock(NOON))


async def test_a_policy_counts_for_tickets_from_then_on(scene: Scene) -> None:
    before = await scene.ticket()
    promised = {metric: clock.target_minutes for metric, clock in (await clocks(scene, before)).items()}

    written = await promise(scene)

    after = await clocks(scene, await scene.ticket())
    assert {metric: clock.target_minutes for metric, clock in after.items()} == {RESPONSE: 30, RESOLUTION: 240}
    assert {metric: clock.target_minutes for metric, clock in (await clocks(scene, before)).items()} == promised
    (event,) = await scene.events(written)
    assert (event.kind, event.subject_id) == ("SlaPolicy", written.ids["sla_policy"])


async def test_hours_count_by_the_calendar_of_the_policy(scene: Scene) -> None:
    office = (await calendar(scene)).ids["business_calendar"]
    await promise(scene, calendar_id=office)

    due = (await clocks(scene, await scene.ticket()))[RESOLUTION].due_at

    # One o'clock to five o'clock, after the break.
    assert due == NOON.replace(hour=17)


async def test_a_calendar_is_followed_by_facilities_and_the_policy_in_force(scene: Scene) -> None:
    first = (await calendar(scene)).ids["business_calendar"]
    await promise(scene, calendar_id=first)
    depot = CreateFacility(values={"name": "Depot", "calendar_id": first}, bay_count=0)
    facility = (await create_facility(scene.writer, scene.actor("manager"), depot)).ids["facility"]
    old = await scene.ticket()

    written = await calendar(scene, holidays=(date(2026, 5, 4),))

    second = written.ids["business_calendar"]
    assert second != first
    assert (await scene.row(facilities, facility)).calendar_id == second
    newest = max(await scene.rows(sla_policies), key=lambda row: row.revision)
    assert (newest.calendar_id, newest.name, newest.built_in) == (second, "Gold", False)
    assert {event.kind for event in await scene.events(written)} == {"BusinessCalendar", "Facility", "SlaPolicy"}
    # Monday has become a holiday: from Tuesday nine o'clock on.
    assert (await clocks(scene, await scene.ticket()))[RESOLUTION].due_at == NOON.replace(day=5, hour=13)
    assert (await clocks(scene, old))[RESOLUTION].due_at == NOON.replace(hour=17)
    assert (await scene.row(tickets, old)).sla_policy_id != newest.id


async def test_a_version_that_was_followed_is_named_by_nothing_new(scene: Scene) -> None:
    first = (await calendar(scene)).ids["business_calendar"]
    depot = CreateFacility(values={"name": "Depot"}, bay_count=0)
    facility = (await create_facility(scene.writer, scene.actor("manager"), depot)).ids["facility"]
    await calendar(scene, holidays=(date(2026, 5, 4),))

    for asked in (
        create_facility(
            scene.writer,
            scene.actor("manager"),
            CreateFacility(values={"name": "Yard", "calendar_id": first}, bay_count=0),
        ),
        update_facility(
            scene.writer,
            scene.actor("manager"),
            Update(id=facility, expected_version=1, values={"calendar_id": first}),
        ),
        promise(scene, calendar_id=first),
    ):
        with pytest.raises(Invalid) as refused:
            await asked
        assert (refused.value.field, refused.value.problem) == (
            ("calendarId",),
            "This calendar has a newer version; name that one.",
        )


@pytest.mark.parametrize("locked", [True, False])
async def test_no_facility_is_left_with_a_version_that_comes_to_be_followed_meanwhile(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, *, locked: bool
) -> None:
    first = (await calendar(scene)).ids["business_calendar"]
    judge, named, followed = places.FACILITY.judge, asyncio.Event(), asyncio.Event()

    async def judge_slowly(change: Any, before: Any, after: Any) -> None:
        await judge(change, before, after)
        named.set()
        # Whoever has the lock keeps the other out, and waits in vain.
        with suppress(TimeoutError):
            await asyncio.wait_for(followed.wait(), 0.5)

    async def nothing(_change: Any, _values: Any) -> None:
        return

    monkeypatch.setattr(places, "FACILITY", replace(places.FACILITY, judge=judge_slowly))
    if not locked:
        monkeypatch.setattr(places, "_lock_calendar", nothing)

    async def follow() -> UUID:
        await named.wait()
        written = await calendar(scene, holidays=(date(2026, 5, 4),))
        followed.set()
        return written.ids["business_calendar"]

    depot = CreateFacility(values={"name": "Depot", "calendar_id": first}, bay_count=0)
    made, second = await asyncio.gather(create_facility(scene.writer, scene.actor("manager"), depot), follow())

    row = await scene.row(facilities, made.ids["facility"])
    assert row.calendar_id == (second if locked else first)


async def test_the_version_that_was_saved_last_holds_whoever_began_first(scene: Scene) -> None:
    await calendar(scene)
    early = replace(scene, clock=Clock(NOON - timedelta(seconds=5)))
    last = (await calendar(early, holidays=(date(2026, 5, 4),))).ids["business_calendar"]

    again = await calendar(scene, holidays=(date(2026, 5, 4),))

    assert (again.ids, len(await scene.rows(business_calendars))) == ({"business_calendar": last}, 2)


async def test_the_same_said_again_makes_no_version(scene: Scene) -> None:
    first, policy = await calendar(scene), await promise(scene)

    again, same = await calendar(scene, name=" Office "), await promise(scene)

    assert (again.ids, same.ids) == (first.ids, policy.ids)
    assert (len(await scene.rows(business_calendars)), await scene.events(again)) == (1, [])
    assert await scene.events(same) == []


async def test_versions_saved_at_once_follow_one_another(scene: Scene) -> None:
    targets = [
        {each: {SlaMetric.FIRST_RESPONSE: 10 + number, SlaMetric.RESOLUTION: 100} for each in TicketPriority}
        for number in range(8)
    ]

    await asyncio.gather(*(promise(scene, targets=each) for each in targets))

    revisions = sorted(row.revision for row in await scene.rows(sla_policies))
    assert revisions == list(range(revisions[0], revisions[0] + 8))


async def test_without_the_organisations_lock_two_versions_collide(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, both = promises._policy_in_force, asyncio.Barrier(2)

    async def read_together(change: Any) -> Any:
        found = await read(change)
        await both.wait()
        return found

    async def nothing(_change: Any) -> None:
        return

    monkeypatch.setattr(promises, "_policy_in_force", read_together)
    monkeypatch.setattr(promises, "_alone", nothing)

    answers = await asyncio.gather(promise(scene), promise(scene, name="Silver"), return_exceptions=True)

    assert [type(each) for each in answers if isinstance(each, Exception)] == [sa.exc.IntegrityError]


@pytest.mark.parametrize("by", ["ann", "dispatcher", "customer"])
async def test_only_managers_and_administrators_promise(scene: Scene, by: str) -> None:
    for asked in (calendar(scene, by), promise(scene, by)):
        with pytest.raises(Forbidden):
            await asked
    assert await scene.rows(business_calendars) == []


CALENDARS: list[tuple[dict[str, Any], tuple[str, ...], str]] = [
    ({"name": " "}, ("name",), "must not be blank"),
    ({"time_zone": "Mars/Base"}, ("timeZone",), "Europe/Amsterdam"),
    ({"weekly": {}}, ("weekly",), "There must be an opening on some day."),
    ({"weekly": {"MON": ((600, 600),)}}, ("weekly",), "Opening 1 of MON must begin before it ends"),
    ({"weekly": {"MON": ((600, 1441),)}}, ("weekly",), "Opening 1 of MON must begin before it ends"),
    ({"weekly": {"MON": ((600, 700), (650, 800))}}, ("weekly",), "The openings of MON must be in order"),
    ({"weekly": {"MON": tuple((n * 60, n * 60 + 30) for n in range(11))}}, ("weekly",), "MON has more than 10"),
    ({"holidays": tuple(date(2026, 1, 1) + timedelta(days=n) for n in range(401))}, ("holidays",), "at most 400"),
]


@pytest.mark.parametrize(("values", "field", "problem"), CALENDARS)
async def test_a_calendar_that_makes_no_sense_is_refused(
    scene: Scene, values: dict[str, Any], field: tuple[str, ...], problem: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await calendar(scene, **values)

    assert refused.value.field == field
    assert problem in refused.value.problem
    assert await scene.rows(business_calendars) == []


POLICIES: list[tuple[dict[str, Any], tuple[str, ...], str]] = [
    ({"targets": {TicketPriority.P1: HOURS[TicketPriority.P1]}}, ("targets",), "P2, P3, P4"),
    (
        {"targets": {**HOURS, TicketPriority.P3: {SlaMetric.FIRST_RESPONSE: 0, SlaMetric.RESOLUTION: 9}}},
        ("targets", "P3", "responseMinutes"),
        "between 1 and 525600",
    ),
    ({"pause_on": (TicketStatus.CLOSED,)}, ("pauseOn",), "CLOSED"),
    ({"warn_at_percent": (50, 100)}, ("warnAtPercent",), "between 1 and 99"),
    ({"warn_at_percent": tuple(range(1, 12))}, ("warnAtPercent",), "at most 10"),
    ({"name": "x" * 101}, ("name",), "100 characters"),
]


@pytest.mark.parametrize(("values", "field", "problem"), POLICIES)
async def test_a_policy_that_makes_no_sense_is_refused(
    scene: Scene, values: dict[str, Any], field: tuple[str, ...], problem: str
) -> None:
    before = await scene.rows(sla_policies)

    with pytest.raises(Invalid) as refused:
        await promise(scene, **values)

    assert refused.value.field == field
    assert problem in refused.value.problem
    assert await scene.rows(sla_policies) == before


async def test_a_calendar_that_is_not_there_counts_for_nothing(scene: Scene) -> None:
    with pytest.raises(NotFound) as refused:
        await promise(scene, calendar_id=uuid7())
    assert refused.value.field == ("calendarId",)


async def test_openings_are_kept_as_they_were_said(scene: Scene) -> None:
    id_ = (await calendar(scene)).ids["business_calendar"]

    kept = (await scene.row(business_calendars, id_)).weekly

    assert {day: len(openings) for day, openings in kept.items()} == {day: len(each) for day, each in DAILY.items()}
