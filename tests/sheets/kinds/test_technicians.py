"""Technicians come in with their users: found by address, by the id they have elsewhere, or by their own."""

from typing import Any

import pytest

from schema.ids import global_id
from tests.sheets.kinds.filing import bring, counted, file_of, outcomes, told, tried
from tests.sheets.office import Office, table

NEW = {
    "externalId": "T-7",
    "email": "eve@test.example",
    "name": "Eve, the new one",
    "team": "south",
    "tier": "L2",
    "mainSkill": "PUMPS",
    "skills": "PUMPS:4:2027-12-31",
    "territories": "Centre",
    "yearsExperience": "3",
    "homeLatitude": "52.5",
    "homeLongitude": "4.75",
    "active": "TRUE",
}

TECHNICIAN = """
    SELECT t.*, u.name, u.email, u.roles, u.version AS user_version,
        (SELECT array_agg(ARRAY[s.skill_id::text, s.level::text, s.expires_on::text]) FROM technician_skills s
            WHERE s.technician_id = t.id) AS skills,
        (SELECT array_agg(w.territory_id) FROM technician_territories w WHERE w.technician_id = t.id) AS territories
    FROM technicians t JOIN users u ON u.id = t.user_id AND u.organization_id = t.organization_id
    WHERE t.organization_id = :organization AND u.email = :email
"""


WRONG = "VALIDATION_FAILED"


async def found(office: Office, email: str) -> dict[str, Any]:
    (row,) = await office.sql(TECHNICIAN, email=email)
    return row


async def test_a_line_makes_a_user_and_a_technician_with_all_that_it_says(office: Office) -> None:
    before = await counted(office)

    report = await bring(office, "technicians", file_of([NEW]))

    assert outcomes(report) == [(2, "CREATED")]
    row = await found(office, "eve@test.example")
    assert report["rows"][0]["id"] == global_id("Technician", row["id"])
    assert (row["name"], row["roles"], row["external_id"]) == ("Eve, the new one", ["TECHNICIAN"], "T-7")
    assert (row["team_id"], row["tier_level"]) == (office.world.teams["south"], 2)
    assert (row["main_skill_id"], row["years_experience"], row["active"]) == (office.world.skill_id, 3, True)
    assert (row["home_latitude"], row["home_longitude"]) == (52.5, 4.75)
    assert row["skills"] == [[str(office.world.skill_id), "4", "2027-12-31"]]
    assert row["territories"] == [office.world.territory_id]
    after = await counted(office)
    assert (after["users"], after["technicians"]) == (before["users"] + 1, before["technicians"] + 1)
    events = await office.sql("SELECT type, kind, change_id, version FROM events ORDER BY position")
    assert [(each["type"], each["kind"], each["version"]) for each in events] == [
        ("RECORD_CHANGED", "User", 1), ("RECORD_CHANGED", "Technician", 1)
    ]  # fmt: skip
    assert len({each["change_id"] for each in events}) == 1
    assert report["changeId"] == global_id("Change", events[0]["change_id"])


CHANGES = [
    ("externalId", "T-1", "external_id", "T-1"),
    ("name", "Ann the First", "name", "Ann the First"),
    ("team", "south", "team_id", "teams.south"),
    ("team", "", "team_id", None),
    ("tier", "L3", "tier_level", 3),
    ("mainSkill", "", "main_skill_id", None),
    ("skills", "", "skills", None),
    ("territories", "Centre", "territories", "territory"),
    ("yearsExperience", "12", "years_experience", 12),
    ("active", "false", "active", False),
]


@pytest.mark.parametrize(("column", "cell", "field", "value"), CHANGES)
async def test_a_line_changes_what_it_says_and_leaves_the_rest(
    office: Office, column: str, cell: str, field: str, value: Any
) -> None:
    if column == "territories":
        value = [office.world.territory_id]
    elif value == "teams.south":
        value = office.world.teams["south"]
    before = await found(office, "ann@test.example")
    file = file_of([{"email": "ann@test.example", column: cell}])

    dry = await tried(office, "technicians", file)
    assert [each["changes"] for each in dry["rows"]] == [[column]]
    assert await found(office, "ann@test.example") == before
    report = await bring(office, "technicians", file)

    assert outcomes(report) == outcomes(dry) == [(2, "UPDATED")]
    after = await found(office, "ann@test.example")
    assert after[field] == value
    moved = {name for name, was in before.items() if after[name] != was} - {field, "updated_at"}
    assert moved == {"user_version" if column == "name" else "version"}


