"""The log over plain HTTP."""

from typing import Annotated

import strawberry

from resolvers import streams
from schema.enums import EventType
from schema.fields import Info
from schema.scalars import EventCursor
from schema.subscriptions.messages import message, reset
from schema.types.events import EventPage


@strawberry.type
class EventQueries:
    """The log over plain HTTP."""

    @strawberry.field(
        description="What happened since a cursor, in order; the same as the subscriptions tell.",
        metadata={"ordinary": "what of the log a viewer sees is decided event by event"},
    )
    async def events(
        self,
        info: Info,
        after: Annotated[EventCursor, strawberry.argument(description="Begin behind this cursor.")],
        types: Annotated[
            list[EventType] | None, strawberry.argument(description="Only these, besides what left the view.")
        ] = None,
        first: Annotated[
            int | None, strawberry.argument(description="How much of the log to look through, 1 to 500.")
        ] = 200,
    ) -> EventPage:
        """Return a part of the log."""
        operation = info.context
        wanted = None if types is None else frozenset(types)
        part = await streams.read_log(operation, after, wanted, 200 if first is None else first)
        return EventPage(
            events=[message(operation, each) for each in part.messages],
            end_cursor=EventCursor(operation.cursor(part.position)),
            has_more=part.has_more,
            reset=None if part.reset is None else reset(operation, part.reset),
        )
