"""Inputs of searching for slots and of mutations on appointments."""

from datetime import date, datetime

import strawberry

from app.services.appointments.action import AppointmentAction
from app.services.appointments.answer_waitlist_offer import AnswerWaitlistOffer
from app.services.appointments.book_appointment import BookAppointment
from app.services.appointments.book_appointments import BookAppointments
from app.services.appointments.cancel_appointment import CancelAppointment
from app.services.appointments.hold_slot import HoldSlot
from app.services.appointments.ingest_alert import IngestAlert
from app.services.appointments.join_waitlist import JoinWaitlist
from app.services.appointments.leave_waitlist import LeaveWaitlist
from app.services.appointments.lock_appointment import LockAppointment
from app.services.appointments.release_slot import ReleaseSlot
from app.services.appointments.reschedule_appointment import RescheduleAppointment
from app.services.appointments.wanting import SlotQuestion
from schema.enums import AppointmentType, LocationMode, ScheduleLock, SeriesScope, Urgency
from schema.ids import key_of, optional_key
from schema.inputs.tickets import KEY, GeoPointInput

_EXPECTED = "Refuse if it has another version."
_WHICH = "Which appointment."


@strawberry.input(description="A time, [start, end).")
class TimeWindowInput:
    """A time."""

    start: datetime = strawberry.field(description="Where it begins.")
    end: datetime = strawberry.field(description="Where it ends; after the start.")


@strawberry.input(description="What a time is wanted for. What is left out is the ticket's, the asset's or usual.")
class SlotSearchInput:
    """What a time is wanted for."""

    appointment_type: AppointmentType = strawberry.field(description="What sort of service.")
    ticket_id: strawberry.ID | None = strawberry.field(default=None, description="For which ticket.")
    asset_id: strawberry.ID | None = strawberry.field(default=None, description="On what.")
    customer_id: strawberry.ID | None = strawberry.field(default=None, description="For whom.")
    duration_minutes: int | None = strawberry.field(
        default=None, description="How long the work takes, 1 to 1440; left out: as long as is usual."
    )
    urgency: Urgency | None = strawberry.field(
        default=None, description="How soon it matters; left out: as the ticket's priority says, or as is usual."
    )
    location_mode: LocationMode = strawberry.field(
        default=LocationMode.ON_SITE, description="At the customer's, or in a facility."
    )
    location: GeoPointInput | None = strawberry.field(
        default=None, description="Where; left out: the ticket's place, or the customer's."
    )
    facility_id: strawberry.ID | None = strawberry.field(
        default=None, description="In which facility; left out: in any."
    )
    required_skill_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Skills that are needed besides the ticket's and the service's; at most 20."
    )
    part_numbers: list[str] | None = strawberry.field(
        default=None, description="Parts without which the work cannot begin, besides the ticket's; at most 20."
    )
    preferred_date: date | None = strawberry.field(
        default=None, description="The day that would suit best, by the customer's clock."
    )
    window: TimeWindowInput | None = strawberry.field(
        default=None, description="The time in which all of the work must lie."
    )
    preferred_technician_id: strawberry.ID | None = strawberry.field(
        default=None, description="Who would be welcome most."
    )
    limit: int = strawberry.field(default=3, description="How many slots, 1 to 20.")

    def question(self) -> SlotQuestion:
        """Return what is asked. Raises Invalid for ids of another type."""
        place = self.location
        return SlotQuestion(
            appointment_type=self.appointment_type,
            ticket_id=optional_key("Ticket", self.ticket_id, "ticketId"),
            asset_id=optional_key("Asset", self.asset_id, "assetId"),
            customer_id=optional_key("Customer", self.customer_id, "customerId"),
            duration_minutes=self.duration_minutes,
            urgency=self.urgency,
            location_mode=self.location_mode,
            latitude=None if place is None else place.lat,
            longitude=None if place is None else place.lon,
            facility_id=optional_key("Facility", self.facility_id, "facilityId"),
            skill_ids=tuple(
                key_of("Skill", each, "requiredSkillIds", str(at))
                for at, each in enumerate(self.required_skill_ids or ())
            ),
            part_numbers=tuple(self.part_numbers or ()),
            preferred_date=self.preferred_date,
            windows=() if self.window is None else ((self.window.start, self.window.end),),
            preferred_technician_id=optional_key("Technician", self.preferred_technician_id, "preferredTechnicianId"),
        )


