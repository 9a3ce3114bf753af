"""The root of all subscriptions."""

from collections.abc import AsyncGenerator
from typing import Annotated, Any, cast

import strawberry

from resolvers import streams
from resolvers.streams import Stream
from schema.fields import Info
from schema.ids import key_of, optional_key, optional_keys
from schema.inputs.board import BoardFilter
from schema.scalars import EventCursor
from schema.subscriptions.following import Following
from schema.subscriptions.locations import LocationSubscriptions
from schema.types.events import BoardMessage, JobMessage, TicketMessage


def following(stream: Stream) -> AsyncGenerator[Any, None]:
    """Return what a field resolves to, as the schema's library wants it named."""
    return cast("AsyncGenerator[Any, None]", Following(stream))


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
        return following(streams.board(info.context, filter.wanted(), after))

    @strawberry.subscription(description="Clocks that warn or are breached, and whatever ends that; DISPATCHER and up.")
    async def sla_alerts(
        self,
        info: Info,
        territory_ids: Annotated[
            list[strawberry.ID] | None,
            strawberry.argument(description="Of tickets in these territories, at most 100; without it, of all."),
        ] = None,
        after: AfterEvent = None,
    ) -> AsyncGenerator[BoardMessage, None]:
        """Follow service levels."""
        return following(streams.alerts(info.context, optional_keys("Territory", territory_ids, "territoryIds"), after))

    @strawberry.subscription(
        description=(
            "A technician's jobs, appointments, queue, shifts and time off; another's for DISPATCHER and up. Shifts and"
            " time off come as RecordEvent."
        )
    )
    async def job_updates(
        self,
        info: Info,
        technician_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Whose; without it, the viewer's own.")
        ] = None,
        after: AfterEvent = None,
    ) -> AsyncGenerator[JobMessage, None]:
        """Follow a technician's jobs."""
        key = optional_key("Technician", technician_id, "technicianId")
        return following(await streams.jobs(info.context, key, after))

    @strawberry.subscription(description="One ticket, its jobs and its comments; whoever may view it.")
    async def ticket_updates(
        self,
        info: Info,
        ticket_id: Annotated[strawberry.ID, strawberry.argument(description="Which ticket.")],
        after: AfterEvent = None,
    ) -> AsyncGenerator[TicketMessage, None]:
        """Follow a ticket."""
        key = key_of("Ticket", ticket_id, "ticketId")
        return following(await streams.ticket(info.context, key, after))
