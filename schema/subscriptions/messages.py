"""From a stream's messages to the schema's types."""

from typing import Any

from app.domain.events import Event
from app.live.replay import Heartbeat, Ready, Reset
from resolvers.context import Operation
from resolvers.streams import Gone, Message
from schema.ids import global_id
from schema.scalars import EventCursor
from schema.types.events import RemovedFromView, StreamHeartbeat, StreamReady, StreamReset


def message(operation: Operation, told: Message) -> Any:
    """Return the schema's object for a message; events stand for themselves."""
    match told:
        case Event():
            return told
        case Gone():
            return RemovedFromView(
                cursor=_cursor(operation, told.position), id=global_id(told.kind, told.key), cause=told.cause
            )
        case Ready():
            return StreamReady(cursor=_cursor(operation, told.position), replayed=told.replayed)
        case Reset():
            return reset(operation, told)
        case Heartbeat():
            return StreamHeartbeat(cursor=_cursor(operation, told.position), server_time=told.at)


def reset(operation: Operation, told: Reset) -> StreamReset:
    """Return the schema's object for a reset."""
    return StreamReset(cursor=_cursor(operation, told.position), reason=told.reason)


def _cursor(operation: Operation, position: int) -> EventCursor:
    return EventCursor(operation.cursor(position))
