"""Three people who are known by words that nobody else has, in every place where something is kept of anybody."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from app.db.tables.appointments import appointment_series, appointments, bookings, waitlist_entries
from app.db.tables.assignments import assignments
from app.db.tables.attachments import attachments, file_contents, uploads
from app.db.tables.availability import time_off
from app.db.tables.customers import assets, customers
from app.db.tables.deliveries import calendar_connections, deliveries
from app.db.tables.legacy import legacy_rows
from app.db.tables.people import technicians, users
from app.db.transaction import transaction
from app.domain.erasures import ErasureReason, ErasureSubject
from app.domain.locations import Point
from app.domain.people import Actor
from app.services.assignments.accept_assignment import accept_assignment
from app.services.assignments.assign_ticket import AssignTicket, assign_ticket
from app.services.assignments.complete_assignment import complete_assignment
from app.services.assignments.job_step import StepCommand
from app.services.assignments.rate_assignment import RateAssignment, rate_assignment
from app.services.assignments.reject_assignment import RejectAssignment, reject_assignment
from app.services.assignments.start_work import start_work
from app.services.comments.add_comment import AddComment, add_comment
from app.services.comments.delete_comment import delete_comment
from app.services.deleting import Delete
from app.services.perform import Written
from app.services.privacy.erase_personal_data import ErasePersonalData, erase_personal_data
from app.services.tickets.close_ticket import close_ticket
from app.services.tickets.create_ticket import create_ticket
from app.services.tickets.ticket_action import TicketAction
from app.services.tickets.update_ticket import UpdateTicket, update_ticket
from app.services.views.save_view import SaveView, save_view
from tests.services.agreed_rows import agree_on_everything
from tests.services.scene import Scene, new_ticket, report
from tests.world import BEFORE

# The user `customer`, the customer, and the technician ann.
USER, CUSTOMER, TECHNICIAN = "quartermain", "millstone", "kowalczyk"
# Numbers and addresses that only they have.
PLACE, HOME, NOW_AT, ADDRESS, OWN_ADDRESS = "51.98712", "52.76543", "52.11987", "203.0.113.77", "198.51.100.9"
_STAMPS = {"created_at": BEFORE, "updated_at": BEFORE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """Where they are found: a ticket of theirs, its job, and the scene."""

    scene: Scene
    ticket_id: UUID
    job_id: UUID
    comment_id: UUID

    async def erase(self, subject: ErasureSubject, id_: UUID, **values: Any) -> Written:
        """Erase somebody's data, as an ADMIN."""
        command = ErasePersonalData(**{"subject": subject, "id": id_, "reason": ErasureReason.REQUESTED, **values})
        return await erase_personal_data(self.scene.writer, self.scene.actor("admin"), command)

    async def erase_user(self, name: str = "customer", **values: Any) -> Written:
        """Erase the data of the world's user of this name."""
        return await self.erase(ErasureSubject.USER, self.scene.world.users[name], **values)

    async def erase_customer(self, **values: Any) -> Written:
        """Erase the customer's data."""
        return await self.erase(ErasureSubject.CUSTOMER, self.scene.world.customer_id, **values)


def known(scene: Scene, name: str, address: str) -> Actor:
    """Return a user who comes from an address of their own."""
    return replace(scene.actor(name), ip_address=address)


