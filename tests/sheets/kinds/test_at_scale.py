"""Files of many lines: soon enough, with bounded memory, and nothing of a file whose server was killed."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.tables.organizations import teams
from app.db.transaction import transaction
from app.services.imports.importing import MOST_LINES
from schema.sheets.imports import LARGEST
from tests.journeys.process import ServerProcess, server_process
from tests.sheets.kinds.filing import counted, file_of, told
from tests.sheets.office import Office
from tests.sheets.test_streaming import memory_of
from tests.world import World

# `make bench-sheets` brings as many as a file may have.
LINES = int(os.environ.get("SHEET_LINES", "1000"))
# On two cores that others share; beside nothing else it is a tenth.
MOST_SECONDS = 60


def most_grown_kib(lines: int) -> int:
    """Return by how much a server may grow for a file of so many lines."""
    return 12 * 1024 + 36 * lines


def people(count: int, team: str = "north") -> str:
    return file_of(
        {
            "externalId": f"T-{n}",
            "email": f"t{n}@test.example",
            "name": f"Technician {n}",
            "team": team,
            "tier": "L1",
            "skills": "PUMPS:3:2027-12-31",
            "territories": "Centre",
            "active": "true",
        }
        for n in range(count)
    )


def customers(count: int) -> str:
    return file_of({"externalId": f"C-{n}", "name": f"Mill {n}", "address": f"Quay {n}"} for n in range(count))


def parts(count: int) -> str:
    return file_of({"partNumber": f"P-{n}", "name": f"Part {n}", "unitCost": "1.50"} for n in range(count))


@pytest.fixture
async def server(database_url: str) -> AsyncIterator[ServerProcess]:
    """A server of its own, with a bucket that is never empty."""
    async with server_process(database_url, COST_BUCKET=str(10**9)) as server:
        yield server


@pytest.fixture
def office(server: ServerProcess, engine: AsyncEngine, world: World) -> Office:
    """The organisation behind that server."""
    return Office(served=server.served, engine=engine, world=world, other=world)


FILES = {"technicians": people, "customers": customers, "parts": parts}


@pytest.mark.parametrize("what", FILES)
async def test_many_lines_come_in_soon_and_with_bounded_memory(
    office: Office, server: ServerProcess, what: str
) -> None:
    before = await counted(office)
    content = FILES[what](LINES)
    assert len(content) <= LARGEST
    # Whatever is loaded at first use is loaded by this one.
    await office.send(FILES[what](1), "admin", what=what, dry_run=True)
    small = memory_of(server.pid)["VmRSS"]
    took: dict[str, float] = {}
    runs: dict[str, dict[str, Any]] = {"dry": {"dry_run": True}, "create": {"key": "a"}, "repeat": {"key": "b"}}
    for run, more in runs.items():
        began = time.perf_counter()
        answer = await office.send(content, "admin", what=what, **more)
        took[run] = time.perf_counter() - began
        assert answer.status_code == 200, answer.text
        outcome = "unchanged" if run == "repeat" else "created"
        assert answer.json()[outcome] == LINES
    grown = memory_of(server.pid)["VmHWM"] - small
    spent = ", ".join(f"{run} {seconds:.1f} s" for run, seconds in took.items())
    print(f"{LINES} {what}: {spent}; the server grew by at most {grown} KiB")  # noqa: T201 - the figures are the point
    after = await counted(office)
    assert after[what] == before[what] + LINES
    assert after["events"] == before["events"] + LINES * (2 if what == "technicians" else 1)
    assert max(took.values()) <= MOST_SECONDS
    assert grown <= most_grown_kib(LINES)
    more_lines = await office.send(FILES[what](MOST_LINES + 1), "admin", what=what, dry_run=True)
    assert told(more_lines.json()) == [(MOST_LINES + 2, None, "TOO_MANY_LINES")]


async def test_a_file_of_names_that_are_nobodys_is_refused_with_bounded_memory(
    office: Office, server: ServerProcess
) -> None:
    await office.send(people(1), "admin", what="technicians", dry_run=True)
    small = memory_of(server.pid)["VmRSS"]
    skills = ";".join(f"{n}:1" for n in range(100))
    content = file_of({"email": f"t{n}@test.example", "name": "T", "skills": skills} for n in range(MOST_LINES))
    report = (await office.send(content, "admin", what="technicians", dry_run=True)).json()
    grown = memory_of(server.pid)["VmHWM"] - small
    print(f"{len(content)} bytes of names that are nobody's; the server grew by at most {grown} KiB")  # noqa: T201 - the figure is the point
    assert (report["problemCount"], len(report["problems"]), report["rows"]) == (10 * MOST_LINES, 1000, [])
    assert grown <= most_grown_kib(MOST_LINES)


async def test_others_are_answered_while_a_file_comes_in(office: Office) -> None:
    coming = asyncio.create_task(office.send(people(LINES), "admin", what="technicians", key="a"))
    waits = []
    async with httpx.AsyncClient(headers=office.bearer("dispatcher"), timeout=60) as client:
        while not coming.done():
            began = time.perf_counter()
            answer = await client.post(office.served.http, json={"query": "{ viewer { user { name } } }"})
            waits.append(time.perf_counter() - began)
            assert answer.status_code == 200
            await asyncio.sleep(0.01)
    assert (await coming).status_code == 200
    print(f"{len(waits)} queries beside it took at most {max(waits):.2f} s")  # noqa: T201 - the figure is the point
    assert len(waits) > 5
    assert sorted(waits)[len(waits) // 2] < 0.5


async def test_nothing_is_left_of_a_file_whose_server_was_killed(office: Office, server: ServerProcess) -> None:
    before = await counted(office)
    async with transaction(office.engine, office.world.organization_id) as connection:
        # Technicians of the team wait for it, with all their users written.
        await connection.execute(sa.select(teams.c.id).where(teams.c.name == "north").with_for_update())
        sending = asyncio.create_task(office.send(people(50), "admin", what="technicians", key="a"))
        await until_somebody_waits(office)
        server.kill()
        with pytest.raises(httpx.HTTPError):
            await sending
    await until_nobody_is_connected(office)
    assert await counted(office) == before
    await server.start()
    again = await office.send(people(50), "admin", what="technicians", key="a")
    assert (again.status_code, again.json()["created"]) == (200, 50)


async def until_somebody_waits(office: Office) -> None:
    """Wait until a session of the server waits for a row with users already written."""
    for _ in range(600):
        if "Lock" in await waits_of_technicians(office):
            return
        await asyncio.sleep(0.05)
    raise TimeoutError("nobody waits for the team")


async def until_nobody_is_connected(office: Office) -> None:
    """Wait until the database has noticed that the server is gone."""
    for _ in range(600):
        if not await waits_of_technicians(office):
            return
        await asyncio.sleep(0.05)
    raise TimeoutError("a session of the killed server is still there")


async def waits_of_technicians(office: Office) -> list[str | None]:
    """Return for what each session waits that is inserting technicians."""
    query = (
        "SELECT wait_event_type FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle'"
        " AND query LIKE 'INSERT INTO technicians %'"
    )
    async with office.engine.connect() as connection:
        return [row.wait_event_type for row in await connection.execute(sa.text(query))]
