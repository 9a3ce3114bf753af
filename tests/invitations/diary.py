"""Appointments as booking services write them, and what they announce."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from app.db import records
from app.db.tables.appointments import appointments
from app.db.tables.customers import customers
from app.db.tables.deliveries import calendar_connections, deliveries
from app.db.timers import looking
from app.db.transaction import system_transaction, transaction
from app.domain.appointments import Appointment, AppointmentStatus, AppointmentType, LocationMode, Urgency
from app.domain.calendar_connections import CalendarProvider
from app.domain.deliveries import Channel, Delivery, DeliveryPurpose
from app.domain.people import Actor, EventSource, Role
from app.integrations.sealing import FernetSeal
from app.services.change import Change
from app.services.invitations.announce import announce
from app.services.invitations.reminders import set_reminder
from app.services.perform import Writer, perform
from tests.services.scene import MORNING, Scene

KEY = "Zm9yIHRlc3RzLCBhbmQgbm8gc2VjcmV0IGF0IGFsbCE="
STARTS = datetime(2026, 5, 7, 7, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Command:
    """Something that is not repeated."""

    idempotency_key: str | None = None


@dataclass(slots=True, kw_only=True)
class Diary:
    """The appointments of an organisation."""

    scene: Scene
    channels: frozenset[Channel] = frozenset(Channel)

    @property
    def writer(self) -> Writer:
        """What the services write with: something can leave by the diary's channels."""
        return replace(self.scene.writer, channels=self.channels)

    @property
    def server(self) -> Actor:
        """The server itself."""
        return Actor(
            organization_id=self.scene.world.organization_id,
            user_id=None,
            roles=frozenset({Role.DISPATCHER}),
            source=EventSource.SYSTEM,
        )

    def appointment(self, ticket_id: UUID, **values: Any) -> Appointment:
        """Return an appointment of Ann's at the customer's, with what is named set otherwise."""
        world = self.scene.world
        plain: dict[str, Any] = {
            "id": uuid7(),
            "organization_id": world.organization_id,
            "ticket_id": ticket_id,
            "assignment_id": None,
            "asset_id": None,
            "customer_id": world.customer_id,
            "type": AppointmentType.COMPONENT_REPAIR,
            "urgency": Urgency.HIGH,
            "status": AppointmentStatus.SCHEDULED,
            "location_mode": LocationMode.ON_SITE,
            "facility_id": None,
            "bay_id": None,
            "technician_id": world.technicians["ann"],
            "starts_at": STARTS,
            "ends_at": STARTS + timedelta(hours=3),
            "arrival_until": STARTS + timedelta(hours=1),
            "time_zone": "Europe/Amsterdam",
            "request": {},
            "notes": "The dog bites.",
            "notify": True,
            "used_recommended_slot": True,
            "remind_at": STARTS - timedelta(hours=24),
            "booked_by": None,
            "created_at": MORNING,
            "updated_at": MORNING,
        }
        return Appointment(**{**plain, **values})

    async def book(self, ticket_id: UUID | None = None, **values: Any) -> Appointment:
        """Book an appointment at a ticket, the customer's own unless one is named."""
        ticket = ticket_id or await self.scene.ticket("customer", customer_id=self.scene.world.customer_id)
        made = self.appointment(ticket, **values)

        async def work(change: Change) -> dict[str, UUID]:
            row = {name: getattr(made, name) for name in made.__dataclass_fields__}
            await change.connection.execute(sa.insert(appointments).values(row))
            await announce(change, made, DeliveryPurpose.INVITE)
            await set_reminder(change, made)
            return {"appointment": made.id}

        await perform(self.writer, self.server, "test", _Command(), work)
        return made

    async def move(self, before: Appointment, *, by: timedelta = timedelta(days=1), **values: Any) -> Appointment:
        """Move an appointment, and give it to whoever is named."""
        moved = {
            "starts_at": before.starts_at + by,
            "ends_at": before.ends_at + by,
            "arrival_until": before.arrival_until + by,
            "remind_at": None if before.remind_at is None else before.remind_at + by,
            "reminded_at": None,
            "invite_sequence": before.invite_sequence + 1,
        }
        return await self._write(before, {**moved, **values}, DeliveryPurpose.UPDATE)

    async def cancel(self, before: Appointment) -> Appointment:
        """Call an appointment off."""
        values = {
            "status": AppointmentStatus.CANCELLED,
            "cancelled_at": self.scene.clock(),
            "cancellation_reason": "The customer is away.",
            "invite_sequence": before.invite_sequence + 1,
        }
        return await self._write(before, values, DeliveryPurpose.CANCEL)

    async def confirm(self, before: Appointment) -> Appointment:
        """Confirm an appointment."""
        values = {"status": AppointmentStatus.CONFIRMED, "confirmed_at": self.scene.clock()}
        return await self._write(before, values, DeliveryPurpose.CONFIRMATION)

    async def _write(self, before: Appointment, values: dict[str, Any], purpose: DeliveryPurpose) -> Appointment:
        written = replace(before, **values, version=before.version + 1, updated_at=self.scene.clock())

        async def work(change: Change) -> dict[str, UUID]:
            await change.connection.execute(
                sa.update(appointments)
                .where(appointments.c.id == before.id)
                .values(**values, version=written.version, updated_at=written.updated_at)
            )
            await announce(change, written, purpose)
            await set_reminder(change, written)
            return {"appointment": before.id}

        await perform(self.writer, self.server, "test", _Command(), work)
        return written

    async def settle_address(self, address: str | None) -> None:
        """Let the customer be somewhere else."""
        await self.scene.change(customers, self.scene.world.customer_id, address=address)

    async def connect(
        self, provider: CalendarProvider, calendar_id: str, grant: str, *, technician: str = "ann", **values: Any
    ) -> None:
        """Let appointments be written into a technician's calendar."""
        world = self.scene.world
        row = {
            "organization_id": world.organization_id,
            "technician_id": world.technicians[technician],
            "provider": provider,
            "calendar_id": calendar_id,
            "sealed_token": FernetSeal([KEY]).close(grant),
            "created_at": MORNING,
            "updated_at": MORNING,
        }
        async with transaction(self.scene.engine, world.organization_id) as connection:
            await connection.execute(sa.insert(calendar_connections).values({**row, **values}))

    async def deliveries(self) -> list[Delivery]:
        """Return all that is, or was, to leave the house, in the order in which it was put down."""
        world = self.scene.world
        async with transaction(self.scene.engine, world.organization_id) as connection:
            return await records.fetch(connection, deliveries, Delivery, order=(deliveries.c.id,))

    async def told(self, named: Callable[[Delivery], object] = lambda each: each.purpose) -> list[object]:
        """Return what was put down: to whom, by which way, and what for."""
        people = {id_: name for name, id_ in self.scene.world.users.items()}
        technicians = {id_: name for name, id_ in self.scene.world.technicians.items()}
        return [
            (
                people[each.user_id] if each.user_id is not None else f"technician {_name(technicians, each)}",
                each.channel.value,
                named(each),
            )
            for each in await self.deliveries()
        ]

    async def timers(self, kind: str) -> list[looking.ListedTimer]:
        """Return the timers of a kind."""
        async with system_transaction(self.scene.engine) as connection:
            return [each for each in await looking.listed(connection, most=1000) if each.kind == kind]


def _name(technicians: dict[UUID, str], delivery: Delivery) -> str:
    assert delivery.technician_id is not None
    return technicians[delivery.technician_id]
