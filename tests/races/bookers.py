"""What people and the server may try with slots and appointments, in any order; most of it is refused."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from typing import Any, TypeAlias
from uuid import UUID

from app.db.tables.appointments import appointments
from app.db.tables.assignments import assignments
from app.domain.appointments import AppointmentType, LocationMode, Urgency
from app.domain.people import Actor, EventSource, Role
from app.domain.refusals import Refusal
from app.domain.slot_offers import SlotOffer
from app.domain.timers import TooEarly
from app.services.appointments.action import AppointmentAction
from app.services.appointments.agendas import Agendas
from app.services.appointments.book_appointment import BookAppointment, book_appointment
from app.services.appointments.book_appointments import BookAppointments, book_appointments
from app.services.appointments.cancel_appointment import CancelAppointment, cancel_appointment
from app.services.appointments.confirm_appointment import confirm_appointment
from app.services.appointments.expire_hold import ExpireHold, expire_hold
from app.services.appointments.hold_slot import HoldSlot, hold_slot
from app.services.appointments.ingest_alert import IngestAlert, ingest_alert
from app.services.appointments.release_slot import ReleaseSlot, release_slot
from app.services.appointments.reschedule_appointment import RescheduleAppointment, reschedule_appointment
from app.services.appointments.wanting import SlotQuestion
from app.services.assignments.reassign_ticket import ReassignTicket, reassign_ticket
from app.services.perform import Writer, Written
from tests.services.appointments.solving import Here
from tests.services.appointments.workshop import MONDAY, Workshop

Deed: TypeAlias = "Callable[[Bookers, Random], Awaitable[Written | None]]"
_AT_ONCE = 12


class NothingThere(Exception):
    """There is nothing yet to do this to."""


@dataclass(slots=True)
class Bookers:
    """Does something about slots, as the dispatcher or the server; refusals are counted and forgotten."""

    shop: Workshop
    pattern: SlotOffer
    names: tuple[str, ...]
    days: int
    agendas: Agendas
    writer: Writer
    holds: list[UUID] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    alerts: int = 0
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    @property
    def dispatcher(self) -> Actor:
        """Who does most of it."""
        return self.shop.actor("dispatcher")

    async def attempt(self, name: str, deed: Callable[[], Awaitable[Written | None]]) -> Written | None:
        """Try one thing when it is one's turn; whatever is no refusal comes through."""
        async with self._turns:
            try:
                written = await deed()
            except (Refusal, TooEarly, NothingThere) as refusal:
                self.refused[type(refusal).__name__] += 1
                return None
        self.done[name] += 1
        return written

    async def act(self, chance: Random) -> None:
        """Try anything."""
        name = chance.choice(_LIKELY)
        await self.attempt(name, lambda: DEEDS[name](self, chance))

    def slot(self, name: str, day: int, *, hour: int = 7, bay: str | None = None) -> SlotOffer:
        """Return two hours of somebody's on a day, at the customer's or in a bay, as if found just now."""
        start = MONDAY.replace(hour=hour) + timedelta(days=day)
        in_bay: dict[str, Any] = {
            "location_mode": LocationMode.AT_FACILITY,
            "facility_id": self.shop.facility_id,
            "latitude": None,
            "longitude": None,
        }
        wanted = replace(self.pattern.wanted, **in_bay) if bay else self.pattern.wanted
        return replace(
            self.pattern,
            technician_id=self.shop.world.technicians[name],
            starts_at=start,
            ends_at=start + timedelta(hours=2),
            arrival_until=start + timedelta(minutes=30),
            estimated_completion=start + timedelta(hours=2),
            made_at=self.shop.clock(),
            facility_id=self.shop.facility_id if bay else None,
            bay_id=self.shop.bays[bay] if bay else None,
            wanted=wanted,
        )

    def any_slot(self, chance: Random) -> SlotOffer:
        """Return a slot that may be taken, or too close to another."""
        bay = chance.choice([None, None, *self.shop.bays])
        day = chance.randrange(1, self.days)
        return self.slot(chance.choice(self.names), day, hour=chance.randint(7, 13), bay=bay)

    async def book(self, offer: SlotOffer, **command: Any) -> Written:
        """Book a slot."""
        return await book_appointment(
            self.writer, self.dispatcher, BookAppointment(slot_token=self.shop.token(offer), **command)
        )

    async def hold(self, offer: SlotOffer) -> Written:
        """Hold a slot."""
        written = await hold_slot(self.writer, self.dispatcher, HoldSlot(slot_token=self.shop.token(offer)))
        self.holds.append(written.ids["hold"])
        return written

    async def move(self, appointment_id: UUID, offer: SlotOffer) -> Written:
        """Move an appointment."""
        command = RescheduleAppointment(appointment_id=appointment_id, slot_token=self.shop.token(offer))
        return await reschedule_appointment(self.writer, self.dispatcher, command)

    async def cancel(self, appointment_id: UUID) -> Written:
        """Call an appointment off."""
        command = CancelAppointment(appointment_id=appointment_id, reason="Rain.", accept_fee=True)
        return await cancel_appointment(self.writer, self.dispatcher, command)

    def any_hold(self, chance: Random) -> UUID:
        """Return a hold, one of the last ones."""
        if not self.holds:
            raise NothingThere
        return chance.choice(self.holds[-10:])

    async def any_appointment(self, chance: Random) -> Any:
        """Return an appointment that most likely is ahead."""
        found = await self.shop.rows(appointments)
        ahead = [each for each in found if each.status in {"SCHEDULED", "CONFIRMED"}]
        if not found:
            raise NothingThere
        return chance.choice(ahead if ahead and chance.random() < 0.9 else found)


