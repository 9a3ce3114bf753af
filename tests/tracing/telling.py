"""Traces that are told to a collector without a server between."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.integrations.trace_collectors import Collector as Address
from app.integrations.trace_collectors import open_traces
from app.tracing.traces import Traces
from tests.tracing.collector import Collector


@asynccontextmanager
async def telling(collector: Collector) -> AsyncIterator[Traces]:
    """Give traces; when the block has ended, the collector has all that was told."""
    address = Address(
        url=f"{collector.url}/v1/traces", headers={}, service="tests", version="1", sampler="always_on", ratio=1
    )
    traces = open_traces(address, {"tickets"})
    try:
        yield traces
    finally:
        await traces.close()
