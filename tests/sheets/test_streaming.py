"""Exports of very many rows: with hardly any memory, of one moment, and never half without showing it."""

import asyncio
import codecs
import csv
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.reads.exporting import COLUMNS
from schema.sheets import exports
from tests.journeys.process import server_process
from tests.serving import serving, token
from tests.sheets.filling import fill
from tests.sheets.office import Office
from tests.world import World

# A hundred thousand by `make bench-sheets`, and here with EXPORT_ROWS=100000.
ROWS = int(os.environ.get("EXPORT_ROWS", "30000"))
MOST_GROWN_KIB = 16 * 1024
# Far more than all buffers between the database and the client hold.
LARGE_ROWS = 8000

LAST_CHANGED = "UPDATE tickets SET title = 'Changed meanwhile' WHERE ticket_number = 'TKT-2025-000001'"


def memory_of(pid: int) -> dict[str, int]:
    """Return how much memory a process has, and had at most, in KiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {line.split(":")[0]: int(line.split()[1]) for line in lines if line.startswith(("VmRSS", "VmHWM"))}


async def test_many_thousand_tickets_need_hardly_any_memory(
    database_url: str, engine: AsyncEngine, world: World
) -> None:
    await fill(engine, world, ROWS)
    async with server_process(database_url) as server:
        url = f"http://127.0.0.1:{server.served.port}/exports/tickets.csv"
        headers = {"Authorization": f"Bearer {token(world, 'dispatcher')}"}
        async with httpx.AsyncClient(timeout=120, headers=headers) as client:
            # Whatever is loaded at first use is loaded by this one.
            assert (await client.get(url, params={"search": "nothing"})).status_code == 200
            before = memory_of(server.pid)["VmRSS"]
            count, size = await read_all(client, url)
            grown = memory_of(server.pid)["VmHWM"] - before
    print(f"{count} rows of {size} bytes; the server grew by at most {grown} KiB")  # noqa: T201 - the figure is the point
    assert count == ROWS
    assert size > MOST_GROWN_KIB * 1024
    assert grown <= MOST_GROWN_KIB


async def read_all(client: httpx.AsyncClient, url: str) -> tuple[int, int]:
    """Read an export piece by piece; return its rows, each of which must be whole and another one, and its bytes."""
    size, seen = 0, set()
    decoder = codecs.getincrementaldecoder("utf-8")()
    async with client.stream("GET", url, params={"orderBy": '[{"field": "PRIORITY"}]'}) as answer:
        assert answer.status_code == 200
        rest = ""
        async for piece in answer.aiter_bytes():
            size += len(piece)
            *lines, rest = (rest + decoder.decode(piece)).split("\r\n")
            for row in csv.reader(lines, strict=True):
                assert len(row) == len(COLUMNS)
                seen.add(row[0])
    assert rest == ""
    return len(seen) - 1, size


@pytest.fixture
async def office(database_url: str, engine: AsyncEngine, world: World, tmp_path: Path) -> AsyncIterator[Office]:
    """A served organisation with many large tickets."""
    await fill(engine, world, LARGE_ROWS, words="It leaked where the old pump stands. " * 6)
    async with serving(database_url, upload_dir=tmp_path) as served:
        yield Office(served=served, engine=engine, world=world, other=world)


async def until_nothing_is_under_way(office: Office) -> None:
    """Wait until no export has a statement or a transaction open."""
    for _ in range(1200):
        if not await office.sessions():
            return
        await asyncio.sleep(0.05)
    raise TimeoutError("an export is still under way")


async def test_a_client_that_goes_away_ends_the_query(office: Office) -> None:
    async with office.exporting() as answer:
        await anext(answer.aiter_bytes())
        assert await office.sessions()
    await until_nothing_is_under_way(office)
    assert 'fieldgraph_exports_total{outcome="given up"} 1.0' in await figures(office)
    # Its place is free again.
    assert (await office.export(filter={"tags": ["none"]})).status_code == 200


async def test_what_breaks_off_does_not_look_whole(office: Office) -> None:
    async with office.exporting() as answer:
        pieces = answer.aiter_bytes()
        await anext(pieces)
        (session,) = await office.sessions()
        await office.end_session(session)
        with pytest.raises(httpx.RemoteProtocolError):
            async for _ in pieces:
                pass
    await until_nothing_is_under_way(office)
    assert 'fieldgraph_exports_total{outcome="broken off"} 1.0' in await figures(office)
    whole = await office.export()
    assert whole.text.count("\r\n") == LARGE_ROWS + 1
    assert 'fieldgraph_exports_total{outcome="whole"} 1.0' in await figures(office)


async def test_an_export_is_of_the_moment_it_began(office: Office) -> None:
    async with office.exporting() as answer:
        pieces = answer.aiter_bytes()
        text = (await anext(pieces)).decode()
        await office.sql(LAST_CHANGED)
        text += "".join([piece.decode() async for piece in pieces])
    assert "Changed meanwhile" not in text
    assert "Changed meanwhile" in (await office.export()).text


async def test_a_user_has_one_export_at_a_time_and_others_their_own(office: Office) -> None:
    async with office.exporting() as answer:
        await anext(answer.aiter_bytes())
        second = await office.export()
        assert (second.status_code, second.json()["code"]) == (429, "THROTTLED")
        assert int(second.headers["retry-after"]) > 0
        assert (await office.export("admin", filter={"tags": ["none"]})).status_code == 200


async def test_an_export_is_paid_for_like_the_dearest_operation(
    database_url: str, world: World, engine: AsyncEngine, tmp_path: Path
) -> None:
    spend: dict[str, Any] = {"cost_bucket": 5000, "cost_refill_per_second": 1, "upload_dir": tmp_path}
    async with serving(database_url, **spend) as served:
        office = Office(served=served, engine=engine, world=world, other=world)
        assert (await office.export()).status_code == 200
        refused = await office.export()
        assert (refused.status_code, refused.json()["code"]) == (429, "THROTTLED")
        assert int(refused.headers["retry-after"]) > 1


async def figures(office: Office) -> str:
    """Return what the server counts."""
    async with httpx.AsyncClient() as client:
        return (await client.get(f"http://127.0.0.1:{office.served.port}/metrics")).text


async def test_a_client_that_takes_nothing_is_given_up(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "_SILENCE_SECONDS", 0.3)
    async with office.exporting() as answer:
        pieces = answer.aiter_bytes()
        await anext(pieces)
        await until_nothing_is_under_way(office)
        with pytest.raises(httpx.RemoteProtocolError):
            async for _ in pieces:
                pass
    assert 'fieldgraph_exports_total{outcome="broken off"} 1.0' in await figures(office)


async def test_a_database_that_takes_too_long_is_told_so_while_nothing_was_sent(
    database_url: str, engine: AsyncEngine, world: World, tmp_path: Path
) -> None:
    await fill(engine, world, LARGE_ROWS)
    async with serving(database_url, upload_dir=tmp_path) as served:
        office = Office(served=served, engine=engine, world=world, other=world)
        async with engine.connect() as connection:
            # What an export waits for, and nothing else of the server does.
            await connection.execute(sa.text("BEGIN"))
            await connection.execute(sa.text("LOCK TABLE tickets IN ACCESS EXCLUSIVE MODE"))
            refused = await office.export()
            await connection.execute(sa.text("ROLLBACK"))
        assert (refused.status_code, refused.json()["code"]) == (504, "TIMEOUT")
        assert (await office.export(filter={"tags": ["none"]})).status_code == 200
