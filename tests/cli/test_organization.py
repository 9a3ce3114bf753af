"""An organisation begins: founded on the command line, entered with what that printed, over real HTTP."""

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from app.clock import now
from app.db.tables.people import users
from app.db.transaction import system_transaction, transaction
from app.demo.load import load_demo
from app.domain.api_key_texts import KeyHashes
from app.domain.refusals import Invalid
from app.services.access.create_api_key import minted
from app.services.administration.found_organization import FoundOrganization, found_organization
from schema.ids import global_id
from tests.cli.command import Workplace
from tests.graphql.keys.making import CREATE, LIST
from tests.serving import SECRET, Served, serving
from tests.world import World, writer_for

ADA = ("--time-zone", "Europe/Amsterdam", "--admin-name", "Ada", "--admin-email", "ada@pumps.example")
WHO = """{ viewer { user { id name email } roles
  organization { name timeZone tiers { code } settings { oneJobInProgress } } } }"""
TICKET = """mutation { createTicket(input: {title: "Leak", description: "Drips.", category: INCIDENT, priority: P1}) {
  ticket { ticketNumber } errors { ... on UserError { message } } } }"""


async def run(workplace: Workplace, url: str, *arguments: str) -> tuple[int, Any, str]:
    """Run the command and return its status, what it printed as JSON, and what it said besides."""
    done = await asyncio.to_thread(
        workplace.run, "organization", *arguments, "--json", DATABASE_URL=url, JWT_SECRET_KEY=SECRET
    )
    assert "Traceback" not in done.stderr
    return done.returncode, json.loads(done.stdout or "null"), done.stderr


async def founded(workplace: Workplace, url: str, name: str = "Pumps & Co", *more: str) -> dict[str, str]:
    """Found an organisation and return what was printed."""
    status, told, said = await run(workplace, url, "create", name, *ADA, *more)
    assert status == 0, said
    found: dict[str, str] = told
    return found


async def ask(served: Served, bearer: str, query: str, variables: dict[str, Any] | None = None) -> httpx.Response:
    """Return the whole answer to a request."""
    async with httpx.AsyncClient(timeout=30) as client:
        headers = {"Authorization": f"Bearer {bearer}"}
        return await client.post(served.http, json={"query": query, "variables": variables}, headers=headers)


def key(**given: Any) -> dict[str, Any]:
    """Return the variables that ask for a key with which to go on."""
    return {"input": {"name": "Setting up", "scopes": ["READ", "WRITE_TICKETS", "ADMINISTER"], **given}}


async def test_an_organisation_works_from_its_one_time_token_on(workplace: Workplace, empty_database_url: str) -> None:
    made = await founded(workplace, empty_database_url)
    async with serving(empty_database_url) as served:
        before = await ask(served, made["token"], WHO)
        taken = (await ask(served, made["token"], CREATE, key())).json()["data"]["createApiKey"]
        again = await ask(served, made["token"], CREATE, key(name="Another"))
        who = (await ask(served, taken["secret"], WHO)).json()["data"]["viewer"]
        ticket = (await ask(served, taken["secret"], TICKET)).json()["data"]["createTicket"]

    assert (before.status_code, before.json()["errors"][0]["extensions"]["missingScopes"]) == (403, ["READ"])
    assert taken["errors"] == []
    assert taken["apiKey"]["scopes"] == ["READ", "WRITE_TICKETS", "ADMINISTER"]
    assert again.status_code == 401
    assert who["user"] == {"id": global_id("User", UUID(made["admin"])), "name": "Ada", "email": ADA[-1]}
    assert who["roles"] == ["ADMIN"]
    assert who["organization"] == {
        "name": "Pumps & Co",
        "timeZone": "Europe/Amsterdam",
        "tiers": [{"code": "L1"}, {"code": "L2"}, {"code": "L3"}],
        "settings": {"oneJobInProgress": True},
    }
    assert ticket["errors"] == []
    assert ticket["ticket"]["ticketNumber"].endswith("-000001")


async def test_of_many_who_use_a_token_at_once_one_gets_a_key(workplace: Workplace, database_url: str) -> None:
    made = await founded(workplace, database_url)
    async with serving(database_url) as one, serving(database_url) as other:
        answers = await asyncio.gather(
            *(
                ask(served, made["token"], CREATE, key(name=f"{number}"))
                for number in range(5)
                for served in (one, other)
            )
        )

    keys = [answer.json()["data"]["createApiKey"] for answer in answers if answer.status_code == 200]
    assert [each["secret"] is not None for each in keys].count(True) == 1
    assert {error["code"] for each in keys for error in each["errors"]} <= {"FORBIDDEN"}
    assert {answer.status_code for answer in answers} <= {200, 401}


async def test_a_token_makes_no_key_for_others_and_is_still_good_then(workplace: Workplace, database_url: str) -> None:
    made = await founded(workplace, database_url)
    async with serving(database_url) as served:
        other = global_id("User", UUID(made["organization"]))
        refused = (await ask(served, made["token"], CREATE, key(userId=other))).json()["data"]["createApiKey"]
        wrong = (await ask(served, made["token"], CREATE, key(scopes=["BEGIN"]))).json()["data"]["createApiKey"]
        taken = (await ask(served, made["token"], CREATE, key())).json()["data"]["createApiKey"]

    assert [error["code"] for error in refused["errors"]] == ["FORBIDDEN"]
    assert [error["code"] for error in wrong["errors"]] == ["VALIDATION_FAILED"]
    assert taken["secret"]


