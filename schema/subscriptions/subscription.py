"""The root of all subscriptions."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any

import strawberry

from resolvers import streams
from resolvers.context import Operation
from resolvers.streams import Message
from schema.fields import Info
from schema.ids import key_of, optional_key
from schema.inputs.board import BoardFilter
from schema.scalars import EventCursor
from schema.subscriptions.locations import LocationSubscriptions
from schema.subscriptions.messages import message
from schema.types.events import BoardMessage, JobMessage, TicketMessage

AfterEvent = Annotated[
    EventCursor | None,
    strawberry.argument(description="The last cursor seen: what came after it is told first. Null: live only."),
]


@strawberry.type(
    description="Everything that can be followed: what was missed, StreamReady, then what happens, each once, in order."
)
class Subscription(LocationSubscriptions):
    """Everything that can be followed."""

    @strawberry.subscription(description="Everything on a dispatch board; DISPATCHER and up.")
    async def dispatch_board(
        self,
        info: Info,
        filter: Annotated[BoardFilter, strawberry.argument(description="What the board shows.")],  # noqa: A002  # the argument's name in the schema
        after: AfterEvent = None,
    ) -> AsyncGenerator[BoardMessage, None]:
        """Follow a board."""
        operation = info.context
        async for each in _told(operation, streams.board(operation, filter.wanted(), after)):
            yield each

    @strawberry.subscription(description="A technician's jobs; another's for DISPATCHER and up.")
    async def job_updates(
        self,
        info: Info,
        technician_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Whose; without it, the viewer's own.")
        ] = None,
        after: AfterEvent = None,
    ) -> AsyncGenerator[JobMessage, None]:
        """Follow a technician's jobs."""
        operation = info.context
        key = optional_key("Technician", technician_id, "technicianId")
        async for each in _told(operation, streams.jobs(operation, key, after)):
            yield each

    @strawberry.subscription(description="One ticket, its jobs and its comments; whoever may view it.")
    async def ticket_updates(
        self,
        info: Info,
        ticket_id: Annotated[strawberry.ID, strawberry.argument(description="Which ticket.")],
        after: AfterEvent = None,
    ) -> AsyncGenerator[TicketMessage, None]:
        """Follow a ticket."""
        operation = info.context
        key = key_of("Ticket", ticket_id, "ticketId")
        async for each in _told(operation, streams.ticket(operation, key, after)):
            yield each


async def _told(operation: Operation, messages: AsyncGenerator[Message, None]) -> AsyncGenerator[Any, None]:
    async with aclosing(messages):
        async for each in messages:
            yield message(operation, each)
