"""Traces as OpenTelemetry has them, sent to a collector by OTLP over HTTP.

Names of attributes are those of its semantic conventions, as far as it has any. Spans wait in a bounded queue, from
which a thread sends them: whoever works never waits for the collector, and what it does not take is dropped.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from threading import Thread
from typing import Self

import structlog
from opentelemetry.context import Context, attach, detach
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased, Sampler, TraceIdRatioBased
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from app.integrations.trace_collectors import Collector
from app.logs import begin_trace, end_trace
from app.tracing.object_stores import StoreMethod, StoreName
from app.tracing.statements import StatementNames
from app.tracing.traces import NOTHING, Cause, Step, Traces

_SENDING_SECONDS = 5.0
_LAST_SECONDS = 2.0
_LOOK_SECONDS = 0.02
_CALLERS_FAULT, _SERVERS_FAULT = 400, 500
_HTTP = frozenset({"http", "https"})
_BUSES = frozenset({"nats", "redis"})
# What else callers call their methods is theirs.
_METHODS = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"})
_PROPAGATOR = TraceContextTextMapPropagator()

log = structlog.get_logger(__name__)


class OpenTelemetry(Traces):
    """Tells a collector."""

    collected = True

    def __init__(self, collector: Collector, tables: Collection[str]) -> None:
        resource = Resource.create({"service.name": collector.service, "service.version": collector.version})
        self._exporter = _Telling(
            OTLPSpanExporter(collector.url, headers=dict(collector.headers), timeout=_SENDING_SECONDS)
        )
        sampler = _sampler(collector.sampler, collector.ratio)
        self._provider = TracerProvider(sampler=sampler, resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(self._exporter))
        self._tracer = self._provider.get_tracer("fieldgraph", collector.version)
        self._names = StatementNames(tables)

    def come_from(self, traceparent: str | None) -> None:
        """Let what this task does from now on belong to a caller's trace, if the header names one."""
        attach(_caller(traceparent))

    def request(self, method: str, traceparent: str | None) -> Step:
        """Begin to answer an HTTP request, as a part of the caller's trace, if the header names one."""
        method = method if method in _METHODS else "_OTHER"
        about = {"http.request.method": method}
        return _Request(self._tracer.start_span(method, _caller(traceparent), SpanKind.SERVER, about), method)

    def operation(self, kind: str, name: str, document_hash: str | None) -> Step:
        """Begin a GraphQL operation."""
        within = get_current_span().get_span_context()
        if within.is_valid and not within.is_remote and not within.trace_flags.sampled:
            # Its request is not kept, and nothing below it either.
            return NOTHING
        about = {"graphql.operation.type": kind}
        if name:
            about["graphql.operation.name"] = name
        if document_hash is not None:
            about["graphql.document.hash"] = document_hash
        return _Step(self._tracer.start_span(f"{kind} {name}".rstrip(), attributes=about))

    def refused(self, code: str) -> None:
        """Say that what is under way has refused a change."""
        get_current_span().add_event("refused", {"fieldgraph.code": code})

    def job(self, kind: str) -> Step:
        """Begin what nobody waits for; its trace is its own."""
        about = {"fieldgraph.job.kind": kind}
        return _Step(self._tracer.start_span(f"job {kind}", Context(), SpanKind.CONSUMER, about))

    def call(self, verb: str, scheme: str, host: str, port: int | None) -> Step:
        """Begin to call something outside."""
        about: dict[str, str | int] = _server(host, port)
        if scheme in _HTTP:
            about |= {"http.request.method": verb, "url.scheme": scheme}
        elif scheme in _BUSES:
            about |= {"messaging.system": scheme, "messaging.operation.name": verb}
        else:
            about["network.protocol.name"] = scheme
        name = verb if scheme in _HTTP else f"{scheme} {verb}"
        return _Call(self._tracer.start_span(name, kind=SpanKind.CLIENT, attributes=about))

    def stored(self, store: StoreName, method: StoreMethod) -> Step:
        """Begin to ask an object store for something."""
        return _Step(
            self._tracer.start_span(store.called(method), kind=SpanKind.CLIENT, attributes=store.about(method))
        )

    def program(self, name: str, executable: str) -> Step:
        """Begin to run a program of ours."""
        about = {"process.executable.name": executable}
        return _Step(self._tracer.start_span(name, kind=SpanKind.CLIENT, attributes=about))

    def cause(self) -> Cause | None:
        """Return what is under way, so that what is done for it later may belong to it; None where nothing is kept."""
        span = get_current_span()
        return _Cause(span.get_span_context()) if span.is_recording() else None

    def message(self, system: str, host: str, port: int | None, *, subject: str, causes: Sequence[Cause]) -> Step:
        """Begin to send a message."""
        spans = [each.span for each in causes if isinstance(each, _Cause)]
        if not spans:
            return NOTHING
        first, *others = spans
        about = _server(host, port) | {
            "messaging.system": system,
            "messaging.operation.name": "publish",
            "messaging.operation.type": "send",
            "messaging.destination.template": subject,
        }
        return _Step(
            self._tracer.start_span(
                f"publish {subject}",
                set_span_in_context(NonRecordingSpan(first), Context()),
                SpanKind.PRODUCER,
                about,
                [Link(each) for each in others],
            )
        )

    def statement(self, text: str) -> Step:
        """Begin an SQL statement; of its text only the verb and the table are told."""
        if not get_current_span().is_recording():
            return NOTHING
        name = self._names.of(text)
        about = {"db.system.name": "postgresql", "db.operation.name": name.verb, "db.query.summary": name.summary}
        if name.table is not None:
            about["db.collection.name"] = name.table
        return _Step(self._tracer.start_span(name.summary, kind=SpanKind.CLIENT, attributes=about))

    async def close(self) -> None:
        """Hand over what was not collected yet; what cannot be handed over soon is dropped."""
        # Not one of the loop's own threads, whose end the process would wait for.
        closing = Thread(target=self._provider.shutdown, name="traces.close", daemon=True)
        closing.start()
        until = asyncio.get_running_loop().time() + _LAST_SECONDS
        while closing.is_alive():
            if asyncio.get_running_loop().time() >= until:
                log.warning("traces.dropped")
                return
            await asyncio.sleep(_LOOK_SECONDS)