async def fill(scene: Scene) -> Filled:
    """Let all three leave traces wherever any can be left; nothing of theirs runs afterwards."""
    world = scene.world
    customer, ann = known(scene, "customer", ADDRESS), known(scene, "ann", OWN_ADDRESS)
    await _name(scene)
    wanted = new_ticket(
        title=f"Pump of Quartermain for {CUSTOMER}",
        description=f"Ask for {USER}, at {CUSTOMER}'s.",
        affected_service=f"{USER}'s heating",
        tags=(f"{USER}-tag",),
        custom_fields={"caller": USER, "firm": CUSTOMER},
        customer_id=world.customer_id,
        latitude=float(PLACE),
        longitude=5.1,
        address=f"1 {USER} Lane",
        idempotency_key=f"{USER}-key",
    )
    ticket_id = (await create_ticket(scene.writer, customer, wanted)).ids["ticket"]
    words = f"Second pump of {USER} for {CUSTOMER}"
    title = UpdateTicket(ticket_id=ticket_id, expected_version=1, given=("title",), title=words)
    await update_ticket(scene.writer, customer, title)
    said = await add_comment(scene.writer, customer, AddComment(ticket_id=ticket_id, body=f"I am {USER} of {CUSTOMER}"))
    gone = await add_comment(scene.writer, customer, AddComment(ticket_id=ticket_id, body=f"{USER}'s phone number"))
    await delete_comment(scene.writer, customer, Delete(id=gone.ids["comment"]))
    about = AddComment(ticket_id=ticket_id, body=f"{USER} of {CUSTOMER} is angry", internal=True)
    await add_comment(scene.writer, scene.actor("dispatcher"), about)
    await _let_others_decline(scene, ticket_id)
    give = AssignTicket(ticket_id=ticket_id, technician_id=world.technicians["ann"], reason_note=f"{TECHNICIAN} knows")
    job_id = (await assign_ticket(scene.writer, scene.actor("dispatcher"), give)).ids["assignment"]
    step = StepCommand(assignment_id=job_id)
    await accept_assignment(scene.writer, ann, step)
    await start_work(scene.writer, ann, step)
    done = report(
        job_id,
        diagnosis=f"{TECHNICIAN} saw {USER} at {CUSTOMER}'s",
        actions_taken=f"{TECHNICIAN} spoke with {USER} at {CUSTOMER}'s",
        notes=f"{TECHNICIAN}: {USER} of {CUSTOMER} pays late",
    )
    await complete_assignment(scene.writer, ann, done)
    feedback = RateAssignment(assignment_id=job_id, rating=5, feedback=f"{TECHNICIAN} was good to {USER} of {CUSTOMER}")
    await rate_assignment(scene.writer, customer, feedback)
    await close_ticket(scene.writer, scene.actor("admin"), TicketAction(ticket_id=ticket_id, notes=f"{USER} called"))
    other = await scene.ticket("stranger")
    note = AddComment(ticket_id=other, body=f"{TECHNICIAN} was here", internal=True)
    await add_comment(scene.writer, ann, note)
    for actor, word in ((customer, USER), (ann, TECHNICIAN)):
        await save_view(scene.writer, actor, SaveView(name=f"{word}'s", filter={"search": word}))
    await scene.report("ann", Point(latitude=float(NOW_AT), longitude=5.1, recorded_at=scene.clock()))
    await _agree(scene, ticket_id, job_id)
    await _attach(scene, ticket_id)
    return Filled(scene=scene, ticket_id=ticket_id, job_id=job_id, comment_id=said.ids["comment"])


async def _name(scene: Scene) -> None:
    world = scene.world
    for name, word in (("customer", USER), ("ann", TECHNICIAN)):
        await scene.change(users, world.users[name], name=f"Z. {word}", email=f"{word}@test.example")
    home = {"external_id": f"{TECHNICIAN}-1", "years_experience": 7}
    await scene.change(technicians, world.technicians["ann"], **home, home_latitude=float(HOME), home_longitude=5.2)
    firm = {"external_id": f"{CUSTOMER}-1", "name": f"{CUSTOMER} & Sons", "address": f"2 {CUSTOMER} Road"}
    await scene.change(customers, world.customer_id, **firm, latitude=float(PLACE), longitude=5.1)
    async with transaction(scene.engine, world.organization_id) as connection:
        key = {"organization_id": world.organization_id, **_STAMPS}
        pump = {"kind": "EQUIPMENT", "name": f"{CUSTOMER}'s pump", "external_id": f"{CUSTOMER}-pump"}
        await connection.execute(sa.insert(assets).values(**key, **pump, customer_id=world.customer_id))
        away = {"starts_at": BEFORE, "ends_at": BEFORE + timedelta(hours=8), "reason": f"{TECHNICIAN} is ill"}
        await connection.execute(sa.insert(time_off).values(**key, **away, technician_id=world.technicians["ann"]))


async def _let_others_decline(scene: Scene, ticket_id: UUID) -> None:
    job = (await scene.assign(ticket_id, "bob")).ids["assignment"]
    no = RejectAssignment(assignment_id=job, rejection_reason=f"{USER} of {CUSTOMER} again")
    await reject_assignment(scene.writer, scene.actor("bob"), no)
    cancelled = (assignments.c.id == job, assignments.c.technician_id == scene.world.technicians["bob"])
    await scene.alter(assignments, *cancelled, cancellation_reason=f"{USER} of {CUSTOMER}")