async def _book(bookers: Bookers, chance: Random) -> Written:
    own = {} if chance.random() < 0.5 else {"ticket_id": await bookers.shop.ticket()}
    return await bookers.book(bookers.any_slot(chance), **own)


async def _hold(bookers: Bookers, chance: Random) -> Written:
    return await bookers.hold(bookers.any_slot(chance))


async def _book_held(bookers: Bookers, chance: Random) -> Written:
    command = BookAppointment(hold_id=bookers.any_hold(chance))
    return await book_appointment(bookers.writer, bookers.dispatcher, command)


async def _move(bookers: Bookers, chance: Random) -> Written:
    return await bookers.move((await bookers.any_appointment(chance)).id, bookers.any_slot(chance))


async def _move_to_held(bookers: Bookers, chance: Random) -> Written:
    hold_id, row = bookers.any_hold(chance), await bookers.any_appointment(chance)
    command = RescheduleAppointment(appointment_id=row.id, hold_id=hold_id)
    return await reschedule_appointment(bookers.writer, bookers.dispatcher, command)


async def _cancel(bookers: Bookers, chance: Random) -> Written:
    return await bookers.cancel((await bookers.any_appointment(chance)).id)


async def _confirm(bookers: Bookers, chance: Random) -> Written:
    command = AppointmentAction(appointment_id=(await bookers.any_appointment(chance)).id)
    return await confirm_appointment(bookers.writer, bookers.dispatcher, command)


async def _release(bookers: Bookers, chance: Random) -> Written:
    return await release_slot(bookers.writer, bookers.dispatcher, ReleaseSlot(hold_id=bookers.any_hold(chance)))


async def _expire(bookers: Bookers, chance: Random) -> Written | None:
    server = Actor(
        organization_id=bookers.shop.world.organization_id,
        user_id=None,
        roles=frozenset({Role.DISPATCHER}),
        source=EventSource.SYSTEM,
    )
    return await expire_hold(bookers.writer, server, ExpireHold(hold_id=bookers.any_hold(chance)))


async def _hand_over(bookers: Bookers, chance: Random) -> Written:
    row = await bookers.any_appointment(chance)
    jobs = await bookers.shop.rows(assignments, assignments.c.ticket_id == row.ticket_id)
    command = ReassignTicket(
        assignment_id=max(jobs, key=lambda job: job.sequence).id,
        technician_id=bookers.shop.world.technicians[chance.choice(bookers.names)],
        reason_note="nearer",
        override_warnings=True,
    )
    return await reassign_ticket(bookers.writer, bookers.dispatcher, command)


async def _alert(bookers: Bookers, chance: Random) -> Written:
    # Now and then one that was told of before.
    number = bookers.alerts if chance.random() < 0.3 else bookers.alerts + 1
    bookers.alerts = number
    command = IngestAlert(
        alert_id=f"A-{number}",
        asset_external_id="V-1",
        severity=Urgency.CRITICAL,
        service_type=AppointmentType.EMERGENCY,
    )
    return await ingest_alert(bookers.writer, bookers.dispatcher, command, bookers.agendas)


async def _book_many(bookers: Bookers, chance: Random) -> Written:
    one = SlotQuestion(appointment_type=AppointmentType.DIAGNOSTIC, duration_minutes=90)
    command = BookAppointments(requests=(one,) * chance.randint(2, 4), seconds=0.5)
    return await book_appointments(bookers.writer, bookers.dispatcher, command, bookers.agendas, Here())


DEEDS: Mapping[str, Deed] = {
    "book": _book,
    "hold": _hold,
    "book what is held": _book_held,
    "move": _move,
    "move to what is held": _move_to_held,
    "cancel": _cancel,
    "confirm": _confirm,
    "release": _release,
    "expire": _expire,
    "hand over": _hand_over,
    "alert": _alert,
    "book many": _book_many,
}

# As much is called off as is booked, or soon nothing is left to race for.
_LIKELY = (
    *("book", "book", "book", "hold", "hold", "book what is held", "book many", "alert"),
    *("move", "move", "move", "move to what is held", "hand over", "hand over", "confirm"),
    *("cancel", "cancel", "cancel", "cancel", "cancel", "cancel", "release", "expire"),
)
