"""Who may read the figures, what they cost, and what is left of them without a database."""

import asyncio
from pathlib import Path

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from app import scraping
from app.db.engine import open_engine
from app.db.standing import standing
from app.metrics.figures import MOST_NAMES, Figures
from app.scraping import Scraping
from tests.serving import Served, serving, token
from tests.watching.figures import Samples, described, samples, scraped, value
from tests.world import World

SECRET = "a token for those who watch"


async def test_without_the_token_nothing_is_told(database_url: str) -> None:
    async with (
        serving(database_url, metrics_token=SECRET) as served,
        httpx.AsyncClient() as client,
    ):
        url = f"http://127.0.0.1:{served.port}/metrics"
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {SECRET}"}):
            answer = await client.get(url, headers=headers)
            assert (answer.status_code, "fieldgraph_" in answer.text) == (401, False)
        for scheme in ("Bearer", "bearer"):
            assert value(await scraped(served, Authorization=f"{scheme} {SECRET}"), "fieldgraph_build_info") == 1


async def test_a_database_that_is_away_is_a_figure() -> None:
    engine = open_engine("postgresql://nobody@127.0.0.1:1/nowhere", size=1)
    figures = Figures()
    figures.events.add("TICKET_CREATED")
    app = Starlette(routes=[Scraping(figures, engine).route])
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
        found = samples((await client.get("/metrics")).text)
    await engine.dispose()

    assert value(found, "fieldgraph_database_up") == 0
    assert value(found, "fieldgraph_events_total", type="TICKET_CREATED") == 1
    assert [name for name, _ in found if name == "fieldgraph_jobs"] == []


async def test_whoever_scrapes_often_asks_the_database_once(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0
    look = standing

    async def counted(*asked: object) -> object:
        nonlocal looks
        looks += 1
        await asyncio.sleep(0.05)
        return await look(*asked)  # type: ignore[arg-type]  # whatever it is asked

    monkeypatch.setattr(scraping, "standing", counted)
    app = Starlette(routes=[Scraping(Figures(), engine).route])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://here") as client:
        answers = await asyncio.gather(*(client.get("/metrics") for _ in range(20)))

    assert {answer.status_code for answer in answers} == {200}
    assert looks == 1


async def named(served: Served, bearer: str, names: list[str]) -> Samples:
    headers = {"Authorization": f"Bearer {bearer}"}
    async with httpx.AsyncClient(headers=headers) as client:
        for name in names:
            answer = await client.post(served.http, json={"query": f"query {name} {{ viewer {{ user {{ id }} }} }}"})
            assert answer.status_code == 200
    return await scraped(served)


async def test_names_from_outside_make_no_figures_without_end(database_url: str, world: World) -> None:
    async with serving(database_url) as served:
        found = await named(served, token(world, "ann"), [f"N{number}" for number in range(300)] + ["X" * 500])

    names = {dict(labels)["name"] for name, labels in found if name == "fieldgraph_operations_total"}
    assert len(names) == MOST_NAMES + 1
    assert value(found, "fieldgraph_operations_total", name="other") == 301 - MOST_NAMES
    assert value(found, "fieldgraph_operations_total") == 301


def test_ten_thousand_names_are_a_hundred_and_two_labels() -> None:
    figures = Figures()

    for number in range(10_000):
        figures.answered(f"Name{number}", "query", "plan", "OK", 0.001)
        figures.answered("", "query", "ordinary", "OK", 0.001)

    found = samples(figures.text().decode())
    assert len({dict(labels)["name"] for name, labels in found if name == "fieldgraph_operations_total"}) == 102
    assert len(found) < 5000
    assert value(found, "fieldgraph_operation_seconds_count") == 20_000


def test_no_label_is_of_an_organisation_or_a_person() -> None:
    allowed = {
        *("name", "kind", "path", "code", "type", "reason", "outcome", "channel", "found", "status", "state"),
        *("pool", "service", "version"),
    }
    for source in (Path(scraping.__file__), Path(scraping.__file__).parent / "metrics/figures.py"):
        assert "organization_id" not in source.read_text()
    for family in described():
        assert set(getattr(family, "_labelnames", ())) <= allowed
