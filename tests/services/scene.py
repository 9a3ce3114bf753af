"""An organisation at work: short ways to tickets and jobs in every state, through the services."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from app.clock import now
from app.db import log
from app.db.sla import written_targets
from app.db.tables.assignments import assignments
from app.db.tables.attachments import attachments, file_contents, uploads
from app.db.tables.availability import shift_breaks, shifts, time_off
from app.db.tables.customers import assets
from app.db.tables.legacy import legacy_rows
from app.db.tables.organizations import organization_settings
from app.db.tables.people import technician_skills, technician_territories, technicians, users
from app.db.tables.sla import business_calendars, sla_policies
from app.db.tables.tickets import tickets
from app.db.transaction import system_transaction, transaction
from app.domain.assignments import AssignmentOutcome
from app.domain.events import Event
from app.domain.locations import Point
from app.domain.people import Actor, EventSource, Role
from app.domain.sla import DEFAULT_PAUSES, DEFAULT_TARGETS, DEFAULT_WARNINGS
from app.domain.tickets import TicketCategory, TicketPriority
from app.services.assignments.accept_assignment import accept_assignment
from app.services.assignments.assign_ticket import AssignTicket, assign_ticket
from app.services.assignments.complete_assignment import CompleteAssignment, PartUsed, complete_assignment
from app.services.assignments.job_step import StepCommand
from app.services.assignments.start_work import start_work
from app.services.comments.add_comment import AddComment, add_comment
from app.services.perform import Writer, Written
from app.services.service_levels.settle_sla import SettleSla, settle_sla
from app.services.technicians.report_location import ReportLocation, report_location
from app.services.tickets.create_ticket import CreateTicket, create_ticket
from app.services.tickets.escalate_ticket import EscalateTicket, escalate_ticket
from app.services.tickets.ticket_fields import NeededPart, NeededSkill
from app.services.views.save_view import SaveView, save_view
from tests.services.agreed_rows import agree_on_everything
from tests.world import BEFORE, World, writer_for

MORNING = datetime(2026, 5, 4, 8, tzinfo=UTC)


@dataclass(slots=True)
class Clock:
    """A clock that stands until it is moved on."""

    at: datetime = MORNING

    def __call__(self) -> datetime:
        """Return the moment."""
        return self.at

    def pass_by(self, **how_long: float) -> datetime:
        """Move on and return the new moment."""
        self.at += timedelta(**how_long)
        return self.at


@dataclass(slots=True, kw_only=True)
class Scene:
    """An organisation, and what its people do in it."""

    engine: AsyncEngine
    world: World
    clock: Callable[[], datetime] = now
    woken: list[UUID] = field(default_factory=list)
    hired: dict[str, Actor] = field(default_factory=dict)

    @property
    def writer(self) -> Writer:
        """What the services write with."""
        return writer_for(self.engine, clock=self.clock, wake=self.woken.append)

    def actor(self, name: str) -> Actor:
        """Return the user of this name."""
        return self.hired[name] if name in self.hired else self.world.actor(name)

    async def ticket(self, by: str = "dispatcher", **values: Any) -> UUID:
        """Create a ticket; return its id."""
        written = await create_ticket(self.writer, self.actor(by), new_ticket(**values))
        return written.ids["ticket"]

    async def assign(self, ticket_id: UUID, to: str = "ann", by: str = "dispatcher", **values: Any) -> Written:
        """Give a ticket to a technician."""
        command = AssignTicket(ticket_id=ticket_id, technician_id=self.world.technicians[to], **values)
        return await assign_ticket(self.writer, self.actor(by), command)

    async def job(self, to: str = "ann", ticket_id: UUID | None = None) -> UUID:
        """Return a job that is offered to the technician, at a new ticket unless one is named."""
        return (await self.assign(ticket_id or await self.ticket(), to)).ids["assignment"]

    async def accepted(self, to: str = "ann") -> UUID:
        """Return a job that the technician has accepted."""
        job_id = await self.job(to)
        await accept_assignment(self.writer, self.actor(to), StepCommand(assignment_id=job_id))
        return job_id

    async def started(self, to: str = "ann") -> UUID:
        """Return a job that the technician has begun."""
        job_id = await self.accepted(to)
        await start_work(self.writer, self.actor(to), StepCommand(assignment_id=job_id))
        return job_id

    async def completed(self, to: str = "ann", outcome: AssignmentOutcome = AssignmentOutcome.SUCCESS) -> UUID:
        """Return a job that the technician has ended with this outcome."""
        job_id = await self.started(to)
        await complete_assignment(self.writer, self.actor(to), report(job_id, outcome=outcome))
        return job_id

    async def finish(self, job_id: UUID, by: str = "ann") -> None:
        """Take an offered job to its successful end."""
        step, actor = StepCommand(assignment_id=job_id), self.actor(by)
        await accept_assignment(self.writer, actor, step)
        await start_work(self.writer, actor, step)
        await complete_assignment(self.writer, actor, report(job_id))

    async def escalate(self, ticket_id: UUID, by: str = "dispatcher", **values: Any) -> Written:
        """Pass a ticket to the next tier."""
        command = EscalateTicket(**{"ticket_id": ticket_id, "reason": "too hard", **values})
        return await escalate_ticket(self.writer, self.actor(by), command)

    async def off_shift(self, name: str) -> None:
        """Give a technician a shift that is over."""
        whose = {"organization_id": self.world.organization_id, "technician_id": self.world.technicians[name]}
        hours = {"starts_at": BEFORE, "ends_at": BEFORE + timedelta(hours=8)}
        async with transaction(self.engine, self.world.organization_id) as connection:
            await connection.execute(sa.insert(shifts).values(**whose, **hours, created_at=BEFORE, updated_at=BEFORE))

    async def report(self, name: str, *points: Point) -> None:
        """Let a technician's phone report where it was."""
        await report_location(self.writer, self.actor(name), ReportLocation(points=points))

    async def hire(self, name: str, level: int, role: Role = Role.TECHNICIAN, team: str = "north") -> None:
        """Add a technician of this tier, who may act under the name from now on."""
        world, user_id = self.world, uuid7()
        key = {"organization_id": world.organization_id}
        stamps = {"created_at": BEFORE, "updated_at": BEFORE}
        world.technicians[name] = uuid7()
        self.hired[name] = Actor(
            organization_id=world.organization_id,
            user_id=user_id,
            roles=frozenset({role}),
            technician_id=world.technicians[name],
            team_id=world.teams[team],
        )
        async with transaction(self.engine, world.organization_id) as connection:
            await connection.execute(
                sa.insert(users).values(**key, **stamps, id=user_id, name=name.capitalize(), roles=[role])
            )
            await connection.execute(
                sa.insert(technicians).values(
                    **key,
                    **stamps,
                    id=world.technicians[name],
                    user_id=user_id,
                    team_id=world.teams[team],
                    tier_level=level,
                )
            )
            await connection.execute(
                sa.insert(technician_skills).values(
                    **key, technician_id=world.technicians[name], skill_id=world.skill_id, level=3
                )
            )

    async def change(self, table: sa.Table, id_: UUID, **values: Any) -> None:
        """Change a row behind the services' backs."""
        await self.alter(table, table.c.id == id_, **values)

    async def settle(self, **values: Any) -> None:
        """Change the organisation's settings."""
        await self.alter(organization_settings, **values)

    async def alter(self, table: sa.Table, *where: sa.ColumnElement[bool], **values: Any) -> None:
        """Change the one row of the organisation that matches behind the services' backs."""
        async with transaction(self.engine, self.world.organization_id) as connection:
            done = await connection.execute(sa.update(table).where(*where).values(values))
            assert done.rowcount == 1

    async def rows(self, table: sa.Table, *where: sa.ColumnElement[bool]) -> list[Any]:
        """Return rows of the organisation."""
        async with transaction(self.engine, self.world.organization_id) as connection:
            return list((await connection.execute(sa.select(table).where(*where))).all())

    async def row(self, table: sa.Table, id_: UUID) -> Any:
        """Return the row with this id."""
        (found,) = await self.rows(table, table.c.id == id_)
        return found

    async def ticket_of(self, job_id: UUID) -> Any:
        """Return the ticket of a job."""
        return await self.row(tickets, (await self.row(assignments, job_id)).ticket_id)

    async def events(self, written: Written | None = None) -> list[Event]:
        """Return the log, or what of it belongs to one change."""
        async with system_transaction(self.engine) as connection:
            found = await log.read(connection, self.world.organization_id, after=0, limit=100_000)
        return [each for each in found if written is None or each.change_id == written.change_id]


