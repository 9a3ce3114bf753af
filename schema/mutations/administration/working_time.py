"""Mutations on technicians' time."""

from functools import partial
from typing import Annotated

import strawberry

from app.services.administration.rosters import create_shifts
from app.services.administration.shifts import create_shift, delete_shift, update_shift
from app.services.administration.time_off import create_time_off, delete_time_off, update_time_off
from app.services.technicians.set_availability import set_availability
from schema.administration_payloads import (
    DeletionPayload,
    ShiftPayload,
    ShiftsPayload,
    TechnicianPayload,
    TimeOffPayload,
    shifts_of,
)
from schema.fields import Info
from schema.inputs.administration.working_time import (
    CreateShiftInput,
    CreateShiftsInput,
    CreateTimeOffInput,
    SetAvailabilityInput,
    UpdateShiftInput,
    UpdateTimeOffInput,
)
from schema.inputs.comments import DeleteInput
from schema.mutations.writing import write

_INPUT = strawberry.argument(name="input", description="What to do, and to what.")


@strawberry.type
class WorkingTimeMutations:
    """What can be done with technicians' time."""

    @strawberry.mutation(description="Create a shift; MANAGER and ADMIN.")
    async def create_shift(self, info: Info, asked: Annotated[CreateShiftInput, _INPUT]) -> ShiftPayload:
        """Create a shift."""
        return await write(info.context, asked.command, create_shift, ShiftPayload)

    @strawberry.mutation(description="Create the shifts of several weeks, or none of them; MANAGER and ADMIN.")
    async def create_shifts(self, info: Info, asked: Annotated[CreateShiftsInput, _INPUT]) -> ShiftsPayload:
        """Create the shifts of several weeks."""
        return await write(info.context, asked.command, create_shifts, ShiftsPayload, shifts_of)

    @strawberry.mutation(description="Change a shift; MANAGER and ADMIN. Appointments stay as they are.")
    async def update_shift(self, info: Info, asked: Annotated[UpdateShiftInput, _INPUT]) -> ShiftPayload:
        """Change a shift."""
        return await write(info.context, asked.command, update_shift, ShiftPayload)

    @strawberry.mutation(description="Delete a shift; MANAGER and ADMIN. Appointments stay as they are.")
    async def delete_shift(self, info: Info, asked: Annotated[DeleteInput, _INPUT]) -> DeletionPayload:
        """Delete a shift."""
        return await write(info.context, partial(asked.of, "Shift"), delete_shift, DeletionPayload)

    @strawberry.mutation(description="Plan time off; MANAGER and ADMIN. Appointments stay as they are.")
    async def create_time_off(self, info: Info, asked: Annotated[CreateTimeOffInput, _INPUT]) -> TimeOffPayload:
        """Plan time off."""
        return await write(info.context, asked.command, create_time_off, TimeOffPayload)

    @strawberry.mutation(description="Change time off; MANAGER and ADMIN. Appointments stay as they are.")
    async def update_time_off(self, info: Info, asked: Annotated[UpdateTimeOffInput, _INPUT]) -> TimeOffPayload:
        """Change time off."""
        return await write(info.context, asked.command, update_time_off, TimeOffPayload)

    @strawberry.mutation(description="Take time off back; MANAGER and ADMIN.")
    async def delete_time_off(self, info: Info, asked: Annotated[DeleteInput, _INPUT]) -> DeletionPayload:
        """Take time off back."""
        return await write(info.context, partial(asked.of, "TimeOff"), delete_time_off, DeletionPayload)

    @strawberry.mutation(
        description="Say that one is away for a while, which is time off from now on, or back; of others DISPATCHER and"
        " up do."
    )
    async def set_availability(self, info: Info, asked: Annotated[SetAvailabilityInput, _INPUT]) -> TechnicianPayload:
        """Say that one is away, or back."""
        return await write(info.context, asked.command, set_availability, TechnicianPayload)
