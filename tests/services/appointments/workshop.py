"""A scene with time to book: shifts, a facility with bays, and short ways to slots, holds and appointments."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from app.db.tables.appointments import appointments, bookings
from app.db.tables.availability import shifts
from app.db.tables.customers import assets
from app.db.tables.supply import facilities, service_bay_skills, service_bays
from app.db.transaction import Mode, transaction
from app.domain.appointments import AppointmentType
from app.domain.organizations import BookingRules
from app.domain.slot_offers import SlotOffer, SlotTokens
from app.services.appointments.agendas import Agendas
from app.services.appointments.book_appointment import BookAppointment, book_appointment
from app.services.appointments.hold_slot import HoldSlot, hold_slot
from app.services.appointments.search import Found, search
from app.services.appointments.supply import free_parts
from app.services.appointments.wanting import SlotQuestion, refused_by, wanted_of
from app.services.perform import Writer, Written
from tests.services.scene import Clock, Scene
from tests.world import BEFORE, writer_for

TOKENS = SlotTokens(b"the key of the tests' tokens")
_STAMPS = {"created_at": BEFORE, "updated_at": BEFORE}


@dataclass(slots=True, kw_only=True)
class Workshop(Scene):
    """An organisation whose technicians have shifts, and which has a facility with two bays."""

    clock: Clock = field(default_factory=Clock)
    facility_id: UUID = field(default_factory=uuid7)
    bays: dict[str, UUID] = field(default_factory=dict)
    asset_id: UUID = field(default_factory=uuid7)
    server: BookingRules = field(default_factory=BookingRules)

    @property
    def writer(self) -> Writer:
        """What the services write with."""
        plain = writer_for(self.engine, clock=self.clock, wake=self.woken.append)
        return Writer(
            engine=plain.engine, clock=plain.clock, wake=plain.wake, booking_rules=self.server, slot_tokens=TOKENS
        )

    @property
    def agendas(self) -> Agendas:
        """Agendas of a process that has kept none yet."""
        return Agendas(self.engine, clock=self.clock, rules=self.server)

    async def open(self, *, days: int = 14, technicians: Sequence[str] = ("ann", "bob")) -> None:
        """Let technicians work from 07:00 to 15:00 UTC on each day from the clock's on, and build the facility."""
        key = {"organization_id": self.world.organization_id}
        first = self.clock().replace(hour=7, minute=0, second=0, microsecond=0)
        async with transaction(self.engine, self.world.organization_id) as connection:
            rows = [
                {
                    **key,
                    **_STAMPS,
                    "technician_id": self.world.technicians[name],
                    "starts_at": first + timedelta(days=day),
                    "ends_at": first + timedelta(days=day, hours=8),
                }
                for name in technicians
                for day in range(days)
            ]
            await connection.execute(sa.insert(shifts), rows)
            await connection.execute(
                sa.insert(facilities).values(
                    **key, **_STAMPS, id=self.facility_id, name="Depot", latitude=52.0, longitude=5.0
                )
            )
            for name in ("Bay 1", "Bay 2"):
                self.bays[name] = uuid7()
                await connection.execute(
                    sa.insert(service_bays).values(
                        **key, **_STAMPS, id=self.bays[name], facility_id=self.facility_id, name=name
                    )
                )
                await connection.execute(
                    sa.insert(service_bay_skills).values(**key, bay_id=self.bays[name], skill_id=self.world.skill_id)
                )
            await connection.execute(
                sa.insert(assets).values(
                    **key,
                    **_STAMPS,
                    id=self.asset_id,
                    external_id="V-1",
                    kind="VEHICLE",
                    name="Van",
                    customer_id=self.world.customer_id,
                )
            )

    async def find(
        self, by: str = "dispatcher", *, agendas: Agendas | None = None, limit: int = 3, **asked: Any
    ) -> Found:
        """Look for slots."""
        question = SlotQuestion(**{"appointment_type": AppointmentType.DIAGNOSTIC, "duration_minutes": 120, **asked})
        now, actor = self.clock(), self.actor(by)
        kept = agendas or self.agendas
        async with transaction(self.engine, self.world.organization_id, mode=Mode.READ) as connection:
            wanted = await wanted_of(connection, actor, question, now=now, horizon_days=kept.horizon_days)
            stock = await free_parts(connection, actor.organization_id, [part.part_id for part in wanted.parts])
            refused = await refused_by(connection, actor.organization_id, wanted.ticket_id)
        standing = await kept.of(actor.organization_id)
        return await search(standing.agenda, wanted, parts=stock, refused_by=refused, now=now, limit=limit)

    async def offer(self, by: str = "dispatcher", **asked: Any) -> SlotOffer:
        """Return the best slot."""
        return (await self.find(by, **asked)).offers[0]

    def token(self, offer: SlotOffer) -> str:
        """Return the token of an offer."""
        return TOKENS.encode(self.world.organization_id, offer)

    async def hold(self, offer: SlotOffer | None = None, by: str = "dispatcher", **asked: Any) -> UUID:
        """Hold a slot, the best one unless one is named; return the hold's id."""
        wish = offer or await self.offer(by, **asked)
        written = await hold_slot(self.writer, self.actor(by), HoldSlot(slot_token=self.token(wish)))
        return written.ids["hold"]

    async def book(self, offer: SlotOffer | None = None, by: str = "dispatcher", **command: Any) -> Written:
        """Book a slot, the best one unless one is named."""
        wish = offer or await self.offer(by)
        return await book_appointment(
            self.writer, self.actor(by), BookAppointment(slot_token=self.token(wish), **command)
        )

    async def appointment(self, appointment_id: UUID) -> Any:
        """Return an appointment's row."""
        return await self.row(appointments, appointment_id)

    async def taken(self) -> list[Any]:
        """Return the bookings that take time now."""
        return await self.rows(bookings, bookings.c.active)


MONDAY = datetime(2026, 5, 4, 6, tzinfo=UTC)
