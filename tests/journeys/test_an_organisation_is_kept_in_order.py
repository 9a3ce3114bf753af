"""A manager keeps teams and skills in order; everybody else is refused, and the board hears of it."""

from tests.journeys.operations import EVENTS
from tests.journeys.stage import Stage


async def test_teams_come_change_and_go(stage: Stage) -> None:
    manager, technician = await stage.enter("manager"), await stage.enter("ann")
    cursor = await manager.latest_cursor()

    team = (await manager.do("createTeam", name="West"))["team"]
    assert (team["name"], team["version"], team["active"]) == ("West", 1, True)
    changed = await manager.do("updateTeam", id=team["id"], expectedVersion=1, active=False)
    assert (changed["team"]["name"], changed["team"]["version"], changed["team"]["active"]) == ("West", 2, False)
    stale = await manager.refused("updateTeam", id=team["id"], expectedVersion=1, name="East")
    assert (stale["code"], stale["currentVersion"], stale["current"]["version"]) == ("STALE_VERSION", 2, 2)
    assert len(stale["changedSince"]) == 1
    gone = await manager.do("deleteTeam", id=team["id"])
    assert gone["deletedId"] == team["id"]

    told = (await manager.ask(EVENTS, after=cursor))["events"]["events"]
    assert [(event["type"], event["recordId"]) for event in told] == [("RECORD_CHANGED", team["id"])] * 3
    assert (await technician.ask(EVENTS, after=cursor))["events"]["events"] == []


async def test_what_technicians_have_is_not_deleted(stage: Stage) -> None:
    admin = await stage.enter("admin")
    (skill,) = (await admin.ask("{ skills { nodes { id code version } } }"))["skills"]["nodes"]

    refusal = await admin.refused("deleteSkill", id=skill["id"], expectedVersion=skill["version"])

    assert (refusal["__typename"], refusal["code"], refusal["field"]) == ("InUseError", "IN_USE", ["id"])
    assert {use["kind"] for use in refusal["uses"]} == {"Technician"}


async def test_whoever_does_not_manage_is_refused(stage: Stage) -> None:
    for name in ("dispatcher", "ann", "customer"):
        person = await stage.enter(name)
        refusal = await person.refused("createSkill", code="GAS", name="Gas")
        assert (refusal["code"], refusal["message"]) == ("FORBIDDEN", "You may not change skills.")