def new_ticket(**values: Any) -> CreateTicket:
    """Return a request for a plain ticket, with what is named set otherwise."""
    plain: dict[str, Any] = {
        "title": "The pump leaks",
        "description": "Since Monday.",
        "category": TicketCategory.INCIDENT,
        "priority": TicketPriority.P2,
    }
    return CreateTicket(**{**plain, **values})


def report(job_id: UUID, outcome: AssignmentOutcome = AssignmentOutcome.SUCCESS, **values: Any) -> CompleteAssignment:
    """Return a request to end a job."""
    plain: dict[str, Any] = {"assignment_id": job_id, "outcome": outcome, "time_spent_hours": Decimal("1.5")}
    return CompleteAssignment(**{**plain, **values})


def seals(quantity: int, **values: Any) -> PartUsed:
    """Return a line of the one part that the world keeps in stock."""
    return PartUsed(**{"part_number": "SEAL-1", "part_name": "Seal", "quantity": quantity, **values})


async def fill_every_table(engine: AsyncEngine, world: World) -> None:
    """Take a ticket from beginning to end, so that the organisation has rows in every table."""
    scene, key = Scene(engine=engine, world=world), {"organization_id": world.organization_id}
    async with transaction(engine, world.organization_id) as connection:
        await connection.execute(
            sa.insert(technician_territories).values(
                **key, technician_id=world.technicians["ann"], territory_id=world.territory_id
            )
        )
        await connection.execute(
            sa.insert(assets).values(**key, kind="EQUIPMENT", name="Pump", created_at=BEFORE, updated_at=BEFORE)
        )
        ann, shift_id = {**key, "technician_id": world.technicians["ann"]}, uuid7()
        stamps = {"created_at": BEFORE, "updated_at": BEFORE}
        day = {"starts_at": MORNING, "ends_at": MORNING + timedelta(days=20_000)}
        await connection.execute(sa.insert(shifts).values(**ann, id=shift_id, **day, **stamps))
        rest = {"starts_at": MORNING, "ends_at": MORNING + timedelta(minutes=30)}
        await connection.execute(sa.insert(shift_breaks).values(**key, shift_id=shift_id, **rest))
        await connection.execute(sa.insert(time_off).values(**ann, **rest, **stamps))
        old = {"source": "tickets", "kind": "Technician", "legacy_key": "E1", "id": world.technicians["ann"]}
        await connection.execute(sa.insert(legacy_rows).values(**key, **old))
        calendar_id = uuid7()
        office = {"name": "Office", "time_zone": "Europe/Amsterdam", "weekly": {"MON": [["09:00", "17:00"]]}}
        await connection.execute(
            sa.insert(business_calendars).values(**key, id=calendar_id, **office, created_at=BEFORE)
        )
        await connection.execute(sa.insert(sla_policies).values(**key, **a_policy(calendar_id=calendar_id)))
    await scene.settle(sla_enabled=True)
    late = await scene.ticket(priority=TicketPriority.P1)
    await _let_it_be_late(scene, late)
    await scene.settle(sla_enabled=False)
    ticket_id = await scene.ticket(
        "customer",
        territory_id=world.territory_id,
        required_skills=(NeededSkill(skill_id=world.skill_id, level=1),),
        required_parts=(NeededPart(part_id=world.part_id, quantity=1),),
        idempotency_key="once",
    )
    await add_comment(scene.writer, scene.actor("ann"), AddComment(ticket_id=ticket_id, body="Known.", internal=True))
    await _give_a_file(scene, ticket_id)
    step = StepCommand(assignment_id=await scene.job("ann", ticket_id))
    await accept_assignment(scene.writer, scene.actor("ann"), step)
    await start_work(scene.writer, scene.actor("ann"), step)
    await complete_assignment(scene.writer, scene.actor("ann"), report(step.assignment_id, parts_used=(seals(1),)))
    await scene.report("ann", Point(latitude=52.1, longitude=5.1, recorded_at=scene.clock()))
    await save_view(scene.writer, scene.actor("ann"), SaveView(name="Mine", filter={}))
    async with transaction(engine, world.organization_id) as connection:
        await agree_on_everything(connection, world, ticket_id)