async def test_a_place_is_given_and_taken_as_a_whole(office: Office) -> None:
    place = {"email": "ann@test.example", "homeLatitude": "52.1", "homeLongitude": "-4"}
    await bring(office, "technicians", file_of([place]), key="a")
    row = await found(office, "ann@test.example")
    assert (row["home_latitude"], row["home_longitude"]) == (52.1, -4.0)

    half = await tried(office, "technicians", file_of([{**place, "homeLongitude": ""}]))
    assert told(half) == [(2, "homeLongitude", WRONG)]
    column = await tried(office, "technicians", "email,homeLatitude\r\nann@test.example,")
    assert told(column) == [(1, "homeLongitude", "MISSING_COLUMN")]
    await bring(office, "technicians", file_of([{**place, "homeLatitude": "", "homeLongitude": ""}]), key="b")
    row = await found(office, "ann@test.example")
    assert (row["home_latitude"], row["home_longitude"]) == (None, None)


async def test_a_technician_is_found_by_each_of_three(office: Office) -> None:
    ann = office.world.technicians["ann"]
    await bring(office, "technicians", "email,externalId\r\nAnn@Test.Example,T-1", key="a")
    row = await found(office, "ann@test.example")
    assert (row["external_id"], row["user_version"]) == ("T-1", 1)

    await bring(office, "technicians", "externalId,yearsExperience\r\nT-1,2", key="b")
    await bring(office, "technicians", f"id,tier\r\n{global_id('Technician', ann)},L2", key="c")
    # Whoever is found by an id may get another address.
    await bring(office, "technicians", "externalId,email\r\nT-1,ann.b@test.example", key="d")

    row = await found(office, "ann.b@test.example")
    assert (row["id"], row["years_experience"], row["tier_level"]) == (ann, 2, 2)


async def test_a_user_who_is_there_becomes_a_technician(office: Office) -> None:
    before = await counted(office)

    # As a manager may do it, since no role is given.
    report = await bring(office, "technicians", "email,team\r\nlead@test.example,north", "manager")

    assert outcomes(report) == [(2, "CREATED")]
    row = await found(office, "lead@test.example")
    assert (row["roles"], row["name"], row["user_version"], row["tier_level"]) == (["TEAM_LEAD"], "Lead", 1, 1)
    after = await counted(office)
    assert (after["users"], after["technicians"]) == (before["users"], before["technicians"] + 1)


async def test_only_an_administrator_makes_users(office: Office) -> None:
    before = await counted(office)

    refused = await office.send(file_of([NEW]), "manager", what="technicians", key="a")

    assert (refused.status_code, told(refused.json())) == (422, [(2, None, "FORBIDDEN")])
    assert await counted(office) == before
    an_admin = await tried(office, "technicians", "email,name\r\nadmin@test.example,Somebody", "manager")
    assert told(an_admin) == [(2, None, "FORBIDDEN")]
    renamed = await bring(office, "technicians", "email,name\r\nann@test.example,Ann B.", "manager", key="b")
    assert outcomes(renamed) == [(2, "UPDATED")]


async def test_a_user_of_a_customer_is_no_technician(office: Office) -> None:
    report = await tried(office, "technicians", "email\r\ncustomer@test.example")
    assert told(report) == [(2, "email", WRONG)]
    assert "role of staff" in report["problems"][0]["message"]


