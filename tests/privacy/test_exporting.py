"""Everything that is kept of somebody, for an ADMIN or for themselves."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.transaction import transaction
from schema.ids import global_id
from tests.journeys.process import server_process
from tests.privacy.persona import CUSTOMER, HOME, TECHNICIAN, USER, Filled
from tests.serving import Served, serving, token
from tests.sheets.test_streaming import memory_of
from tests.world import BEFORE, World

ROWS = int(os.environ.get("EXPORT_ROWS", "20000"))
MOST_GROWN_KIB = 16 * 1024


@pytest.fixture
async def served(database_url: str, filled: Filled, tmp_path: Path) -> AsyncIterator[Served]:  # noqa: ARG001 - in that database
    """The people who left traces, behind a server."""
    async with serving(database_url, max_cost=100_000, upload_dir=tmp_path) as one:
        yield one


async def export(served: Served, world: World, by: str, **asked: str) -> httpx.Response:
    """Return the answer to an export of a person."""
    url = f"http://127.0.0.1:{served.port}/exports/person.json"
    async with httpx.AsyncClient(timeout=60) as client:
        return await client.get(url, params=asked, headers={"Authorization": f"Bearer {token(world, by)}"})


def user(world: World, name: str) -> dict[str, str]:
    return {"userId": global_id("User", world.users[name])}


def rows(document: dict[str, Any], table: str) -> list[dict[str, Any]]:
    (found,) = [each for each in document["tables"] if each["table"] == table]
    assert found["purpose"]
    listed: list[dict[str, Any]] = found["rows"]
    return listed


async def test_an_admin_gets_everything_of_a_user(served: Served, world: World, filled: Filled) -> None:
    answer = await export(served, world, "admin", **user(world, "customer"))
    document = orjson.loads(answer.content)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "private, no-store"
    assert document["subject"]["id"] == user(world, "customer")["userId"]
    assert [each["email"] for each in rows(document, "users")] == [f"{USER}@test.example"]
    assert [each["id"] for each in rows(document, "tickets")] == [str(filled.ticket_id)]
    assert len(rows(document, "comments")) == 5
    for table in ("assignments", "attachments", "uploads", "saved_views", "appointments", "bookings", "legacy_rows"):
        assert USER in orjson.dumps(rows(document, table)).decode(), table
    told = document["events"]["rows"]
    assert [each["position"] for each in told] == sorted(each["position"] for each in told)
    assert {"TICKET_CREATED", "COMMENT_ADDED", "COMMENT_DELETED", "JOB_RATED"} <= {each["type"] for each in told}
    assert {each["ipAddress"] for each in told} >= {"203.0.113.77"}
    # Nobody's secrets.
    assert "input_hash" not in answer.text
    assert "sealed_token" not in answer.text


async def test_a_person_gets_their_own_without_what_is_said_internally(served: Served, world: World) -> None:
    answer = await export(served, world, "customer", **user(world, "customer"))
    document = orjson.loads(answer.content)

    assert answer.status_code == 200
    assert len(rows(document, "comments")) == 3
    assert "is angry" not in answer.text
    assert "JOB_RATED" in {each["type"] for each in document["events"]["rows"]}
    assert "cost" not in {name for each in rows(document, "assignment_parts") for name in each}


async def test_a_technician_gets_where_they_live_and_were(served: Served, world: World) -> None:
    answer = await export(served, world, "ann", **user(world, "ann"))
    document = orjson.loads(answer.content)

    assert answer.status_code == 200
    assert [str(each["home_latitude"]) for each in rows(document, "technicians")] == [HOME]
    assert len(rows(document, "technician_locations")) == 1
    assert TECHNICIAN in orjson.dumps(rows(document, "time_off")).decode()


async def test_a_customer_is_exported_by_an_admin(served: Served, world: World) -> None:
    asked = {"customerId": global_id("Customer", world.customer_id)}
    answer = await export(served, world, "admin", **asked)

    assert answer.status_code == 200
    document = orjson.loads(answer.content)
    assert [each["name"] for each in rows(document, "customers")] == [f"{CUSTOMER} & Sons"]
    assert len(rows(document, "assets")) == 1
    assert (await export(served, world, "customer", **asked)).status_code == 403


@pytest.mark.parametrize("by", ["stranger", "ann", "dispatcher", "manager"])
async def test_nobody_else_gets_it(served: Served, world: World, by: str) -> None:
    answer = await export(served, world, by, **user(world, "customer"))

    assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")


@pytest.mark.parametrize("by", ["admin", "customer"])
async def test_what_is_asked_wrongly_is_told(served: Served, world: World, by: str) -> None:
    both = {**user(world, "customer"), "customerId": global_id("Customer", world.customer_id)}

    for asked in ({}, both, {"userId": "nobody"}, {"name": USER}):
        answer = await export(served, world, by, **asked)
        assert (answer.status_code, answer.json()["code"]) == (400, "BAD_USER_INPUT"), asked


async def test_nobody_of_another_organisation_is_there(served: Served, world: World) -> None:
    answer = await export(served, world, "admin", userId=global_id("User", world.customer_id))

    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


async def test_whoever_was_erased_is_exported_as_erased(served: Served, world: World, filled: Filled) -> None:
    await filled.erase_user()
    answer = await export(served, world, "admin", **user(world, "customer"))

    assert answer.status_code == 200
    assert USER not in answer.text
    assert [each["reason"] for each in rows(answer.json(), "erasures")] == ["REQUESTED"]


async def test_very_much_needs_hardly_any_memory(database_url: str, engine: AsyncEngine, filled: Filled) -> None:
    world = filled.scene.world
    words = "It leaked where the old pump stands. " * 60
    said = {"author_id": world.users["customer"], "body": words, "internal": False, "system_generated": False}
    row = {"organization_id": world.organization_id, "created_at": BEFORE, "updated_at": BEFORE, **said}
    other = await filled.scene.ticket("stranger")
    async with transaction(engine, world.organization_id, timeout_seconds=120) as connection:
        # The words of each comment are found elsewhere.
        await connection.execute(
            sa.text(
                "INSERT INTO comments (organization_id, ticket_id, author_id, body, internal, system_generated,"
                " created_at, updated_at) SELECT :organization_id, :ticket_id, :author_id, :body, :internal,"
                " :system_generated, :created_at, :updated_at FROM generate_series(1, :rows)"
            ),
            {**row, "ticket_id": other, "rows": ROWS},
        )
    async with server_process(database_url) as server:
        url = f"http://127.0.0.1:{server.served.port}/exports/person.json"
        headers = {"Authorization": f"Bearer {token(world, 'admin')}"}
        async with httpx.AsyncClient(timeout=120, headers=headers) as client:
            assert (await client.get(url, params=user(world, "dispatcher"))).status_code == 200
            before, size = memory_of(server.pid)["VmRSS"], 0
            async with client.stream("GET", url, params=user(world, "customer")) as answer:
                async for piece in answer.aiter_bytes():
                    size += len(piece)
            grown = memory_of(server.pid)["VmHWM"] - before
    print(f"{ROWS} rows of {size} bytes; the server grew by at most {grown} KiB")  # noqa: T201 - the figure is the point
    assert size > MOST_GROWN_KIB * 1024
    assert grown <= MOST_GROWN_KIB
