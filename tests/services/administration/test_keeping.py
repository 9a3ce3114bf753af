"""Rows of administration are created, changed and deleted: once, by whom may, and told."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from uuid_utils.compat import uuid7

from app.db.tables.organizations import teams
from app.db.tables.people import technicians
from app.db.transaction import transaction
from app.domain.refusals import Forbidden, InUse, Invalid, NotFound, StaleVersion
from app.services.administration import keeping, uses
from app.services.administration.saying import Create, Update
from app.services.administration.skills import create_skill, delete_skill, update_skill
from app.services.administration.teams import create_team, delete_team, update_team
from app.services.deleting import Delete
from app.services.perform import Written
from app.services.tickets.ticket_fields import NeededSkill
from tests.services.scene import Scene


async def new_team(scene: Scene, name: str = "West") -> UUID:
    written = await create_team(scene.writer, scene.actor("manager"), Create(values={"name": name}))
    return written.ids["team"]


def renamed(team_id: UUID, name: str, version: int = 1) -> Update:
    return Update(id=team_id, expected_version=version, values={"name": name})


async def test_a_row_is_created_told_and_found(scene: Scene) -> None:
    written = await create_team(scene.writer, scene.actor("manager"), Create(values={"name": "  West  "}))

    (row,) = await scene.rows(teams, teams.c.id == written.ids["team"])
    assert (row.name, row.active, row.version, row.created_at) == ("West", True, 1, scene.clock())
    (event,) = await scene.events(written)
    assert (event.kind, event.subject_id, event.version, event.before) == ("Team", row.id, 1, None)
    assert {each.field: each.new for each in event.changes} == {"name": "West", "active": True}


async def test_what_is_equal_already_is_neither_written_nor_told(scene: Scene) -> None:
    team_id = await new_team(scene)

    same = await update_team(scene.writer, scene.actor("manager"), renamed(team_id, " West "))
    assert await scene.events(same) == []
    changed = await update_team(scene.writer, scene.actor("manager"), renamed(team_id, "Far West"))

    (event,) = await scene.events(changed)
    assert [(each.field, each.old, each.new) for each in event.changes] == [("name", "West", "Far West")]
    assert event.version == 2


async def test_another_version_than_was_read_is_refused(scene: Scene) -> None:
    team_id = await new_team(scene)
    await update_team(scene.writer, scene.actor("manager"), renamed(team_id, "Far West"))

    with pytest.raises(StaleVersion) as refused:
        await update_team(scene.writer, scene.actor("manager"), renamed(team_id, "Near West"))
    assert (refused.value.expected, refused.value.current) == (1, 2)
    with pytest.raises(StaleVersion):
        await delete_team(scene.writer, scene.actor("manager"), Delete(id=team_id, expected_version=1))


@pytest.mark.parametrize("name", ["ann", "dispatcher", "customer"])
async def test_only_managers_and_administrators_keep_rows(scene: Scene, name: str) -> None:
    team_id, who = await new_team(scene), scene.actor(name)

    for asked in (
        create_team(scene.writer, who, Create(values={"name": "East"})),
        update_team(scene.writer, who, renamed(team_id, "East")),
        delete_team(scene.writer, who, Delete(id=team_id)),
    ):
        with pytest.raises(Forbidden):
            await asked
    assert [row.name for row in await scene.rows(teams, teams.c.id == team_id)] == ["West"]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": None}, "name must not be null; leave it out to keep it."),
    ({"name": "   "}, "name must not be blank."),
    ({"name": "x" * 101}, "name must not exceed 100 characters."),
    ({"name": "a\x00b"}, "name must not contain the NUL character."),
    ({"name": "north"}, "Another team has this name already."),
]


@pytest.mark.parametrize(("values", "problem"), WRONG, ids=[problem for _, problem in WRONG])
async def test_what_makes_no_sense_is_named_and_nothing_is_written(
    scene: Scene, values: dict[str, Any], problem: str
) -> None:
    team_id = await new_team(scene)

    for asked in (
        update_team(scene.writer, scene.actor("admin"), Update(id=team_id, expected_version=1, values=values)),
        create_team(scene.writer, scene.actor("admin"), Create(values=values)),
    ):
        with pytest.raises(Invalid) as refused:
            await asked
        assert (refused.value.field, refused.value.problem) == (("name",), problem)
    assert sorted(row.name for row in await scene.rows(teams)) == ["West", "north", "south"]


async def test_what_is_in_use_is_not_deleted_and_says_by_what(scene: Scene) -> None:
    with pytest.raises(InUse) as refused:
        await delete_team(scene.writer, scene.actor("admin"), Delete(id=scene.world.teams["north"]))

    (use,) = refused.value.uses
    assert (use.kind, use.more) == ("Technician", False)
    assert use.count == len(await scene.rows(technicians, technicians.c.team_id == scene.world.teams["north"]))
    assert "technicians" in refused.value.message


async def test_what_nothing_uses_is_deleted_and_told(scene: Scene) -> None:
    team_id = await new_team(scene)

    written = await delete_team(scene.writer, scene.actor("admin"), Delete(id=team_id, expected_version=1))

    assert written.ids == {"deleted_team": team_id}
    (event,) = await scene.events(written)
    assert (event.version, event.after, list(event.changes)) == (2, None, [])
    assert await scene.rows(teams, teams.c.id == team_id) == []
    with pytest.raises(NotFound):
        await delete_team(scene.writer, scene.actor("admin"), Delete(id=team_id))
    with pytest.raises(NotFound):
        await update_team(scene.writer, scene.actor("admin"), renamed(uuid7(), "Nowhere"))


async def test_a_repeat_gets_the_first_answer(scene: Scene) -> None:
    command = Create(values={"name": "West"}, idempotency_key="once")

    first = await create_team(scene.writer, scene.actor("admin"), command)

    assert await create_team(scene.writer, scene.actor("admin"), command) == first


async def test_what_is_no_longer_active_cannot_be_named_anew(scene: Scene) -> None:
    made = await create_skill(scene.writer, scene.actor("admin"), Create(values={"code": "GAS", "name": "Gas"}))
    skill_id = made.ids["skill"]
    await update_skill(
        scene.writer, scene.actor("admin"), Update(id=skill_id, expected_version=1, values={"active": False})
    )

    with pytest.raises(Invalid) as refused:
        await scene.ticket(required_skills=(NeededSkill(skill_id=skill_id, level=1),))
    assert refused.value.field == ("requiredSkills", "0", "skillId")
    await delete_skill(scene.writer, scene.actor("admin"), Delete(id=skill_id))


@pytest.fixture
async def team_id(scene: Scene) -> UUID:
    """A team that nobody belongs to."""
    return await new_team(scene)


async def join(scene: Scene, team_id: UUID) -> None:
    async with transaction(scene.engine, scene.world.organization_id) as connection:
        await connection.execute(
            sa.update(technicians).where(technicians.c.id == scene.world.technicians["ann"]).values(team_id=team_id)
        )


async def test_who_joins_while_a_team_is_deleted_loses_or_keeps_it(
    scene: Scene, team_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = uses.uses_of

    async def count_and_let_join(*asked: Any) -> Any:
        found = await counted(*asked)
        joining = asyncio.create_task(join(scene, team_id))
        # The row's lock keeps it waiting.
        done, _ = await asyncio.wait([joining], timeout=0.5)
        waited.append((joining, not done))
        return found

    waited: list[tuple[asyncio.Task[None], bool]] = []
    monkeypatch.setattr(keeping, "uses_of", count_and_let_join)

    await delete_team(scene.writer, scene.actor("admin"), Delete(id=team_id))

    ((joining, had_to_wait),) = waited
    assert had_to_wait
    with pytest.raises(sa.exc.IntegrityError):
        await joining


async def test_a_use_that_was_not_counted_is_refused_by_the_key(
    scene: Scene, team_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def none(*_asked: Any) -> tuple[()]:
        return ()

    await join(scene, team_id)
    monkeypatch.setattr(keeping, "uses_of", none)

    with pytest.raises(InUse) as refused:
        await delete_team(scene.writer, scene.actor("admin"), Delete(id=team_id))

    (use,) = refused.value.uses
    assert (use.kind, use.more) == ("Technician", True)


async def test_of_many_that_take_one_name_one_gets_it(scene: Scene) -> None:
    asked = [create_team(scene.writer, scene.actor("admin"), Create(values={"name": "West"})) for _ in range(20)]

    answers = await asyncio.gather(*asked, return_exceptions=True)

    assert len([each for each in answers if isinstance(each, Written)]) == 1
    assert {type(each) for each in answers} == {Written, Invalid}
