"""Logs: one JSON object a line on standard error, the product's own and those of its libraries.

A line has `time`, `level`, `event`, `logger`, `service`, `version`, the event's own fields, `request_id` while a
request is served, and `trace_id` while what is done is traced. Values are ids and numbers, never secrets or whole
objects.
"""

import logging
import logging.config
import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
_TRACE_ID: ContextVar[int | None] = ContextVar("trace_id", default=None)
# What follows these opens a file to whoever has it.
_SIGNED = ("/files/", "/uploads/", "/calendars/")
# These say at INFO what each request or statement of theirs did.
_TALKATIVE = ("alembic", "asyncio", "httpx", "httpcore")
# These say again and again what we say once: that nobody collects traces.
_SPOKEN_FOR = ("opentelemetry",)


def configure_logs(*, level: str, service: str, version: str) -> None:
    """Send all logs of the process from `level` upwards to standard error; call it once, at start."""
    shared = _shared(service, version)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_logger_name,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared, _access_as_event],
            pass_foreign_args=True,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(serializer=_as_json),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    for name in _SPOKEN_FOR:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        library = logging.getLogger(name)
        library.handlers = []
        library.propagate = True
    logging.captureWarnings(capture=True)


@contextmanager
def request_context(request_id: str) -> Iterator[None]:
    """Put `request_id` on every log line that is written in the block, or by tasks made in it."""
    token = _REQUEST_ID.set(request_id)
    try:
        yield
    finally:
        _REQUEST_ID.reset(token)


def begin_request(request_id: str) -> None:
    """Put `request_id` on every log line that this task writes from now on: for tasks that serve one request."""
    _REQUEST_ID.set(request_id)


def current_request_id() -> str | None:
    """Return the id of the request that is being served; None outside of one."""
    return _REQUEST_ID.get()


def begin_trace(trace_id: int) -> "Token[int | None]":
    """Put `trace_id` on every log line from now on; what is returned ends that."""
    return _TRACE_ID.set(trace_id)


def end_trace(begun: "Token[int | None]") -> None:
    """Put what stood there before on log lines again."""
    _TRACE_ID.reset(begun)


def _shared(service: str, version: str) -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        _with_ids,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        _named(service, version),
    ]


def _with_ids(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    request_id = _REQUEST_ID.get()
    if request_id is not None:
        event.setdefault("request_id", request_id)
    trace_id = _TRACE_ID.get()
    if trace_id is not None:
        event.setdefault("trace_id", f"{trace_id:032x}")
    return event


def _named(service: str, version: str) -> Processor:
    def name(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event.setdefault("service", service)
        event.setdefault("version", version)
        return event

    return name


def _access_as_event(_: WrappedLogger, __: str, event: EventDict) -> Mapping[str, Any]:
    """Turn uvicorn's sentence about a request into an event; its query string and signed parts are left out."""
    arguments = event.pop("positional_args", ())
    if event["logger"] == "uvicorn.access" and isinstance(arguments, tuple) and len(arguments) == 5:
        client, method, path, _version, status = arguments
        event.update(
            event="http.answered",
            client=client,
            method=method,
            path=_untold(str(path)),
            status=status,
        )
    return event


def _untold(path: str) -> str:
    """Return a path without its query, and without what lets whoever reads it have a file."""
    plain = path.partition("?")[0]
    return next((f"{each}…" for each in _SIGNED if plain.startswith(each)), plain)


def _as_json(event: MutableMapping[str, Any], *, default: Callable[[Any], Any], **_: Any) -> str:
    # What JSON cannot hold is written by its name, as a log line must never fail.
    return orjson.dumps(event, default=default, option=orjson.OPT_NON_STR_KEYS).decode()
