"""What people and the server may try with tickets and jobs, in any order; most of it is refused."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any, TypeAlias
from uuid import UUID

from app.db.tables.assignments import assignments
from app.db.tables.tickets import tickets
from app.domain.assignments import AssignmentOutcome
from app.domain.people import Actor, EventSource, Role
from app.domain.refusals import Refusal
from app.domain.tickets import TicketStatus
from app.domain.timers import TooEarly
from app.services.assignments.accept_assignment import accept_assignment
from app.services.assignments.assign_ticket import AssignTicket, assign_ticket
from app.services.assignments.cancel_assignment import CancelAssignment, cancel_assignment
from app.services.assignments.complete_assignment import complete_assignment
from app.services.assignments.expire_offer import ExpireOffer, expire_offer
from app.services.assignments.job_step import StepCommand
from app.services.assignments.pause_work import pause_work
from app.services.assignments.rate_assignment import RateAssignment, rate_assignment
from app.services.assignments.reassign_ticket import ReassignTicket, reassign_ticket
from app.services.assignments.record_arrival import record_arrival
from app.services.assignments.reject_assignment import RejectAssignment, reject_assignment
from app.services.assignments.resume_work import resume_work
from app.services.assignments.start_travel import start_travel
from app.services.assignments.start_work import start_work
from app.services.perform import Written
from app.services.tickets.bulk_update_tickets import BulkUpdateTickets, bulk_update_tickets
from app.services.tickets.escalate_ticket import EscalateTicket, escalate_ticket
from app.services.tickets.transition_ticket import TransitionTicket, transition_ticket
from tests.services.scene import Scene, report, seals

Deed: TypeAlias = "Callable[[Deeds, UUID, Random], Awaitable[Written | None]]"
_TECHNICIANS = ("ann", "bob", "cleo", "dan")
_REPORTED = [each for each in AssignmentOutcome if each is not AssignmentOutcome.ESCALATED]


_BY_OTHERS = ("reassign", "escalate", "cancel", "wait", "open", "resolve ticket")
_OTHERWISE = (
    "assign", "assign", "assign", "rate", "escalate", "open", "wait", "resolve ticket", "close", "reopen", "go on",
    "many",
)  # fmt: skip
_LIKELY: Mapping[str | None, Sequence[str]] = {
    "ASSIGNED": ("accept", "accept", "accept", "accept", "reject", "expire", *_BY_OTHERS),
    "ACCEPTED": ("travel", "start", "start", "start", "go on", "reject", *_BY_OTHERS),
    "EN_ROUTE": ("arrive", "start", "start", "go on", "complete", *_BY_OTHERS),
    "IN_PROGRESS": ("pause", "complete", "complete", "complete", *_BY_OTHERS),
    "PAUSED": ("resume", "start", "go on", "complete", *_BY_OTHERS),
}


@dataclass(slots=True)
class Deeds:
    """Does something to a ticket, as whoever may or may not; refusals are counted and forgotten."""

    scene: Scene
    done: int = 0
    refused: int = 0
    kinds: set[str] = field(default_factory=set)

    async def attempt(self, name: str, ticket_id: UUID, chance: Random) -> Written | None:
        """Try one deed."""
        try:
            written = await DEEDS[name](self, ticket_id, chance)
        except (Refusal, TooEarly, NothingThere) as refusal:
            self.refused += 1
            self.kinds.add(type(refusal).__name__)
            return None
        self.done += written is not None
        return written

    async def go_on(self, ticket_id: UUID, chance: Random) -> Written | None:
        """Try something that the life cycle has for the ticket as it stands."""
        found = await self.scene.rows(assignments, assignments.c.ticket_id == ticket_id)
        status = max(found, key=lambda job: job.sequence).status if found else None
        return await self.attempt(chance.choice(_LIKELY.get(status, _OTHERWISE)), ticket_id, chance)

    @property
    def server(self) -> Actor:
        """The server as it acts by itself."""
        organization_id = self.scene.world.organization_id
        return Actor(
            organization_id=organization_id,
            user_id=None,
            roles=frozenset({Role.DISPATCHER}),
            source=EventSource.SYSTEM,
        )

    async def last_job(self, ticket_id: UUID, chance: Random) -> Any:
        """Return the ticket's last turn, or now and then an earlier one; it must have one."""
        found = await self.scene.rows(assignments, assignments.c.ticket_id == ticket_id)
        if not found:
            raise NothingThere
        found.sort(key=lambda job: job.sequence)
        return found[-1] if chance.random() < 0.85 else chance.choice(found)

    def holder(self, job: Any) -> Actor:
        """Return the job's technician as they come in."""
        names = {key: name for name, key in self.scene.world.technicians.items()}
        return self.scene.actor(names[job.technician_id])


class NothingThere(Exception):
    """The ticket has no job yet."""


