"""Who collects traces; what sends them there is an extra of the package, and loaded only where a collector is set."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from types import ModuleType
from typing import cast

import httpx

from app.tracing.traces import Traces

_MODULE = "app.integrations.open_telemetry"
_NOT_LET_IN = frozenset({401, 403})
# An export of no spans: a message of protobuf without any field.
_EMPTY = b""


class TracingLibraryMissing(Exception):
    """A collector is set, and what sends traces to it is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, and what sends traces is not installed: "
            "install fieldgraph[tracing], or unset OTEL_EXPORTER_OTLP_ENDPOINT."
        )


class CollectorFailed(Exception):
    """The collector takes no traces; the text says why."""


class CollectorRefused(CollectorFailed):
    """The collector does not let us in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    """Where spans are sent to by HTTP, by which name, and which traces: `ratio` is the part of those left to chance."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    service: str
    version: str
    sampler: str
    ratio: float


def open_traces(collector: Collector, tables: Collection[str]) -> Traces:
    """Return traces that are sent to a collector; statements are named by these tables.

    Raises:
        TracingLibraryMissing: what sends them is not installed.
    """
    return cast("Traces", _module().OpenTelemetry(collector, tables))


async def try_out(collector: Collector, *, seconds: float) -> None:
    """Hand over no spans at all.

    Raises:
        TracingLibraryMissing: what sends them is not installed.
        CollectorFailed: it cannot be reached, or does not take them.
    """
    _module()
    headers = {**collector.headers, "content-type": "application/x-protobuf"}
    try:
        async with httpx.AsyncClient(timeout=seconds) as client:
            answer = await client.post(collector.url, content=_EMPTY, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise CollectorFailed(f"It cannot be reached ({type(error).__name__})") from None
    if answer.status_code in _NOT_LET_IN:
        raise CollectorRefused(f"It does not let us in ({answer.status_code})")
    if not answer.is_success:
        raise CollectorFailed(f"It does not take traces ({answer.status_code})")


def _module() -> ModuleType:
    try:
        return import_module(_MODULE)
    except ImportError as missing:
        raise TracingLibraryMissing from missing
