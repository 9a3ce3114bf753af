"""Keys are made by ADMINs, shown once, kept as a hash, and listed without it."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.clock import now
from app.db.tables.api_keys import api_keys
from app.db.tables.log import events, idempotency_results
from app.db.transaction import transaction
from app.domain.api_keys import MOST_KEYS
from app.domain.people import ApiKeyScope
from schema.ids import global_id
from tests.graphql.conftest import House
from tests.graphql.keys.making import LIST, create, made, revoke
from tests.serving import token
from tests.world import World, make_world

pytestmark = pytest.mark.asyncio(loop_scope="module")

WHO = "{ viewer { user { id } roles } }"


async def rows(engine: AsyncEngine, world: World, table: sa.Table) -> list[dict[str, Any]]:
    """Return all rows of a table of the organisation."""
    async with transaction(engine, world.organization_id) as connection:
        found = await connection.execute(sa.select(table).where(table.c.organization_id == world.organization_id))
        return [dict(row) for row in found.mappings()]


async def test_a_key_is_shown_once_acts_as_its_user_and_is_kept_only_as_a_hash(house: House) -> None:
    key = await made(house.served, house.world, "dispatcher", name="Reports")

    who = await house.served.ask(key.secret, WHO)

    assert who["data"]["viewer"]["user"]["id"] == global_id("User", house.world.users["dispatcher"])
    assert who["data"]["viewer"]["roles"] == ["DISPATCHER"]
    assert key.secret.startswith(key.row["prefix"] + "_")
    assert (key.row["scopes"], key.row["version"], key.row["revokedAt"]) == (["READ"], 1, None)
    assert key.row["createdBy"] == {"id": global_id("User", house.world.users["admin"])}
    (row,) = [each for each in await rows(house.engine, house.world, api_keys) if each["prefix"] == key.row["prefix"]]
    assert len(row["hash"]) == 32
    rest = key.secret.removeprefix(key.row["prefix"])
    kept = [*await rows(house.engine, house.world, api_keys), *await rows(house.engine, house.world, events)]
    assert not [each for each in kept if rest in str(each) or row["hash"].hex() in str(each["id"])]


async def test_a_repeat_tells_of_the_key_and_shows_it_no_more(house: House) -> None:
    bearer = token(house.world, "admin")
    first = await create(house.served, bearer, scopes=["READ"], idempotencyKey="once")
    again = await create(house.served, bearer, scopes=["READ"], idempotencyKey="once")
    other = await create(house.served, bearer, scopes=["EXPORT"], idempotencyKey="once")

    assert again["apiKey"]["id"] == first["apiKey"]["id"]
    assert again["changeId"] == first["changeId"]
    assert (first["secret"] is None, again["secret"]) == (False, None)
    assert [error["code"] for error in other["errors"]] == ["IDEMPOTENCY_MISMATCH"]
    answers = await rows(house.engine, house.world, idempotency_results)
    assert first["secret"].rpartition("_")[2] not in str(answers)


async def test_repeats_at_once_make_one_key_and_show_it_once(house: House) -> None:
    bearer = token(house.world, "admin")
    payloads = await asyncio.gather(
        *(create(house.served, bearer, scopes=["READ"], idempotencyKey="at once") for _ in range(8))
    )

    assert len({payload["apiKey"]["id"] for payload in payloads}) == 1
    assert sum(payload["secret"] is not None for payload in payloads) == 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"scopes": []}, ["scopes"]),
        ({"scopes": ["BEGIN"]}, ["scopes"]),
        ({"scopes": ["READ"], "name": "  "}, ["name"]),
        ({"scopes": ["READ"], "name": "n" * 101}, ["name"]),
        ({"scopes": ["READ"], "userId": global_id("Ticket", UUID(int=1))}, ["userId"]),
        ({"scopes": ["READ"], "expiresAt": (now() - timedelta(hours=1)).isoformat()}, ["expiresAt"]),
        ({"scopes": ["READ"], "expiresAt": (now() + timedelta(days=6 * 365)).isoformat()}, ["expiresAt"]),
    ],
)
async def test_what_makes_no_key_is_told_and_nothing_is_written(
    house: House, given: dict[str, Any], field: list[str]
) -> None:
    before = len(await rows(house.engine, house.world, api_keys))

    payload = await create(house.served, token(house.world, "admin"), **given)

    assert payload["apiKey"] is None
    assert payload["secret"] is None
    assert [(error["code"], error["field"]) for error in payload["errors"]] == [("VALIDATION_FAILED", field)]
    assert len(await rows(house.engine, house.world, api_keys)) == before


async def test_a_scope_that_is_named_twice_is_had_once(house: House) -> None:
    key = await made(house.served, house.world, "ann", [ApiKeyScope.WORK_JOBS, ApiKeyScope.READ, ApiKeyScope.READ])
    assert key.row["scopes"] == ["READ", "WORK_JOBS"]


@pytest.mark.parametrize("who", ["customer", "ann", "cleo", "dispatcher", "lead", "manager"])
async def test_nobody_but_an_admin_makes_revokes_or_sees_keys(house: House, who: str) -> None:
    key = await made(house.served, house.world, who)

    refused = await create(house.served, token(house.world, who), scopes=["READ"])
    kept = await revoke(house.served, house.world, key.id, by=who)
    listed = await house.served.ask(token(house.world, who), LIST)
    node = await house.served.ask(
        token(house.world, who), "query($id: ID!) { node(id: $id) { id ... on ApiKey { name } } }", {"id": key.id}
    )

    assert [error["code"] for error in refused["errors"] + kept["errors"]] == ["FORBIDDEN"] * 2
    assert listed["data"]["apiKeys"] == {
        "totalCount": 0,
        "pageInfo": {"hasNextPage": False, "endCursor": None},
        "nodes": [],
    }
    assert node["data"]["node"] is None
    assert "errors" not in await house.served.ask(key.secret, WHO)


async def test_a_key_of_another_organisation_is_not_there(house: House) -> None:
    other = await make_world(house.engine, "Elsewhere")
    key = await made(house.served, other, "dispatcher")

    refused = await revoke(house.served, house.world, key.id)
    for_stranger = await create(
        house.served, token(house.world, "admin"), scopes=["READ"], userId=global_id("User", other.users["admin"])
    )
    listed = await house.served.ask(token(house.world, "admin"), LIST, {"first": 100})

    assert [(error["code"], error["field"]) for error in refused["errors"]] == [("NOT_FOUND", ["id"])]
    assert [(error["code"], error["field"]) for error in for_stranger["errors"]] == [("NOT_FOUND", ["userId"])]
    assert key.id not in {node["id"] for node in listed["data"]["apiKeys"]["nodes"]}
    assert "errors" not in await house.served.ask(key.secret, WHO)


async def test_keys_are_listed_newest_first_page_by_page(house: House) -> None:
    world = await make_world(house.engine, "Pages")
    names = [(await made(house.served, world, "ann", name=f"Key {number}")).row["name"] for number in range(5)]
    bearer, found, after = token(world, "admin"), [], None
    for _ in range(3):
        page = (await house.served.ask(bearer, LIST, {"first": 2, "after": after}))["data"]["apiKeys"]
        found += [node["name"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]

    assert found == names[::-1]
    assert page["totalCount"] == 5
    assert page["pageInfo"]["hasNextPage"] is False


async def test_revoking_again_changes_nothing(house: House) -> None:
    key = await made(house.served, house.world, "ann")

    first = await revoke(house.served, house.world, key.id)
    again = await revoke(house.served, house.world, key.id)

    assert first["apiKey"]["revokedAt"] is not None
    assert (again["errors"], again["apiKey"]) == ([], first["apiKey"])


async def test_what_the_log_tells_of_keys_is_for_admins_and_has_neither_secret_nor_hash(house: House) -> None:
    world = await make_world(house.engine, "Log")
    start = "{ viewer { organization { latestEventCursor } } }"
    asked = await house.served.ask(token(world, "admin"), start)
    cursor = asked["data"]["viewer"]["organization"]["latestEventCursor"]
    key = await made(house.served, world, "manager", [ApiKeyScope.READ])
    await revoke(house.served, world, key.id)
    query = """query($after: EventCursor!) { events(after: $after) { events { __typename
      ... on RecordEvent { type recordId record { id } changes { field old new } source } } } }"""

    told = {
        who: (await house.served.ask(token(world, who), query, {"after": cursor}))["data"]["events"]["events"]
        for who in ("admin", "manager", "ann")
    }

    created, revoked = told["admin"]
    assert created["recordId"] == created["record"]["id"] == revoked["recordId"] == key.id
    fields = {"name", "prefix", "scopes", "user", "createdBy", "expiresAt", "revokedAt"}
    assert {change["field"] for change in created["changes"]} == fields
    assert [change["field"] for change in revoked["changes"]] == ["revokedAt"]
    assert told["manager"] == told["ann"] == []
    written = str(await rows(house.engine, world, events))
    assert key.secret.rpartition("_")[2] not in written


async def test_an_organisation_has_so_many_good_keys_and_no_more(house: House) -> None:
    world = await make_world(house.engine, "Many")
    first = await made(house.served, world, "ann")
    async with transaction(house.engine, world.organization_id) as connection:
        copies = sa.text(
            "INSERT INTO api_keys SELECT organization_id, uuidv7(), name, 'fg_' || lpad(n::text, 10, '0'), hash,"
            " scopes, user_id, created_by, expires_at, NULL, NULL, 1, created_at, updated_at"
            " FROM api_keys, generate_series(2, :most) AS n"
        )
        await connection.execute(copies, {"most": MOST_KEYS})

    refused = await create(house.served, token(world, "admin"), scopes=["READ"])
    await revoke(house.served, world, first.id)
    taken = await create(house.served, token(world, "admin"), scopes=["READ"])

    assert [error["code"] for error in refused["errors"]] == ["VALIDATION_FAILED"]
    assert taken["errors"] == []


async def test_what_a_key_is_known_by_and_opens_never_changes(house: House) -> None:
    of = api_keys.c
    for changed in ({of.hash: b"0" * 32}, {of.scopes: ("READ",)}, {of.user_id: of.id}, {of.prefix: "fg_0000000000"}):
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
            async with transaction(house.engine, house.world.organization_id) as connection:
                await connection.execute(sa.update(api_keys).values(changed))