async def _agree(scene: Scene, ticket_id: UUID, job_id: UUID) -> None:
    world = scene.world
    async with transaction(scene.engine, world.organization_id) as connection:
        await agree_on_everything(connection, world, ticket_id)
        for kind, key, id_ in (
            ("Ticket", "T-1", ticket_id),
            ("User", "U-1", world.users["customer"]),
            ("Technician", "E-1", world.technicians["ann"]),
            ("Customer", "C-1", world.customer_id),
            ("Assignment", "A-1", job_id),
        ):
            word = {"Technician": TECHNICIAN, "Customer": CUSTOMER}.get(kind, f"{USER} {CUSTOMER} {TECHNICIAN}")
            word = f"{USER} {CUSTOMER}" if kind == "Ticket" else word
            word = USER if kind == "User" else word
            old = {"source": "tickets", "kind": kind, "legacy_key": key, "id": id_, "kept": {"name": word}}
            await connection.execute(sa.insert(legacy_rows).values(organization_id=world.organization_id, **old))
    told = {"phone": f"{USER} {CUSTOMER}"}
    await scene.alter(
        appointments,
        request={**told, "latitude": float(PLACE)},
        notes=f"{USER} of {CUSTOMER} is deaf",
        status="CANCELLED",
        cancelled_at=BEFORE,
        cancellation_reason=f"{USER} of {CUSTOMER} is away",
        customer_id=world.customer_id,
        booked_by=world.users["customer"],
    )
    await scene.alter(appointment_series, template=told, ended=True)
    await scene.alter(bookings, latitude=float(PLACE), longitude=5.1, offer=told, active=False, released_at=BEFORE)
    (agreed,) = await scene.rows(appointments)
    await scene.alter(
        waitlist_entries,
        appointment_id=agreed.id,
        customer_id=world.customer_id,
        joined_by=world.users["customer"],
        request=told,
        windows=[[f"{USER} {CUSTOMER}", ""]],
        declined=[f"{USER} {CUSTOMER}"],
    )
    await scene.alter(deliveries, last_error=f"{TECHNICIAN}@ for {USER} of {CUSTOMER}", external_id=f"{USER}{CUSTOMER}")
    await scene.alter(calendar_connections, calendar_id=f"{TECHNICIAN}@calendar", broken_because=f"{TECHNICIAN} left")


async def _attach(scene: Scene, ticket_id: UUID) -> None:
    world, content_id = scene.world, uuid7()
    key, bytes_ = {"organization_id": world.organization_id}, {"size_bytes": 1, "sha256": "0" * 64}
    name = f"{USER} of {CUSTOMER}.txt"
    file = {**key, **bytes_, "ticket_id": ticket_id, "file_name": name, "internal": False}
    user = world.users["customer"]
    async with transaction(scene.engine, world.organization_id) as connection:
        content = {**key, **bytes_, "id": content_id, "scan_state": "CLEAN", "created_at": BEFORE}
        await connection.execute(sa.insert(file_contents).values(content))
        sent = {"user_id": user, "expires_at": BEFORE, "finished_at": BEFORE, "created_at": BEFORE}
        await connection.execute(sa.insert(uploads).values(**file, **sent, id=uuid7()))
        kept = {"content_id": content_id, "content_type": "text/plain", "scan_state": "CLEAN", "uploaded_by": user}
        await connection.execute(sa.insert(attachments).values(**file, **kept, **_STAMPS, id=uuid7()))


async def dump(engine: AsyncEngine) -> Mapping[str, str]:
    """Return every table of the database as text, by name, as a backup would have it: what a superuser sees."""
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(url)
    try:
        query = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        return {row["relname"]: await _copied(connection, row["relname"]) for row in await connection.fetch(query)}
    finally:
        await connection.close()


async def _copied(connection: "asyncpg.Connection[Any]", table: str) -> str:
    pieces: list[bytes] = []

    async def keep(piece: bytes) -> None:
        pieces.append(piece)

    await connection.copy_from_query(f'SELECT * FROM "{table}"', output=keep)  # noqa: S608 - a name of the catalogue's
    return b"".join(pieces).decode()


def holding(tables: Mapping[str, str], *words: str) -> set[str]:
    """Return the tables in which one of the words stands, whatever its case."""
    return {name for name, text in tables.items() if any(word.lower() in text.lower() for word in words)}
