"""What an organisation settles about itself counts, is told, and is settled by one at a time."""

import asyncio
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from app.db.tables.assignments import assignments
from app.db.tables.organizations import escalation_tiers, organization_settings, organizations
from app.db.tables.supply import service_type_skills, service_types
from app.domain import validation
from app.domain.appointments import AppointmentType, AutoBooking, Urgency
from app.domain.refusals import Forbidden, InUse, Invalid, NotFound, StaleVersion
from app.services.administration.keeping import update
from app.services.administration.organization import Settle, update_organization
from app.services.administration.saying import Kept, Update
from app.services.administration.skills import SKILL
from app.services.administration.teams import TEAM
from app.services.perform import Written
from tests.services.administration.settling import service, settle, tiers, version_of
from tests.services.scene import Scene

REPAIR = AppointmentType.COMPONENT_REPAIR
THREE: tuple[dict[str, Any], ...] = tuple(
    {"level": level, "code": f"L{level}", "name": f"Tier {level}"} for level in (1, 2, 3)
)


async def rename(scene: Scene, by: str = "manager", version: int | None = None, **values: Any) -> Written:
    expected = await version_of(scene) if version is None else version
    return await update_organization(scene.writer, scene.actor(by), Settle(expected_version=expected, values=values))


async def stop(scene: Scene, kept: Kept, id_: UUID) -> None:
    version = (await scene.row(kept.table, id_)).version
    command = Update(id=id_, expected_version=version, values={"active": False})
    await update(kept, scene.writer, scene.actor("manager"), command)


async def test_a_name_and_a_zone_are_given_and_told(scene: Scene) -> None:
    before = await version_of(scene)

    written = await rename(scene, name="  Pumps & Co  ", time_zone="Asia/Kolkata")

    (row,) = await scene.rows(organizations)
    assert (row.name, row.time_zone, row.version) == ("Pumps & Co", "Asia/Kolkata", before + 1)
    (event,) = await scene.events(written)
    assert (event.kind, event.version) == ("Organization", before + 1)
    assert {each.field: each.new for each in event.changes} == {"name": "Pumps & Co", "time_zone": "Asia/Kolkata"}
    assert await scene.events(await rename(scene, name="Pumps & Co")) == []


async def test_a_zone_that_only_the_program_knows_is_refused(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "_zones", lambda: frozenset({"Mars/Olympus"}))

    with pytest.raises(Invalid) as refused:
        await rename(scene, time_zone="Mars/Olympus")

    assert (refused.value.field, "the database knows" in refused.value.problem) == (("timeZone",), True)
    (row,) = await scene.rows(organizations)
    assert (row.name, row.time_zone) == ("Testwerk", "Europe/Amsterdam")


async def test_settings_are_told_one_by_one_and_count(scene: Scene) -> None:
    written = await settle(scene, offer_accept_minutes=7, max_jobs_per_day=1, hourly_rate=Decimal("80.5"))

    (row,) = await scene.rows(organization_settings)
    assert (row.offer_accept_minutes, row.max_jobs_per_day, row.hourly_rate) == (7, 1, Decimal("80.50"))
    (event,) = await scene.events(written)
    assert {each.field: each.new for each in event.changes} == {
        "offer_accept_minutes": 7,
        "max_jobs_per_day": 1,
        "hourly_rate": "80.50",
    }
    job = await scene.row(assignments, await scene.job("ann"))
    assert (job.accept_by - job.assigned_at).total_seconds() == 7 * 60


async def test_null_takes_a_setting_away_and_what_is_equal_raises_no_version(scene: Scene) -> None:
    await settle(scene, buffer_minutes=30)
    version = await version_of(scene)

    assert await scene.events(await settle(scene, buffer_minutes=30)) == []
    assert await version_of(scene) == version
    await settle(scene, buffer_minutes=None)

    (row,) = await scene.rows(organization_settings)
    assert row.buffer_minutes is None


