"""What is counted of operations, for whoever watches the server."""

from bisect import bisect_left
from collections.abc import Awaitable, Callable, Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from schema.execution.answers import Answer, Way

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_BOUNDS = (*map(str, map(float, _SECONDS)), "+Inf")
_TEXT = "text/plain; version=0.0.4; charset=utf-8"


class _Durations:
    """How often something lasted how long. One loop counts here, so that no lock is needed."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * len(_BOUNDS)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(_SECONDS, seconds)] += 1
        self.total += seconds


class _Operations(Collector):
    """The operations by the way they went: counted in plain numbers, spelled out when somebody looks."""

    def __init__(self) -> None:
        self.lasted = {way: _Durations() for way in Way}
        self.refused = 0

    def collect(self) -> Iterator[Metric]:
        counts = CounterMetricFamily(
            "fieldgraph_operations", "Operations by the way they went to their response.", labels=["path"]
        )
        seconds = HistogramMetricFamily(
            "fieldgraph_operation_seconds", "How long operations took, by the way they went.", labels=["path"]
        )
        for way, lasted in self.lasted.items():
            counts.add_metric([way.value], sum(lasted.counts))
            buckets = list(zip(_BOUNDS, map(float, accumulate(lasted.counts)), strict=True))
            seconds.add_metric([way.value], buckets, lasted.total)
        counts.add_metric(["refused"], self.refused)
        yield counts
        yield seconds


class Metrics:
    """The figures of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._operations = _Operations()
        self.registry.register(self._operations)
        self.sockets = Gauge("fieldgraph_websockets", "Websockets that are open.", registry=self.registry)
        self.streams = Gauge("fieldgraph_streams", "Subscriptions that are followed.", registry=self.registry)
        self._uploads = Counter(
            "fieldgraph_uploads", "Uploads by how they ended.", labelnames=["outcome"], registry=self.registry
        )

        self._exports = Counter(
            "fieldgraph_exports", "Exports by how they ended.", labelnames=["outcome"], registry=self.registry
        )
        self._imports = Counter(
            "fieldgraph_imports", "Imports by how they ended.", labelnames=["outcome"], registry=self.registry
        )

    def exported(self, outcome: str) -> None:
        """Count an export: whole, broken off by the server, or given up by its client."""
        self._exports.labels(outcome).inc()

    def imported(self, outcome: str) -> None:
        """Count an import: checked, written, or refused for its lines."""
        self._imports.labels(outcome).inc()

    def uploaded(self, outcome: str) -> None:
        """Count an upload by the status it was answered with, or as broken off."""
        self._uploads.labels(outcome).inc()

    def answered(self, answer: Answer) -> None:
        """Count an operation and the time it took."""
        self._operations.lasted[answer.way].add(answer.seconds)

    def refused(self) -> None:
        """Count an operation that was not executed."""
        self._operations.refused += 1

    def text(self) -> bytes:
        """Return all figures as Prometheus reads them."""
        return generate_latest(self.registry)


def figures_of(metrics: Metrics) -> Callable[[Request], Awaitable[Response]]:
    """Return the handler of /metrics."""

    async def figures(_request: Request) -> Response:
        return Response(metrics.text(), media_type=_TEXT)

    return figures
