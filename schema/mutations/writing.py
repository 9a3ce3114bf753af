"""How every mutation field writes: the service in a transaction of its own, then a fresh look for the payload."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from app.auth.actors import CHANGES_WHO_ONE_IS
from app.domain.people import Actor
from app.domain.refusals import Refusal, Refusals
from app.services.perform import Rehearsed, Writer, Written
from resolvers.context import Operation
from schema.errors import error_of
from schema.payloads import fields_of, rehearsed

C = TypeVar("C")
Payload = TypeVar("Payload")
W = TypeVar("W", bound=Written | None)
# None where what was written is nothing of the log's.
Service = Callable[[Writer, Actor, C], Awaitable[Written | None]]


async def write(
    operation: Operation,
    command: Callable[[], C],
    service: Service[C],
    payload: Callable[..., Payload],
    show: Callable[[Operation, Written], Awaitable[dict[str, Any]]] = fields_of,
) -> Payload:
    """Run the service and return its payload: the rows as they are now, or why nothing was written.

    A rehearsal's payload has what the change would bring about, and no row.
    """
    # A write must not wait for a connection while it holds one.
    await operation.renew()
    try:
        written = await _written(operation, command, service)
    except Rehearsed as done:
        return payload(**await rehearsed(operation, done.told))
    except Refusal as refusal:
        return payload(errors=[await _told(operation, refusal)])
    except Refusals as refusals:
        return payload(errors=[await _told(operation, each) for each in refusals.each])
    fields: dict[str, Any] = {} if written is None else await show(operation, written)
    return payload(**fields)


async def _told(operation: Operation, refusal: Refusal) -> Any:
    process = operation.process
    process.writer.figures.refusals.add(refusal.code)
    process.traces.refused(refusal.code)
    return await error_of(operation, refusal)


async def _written(operation: Operation, command: Callable[[], C], service: Service[C]) -> Written | None:
    return await to_the_end(operation, service(operation.process.writer, operation.actor, command()))


async def to_the_end(operation: Operation, writing: Awaitable[W]) -> W:
    """Return what a write comes to. A client that goes away does not stop it: it may already have been committed.

    Whom it has made another person is one from then on; other processes hear of it from the log.
    """
    task = asyncio.create_task(_serve(operation, writing))
    operation.process.unfinished.add(task)
    task.add_done_callback(operation.process.unfinished.discard)
    return await asyncio.shield(task)


async def _serve(operation: Operation, writing: Awaitable[W]) -> W:
    written = await writing
    if written is not None and not CHANGES_WHO_ONE_IS.isdisjoint(written.kinds):
        operation.process.actors.forget_all(operation.actor.organization_id)
    return written
