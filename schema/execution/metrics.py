"""What is counted of operations, for whoever watches the server."""

from collections.abc import Awaitable, Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from schema.execution.answers import Answer, Way

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_TEXT = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The figures of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        operations = Counter(
            "fieldgraph_operations_total",
            "Operations by the way they went to their response.",
            ["path"],
            registry=self.registry,
        )
        seconds = Histogram(
            "fieldgraph_operation_seconds",
            "How long operations took, by the way they went.",
            ["path"],
            registry=self.registry,
            buckets=_SECONDS,
        )
        self._count = {way: operations.labels(path=way.value) for way in Way}
        self._seconds = {way: seconds.labels(path=way.value) for way in Way}
        self._refused = operations.labels(path="refused")
        self.sockets = Gauge("fieldgraph_websockets", "Websockets that are open.", registry=self.registry)
        self.streams = Gauge("fieldgraph_streams", "Subscriptions that are followed.", registry=self.registry)

    def answered(self, answer: Answer) -> None:
        """Count an operation and the time it took."""
        self._count[answer.way].inc()
        self._seconds[answer.way].observe(sum(answer.seconds.values()))

    def refused(self) -> None:
        """Count an operation that was not executed."""
        self._refused.inc()

    def text(self) -> bytes:
        """Return all figures as Prometheus reads them."""
        return generate_latest(self.registry)


def figures_of(metrics: Metrics) -> Callable[[Request], Awaitable[Response]]:
    """Return the handler of /metrics."""

    async def figures(_request: Request) -> Response:
        return Response(metrics.text(), media_type=_TEXT)

    return figures
