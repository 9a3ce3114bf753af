"""Who could get a ticket, and how well the work goes."""

from datetime import datetime
from typing import Annotated

import strawberry

from resolvers import candidates, metrics
from schema.fields import Info
from schema.ids import key_of
from schema.types.candidates import Candidate
from schema.types.candidates import told as candidate_told
from schema.types.metrics import OperationsMetrics
from schema.types.metrics import told as metrics_told


@strawberry.type
class DispatchingQueries:
    """Who could get a ticket, and how well the work goes."""

    @strawberry.field(
        description="Technicians beside a ticket: the eligible first and best first, then the others with what stands"
        " against them. For whoever may assign tickets.",
        metadata={"ordinary": "who is eligible is judged by the rules of the domain", "rows": 5},
    )
    async def candidates(
        self,
        info: Info,
        ticket_id: Annotated[strawberry.ID, strawberry.argument(description="Which ticket.")],
        limit: Annotated[int, strawberry.argument(description="How many, 1 to 100.")] = 5,
    ) -> list[Candidate]:
        """Return the candidates."""
        found = await candidates.beside(info.context, key_of("Ticket", ticket_id, "ticketId"), limit)
        return [candidate_told(each) for each in found]

    @strawberry.field(
        description="How well the work goes over a time; DISPATCHER and up.",
        metadata={"ordinary": "figures are counted over all rows of a time, in statements of their own"},
    )
    async def metrics(
        self,
        info: Info,
        from_: Annotated[datetime, strawberry.argument(name="from", description="Where the time begins.")],
        to: Annotated[datetime, strawberry.argument(description="Where it ends; at most 366 days later.")],
        territory_ids: Annotated[
            list[strawberry.ID] | None, strawberry.argument(description="Of tickets in these only.")
        ] = None,
    ) -> OperationsMetrics:
        """Return the figures."""
        keys = (
            None
            if territory_ids is None
            else tuple(key_of("Territory", each, "territoryIds", str(at)) for at, each in enumerate(territory_ids))
        )
        period = metrics.period(info.context, from_, to, keys)
        return metrics_told(period, await metrics.figures(info.context, period))