async def test_a_token_ends_by_its_time(workplace: Workplace, database_url: str) -> None:
    made = await founded(workplace, database_url, "Pumps & Co", "--hours", "2")
    assert abs(datetime.fromisoformat(made["tokenExpiresAt"]) - now() - timedelta(hours=2)) < timedelta(minutes=2)


async def test_another_token_lets_an_admin_in_who_has_lost_the_first(
    workplace: Workplace, database_url: str, world: World
) -> None:
    address = "ADMIN@test.example"
    status, made, said = await run(workplace, database_url, "token", "--email", address)
    assert status == 0, said
    async with serving(database_url) as served:
        taken = (await ask(served, made["token"], CREATE, key())).json()["data"]["createApiKey"]
        who = (await ask(served, taken["secret"], WHO)).json()["data"]["viewer"]
    assert who["user"]["id"] == global_id("User", world.users["admin"])
    assert made["organization"] == str(world.organization_id)


@pytest.mark.parametrize("email", ["dispatcher@test.example", "nobody@test.example"])
async def test_nobody_but_an_admin_gets_a_token(
    workplace: Workplace, database_url: str, world: World, engine: AsyncEngine, email: str
) -> None:
    assert world.users
    assert (await run(workplace, database_url, "token", "--email", email))[0] == 1
    async with transaction(engine, world.organization_id) as connection:
        mine = (users.c.organization_id == world.organization_id, users.c.id == world.users["admin"])
        await connection.execute(sa.update(users).where(*mine).values(active=False))
    assert (await run(workplace, database_url, "token", "--email", "admin@test.example"))[0] == 1


async def test_the_same_name_is_refused_and_names_who_has_it(workplace: Workplace, database_url: str) -> None:
    made = await founded(workplace, database_url)
    status, told, said = await run(workplace, database_url, "create", "  PUMPS & co ", *ADA)
    other = await founded(workplace, database_url, "Valves & Co")
    _, listed, _ = await run(workplace, database_url, "list")

    assert (status, told) == (1, None)
    assert made["organization"] in said
    assert [(each["id"], each["name"]) for each in listed] == [
        (made["organization"], "Pumps & Co"),
        (other["organization"], "Valves & Co"),
    ]


async def test_of_two_at_once_with_one_name_one_is_founded(workplace: Workplace, database_url: str) -> None:
    done = await asyncio.gather(*(run(workplace, database_url, "create", "Pumps", *ADA) for _ in range(3)))
    assert sorted(status for status, _, _ in done) == [0, 1, 1]


@pytest.mark.parametrize(("changed", "word"), [({"--admin-email": "ada"}, "adminEmail"), ({"--hours": "0"}, "hours")])
async def test_what_makes_no_sense_founds_nothing(
    workplace: Workplace, database_url: str, engine: AsyncEngine, changed: dict[str, str], word: str
) -> None:
    given = {**dict(zip(ADA[::2], ADA[1::2], strict=True)), **changed}
    status, told, said = await run(
        workplace, database_url, "create", "Pumps", *(part for pair in given.items() for part in pair)
    )

    assert status != 0
    assert told is None
    assert word in said
    async with system_transaction(engine) as connection:
        assert await connection.scalar(sa.text("SELECT count(*) FROM event_heads")) == 0


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": " "}, "name"),
        ({"time_zone": "Mars/Olympus"}, "timeZone"),
        ({"time_zone": "../../etc/passwd"}, "timeZone"),
        ({"admin_name": ""}, "adminName"),
        ({"admin_email": "a da@pumps.example"}, "adminEmail"),
    ],
)
async def test_each_value_that_makes_no_sense_is_named(
    engine: AsyncEngine, changed: dict[str, str], field: str
) -> None:
    sound = {"name": "Pumps", "time_zone": "UTC", "admin_name": "Ada", "admin_email": "ada@pumps.example"}
    id_ = uuid7()
    command = FoundOrganization(token_until=now() + timedelta(hours=1), **{**sound, **changed})

    with pytest.raises(Invalid) as refused:
        await found_organization(writer_for(engine), command, id_=id_, new=minted(id_, KeyHashes(b"a key")))

    assert refused.value.field == (field,)
    async with system_transaction(engine) as connection:
        assert await connection.scalar(sa.text("SELECT count(*) FROM event_heads")) == 0


async def test_it_is_founded_beside_the_examples(workplace: Workplace, database_url: str) -> None:
    await load_demo(database_url, tickets=60, now=now(), progress=lambda _what, _done, _all: None)
    made = await founded(workplace, database_url)
    _, listed, _ = await run(workplace, database_url, "list")
    assert len(listed) == 3
    assert listed[-1]["id"] == made["organization"]
    async with serving(database_url) as served:
        answer = await ask(served, made["token"], LIST)
    assert answer.status_code == 403