async def test_every_wrong_cell_is_told_with_its_place(office: Office) -> None:
    await office.sql("UPDATE teams SET active = false WHERE name = 'south' AND organization_id = :organization")
    await office.sql("UPDATE technicians SET external_id = 'T-BOB' WHERE id = :id", id=office.world.technicians["bob"])
    await office.sql("UPDATE users SET active = false WHERE id = :id", id=office.world.users["lead"])
    columns = list(NEW)
    ann = {"email": "ann@test.example"}
    rows: list[dict[str, str]] = [
        {**ann, "team": "nowhere", "tier": "L9", "mainSkill": "GAS", "skills": "GAS:1;PUMPS:2", "territories": "Moon"},
        {"email": "cleo@test.example", "team": "south"},
        {"email": "dan@test.example", "skills": "PUMPS"},
        {"email": "uma@test.example", "skills": "PUMPS:6"},
        {"email": "eve@test.example", "name": "Eve", "skills": "PUMPS:1:2027-02-30"},
        {"email": "fay@test.example", "name": "Fay", "skills": "PUMPS:1;PUMPS:2"},
        {"email": "gus@test.example", "name": "Gus", "yearsExperience": "81"},
        {"email": "hal@test.example", "name": "Hal", "yearsExperience": "many"},
        {"email": "ida@test.example", "name": "Ida", "homeLatitude": "91", "homeLongitude": "1"},
        {"email": "jan@test.example", "name": "Jan", "active": "perhaps"},
        {"email": "kim@test.example", "name": ""},
        {"email": "no address", "name": "Lou"},
        {"email": "mia@test.example", "name": "Mia", "externalId": "x" * 101},
        {"name": "Nobody"},
        {"email": "lead@test.example"},
        {"email": "nul\x00@test.example", "name": "Nul"},
        {"externalId": "T-BOB", "email": "dispatcher@test.example", "team": "north", "tier": "L1", "active": "true"},
        {"externalId": "T-OLE", "email": "ole@test.example", "name": "x" * 201},
        {"email": "pia@test.example", "name": "Pia", "skills": "PUMPS:1:9999-12-31"},
    ]
    rows = [{"tier": "L1", "active": "true", "name": "Somebody", **row} for row in rows]
    report = await tried(office, "technicians", file_of(rows, *columns))

    names = ("team", "tier", "mainSkill", "skills", "territories")
    assert [each for each in told(report) if each[0] == 2] == [(2, name, "NOT_FOUND") for name in names]
    assert "GAS" in report["problems"][3]["message"]
    assert set(told(report)) >= {
        (3, "team", WRONG),
        (4, "skills", WRONG),
        (6, "skills", WRONG),
        (7, "skills", WRONG),
        (8, "yearsExperience", WRONG),
        (9, "yearsExperience", WRONG),
        (10, "homeLatitude", WRONG),
        (11, "active", WRONG),
        (12, "name", WRONG),
        (13, "email", WRONG),
        (14, "externalId", WRONG),
        (15, "email", WRONG),
        (17, "email", WRONG),
        (18, "email", WRONG),
        (19, "name", WRONG),
        (20, "skills", WRONG),
    }
    assert {line for line, _, _ in told(report)} == set(range(2, 21))
    assert report["rows"] == []


async def test_what_must_be_said_is_not_cleared(office: Office) -> None:
    file = "email,name,tier,active\r\nann@test.example,,L1,true\r\nbob@test.example,Bob,,"
    report = await tried(office, "technicians", file)
    assert told(report) == [(2, "name", WRONG), (3, "tier", WRONG), (3, "active", WRONG)]
    assert "must not be empty" in report["problems"][0]["message"]
    # A new one gets what createTechnician gives.
    await bring(office, "technicians", "email,name,tier,active\r\neve@test.example,Eve,,")
    row = await found(office, "eve@test.example")
    assert (row["tier_level"], row["active"]) == (1, True)


async def test_whoever_is_made_inactive_keeps_their_work_and_that_is_told(office: Office) -> None:
    (busy,) = await office.sql(
        "SELECT u.email, count(*) AS jobs FROM assignments a JOIN technicians t ON t.id = a.technician_id"
        " JOIN users u ON u.id = t.user_id WHERE a.organization_id = :organization AND a.ended_at IS NULL"
        " GROUP BY u.email ORDER BY count(*) DESC LIMIT 1"
    )
    file = f"email,active\r\n{busy['email']},false"
    dry = await tried(office, "technicians", file)
    report = await bring(office, "technicians", file)
    assert report["warnings"] == dry["warnings"]
    assert report["warnings"][0].startswith("Line 2: They have")
    assert not (await found(office, busy["email"]))["active"]


async def test_an_export_is_changed_and_brought_again(office: Office) -> None:
    await bring(office, "technicians", file_of([NEW]), key="a")
    exported = await office.export("manager", what="technicians")
    assert exported.headers["content-disposition"].startswith('attachment; filename="technicians-')
    rows = table(exported.text)
    events = (await counted(office))["events"]

    same = await bring(office, "technicians", exported.content, "manager", key="b")
    assert {outcome for _, outcome in outcomes(same)} == {"UNCHANGED"}
    assert (await counted(office))["events"] == events
    mine = next(row for row in rows if row["email"] == "eve@test.example")
    assert {name: mine[name] for name in NEW} == {**NEW, "active": "true", "homeLatitude": "52.5"}
    mine["skills"], mine["team"] = "PUMPS:5", ""
    changed = await bring(office, "technicians", file_of(rows), "manager", key="c")
    assert sorted(outcome for _, outcome in outcomes(changed)) == ["UNCHANGED"] * (len(rows) - 1) + ["UPDATED"]
    row = await found(office, "eve@test.example")
    assert row["team_id"] is None
    assert row["skills"] == [[str(office.world.skill_id), "5", None]]
    assert row["version"] == 2


