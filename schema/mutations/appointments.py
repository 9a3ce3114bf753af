"""Mutations on slots, appointments and the waitlist."""

from functools import partial
from typing import Annotated

import strawberry

from app.services.appointments.answer_waitlist_offer import answer_waitlist_offer
from app.services.appointments.book_appointment import book_appointment
from app.services.appointments.book_appointments import book_appointments
from app.services.appointments.cancel_appointment import cancel_appointment
from app.services.appointments.confirm_appointment import confirm_appointment
from app.services.appointments.hold_slot import hold_slot
from app.services.appointments.ingest_alert import ingest_alert
from app.services.appointments.join_waitlist import join_waitlist
from app.services.appointments.leave_waitlist import leave_waitlist
from app.services.appointments.lock_appointment import lock_appointment
from app.services.appointments.mark_no_show import mark_no_show
from app.services.appointments.release_slot import release_slot
from app.services.appointments.reschedule_appointment import reschedule_appointment
from schema.appointment_payloads import (
    AppointmentPayload,
    BookAppointmentsPayload,
    SlotHoldPayload,
    WaitlistPayload,
    bookings_of,
)
from schema.fields import Info
from schema.inputs.appointments import (
    AnswerWaitlistOfferInput,
    AppointmentActionInput,
    BookAppointmentInput,
    BookAppointmentsInput,
    CancelAppointmentInput,
    HoldSlotInput,
    IngestAlertInput,
    JoinWaitlistInput,
    LeaveWaitlistInput,
    LockAppointmentInput,
    ReleaseSlotInput,
    RescheduleAppointmentInput,
)
from schema.mutations.writing import write
from schema.payloads import OkPayload

_INPUT = strawberry.argument(name="input", description="What to do, and to what.")


@strawberry.type
class AppointmentMutations:
    """What can be done with slots, appointments and waits."""

    @strawberry.mutation(description="Hold a slot while one decides: nobody else is offered it, or can book it.")
    async def hold_slot(self, info: Info, asked: Annotated[HoldSlotInput, _INPUT]) -> SlotHoldPayload:
        """Hold a slot."""
        return await write(info.context, asked.command, hold_slot, SlotHoldPayload)

    @strawberry.mutation(description="Give a held slot back.")
    async def release_slot(self, info: Info, asked: Annotated[ReleaseSlotInput, _INPUT]) -> OkPayload:
        """Give a held slot back."""
        return await write(info.context, asked.command, release_slot, OkPayload)

    @strawberry.mutation(
        description="Book a slot, by its hold or its token; its ticket is the technician's job at once."
    )
    async def book_appointment(self, info: Info, asked: Annotated[BookAppointmentInput, _INPUT]) -> AppointmentPayload:
        """Book a slot."""
        return await write(info.context, asked.command, book_appointment, AppointmentPayload)

    @strawberry.mutation(description="Move an appointment that is ahead to another slot.")
    async def reschedule_appointment(
        self, info: Info, asked: Annotated[RescheduleAppointmentInput, _INPUT]
    ) -> AppointmentPayload:
        """Move an appointment."""
        return await write(info.context, asked.command, reschedule_appointment, AppointmentPayload)

    @strawberry.mutation(description="Call an appointment off that is ahead; late, that may cost something.")
    async def cancel_appointment(
        self, info: Info, asked: Annotated[CancelAppointmentInput, _INPUT]
    ) -> AppointmentPayload:
        """Call an appointment off."""
        return await write(info.context, asked.command, cancel_appointment, AppointmentPayload)

    @strawberry.mutation(description="Confirm that an appointment suits.")
    async def confirm_appointment(
        self, info: Info, asked: Annotated[AppointmentActionInput, _INPUT]
    ) -> AppointmentPayload:
        """Confirm an appointment."""
        return await write(info.context, asked.command, confirm_appointment, AppointmentPayload)

    @strawberry.mutation(
        description="Say that the customer was not there; the appointment's technician, or DISPATCHER and up."
    )
    async def mark_no_show(self, info: Info, asked: Annotated[AppointmentActionInput, _INPUT]) -> AppointmentPayload:
        """Say that the customer was not there."""
        return await write(info.context, asked.command, mark_no_show, AppointmentPayload)

    @strawberry.mutation(description="Say what of an appointment may not be changed; DISPATCHER and up.")
    async def lock_appointment(self, info: Info, asked: Annotated[LockAppointmentInput, _INPUT]) -> AppointmentPayload:
        """Lock an appointment."""
        return await write(info.context, asked.command, lock_appointment, AppointmentPayload)

    @strawberry.mutation(
        description="Wait for a time, or for an earlier one: what becomes free is offered with a hold."
    )
    async def join_waitlist(self, info: Info, asked: Annotated[JoinWaitlistInput, _INPUT]) -> WaitlistPayload:
        """Wait for a time."""
        return await write(info.context, asked.command, join_waitlist, WaitlistPayload)

    @strawberry.mutation(description="Wait no longer.")
    async def leave_waitlist(self, info: Info, asked: Annotated[LeaveWaitlistInput, _INPUT]) -> WaitlistPayload:
        """Wait no longer."""
        return await write(info.context, asked.command, leave_waitlist, WaitlistPayload)

    @strawberry.mutation(description="Take the time that one was offered, or let the next one have it.")
    async def answer_waitlist_offer(
        self, info: Info, asked: Annotated[AnswerWaitlistOfferInput, _INPUT]
    ) -> WaitlistPayload:
        """Answer an offer."""
        return await write(info.context, asked.command, answer_waitlist_offer, WaitlistPayload)

    @strawberry.mutation(
        description="Book many at once, at times that are chosen together so that all fit; DISPATCHER and up."
    )
    async def book_appointments(
        self, info: Info, asked: Annotated[BookAppointmentsInput, _INPUT]
    ) -> BookAppointmentsPayload:
        """Book many at once."""
        process = info.context.process
        service = partial(book_appointments, agendas=process.agendas, solver=process.solver)
        return await write(info.context, asked.command, service, BookAppointmentsPayload, bookings_of)

    @strawberry.mutation(
        description="Take an alert of monitoring in: it becomes a ticket, once, and what cannot wait an appointment;"
        " DISPATCHER and up."
    )
    async def ingest_alert(self, info: Info, asked: Annotated[IngestAlertInput, _INPUT]) -> AppointmentPayload:
        """Take an alert in."""
        service = partial(ingest_alert, agendas=info.context.process.agendas)
        return await write(info.context, asked.command, service, AppointmentPayload)
