"""How well the work goes."""

from decimal import Decimal
from typing import Any

import strawberry

from app.reads import entities
from app.reads.metrics import Figures, Period, TimeOfTechnician
from resolvers import events, metrics
from schema.fields import FEW_ROWS, Info
from schema.types.node import Money
from schema.types.technicians import Technician


@strawberry.type(description="What a technician did with the jobs that ended.")
class TechnicianTime:
    """What a technician did with the jobs that ended."""

    found: strawberry.Private[TimeOfTechnician]
    jobs: int = strawberry.field(description="How many ended, in whatever way.")
    completed: int = strawberry.field(description="How many of them with success.")
    reported_hours: Decimal = strawberry.field(description="Hours as the technician reported them.")
    worked_seconds: int = strawberry.field(description="From start to end without the pauses, by the stamps.")
    rating: float | None = strawberry.field(description="The mean of what requesters said, 1 to 5; null: nothing.")
    cost: Money | None = strawberry.field(
        description="What the reported hours cost at the organisation's rate; null: it has none."
    )

    @strawberry.field(description="Who.")
    async def technician(self, info: Info) -> Technician | None:
        """Return the technician."""
        technician: Any = await events.row(info.context, entities.TECHNICIAN, self.found.technician_id)
        return technician


@strawberry.type(description="How well the work goes: figures over a time. Rates lie between 0 and 1.")
class OperationsMetrics:
    """How well the work goes."""

    period: strawberry.Private[Period]
    tickets_created: int = strawberry.field(description="How many tickets came in.")
    average_escalations_per_ticket: float | None = strawberry.field(
        description="How often a ticket that came in has climbed a tier, on average; null: none came in."
    )
    jobs_offered: int = strawberry.field(description="How many jobs were offered to technicians.")
    accept_minutes_median: float | None = strawberry.field(
        description="How long it took until half of those offered and accepted were; null: none was."
    )
    rejection_rate: float | None = strawberry.field(
        description="Of the offers that were answered or expired, those rejected or expired; null: none was."
    )
    first_time_fix_rate: float | None = strawberry.field(
        description="Of the tickets resolved by work, those where it was begun in one turn only; null: none was."
    )

    sla_breaches: int = strawberry.field(description="How many clocks were breached, of any generation.")
    booking_success_rate: float | None = strawberry.field(
        description="Of the appointments whose time ended and that are over (done, nobody there, called off), those"
        " that were done; null: none is over."
    )
    no_show_rate: float | None = strawberry.field(
        description="Of the appointments whose time ended and that were kept or missed, those missed; null: none was."
    )
    recommended_slot_rate: float | None = strawberry.field(
        description="Of the appointments that were booked, those in a slot that the server proposed; null: none was."
    )
    average_wait_hours: float | None = strawberry.field(
        description="From booking to the start of the appointments that were booked and not called off; null: none was."
    )
    average_wait_hours_critical: float | None = strawberry.field(
        description="The same of critical ones alone; null: none was."
    )
    travel_ratio: float | None = strawberry.field(
        description="Of the time on appointments that were done and ended, with the ways there, that of the ways; null:"
        " none was."
    )

    @strawberry.field(
        description="How much of the working time of active technicians is booked, as technician.utilization counts it;"
        " with territories of those who work there. Null: nobody works, or the time is longer than 92 days."
    )
    async def technician_utilization(self, info: Info) -> float | None:
        """Return how much is booked."""
        return await metrics.technician_utilization(info.context, self.period)

    @strawberry.field(description="What each technician did, most hours first.", metadata=FEW_ROWS)
    async def technicians(self, info: Info) -> list[TechnicianTime]:
        """Return what each technician did."""
        return [_time(found) for found in await metrics.times(info.context, self.period)]


def told(period: Period, figures: Figures) -> OperationsMetrics:
    """Return the figures of a time as clients see them."""
    return OperationsMetrics(
        period=period,
        tickets_created=figures.tickets_created,
        average_escalations_per_ticket=figures.average_escalations,
        jobs_offered=figures.jobs_offered,
        accept_minutes_median=figures.accept_minutes_median,
        rejection_rate=figures.rejection_rate,
        first_time_fix_rate=figures.first_time_fix_rate,
        sla_breaches=figures.sla_breaches,
        booking_success_rate=figures.booking_success_rate,
        no_show_rate=figures.no_show_rate,
        recommended_slot_rate=figures.recommended_slot_rate,
        average_wait_hours=figures.wait_hours,
        average_wait_hours_critical=figures.wait_hours_critical,
        travel_ratio=figures.travel_ratio,
    )


def _time(found: TimeOfTechnician) -> TechnicianTime:
    return TechnicianTime(
        found=found,
        jobs=found.jobs,
        completed=found.completed,
        reported_hours=found.reported_hours,
        worked_seconds=found.worked_seconds,
        rating=found.rating,
        cost=_money(found.cost, found.currency),
    )


def _money(amount: Decimal | None, currency: str | None) -> Money | None:
    return None if amount is None or currency is None else Money(amount=amount, currency=currency)