WRONG: list[tuple[dict[str, Any], tuple[str, ...], str]] = [
    ({"offer_accept_minutes": 0}, ("offerAcceptMinutes",), "offerAcceptMinutes must lie between 1 and 43200."),
    ({"buffer_minutes": 481}, ("bufferMinutes",), "bufferMinutes must lie between 0 and 480."),
    ({"auto_book_within_days": 15}, ("autoBookWithinDays",), "autoBookWithinDays must lie between 1 and 14."),
    (
        {"one_job_in_progress": None},
        ("oneJobInProgress",),
        "oneJobInProgress must not be null",
    ),
    ({"currency": "euro"}, ("currency",), "currency must be three capital letters, such as EUR."),
    ({"hourly_rate": Decimal(-1)}, ("hourlyRate",), "hourlyRate"),
    ({"late_cancellation_fee": Decimal("1e12")}, ("lateCancellationFee",), "lateCancellationFee"),
]


@pytest.mark.parametrize(("values", "field", "problem"), WRONG, ids=[field[0] for _, field, _ in WRONG])
async def test_what_makes_no_sense_is_named_and_nothing_is_settled(
    scene: Scene, values: dict[str, Any], field: tuple[str, ...], problem: str
) -> None:
    before = await scene.rows(organization_settings)

    with pytest.raises(Invalid) as refused:
        await settle(scene, max_jobs_per_day=3, **values)

    assert refused.value.field == field
    assert problem in refused.value.problem
    assert await scene.rows(organization_settings) == before


async def test_whoever_was_second_is_refused_whatever_it_was_about(scene: Scene) -> None:
    version = await version_of(scene)
    await tiers(scene, *THREE, {"level": 4, "code": "L4", "name": "Maker"})

    with pytest.raises(StaleVersion) as refused:
        await rename(scene, version=version, name="Other")
    assert (refused.value.expected, refused.value.current) == (version, version + 1)


async def test_of_many_who_settle_at_once_one_does(scene: Scene) -> None:
    version = await version_of(scene)

    answers = await asyncio.gather(
        *(rename(scene, version=version, name=f"Name {number}") for number in range(10)), return_exceptions=True
    )

    assert sorted(type(each).__name__ for each in answers) == ["StaleVersion"] * 9 + ["Written"]


@pytest.mark.parametrize("by", ["ann", "dispatcher", "customer"])
async def test_only_managers_and_administrators_settle(scene: Scene, by: str) -> None:
    for asked in (
        rename(scene, by, name="Mine"),
        settle(scene, by, buffer_minutes=1),
        tiers(scene, *THREE, by=by),
        service(scene, REPAIR, by=by, duration_minutes=10),
    ):
        with pytest.raises(Forbidden):
            await asked


async def test_tiers_change_come_go_and_swap_their_codes(scene: Scene) -> None:
    await tiers(scene, *THREE, {"level": 7, "code": "L7", "name": "Maker", "team_id": scene.world.teams["south"]})
    swapped = ({**THREE[0], "code": "L2"}, {**THREE[1], "code": "L1", "accept_within_minutes": 9}, THREE[2])

    written = await tiers(scene, *swapped)

    found = sorted(await scene.rows(escalation_tiers), key=lambda row: row.level)
    assert [(row.level, row.code, row.accept_within_minutes) for row in found] == [
        (1, "L2", None),
        (2, "L1", 9),
        (3, "L3", None),
    ]
    (event,) = await scene.events(written)
    assert [each.field for each in event.changes] == ["tiers"]
    assert await scene.events(await tiers(scene, *swapped)) == []


async def test_a_tier_that_something_has_cannot_be_left_out(scene: Scene) -> None:
    with pytest.raises(InUse) as refused:
        await tiers(scene, THREE[0], THREE[1])

    assert {use.kind for use in refused.value.uses} == {"Technician"}
    assert len(await scene.rows(escalation_tiers)) == 3