def _step(service: Callable[..., Awaitable[Written]]) -> Deed:
    async def act(deeds: Deeds, ticket_id: UUID, chance: Random) -> Written | None:
        job = await deeds.last_job(ticket_id, chance)
        who = deeds.holder(job) if chance.random() < 0.95 else deeds.scene.actor(chance.choice(_TECHNICIANS))
        return await service(deeds.scene.writer, who, StepCommand(assignment_id=job.id))

    return act


async def _assign(deeds: Deeds, ticket_id: UUID, chance: Random) -> Written | None:
    scene = deeds.scene
    command = AssignTicket(
        ticket_id=ticket_id,
        technician_id=scene.world.technicians[chance.choice(_TECHNICIANS)],
        override_warnings=chance.random() < 0.5,
    )
    return await assign_ticket(scene.writer, scene.actor("dispatcher"), command)


async def _reassign(deeds: Deeds, ticket_id: UUID, chance: Random) -> Written | None:
    scene, job = deeds.scene, await deeds.last_job(ticket_id, chance)
    command = ReassignTicket(
        assignment_id=job.id,
        technician_id=scene.world.technicians[chance.choice(_TECHNICIANS)],
        reason_note="nearer",
        override_warnings=True,
    )
    return await reassign_ticket(scene.writer, scene.actor("dispatcher"), command)


async def _escalate(deeds: Deeds, ticket_id: UUID, _chance: Random) -> Written | None:
    scene = deeds.scene
    command = EscalateTicket(ticket_id=ticket_id, reason="too hard")
    return await escalate_ticket(scene.writer, scene.actor("dispatcher"), command)


async def _cancel(deeds: Deeds, ticket_id: UUID, chance: Random) -> Written | None:
    scene, job = deeds.scene, await deeds.last_job(ticket_id, chance)
    command = CancelAssignment(assignment_id=job.id, reason="not needed")
    return await cancel_assignment(scene.writer, scene.actor("dispatcher"), command)


async def _reject(deeds: Deeds, ticket_id: UUID, chance: Random) -> Written | None:
    job = await deeds.last_job(ticket_id, chance)
    command = RejectAssignment(assignment_id=job.id, rejection_reason="ill")
    return await reject_assignment(deeds.scene.writer, deeds.holder(job), command)


async def _complete(deeds: Deeds, ticket_id: UUID, chance: Random) -> Written | None:
    job = await deeds.last_job(ticket_id, chance)
    parts = (seals(1),) if chance.random() < 0.3 else ()
    command = report(job.id, chance.choice(_REPORTED), time_spent_hours=Decimal("0.5"), parts_used=parts)
    return await complete_assignment(deeds.scene.writer, deeds.holder(job), command)


async def _rate(deeds: Deeds, ticket_id: UUID, chance: Random) -> Written | None:
    job = await deeds.last_job(ticket_id, chance)
    command = RateAssignment(assignment_id=job.id, rating=chance.randint(1, 5))
    return await rate_assignment(deeds.scene.writer, deeds.scene.actor("customer"), command)


async def _expire(deeds: Deeds, ticket_id: UUID, chance: Random) -> Written | None:
    job = await deeds.last_job(ticket_id, chance)
    return await expire_offer(deeds.scene.writer, deeds.server, ExpireOffer(assignment_id=job.id))


def _move(*to: TicketStatus) -> Deed:
    async def act(deeds: Deeds, ticket_id: UUID, chance: Random) -> Written | None:
        scene = deeds.scene
        command = TransitionTicket(ticket_id=ticket_id, to=chance.choice(to))
        return await transition_ticket(scene.writer, scene.actor("dispatcher"), command)

    return act


async def _many(deeds: Deeds, ticket_id: UUID, chance: Random) -> Written | None:
    scene = deeds.scene
    others = [each.id for each in await scene.rows(tickets)]
    command = BulkUpdateTickets(
        ticket_ids=tuple(dict.fromkeys((ticket_id, *chance.sample(others, min(2, len(others)))))),
        add_tags=(chance.choice("abc"),),
        technician_id=scene.world.technicians[chance.choice(_TECHNICIANS)] if chance.random() < 0.5 else None,
    )
    return await bulk_update_tickets(scene.writer, scene.actor("dispatcher"), command)


DEEDS: Mapping[str, Deed] = {
    "assign": _assign,
    "accept": _step(accept_assignment),
    "travel": _step(start_travel),
    "arrive": _step(record_arrival),
    "start": _step(start_work),
    "pause": _step(pause_work),
    "resume": _step(resume_work),
    "complete": _complete,
    "reject": _reject,
    "cancel": _cancel,
    "reassign": _reassign,
    "escalate": _escalate,
    "rate": _rate,
    "expire": _expire,
    "open": _move(TicketStatus.OPEN),
    "wait": _move(TicketStatus.PENDING_INFO, TicketStatus.PENDING_PARTS),
    "go on": _move(TicketStatus.IN_PROGRESS),
    "resolve ticket": _move(TicketStatus.RESOLVED),
    "close": _move(TicketStatus.CLOSED),
    "reopen": _move(TicketStatus.REOPENED),
    "call off": _move(TicketStatus.CANCELLED),
    "many": _many,
}