@strawberry.input(description="Work to be booked at times that are chosen together.")
class BookAppointmentsInput:
    """Work to be booked together."""

    requests: list[SlotSearchInput] = strawberry.field(
        description="What times are wanted for, 1 to 50; how many slots each asks for does not count."
    )
    time_budget_ms: int = strawberry.field(
        default=5000, description="How long may be searched, 500 to 30,000 milliseconds."
    )
    notify: bool = strawberry.field(default=True, description="Whether the customers are told.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> BookAppointments:
        """Return the command. Raises Invalid for ids of another type."""
        return BookAppointments(
            requests=tuple(each.question() for each in self.requests),
            seconds=self.time_budget_ms / 1000,
            notify=self.notify,
            idempotency_key=self.idempotency_key,
        )


@strawberry.input(description="What monitoring has found to be wrong.")
class IngestAlertInput:
    """What monitoring has found to be wrong."""

    alert_id: str = strawberry.field(
        description="The alert's id there, 1 to 255 characters: the same alert has the same ticket."
    )
    asset_external_id: str = strawberry.field(description="On what, by its id elsewhere.")
    severity: Urgency = strawberry.field(description="How bad it is.")
    service_type: AppointmentType = strawberry.field(description="What sort of service it needs.")
    message: str | None = strawberry.field(default=None, description="What is wrong.")
    part_numbers: list[str] | None = strawberry.field(
        default=None, description="Parts without which the work cannot begin; at most 20."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> IngestAlert:
        """Return the command."""
        return IngestAlert(
            alert_id=self.alert_id,
            asset_external_id=self.asset_external_id,
            severity=self.severity,
            service_type=self.service_type,
            message=self.message,
            part_numbers=tuple(self.part_numbers or ()),
            idempotency_key=self.idempotency_key,
        )


@strawberry.input(description="A slot to be held.")
class HoldSlotInput:
    """A slot to be held."""

    slot_token: str = strawberry.field(description="The slot's token.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> HoldSlot:
        """Return the command."""
        return HoldSlot(slot_token=self.slot_token, idempotency_key=self.idempotency_key)


@strawberry.input(description="A held slot to be given back.")
class ReleaseSlotInput:
    """A held slot to be given back."""

    hold_id: strawberry.ID = strawberry.field(description="Which hold.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> ReleaseSlot:
        """Return the command. Raises Invalid for an id of another type."""
        return ReleaseSlot(hold_id=key_of("SlotHold", self.hold_id, "holdId"), idempotency_key=self.idempotency_key)


@strawberry.input(description="A slot to be booked: by its hold or by its token.")
class BookAppointmentInput:
    """A slot to be booked."""

    hold_id: strawberry.ID | None = strawberry.field(default=None, description="The hold that keeps it.")
    slot_token: str | None = strawberry.field(default=None, description="Its token, where it is not held.")
    ticket_id: strawberry.ID | None = strawberry.field(
        default=None, description="For which ticket, where the search did not say; left out: one is created."
    )
    asset_id: strawberry.ID | None = strawberry.field(
        default=None, description="On what, where the search did not say."
    )
    customer_id: strawberry.ID | None = strawberry.field(
        default=None, description="For whom, where the search did not say."
    )
    notes: str | None = strawberry.field(
        default=None, description="For the technician; everybody who sees the appointment reads it."
    )
    rrule: str | None = strawberry.field(
        default=None,
        description="The rule by which it comes again (RFC 5545), such as FREQ=WEEKLY;INTERVAL=2. The others within"
        " eight weeks are made within seconds, later ones in time; what cannot be booked becomes an exception.",
    )
    notify: bool = strawberry.field(default=True, description="Whether the customer is told of it.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> BookAppointment:
        """Return the command. Raises Invalid for ids of another type."""
        return BookAppointment(
            hold_id=optional_key("SlotHold", self.hold_id, "holdId"),
            slot_token=self.slot_token,
            ticket_id=optional_key("Ticket", self.ticket_id, "ticketId"),
            asset_id=optional_key("Asset", self.asset_id, "assetId"),
            customer_id=optional_key("Customer", self.customer_id, "customerId"),
            notes=self.notes,
            rrule=self.rrule,
            notify=self.notify,
            idempotency_key=self.idempotency_key,
        )


@strawberry.input(description="An appointment to be moved to another slot: by its hold or by its token.")
class RescheduleAppointmentInput:
    """An appointment to be moved."""

    id: strawberry.ID = strawberry.field(description=_WHICH)
    hold_id: strawberry.ID | None = strawberry.field(default=None, description="The hold that keeps the new slot.")
    slot_token: str | None = strawberry.field(default=None, description="The new slot's token, where it is not held.")
    scope: SeriesScope = strawberry.field(
        default=SeriesScope.THIS, description="What of its series moves too, by as much on the local clock."
    )
    expected_version: int | None = strawberry.field(default=None, description=_EXPECTED)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> RescheduleAppointment:
        """Return the command. Raises Invalid for ids of another type."""
        return RescheduleAppointment(
            appointment_id=key_of("Appointment", self.id, "id"),
            hold_id=optional_key("SlotHold", self.hold_id, "holdId"),
            slot_token=self.slot_token,
            scope=self.scope,
            expected_version=self.expected_version,
            idempotency_key=self.idempotency_key,
        )


@strawberry.input(description="An appointment to be called off.")
class CancelAppointmentInput:
    """An appointment to be called off."""

    id: strawberry.ID = strawberry.field(description=_WHICH)
    reason: str = strawberry.field(description="Why; 1 to 2,000 characters.")
    accept_fee: bool = strawberry.field(default=False, description="Do it also where that costs something.")
    scope: SeriesScope = strawberry.field(
        default=SeriesScope.THIS, description="What of its series is called off too; it comes no more then."
    )
    expected_version: int | None = strawberry.field(default=None, description=_EXPECTED)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> CancelAppointment:
        """Return the command. Raises Invalid for an id of another type."""
        return CancelAppointment(
            appointment_id=key_of("Appointment", self.id, "id"),
            reason=self.reason,
            accept_fee=self.accept_fee,
            scope=self.scope,
            expected_version=self.expected_version,
            idempotency_key=self.idempotency_key,
        )


@strawberry.input(description="A step of an appointment.")
class AppointmentActionInput:
    """A step of an appointment."""

    id: strawberry.ID = strawberry.field(description=_WHICH)
    note: str | None = strawberry.field(
        default=None, description="What to say on its ticket besides; from staff for staff."
    )
    expected_version: int | None = strawberry.field(default=None, description=_EXPECTED)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> AppointmentAction:
        """Return the command. Raises Invalid for an id of another type."""
        return AppointmentAction(
            appointment_id=key_of("Appointment", self.id, "id"),
            note=self.note,
            expected_version=self.expected_version,
            idempotency_key=self.idempotency_key,
        )


@strawberry.input(description="What of an appointment may not be changed from now on.")
class LockAppointmentInput:
    """What of an appointment may not be changed."""

    id: strawberry.ID = strawberry.field(description=_WHICH)
    lock: ScheduleLock = strawberry.field(description="What stands.")
    expected_version: int | None = strawberry.field(default=None, description=_EXPECTED)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> LockAppointment:
        """Return the command. Raises Invalid for an id of another type."""
        return LockAppointment(
            appointment_id=key_of("Appointment", self.id, "id"),
            lock=self.lock,
            expected_version=self.expected_version,
            idempotency_key=self.idempotency_key,
        )


@strawberry.input(description="A time that is waited for.")
class JoinWaitlistInput:
    """A time that is waited for."""

    appointment_type: AppointmentType = strawberry.field(description="For what sort of service.")
    windows: list[TimeWindowInput] = strawberry.field(description="Times that would suit, 1 to 20.")
    appointment_id: strawberry.ID | None = strawberry.field(
        default=None, description="The appointment that is to become earlier; left out: there is none yet."
    )
    customer_id: strawberry.ID | None = strawberry.field(default=None, description="For whom.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> JoinWaitlist:
        """Return the command. Raises Invalid for ids of another type."""
        return JoinWaitlist(
            appointment_type=self.appointment_type,
            windows=tuple((each.start, each.end) for each in self.windows),
            appointment_id=optional_key("Appointment", self.appointment_id, "appointmentId"),
            customer_id=optional_key("Customer", self.customer_id, "customerId"),
            idempotency_key=self.idempotency_key,
        )


@strawberry.input(description="Somebody who waits no longer.")
class LeaveWaitlistInput:
    """Somebody who waits no longer."""

    entry_id: strawberry.ID = strawberry.field(description="Which wait.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> LeaveWaitlist:
        """Return the command. Raises Invalid for an id of another type."""
        return LeaveWaitlist(
            entry_id=key_of("WaitlistEntry", self.entry_id, "entryId"), idempotency_key=self.idempotency_key
        )


@strawberry.input(description="The answer to an offer.")
class AnswerWaitlistOfferInput:
    """The answer to an offer."""

    entry_id: strawberry.ID = strawberry.field(description="Whose wait.")
    accept: bool = strawberry.field(description="Whether they take the time; if not, the next one is asked.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> AnswerWaitlistOffer:
        """Return the command. Raises Invalid for an id of another type."""
        return AnswerWaitlistOffer(
            entry_id=key_of("WaitlistEntry", self.entry_id, "entryId"),
            accept=self.accept,
            idempotency_key=self.idempotency_key,
        )
