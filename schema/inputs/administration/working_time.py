"""Inputs of mutations on technicians' time."""

from datetime import date, datetime
from typing import Any

import strawberry

from app.domain.rosters import WeeklyShift
from app.services.administration.rosters import CreateShifts
from app.services.administration.saying import Create, Update
from app.services.technicians.set_availability import SetAvailability
from schema.enums import Availability, Weekday
from schema.ids import key_of, optional_key
from schema.inputs.administration.given import VERSION, change, clock, creation, given
from schema.inputs.appointments import TimeWindowInput
from schema.inputs.tickets import KEY

_ENDS = "Where it ends; after the start, at most 25 hours later."
_BREAKS = "When they rest meanwhile; at most 10, within the shift, without overlapping."
_STARTS = "Where it begins; within 731 days, at most 366 days ago."


@strawberry.input(description="A new shift.")
class CreateShiftInput:
    """A new shift."""

    technician_id: strawberry.ID = strawberry.field(description="Whose.")
    starts_at: datetime = strawberry.field(description=_STARTS)
    ends_at: datetime = strawberry.field(description=_ENDS)
    on_call: bool = strawberry.field(
        default=False, description="Whether it is for critical work only; such shifts go beside others."
    )
    breaks: list[TimeWindowInput] = strawberry.field(default_factory=list, description=_BREAKS)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> Create:
        """Return the command. Raises Invalid for an id of another type."""
        values = given(self, "starts_at", "ends_at", "on_call")
        technician_id = key_of("Technician", self.technician_id, "technicianId")
        return creation(self, {**values, "technician_id": technician_id, "breaks": _breaks(self.breaks)})


