import asyncio
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.jobs import forgetting
from app.jobs.forgetting import forget_answers
from app.services.perform import KEPT_FOR
from tests.demo.reading import fetch
from tests.services.scene import Clock, Scene
from tests.world import make_world


@pytest.fixture
async def scene(engine: AsyncEngine) -> Scene:
    """Two organisations, the second one's clock standing still."""
    await make_world(engine, "Others")
    return Scene(engine=engine, world=await make_world(engine), clock=Clock())


async def keys(url: str) -> list[str]:
    return [row["key"] for row in await fetch(url, "SELECT key FROM idempotency_results ORDER BY key")]


async def test_answers_are_forgotten_once_no_repeat_may_come(
    scene: Scene, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "_AT_ONCE", 2)
    clock = scene.clock
    assert isinstance(clock, Clock)
    for name in ("a", "b", "c", "d", "e"):
        await scene.ticket(idempotency_key=name)
    clock.at += KEPT_FOR - timedelta(seconds=1)
    await scene.ticket(idempotency_key="young")
    assert await forget_answers(scene.writer) == 0
    clock.at += timedelta(seconds=1)

    counts = await asyncio.gather(*(forget_answers(scene.writer) for _ in range(3)))

    assert sum(counts) == 5
    assert await keys(database_url) == ["young"]
    assert await forget_answers(scene.writer) == 0