TIERS_WRONG: list[tuple[tuple[dict[str, Any], ...], tuple[str, ...]]] = [
    ((), ("tiers",)),
    ((*THREE, THREE[0]), ("tiers",)),
    ((*THREE, {"level": 4, "code": "L1", "name": "Again"}), ("tiers",)),
    ((*THREE, {"level": 101, "code": "L101", "name": "High"}), ("tiers", "3", "level")),
    ((*THREE, {"level": 4, "code": " ", "name": "Blank"}), ("tiers", "3", "code")),
    (tuple({"level": level, "code": f"C{level}", "name": "Many"} for level in range(1, 22)), ("tiers",)),
]


@pytest.mark.parametrize(("wanted", "field"), TIERS_WRONG)
async def test_tiers_that_make_no_sense_are_refused(
    scene: Scene, wanted: tuple[dict[str, Any], ...], field: tuple[str, ...]
) -> None:
    before = await scene.rows(escalation_tiers)

    with pytest.raises(Invalid) as refused:
        await tiers(scene, *wanted)

    assert refused.value.field == field
    assert await scene.rows(escalation_tiers) == before


async def test_a_team_that_is_no_longer_active_stays_where_it_works_and_gets_no_other_tier(scene: Scene) -> None:
    team = scene.world.teams["south"]
    with_team = (*THREE[:2], {**THREE[2], "team_id": team})
    await tiers(scene, *with_team)
    await stop(scene, TEAM, team)

    await tiers(scene, {**THREE[0], "name": "First"}, *with_team[1:])

    found = sorted(await scene.rows(escalation_tiers), key=lambda row: row.level)
    assert [(row.name, row.team_id) for row in found] == [("First", None), ("Tier 2", None), ("Tier 3", team)]
    with pytest.raises(Invalid) as refused:
        await tiers(scene, THREE[0], {**THREE[1], "team_id": team}, with_team[2])
    assert refused.value.field == ("tiers", "1", "teamId")


async def test_a_skill_that_is_no_longer_active_stays_where_it_is_asked_for(scene: Scene) -> None:
    skill = scene.world.skill_id
    await service(scene, REPAIR, (skill, 4))
    await stop(scene, SKILL, skill)

    await service(scene, REPAIR, (skill, 3), duration_minutes=90)

    assert [(row.skill_id, row.level) for row in await scene.rows(service_type_skills)] == [(skill, 3)]
    with pytest.raises(Invalid) as refused:
        await service(scene, AppointmentType.DIAGNOSTIC, (skill, 3))
    assert refused.value.field == ("skills", "0", "skillId")


async def test_a_team_that_is_not_there_works_no_tier(scene: Scene) -> None:
    with pytest.raises(NotFound) as refused:
        await tiers(scene, *THREE[:2], {**THREE[2], "team_id": uuid7()})
    assert refused.value.field == ("tiers", "2", "teamId")


async def test_a_kind_of_service_is_settled_piece_by_piece(scene: Scene) -> None:
    await service(scene, REPAIR, (scene.world.skill_id, 4), duration_minutes=150, urgency=Urgency.HIGH)

    written = await service(scene, REPAIR, (scene.world.skill_id, 4), auto_book_from=AutoBooking.NEVER)

    (row,) = await scene.rows(service_types)
    assert (row.duration_minutes, row.urgency, row.auto_book_from) == (150, "HIGH", "NEVER")
    (needed,) = await scene.rows(service_type_skills)
    assert (needed.skill_id, needed.level) == (scene.world.skill_id, 4)
    (event,) = await scene.events(written)
    assert [each.field for each in event.changes] == ["service_types.COMPONENT_REPAIR"]
    await service(scene, REPAIR)
    assert await scene.rows(service_type_skills) == []


async def test_what_a_kind_of_service_asks_for_is_looked_at(scene: Scene) -> None:
    for skills, field in (
        (((uuid7(), 1),), ("skills", "0", "skillId")),
        (((scene.world.skill_id, 6),), ("skills", "0", "level")),
        (((scene.world.skill_id, 1), (scene.world.skill_id, 2)), ("skills",)),
    ):
        with pytest.raises((NotFound, Invalid)) as refused:
            await service(scene, REPAIR, *skills)
        assert refused.value.field == field
    assert await scene.rows(service_types) == []