async def test_another_organisations_names_and_people_are_not_there(office: Office) -> None:
    await office.sql_of(office.other, "UPDATE teams SET name = 'their team' WHERE name = 'north'")
    await office.sql_of(office.other, "UPDATE skills SET code = 'THEIRS'")
    await office.sql_of(office.other, "UPDATE territories SET name = 'Their place'")
    theirs = global_id("Technician", office.other.technicians["ann"])
    row = {"id": theirs, "email": "", "team": "", "mainSkill": "", "skills": "", "territories": ""}
    ann = {**row, "id": "", "email": "ann@test.example"}
    named = {"team": "their team", "mainSkill": "THEIRS", "skills": "THEIRS:1", "territories": "Their place"}

    report = await tried(office, "technicians", file_of([row, {**ann, **named}]))

    assert told(report) == [(2, "id", "NOT_FOUND"), *((3, name, "NOT_FOUND") for name in named)]
    # The same address is another person elsewhere.
    before = await counted(office)
    nothing = dict.fromkeys(named, "")
    await bring(office, "technicians", file_of([{**NEW, **nothing}]), world=office.other)
    assert await counted(office) == before


async def test_nobody_gets_the_address_or_the_id_of_another(office: Office) -> None:
    ann = global_id("Technician", office.world.technicians["ann"])
    await office.sql("UPDATE technicians SET external_id = 'T-BOB' WHERE id = :id", id=office.world.technicians["bob"])
    file = file_of(
        [
            {"id": ann, "externalId": "T-1", "email": "Dispatcher@test.example"},
            {"id": "", "externalId": "T-BOB", "email": "cleo@test.example"},
        ]
    )
    for answer in (
        await office.send(file, "admin", what="technicians", dry_run=True),
        await office.send(file, "admin", what="technicians", key="a"),
    ):
        assert told(answer.json()) == [(2, "email", WRONG), (3, "email", WRONG)]
    taken = await tried(office, "technicians", f"id,externalId\r\n{ann},T-BOB")
    assert told(taken) == [(2, "externalId", WRONG)]


async def test_a_technician_without_an_address_is_found_by_the_id_of_elsewhere(office: Office) -> None:
    file = "externalId,email,name\r\nT-7,,Eve\r\nT-8,,Eve"
    assert outcomes(await bring(office, "technicians", file)) == [(2, "CREATED"), (3, "CREATED")]
    assert outcomes(await bring(office, "technicians", file, key="b")) == [(2, "UNCHANGED"), (3, "UNCHANGED")]
    rows = await office.sql("SELECT email, roles FROM users WHERE name = 'Eve' AND organization_id = :organization")
    assert rows == [{"email": None, "roles": ["TECHNICIAN"]}] * 2


async def test_what_has_changed_since_it_was_read_is_not_written_over(office: Office) -> None:
    ann = office.world.technicians["ann"]
    read = {"email": "ann@test.example", "name": "Ann B.", "tier": "L3", "version": "1", "userVersion": "1"}
    await office.sql("UPDATE users SET name = 'Ann C.', version = 2 WHERE id = :id", id=office.world.users["ann"])
    assert told(await tried(office, "technicians", file_of([read]))) == [(2, "userVersion", "STALE_VERSION")]
    await office.sql("UPDATE technicians SET tier_level = 2, version = 2 WHERE id = :id", id=ann)
    late = await tried(office, "technicians", file_of([{**read, "userVersion": "2"}]))
    assert told(late) == [(2, "version", "STALE_VERSION")]
    same = {**read, "name": "Ann C.", "tier": "L2"}
    assert outcomes(await bring(office, "technicians", file_of([same]))) == [(2, "UNCHANGED")]
    gone = await tried(office, "technicians", file_of([{**read, "email": "nobody@test.example"}]))
    assert told(gone) == [(2, "email", "NOT_FOUND")]