@strawberry.input(description="What a shift is to say: what is left out stays.")
class UpdateShiftInput:
    """What a shift is to say."""

    id: strawberry.ID = strawberry.field(description="Which shift.")
    expected_version: int = strawberry.field(description=VERSION)
    starts_at: datetime | None = strawberry.field(default=strawberry.UNSET, description=f"{_STARTS} Not null.")
    ends_at: datetime | None = strawberry.field(default=strawberry.UNSET, description=f"{_ENDS} Not null.")
    on_call: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether it is for critical work only; not null."
    )
    breaks: list[TimeWindowInput] | None = strawberry.field(
        default=strawberry.UNSET, description=f"{_BREAKS} Null: none."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> Update:
        """Return the command. Raises Invalid for an id of another type."""
        values = given(self, "starts_at", "ends_at", "on_call")
        if self.breaks is not strawberry.UNSET:
            values["breaks"] = _breaks(self.breaks or [])
        return change(self, "Shift", values)


@strawberry.input(description="A break by the clock.")
class WeeklyBreakInput:
    """A break by the clock."""

    start: str = strawberry.field(description="From when, as HH:MM; before the shift's start is on the next day.")
    end: str = strawberry.field(description="Until when, as HH:MM; not after the start is on the next day.")


@strawberry.input(description="A shift of a weekday by the technician's clock.")
class WeeklyShiftInput:
    """A shift of a weekday."""

    weekday: Weekday = strawberry.field(description="On which day it begins.")
    start: str = strawberry.field(description="From when, as HH:MM.")
    end: str = strawberry.field(description="Until when, as HH:MM; not after the start is on the next day.")
    on_call: bool = strawberry.field(default=False, description="Whether it is for critical work only.")
    breaks: list[WeeklyBreakInput] = strawberry.field(default_factory=list, description=_BREAKS)

    def shift(self, number: int) -> WeeklyShift:
        """Return the pattern. Raises Invalid for what is no time of day."""
        path = ("weekly", str(number))
        return WeeklyShift(
            weekday=self.weekday,
            start=clock(self.start, *path, "start"),
            end=clock(self.end, *path, "end"),
            on_call=self.on_call,
            breaks=tuple(
                (
                    clock(each.start, *path, "breaks", str(at), "start"),
                    clock(each.end, *path, "breaks", str(at), "end"),
                )
                for at, each in enumerate(self.breaks)
            ),
        )


@strawberry.input(
    description="Shifts by the week, by the clock of the technician's first territory by name, else the usual."
)
class CreateShiftsInput:
    """Shifts by the week."""

    technician_id: strawberry.ID = strawberry.field(description="Whose.")
    from_: date = strawberry.field(name="from", description="The first day on which a shift may begin.")
    to: date = strawberry.field(description="The last one; within 92 days.")
    weekly: list[WeeklyShiftInput] = strawberry.field(
        description="Which shifts, 1 to 14. They make at most 200; those that are there already are left as they are."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> CreateShifts:
        """Return the command. Raises Invalid."""
        return CreateShifts(
            technician_id=key_of("Technician", self.technician_id, "technicianId"),
            first=self.from_,
            last=self.to,
            weekly=tuple(each.shift(number) for number, each in enumerate(self.weekly)),
            idempotency_key=self.idempotency_key,
        )


@strawberry.input(description="Time off that is planned.")
class CreateTimeOffInput:
    """Time off that is planned."""

    technician_id: strawberry.ID = strawberry.field(description="Whose.")
    starts_at: datetime = strawberry.field(description=_STARTS)
    ends_at: datetime = strawberry.field(description="Where it ends; after the start, at most 366 days later.")
    reason: str | None = strawberry.field(
        default=None, description="Why; at most 500 characters, seen by the technician and DISPATCHER and up."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> Create:
        """Return the command. Raises Invalid for an id of another type."""
        values = given(self, "starts_at", "ends_at", "reason")
        technician_id = key_of("Technician", self.technician_id, "technicianId")
        return creation(self, {**values, "technician_id": technician_id})


@strawberry.input(description="What time off is to say: what is left out stays.")
class UpdateTimeOffInput:
    """What time off is to say."""

    id: strawberry.ID = strawberry.field(description="Which time off.")
    expected_version: int = strawberry.field(description=VERSION)
    starts_at: datetime | None = strawberry.field(default=strawberry.UNSET, description=f"{_STARTS} Not null.")
    ends_at: datetime | None = strawberry.field(
        default=strawberry.UNSET, description="Where it ends; after the start, at most 366 days later. Not null."
    )
    reason: str | None = strawberry.field(
        default=strawberry.UNSET, description="Why; at most 500 characters. Null: nothing is said."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> Update:
        """Return the command. Raises Invalid for an id of another type."""
        return change(self, "TimeOff", given(self, "starts_at", "ends_at", "reason"))


@strawberry.input(description="What a technician is from now on.")
class SetAvailabilityInput:
    """What a technician is from now on."""

    technician_id: strawberry.ID | None = strawberry.field(
        default=None, description="Who; without it, the viewer. Others only by DISPATCHER and up."
    )
    availability: Availability = strawberry.field(
        description="AVAILABLE takes back what was said before; BUSY, ON_BREAK, OFF_SHIFT and TIME_OFF are being away."
        " ON_CALL is refused: shifts say it."
    )
    until: datetime | None = strawberry.field(
        default=None,
        description="Until when they are away; within 31 days. Null: until the shift under way ends, else 24 hours.",
    )
    reason: str | None = strawberry.field(
        default=None, description="Why; at most 500 characters, seen by the technician and DISPATCHER and up."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> SetAvailability:
        """Return the command. Raises Invalid for an id of another type."""
        return SetAvailability(
            technician_id=optional_key("Technician", self.technician_id, "technicianId"),
            availability=self.availability,
            until=self.until,
            reason=self.reason,
            idempotency_key=self.idempotency_key,
        )


def _breaks(windows: list[TimeWindowInput]) -> tuple[dict[str, Any], ...]:
    return tuple({"starts_at": each.start, "ends_at": each.end} for each in windows)
