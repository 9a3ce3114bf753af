"""A ticket comes in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from app.db import records
from app.db.tables.organizations import territories
from app.db.tables.people import users
from app.db.tables.tickets import ticket_counters, tickets
from app.domain import validation
from app.domain.events import EventType, FieldChange
from app.domain.people import Actor
from app.domain.policy import Action, Standing, is_staff
from app.domain.refusals import Invalid, NotFound
from app.domain.situations import Situation, ticket_event
from app.domain.tickets import Environment, Ticket, TicketCategory, TicketPriority, TicketStatus
from app.services.change import Change, Writer, Written, perform
from app.services.dispatch import dispatch
from app.services.situations import require
from app.services.ticket_fields import (
    LONGEST_ADDRESS,
    LONGEST_SERVICE,
    NeededPart,
    NeededSkill,
    check_exists,
    check_needed,
    check_requirements,
    customer_of,
    insert_requirements,
    told,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTicket:
    """What needs doing, where and for whom. The requester is the actor unless staff names another."""

    title: str
    description: str
    category: TicketCategory
    priority: TicketPriority
    environment: Environment | None = None
    affected_service: str | None = None
    customer_id: UUID | None = None
    asset_id: UUID | None = None
    requester_id: UUID | None = None
    territory_id: UUID | None = None
    latitude: float | None = None
    longitude: float | None = None
    address: str | None = None
    required_skills: tuple[NeededSkill, ...] = ()
    required_parts: tuple[NeededPart, ...] = ()
    tags: tuple[str, ...] = ()
    custom_fields: Mapping[str, Any] | None = None
    auto_dispatch: bool = False
    idempotency_key: str | None = None


async def create_ticket(writer: Writer, actor: Actor, command: CreateTicket) -> Written:
    """Create a ticket in status NEW with the next number of its year. Ids: ticket.

    With `auto_dispatch` the best candidate gets it at once; with none it is OPEN and tells what stood
    against each.

    Guard: the counter's row lock makes numbers unique; a refused ticket leaves no gap, a lost
    connection may. Then the technician's advisory lock.
    """

    async def work(change: Change) -> dict[str, UUID]:
        requester_id = command.requester_id or change.actor.user_id
        if requester_id is None:
            raise Invalid(field=("requesterId",), problem="The system must name a requester.")
        if requester_id != change.actor.user_id and not is_staff(change.actor):
            raise NotFound(field=("requesterId",), kind="user")
        checked = _checked(change, command, requester_id)
        customer_id = await customer_of(change, command.customer_id, command.asset_id)
        await check_exists(change, territories, "territoryId", "territory", command.territory_id)
        await check_exists(change, users, "requesterId", "user", requester_id)
        await check_needed(change, command.required_skills, command.required_parts)
        require(
            change.actor,
            Action.CREATE_TICKET,
            Standing(requester_id=requester_id, customer_id=customer_id),
            words="create a ticket for this requester",
        )
        ticket = await _numbered(change, {**checked, "customer_id": customer_id})
        await records.insert(change.connection, tickets, ticket)
        await insert_requirements(change, ticket.id, command.required_skills, command.required_parts)
        created = ticket_event(EventType.TICKET_CREATED, None, Situation(ticket=ticket), occurred_at=change.now)
        change.tell(replace(created, changes=(*created.changes, *_told(command))))
        if command.auto_dispatch:
            await dispatch(change, ticket)
        return {"ticket": ticket.id}

    return await perform(writer, actor, "createTicket", command, work)


def _checked(change: Change, command: CreateTicket, requester_id: UUID) -> dict[str, Any]:
    latitude, longitude = command.latitude, command.longitude
    service = validation.optional_text(command.affected_service, "affectedService", longest=LONGEST_SERVICE)
    if latitude is not None and longitude is not None:
        latitude, longitude = validation.point(latitude, longitude)
    check_requirements(command.required_skills, command.required_parts)
    return {
        "id": change.new_id(),
        "organization_id": change.actor.organization_id,
        "title": validation.text(command.title, "title", longest=validation.LONGEST_TITLE),
        "description": validation.text(command.description, "description", longest=validation.LONGEST_TEXT),
        "status": TicketStatus.NEW,
        "priority": command.priority,
        "category": command.category,
        "environment": command.environment,
        "affected_service": service,
        "tags": validation.tags(command.tags),
        "custom_fields": validation.custom_fields(command.custom_fields),
        "asset_id": command.asset_id,
        "requester_id": requester_id,
        "territory_id": command.territory_id,
        "latitude": latitude,
        "longitude": longitude,
        "address": validation.optional_text(command.address, "address", longest=LONGEST_ADDRESS),
        "created_at": change.now,
        "updated_at": change.now,
    }


async def _numbered(change: Change, values: dict[str, Any]) -> Ticket:
    year = change.now.year
    counter = insert(ticket_counters).values(organization_id=change.actor.organization_id, year=year, last_number=1)
    raised = counter.on_conflict_do_update(
        index_elements=["organization_id", "year"], set_={"last_number": ticket_counters.c.last_number + 1}
    ).returning(ticket_counters.c.last_number)
    number = await change.connection.scalar(raised)
    return Ticket(ticket_number=f"TKT-{year}-{number:06d}", **values)


def _told(command: CreateTicket) -> Iterator[FieldChange]:
    for field, needed in (
        ("required_skills", command.required_skills),
        ("required_parts", command.required_parts),
    ):
        if needed:
            yield FieldChange(field=field, old=None, new=told(needed))
