from collections.abc import AsyncIterator

import pytest

from tests.tracing.collector import Collector, collecting


@pytest.fixture
async def collector(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Collector]:
    """A collector that takes everything, and is sent spans twenty times a second."""
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    async with collecting() as running:
        yield running
