"""Where technicians are: the newest point counts, whoever says it, whenever it comes."""

import asyncio
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db import locations
from app.db.tables.locations import technician_locations
from app.db.tables.log import event_heads
from app.db.transaction import transaction
from app.domain.locations import Point
from app.domain.people import Role
from app.domain.refusals import Forbidden, Invalid, Refusals
from tests.services.scene import MORNING, Clock, Scene
from tests.services.test_two_at_once import together
from tests.world import make_world

SECOND = timedelta(seconds=1)


def at(moment: datetime, latitude: float = 52.1, **values: Any) -> Point:
    return Point(latitude=latitude, longitude=5.1, recorded_at=moment, **values)


async def known(scene: Scene) -> dict[UUID, tuple[float, datetime]]:
    """Return where each technician is, and since when."""
    return {row.technician_id: (row.latitude, row.recorded_at) for row in await scene.rows(technician_locations)}


async def test_of_what_a_phone_collected_the_newest_point_is_kept_with_all_it_says(scene: Scene) -> None:
    newest = at(MORNING - SECOND, 53.0, accuracy_meters=4.5, heading_degrees=271.25)

    await scene.report("ann", at(MORNING - 3 * SECOND), newest, at(MORNING - 2 * SECOND))

    (row,) = await scene.rows(technician_locations)
    assert (row.technician_id, row.recorded_at) == (scene.world.technicians["ann"], MORNING - SECOND)
    assert (row.latitude, row.longitude, row.accuracy_meters, row.heading_degrees) == (53.0, 5.1, 4.5, 271.25)


async def test_a_newer_point_takes_the_place_of_the_older_and_of_everything_said_with_it(scene: Scene) -> None:
    await scene.report("ann", at(MORNING - SECOND, accuracy_meters=4.5, heading_degrees=10.0))

    await scene.report("ann", at(MORNING, 53.0))

    (row,) = await scene.rows(technician_locations)
    assert (row.latitude, row.accuracy_meters, row.heading_degrees) == (53.0, None, None)


@pytest.mark.parametrize("late", [timedelta(0), SECOND, timedelta(hours=23)])
async def test_what_comes_late_does_not_move_anybody_back(scene: Scene, late: timedelta) -> None:
    await scene.report("ann", at(MORNING))

    await scene.report("ann", at(MORNING - late, 10.0))

    assert await known(scene) == {scene.world.technicians["ann"]: (52.1, MORNING)}


async def test_a_report_that_is_repeated_changes_nothing(scene: Scene) -> None:
    report = [at(MORNING - n * SECOND, 50.0 + n) for n in range(10)]
    await scene.report("ann", *report)
    before = await scene.rows(technician_locations)

    for _ in range(3):
        await scene.report("ann", *report)
    async with transaction(scene.engine, scene.world.organization_id) as connection:
        written = await locations.keep(
            connection, scene.world.organization_id, scene.world.technicians["ann"], report[0]
        )

    assert not written
    assert await scene.rows(technician_locations) == before


async def test_points_of_yesterday_are_taken_and_say_nothing(scene: Scene) -> None:
    await scene.report("ann", at(MORNING - timedelta(days=1)), at(MORNING - timedelta(days=9)))

    assert await known(scene) == {}


async def test_one_wrong_point_keeps_the_whole_report_out(scene: Scene) -> None:
    with pytest.raises(Refusals):
        await scene.report("ann", at(MORNING), at(MORNING, 91.0))
    with pytest.raises(Refusals):
        await scene.report("ann", at(MORNING), at(MORNING + timedelta(minutes=6)))
    with pytest.raises(Invalid):
        await scene.report("ann")

    assert await known(scene) == {}


async def test_everybody_reports_for_themselves_alone(scene: Scene) -> None:
    other = Scene(engine=scene.engine, world=await make_world(scene.engine, "Nachbarn"), clock=scene.clock)
    for n, name in enumerate(("ann", "bob", "cleo")):
        await scene.report(name, at(MORNING, 50.0 + n))
    await other.report("ann", at(MORNING, 10.0))

    mine = scene.world.technicians
    assert await known(scene) == {mine[name]: (50.0 + n, MORNING) for n, name in enumerate(("ann", "bob", "cleo"))}
    assert await known(other) == {other.world.technicians["ann"]: (10.0, MORNING)}


@pytest.mark.parametrize("name", ["dispatcher", "admin", "customer"])
async def test_whoever_is_no_technician_reports_nothing(scene: Scene, name: str) -> None:
    with pytest.raises(Forbidden):
        await scene.report(name, at(MORNING))


async def test_a_technician_who_has_become_a_customer_reports_nothing(scene: Scene) -> None:
    await scene.hire("gus", level=1, role=Role.END_USER)

    with pytest.raises(Forbidden):
        await scene.report("gus", at(MORNING))


async def test_the_log_hears_nothing_of_it_and_nobody_waits_for_its_head(scene: Scene) -> None:
    head = (await scene.rows(event_heads))[0].position
    async with transaction(scene.engine, scene.world.organization_id) as connection:
        await connection.execute(sa.select(event_heads).with_for_update())
        async with asyncio.timeout(2):
            await scene.report("ann", at(MORNING))

    assert (await scene.rows(event_heads))[0].position == head
    assert scene.woken == []


async def forty_reports(scene: Scene, clock: Clock) -> tuple[float, datetime]:
    """Let one technician's phone send forty reports at once, in any order; return where it is thought to be."""
    moments = list(range(40))
    Random(7).shuffle(moments)
    reports = [at(clock() - n * SECOND, 50.0 + n) for n in moments]
    await asyncio.gather(*(scene.report("ann", each) for each in reports))
    return (await known(scene))[scene.world.technicians["ann"]]


async def test_of_forty_reports_at_once_the_newest_stays(scene: Scene, clock: Clock) -> None:
    for _ in range(10):
        clock.pass_by(hours=1)
        assert await forty_reports(scene, clock) == (50.0, clock())


async def test_without_the_comparison_in_the_statement_an_older_report_would_stay(
    scene: Scene, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def looked_first(
        connection: AsyncConnection, organization_id: UUID, technician_id: UUID, point: Point
    ) -> bool:
        known_at = await connection.scalar(sa.select(technician_locations.c.recorded_at))
        await asyncio.sleep((clock() - point.recorded_at).total_seconds() / 200)
        if known_at is not None and known_at >= point.recorded_at:
            return False
        row = {"latitude": point.latitude, "longitude": point.longitude, "recorded_at": point.recorded_at}
        key = {"organization_id": organization_id, "technician_id": technician_id}
        await connection.execute(
            insert(technician_locations).values(**key, **row).on_conflict_do_update(index_elements=list(key), set_=row)
        )
        return True

    monkeypatch.setattr(locations, "keep", together(looked_first, parties=15))

    assert await forty_reports(scene, clock) != (50.0, clock())
