"""Inputs of mutations on business calendars and what is promised."""

from datetime import date

import strawberry

from app.domain.refusals import Invalid
from app.domain.sla import DEFAULT_PAUSES, DEFAULT_WARNINGS
from app.services.administration.promises import SaveBusinessCalendar, SaveSlaPolicy
from schema.enums import SlaMetric, TicketPriority, TicketStatus, Weekday
from schema.ids import optional_key
from schema.inputs.administration.given import clock
from schema.inputs.tickets import KEY
from schema.scalars import TimeZone

_DAY_END = 24 * 60


@strawberry.input(description="Hours of a weekday in which something is open; what lies between two is a break.")
class OpeningInput:
    """Hours of a weekday in which something is open."""

    weekday: Weekday = strawberry.field(description="On which day.")
    opens: str = strawberry.field(description="From when on, by the clock on the wall, such as 09:00.")
    closes: str = strawberry.field(description="Until when, such as 17:30; 24:00 is the day's end.")


@strawberry.input(
    description="A business calendar as it is to be: what goes by the one of this name goes by this one from now on."
)
class SaveBusinessCalendarInput:
    """A business calendar as it is to be."""

    name: str = strawberry.field(description="What it is called; 1 to 100 characters.")
    time_zone: TimeZone = strawberry.field(description="The zone of its hours.")
    weekly: list[OpeningInput] = strawberry.field(
        description="When it is open, each day's openings in order; at most 10 a day."
    )
    holidays: list[date] | None = strawberry.field(
        default=None, description="Days on which nothing is open; at most 400."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> SaveBusinessCalendar:
        """Return the command. Raises Invalid for what is no time of day."""
        weekly: dict[str, tuple[tuple[int, int], ...]] = {}
        for at, each in enumerate(self.weekly):
            path = ("weekly", str(at))
            closes = _DAY_END if each.closes == "24:00" else _minutes(each.closes, *path, "closes")
            weekly[each.weekday] = (*weekly.get(each.weekday, ()), (_minutes(each.opens, *path, "opens"), closes))
        return SaveBusinessCalendar(
            name=self.name,
            time_zone=self.time_zone,
            weekly=weekly,
            holidays=tuple(self.holidays or ()),
            idempotency_key=self.idempotency_key,
        )


@strawberry.input(description="What is promised at a priority.")
class SlaTargetInput:
    """What is promised at a priority."""

    priority: TicketPriority = strawberry.field(description="Which priority.")
    response_minutes: int = strawberry.field(description="Minutes that count until it is answered, 1 to 525,600.")
    resolution_minutes: int = strawberry.field(description="Minutes that count until it is resolved, 1 to 525,600.")


@strawberry.input(description="What is promised to new tickets from now on; others keep what they were promised.")
class SaveSlaPolicyInput:
    """What is promised to new tickets from now on."""

    name: str = strawberry.field(description="What it is called; 1 to 100 characters.")
    targets: list[SlaTargetInput] = strawberry.field(description="One for each priority.")
    pause_on: list[TicketStatus] = strawberry.field(
        default_factory=lambda: list(DEFAULT_PAUSES), description="At which statuses the resolution's clock stands."
    )
    warn_at_percent: list[int] = strawberry.field(
        default_factory=lambda: list(DEFAULT_WARNINGS),
        description="At which shares of its time a clock warns, 1 to 99; at most 10.",
    )
    auto_escalate_on_breach: bool = strawberry.field(
        default=False, description="Whether a breach escalates a ticket that somebody has."
    )
    calendar_id: strawberry.ID | None = strawberry.field(
        default=None, description="The business calendar by which time counts; without one always."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> SaveSlaPolicy:
        """Return the command. Raises Invalid for a priority that comes twice, and an id of another type."""
        if len({each.priority for each in self.targets}) != len(self.targets):
            raise Invalid(field=("targets",), problem="targets must have one for each priority.")
        return SaveSlaPolicy(
            name=self.name,
            targets={
                each.priority: {
                    SlaMetric.FIRST_RESPONSE: each.response_minutes,
                    SlaMetric.RESOLUTION: each.resolution_minutes,
                }
                for each in self.targets
            },
            pause_on=tuple(self.pause_on),
            warn_at_percent=tuple(self.warn_at_percent),
            auto_escalate_on_breach=self.auto_escalate_on_breach,
            calendar_id=optional_key("BusinessCalendar", self.calendar_id, "calendarId"),
            idempotency_key=self.idempotency_key,
        )


def _minutes(text: str, *path: str) -> int:
    """Return the minutes since midnight."""
    found = clock(text, *path)
    return found.hour * 60 + found.minute
