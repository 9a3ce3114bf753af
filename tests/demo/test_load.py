import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import make_url

from app.db.embedded.server import EmbeddedServer
from app.demo.load import AlreadyLoaded, is_empty, load_benchmark, load_demo
from app.demo.users import BENCHMARK_ORGANIZATION, ORGANIZATION
from app.domain.locations import is_stale
from tests.database import database
from tests.demo.conftest import NOW, ignore_progress
from tests.demo.reading import fetch, fingerprints


async def test_a_database_is_empty_until_the_demo_is_loaded(database_url: str) -> None:
    assert await is_empty(database_url)

    await load_demo(database_url, tickets=60, now=NOW, progress=ignore_progress)

    assert not await is_empty(database_url)


async def test_equal_arguments_give_equal_rows(
    loaded_url: str, database_server: EmbeddedServer, database_template: str
) -> None:
    async with database(database_server, database_template) as url:
        await load_demo(url, now=NOW, progress=ignore_progress)
        await load_benchmark(url, tickets=1_000, now=NOW, progress=ignore_progress)

        assert await fingerprints(url) == await fingerprints(loaded_url)


@pytest.mark.parametrize("later", [timedelta(hours=9), timedelta(days=2), timedelta(days=100, hours=3)])
async def test_at_any_time_of_the_week_every_status_is_there(database_url: str, later: timedelta) -> None:
    await load_demo(database_url, tickets=60, now=NOW + later, progress=ignore_progress)

    for table in ("tickets", "assignments"):
        query = f"SELECT count(DISTINCT status) FROM {table} WHERE organization_id = $1"  # noqa: S608  # named above
        assert [row[0] for row in await fetch(database_url, query, ORGANIZATION)] == [11]


async def test_loading_again_is_refused_and_changes_nothing(database_url: str) -> None:
    await load_demo(database_url, tickets=60, now=NOW, progress=ignore_progress)
    before = await fingerprints(database_url)

    with pytest.raises(AlreadyLoaded) as refused:
        await load_demo(database_url, tickets=70, now=NOW, progress=ignore_progress)

    assert refused.value.organization_id == ORGANIZATION
    assert await fingerprints(database_url) == before


async def test_of_two_that_load_at_once_one_is_refused(database_url: str) -> None:
    results = await asyncio.gather(
        *(load_demo(database_url, tickets=60, now=NOW, progress=ignore_progress) for _ in range(2)),
        return_exceptions=True,
    )

    assert [type(each) for each in results if each is not None] == [AlreadyLoaded]
    assert results.count(None) == 1


async def test_the_benchmark_is_refused_twice_but_stands_beside_the_demo(database_url: str) -> None:
    await load_benchmark(database_url, tickets=20, now=NOW, progress=ignore_progress)
    await load_demo(database_url, tickets=60, now=NOW, progress=ignore_progress)

    with pytest.raises(AlreadyLoaded) as refused:
        await load_benchmark(database_url, tickets=20, now=NOW, progress=ignore_progress)

    assert refused.value.organization_id == BENCHMARK_ORGANIZATION


async def test_too_few_tickets_are_refused_before_anything_is_written(database_url: str) -> None:
    with pytest.raises(ValueError, match="at least"):
        await load_demo(database_url, tickets=5, now=NOW, progress=ignore_progress)

    assert await is_empty(database_url)


async def test_a_time_without_a_zone_is_refused(database_url: str) -> None:
    with pytest.raises(ValueError, match="time zone"):
        await load_demo(database_url, now=NOW.replace(tzinfo=None), progress=ignore_progress)


async def test_progress_is_told_up_to_the_last_ticket(database_url: str) -> None:
    told: list[tuple[str, int, int]] = []

    await load_demo(database_url, tickets=60, now=NOW, progress=lambda *each: told.append(each))

    assert [each for each in told if each[1] == each[2]] == [("demo", 60, 60), ("second organisation", 30, 30)]


async def test_a_login_that_is_no_superuser_can_load(database_url: str) -> None:
    login = f"loader_{uuid4().hex}"
    await fetch(database_url, f"CREATE ROLE {login} LOGIN PASSWORD 'loads'")
    await fetch(database_url, f"GRANT fieldgraph_app, fieldgraph_system TO {login}")
    url = make_url(database_url).set(username=login, password="loads").render_as_string(hide_password=False)

    assert await is_empty(url)
    await load_demo(url, tickets=60, now=NOW, progress=ignore_progress)

    assert not await is_empty(url)
    await fetch(database_url, f"DROP ROLE {login}")


async def test_technicians_are_where_they_work_and_some_were_not_heard_of_lately_or_ever(loaded_url: str) -> None:
    rows = await fetch(
        loaded_url,
        """
        SELECT l.recorded_at, (l.latitude, l.longitude) = (k.latitude, k.longitude) AS at_work
        FROM technicians t
        LEFT JOIN technician_locations l ON l.organization_id = t.organization_id AND l.technician_id = t.id
        LEFT JOIN assignments a ON a.organization_id = t.organization_id AND a.technician_id = t.id
            AND a.status = 'IN_PROGRESS'
        LEFT JOIN tickets k ON k.organization_id = a.organization_id AND k.id = a.ticket_id
        WHERE t.organization_id = $1
        """,
        ORGANIZATION,
    )
    heard = [row for row in rows if row["recorded_at"] is not None]

    assert 0 < len(heard) < len(rows)
    assert {row["at_work"] for row in heard} == {True, None}
    assert {is_stale(row["recorded_at"], now=NOW) for row in heard} == {True, False}
    assert max(row["recorded_at"] for row in heard) <= NOW


async def test_the_planner_knows_the_tables_afterwards(database_url: str) -> None:
    await load_demo(database_url, tickets=60, now=NOW, progress=ignore_progress)

    (row,) = await fetch(database_url, "SELECT reltuples::int AS rows FROM pg_class WHERE relname = 'tickets'")
    assert row["rows"] == 90