class _Step(Step):
    """A span."""

    __slots__ = ("_context", "_log", "_span", "_told")
    _fault = _SERVERS_FAULT

    def __init__(self, span: Span) -> None:
        self._span = span
        self._told = False

    def __enter__(self) -> Self:
        self._log = begin_trace(self._span.get_span_context().trace_id)
        self._context = attach(set_span_in_context(self._span))
        return self

    def __exit__(self, kind: type[BaseException] | None, *_raised: object) -> None:
        if kind is not None and not self._told:
            self.failed(kind.__name__)
        self.over()
        detach(self._context)
        end_trace(self._log)

    def failed(self, code: str) -> None:
        self._told = True
        self._span.set_attribute("error.type", code)
        self._span.set_status(Status(StatusCode.ERROR, code))

    def ended(self, how: str) -> None:
        self._told = True
        self._span.set_attribute("fieldgraph.outcome", how)

    def answered(self, status: int) -> None:
        self._told = True
        self._span.set_attribute("http.response.status_code", status)
        if status >= self._fault:
            self.failed(str(status))

    def started(self, process_id: int) -> None:
        self._span.set_attribute("process.pid", process_id)

    def exited(self, code: int) -> None:
        self._span.set_attribute("process.exit.code", code)
        if code != 0:
            self.failed(str(code))

    def over(self) -> None:
        # Of what was ended early the end is already told.
        if self._span.is_recording():
            self._span.end()


class _Request(_Step):
    """The span of a request that is answered; what its client does wrong is no fault of ours."""

    __slots__ = ("_method",)

    def __init__(self, span: Span, method: str) -> None:
        super().__init__(span)
        self._method = method

    def routed(self, route: str) -> None:
        self._span.update_name(f"{self._method} {route}")
        self._span.set_attribute("http.route", route)


class _Call(_Step):
    """The span of a call that we make."""

    __slots__ = ()
    _fault = _CALLERS_FAULT

    @property
    def carried(self) -> Mapping[str, str]:
        headers: dict[str, str] = {}
        _PROPAGATOR.inject(headers, set_span_in_context(self._span))
        return headers


class _Cause(Cause):
    """The span that was the current one."""

    __slots__ = ("span",)

    def __init__(self, span: SpanContext) -> None:
        self.span = span


class _Telling(SpanExporter):
    """An exporter that says when the collector stops taking what it is given, and when it takes it again."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._failing = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        try:
            result = self._exporter.export(spans)
        except Exception as error:  # noqa: BLE001  # whatever it is, spans are lost and nothing else
            log.error("traces.not_sent", reason=type(error).__name__)  # noqa: TRY400  # the error may hold what was sent
            return SpanExportResult.FAILURE
        failed = result is not SpanExportResult.SUCCESS
        if failed and not self._failing:
            log.warning("traces.not_collected", helps="fieldgraph check")
        elif self._failing and not failed:
            log.info("traces.collected_again")
        self._failing = failed
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()


def _server(host: str, port: int | None) -> dict[str, str | int]:
    """Return what is told of where a server is: a host, or the path of its socket on this machine."""
    about: dict[str, str | int] = {"server.address": host}
    if port is not None:
        about["server.port"] = port
    elif host.startswith("/"):
        about["network.transport"] = "unix"
    return about


def _caller(traceparent: str | None) -> Context:
    """Return a context in which the caller's span is the current one, or none is."""
    # What else callers say of their traces is theirs, and may be anything.
    return _PROPAGATOR.extract({} if traceparent is None else {"traceparent": traceparent}, Context())


def _sampler(name: str, ratio: float) -> Sampler:
    by_itself = {"always_on": ALWAYS_ON, "always_off": ALWAYS_OFF, "traceidratio": TraceIdRatioBased(ratio)}
    own = by_itself[name.removeprefix("parentbased_")]
    return ParentBased(own) if name.startswith("parentbased_") else own
