"""A collector as they are: OTLP over HTTP in protobuf, at /v1/traces, gathered into spans."""

import gzip
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Wire
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.invitations.outside import served
from tests.waiting import until_said

# A worker has to start first.
_PATIENCE_SECONDS = 60.0
PROTOBUF = "application/x-protobuf"
SERVER, CLIENT = Wire.SPAN_KIND_SERVER, Wire.SPAN_KIND_CLIENT
PRODUCER, CONSUMER = Wire.SPAN_KIND_PRODUCER, Wire.SPAN_KIND_CONSUMER


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A span as it was sent; ids in hexadecimal digits, `parent` empty for the first of a trace, times in ns.

    `links` are traces and ids of other spans.
    """

    name: str
    trace: str
    id: str
    parent: str
    kind: int
    began: int
    ended: int
    about: Mapping[str, Any]
    events: tuple[tuple[str, Mapping[str, Any]], ...]
    links: tuple[tuple[str, str], ...]
    failed: bool
    said: str
    service: str


@dataclass(slots=True)
class Collector:
    """What came in, byte by byte and span by span."""

    url: str = ""
    status: int = 200
    bodies: list[bytes] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        """Take spans, or answer as was ordered."""
        body = await request.body()
        if request.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        if request.headers["content-type"] != PROTOBUF:
            return Response(status_code=415)
        self.headers.append(dict(request.headers))
        if self.status == 200:
            self.bodies.append(body)
            self.spans += _spans(ExportTraceServiceRequest.FromString(body))
        answer = ExportTraceServiceResponse().SerializeToString()
        return Response(answer, self.status, media_type=PROTOBUF)

    def named(self, name: str) -> list[Span]:
        """Return the spans of a name."""
        return [each for each in self.spans if each.name == name]

    def below(self, span: Span) -> list[Span]:
        """Return the steps of a span, by when they began."""
        found = [each for each in self.spans if (each.trace, each.parent) == (span.trace, span.id)]
        return sorted(found, key=lambda each: each.began)

    async def one(self, name: str) -> Span:
        """Return the one span of a name, once it has come."""

        async def has_come() -> bool:
            return bool(self.named(name))

        await until_said(has_come, _PATIENCE_SECONDS)
        (found,) = self.named(name)
        return found


def _spans(request: ExportTraceServiceRequest) -> list[Span]:
    return [
        Span(
            name=span.name,
            trace=span.trace_id.hex(),
            id=span.span_id.hex(),
            parent=span.parent_span_id.hex(),
            kind=span.kind,
            began=span.start_time_unix_nano,
            ended=span.end_time_unix_nano,
            about={each.key: _value(each.value) for each in span.attributes},
            events=tuple(
                (event.name, {each.key: _value(each.value) for each in event.attributes}) for event in span.events
            ),
            links=tuple((each.trace_id.hex(), each.span_id.hex()) for each in span.links),
            failed=span.status.code == span.status.STATUS_CODE_ERROR,
            said=span.status.message,
            service=str({each.key: _value(each.value) for each in of.resource.attributes}["service.name"]),
        )
        for of in request.resource_spans
        for scope in of.scope_spans
        for span in scope.spans
    ]


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    return None if kind is None else getattr(value, kind)


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    """Collect until the block ends."""
    collector = Collector()
    async with served(Starlette(routes=[Route("/v1/traces", collector.take, methods=["POST"])])) as url:
        collector.url = url
        yield collector