def a_policy(**values: Any) -> dict[str, Any]:
    """Return the row of a policy of an organisation's own, promising what the settings would."""
    return {
        "id": uuid7(),
        "revision": 10,
        "name": "Ours",
        "built_in": False,
        "targets": written_targets(DEFAULT_TARGETS),
        "pause_on": DEFAULT_PAUSES,
        "warn_at_percent": DEFAULT_WARNINGS,
        "auto_escalate_on_breach": False,
        "created_at": BEFORE,
        **values,
    }


async def _let_it_be_late(scene: Scene, ticket_id: UUID) -> None:
    server = Actor(
        organization_id=scene.world.organization_id,
        user_id=None,
        roles=frozenset({Role.DISPATCHER}),
        source=EventSource.SYSTEM,
    )
    # Two of the office's hours after it has opened: the first response is late, the resolution is not.
    opened = scene.clock() + timedelta(days=7 - scene.clock().weekday())
    later = writer_for(scene.engine, clock=lambda: opened.replace(hour=10, minute=0))
    await settle_sla(later, server, SettleSla(ticket_id=ticket_id))


async def _give_a_file(scene: Scene, ticket_id: UUID) -> None:
    world, content_id = scene.world, uuid7()
    key = {"organization_id": world.organization_id}
    bytes_ = {"size_bytes": 1, "sha256": "0" * 64}
    file = {**key, **bytes_, "id": uuid7(), "ticket_id": ticket_id, "file_name": "a.txt", "internal": False}
    user = world.users["customer"]
    async with transaction(scene.engine, world.organization_id) as connection:
        content = {**key, **bytes_, "id": content_id, "scan_state": "CLEAN", "created_at": BEFORE}
        await connection.execute(sa.insert(file_contents).values(content))
        await connection.execute(
            sa.insert(uploads).values(**file, user_id=user, expires_at=BEFORE, finished_at=BEFORE, created_at=BEFORE)
        )
        await connection.execute(
            sa.insert(attachments).values(
                **file,
                content_id=content_id,
                content_type="text/plain",
                scan_state="CLEAN",
                uploaded_by=user,
                created_at=BEFORE,
                updated_at=BEFORE,
            )
        )
