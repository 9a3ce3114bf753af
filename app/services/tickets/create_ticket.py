"""A ticket comes in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from app.db import records
from app.db.areas import Place, territories_of
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
from app.services.assignments.dispatch import dispatch
from app.services.change import Change
from app.services.falling import place_of
from app.services.naming import check_exists
from app.services.perform import Writer, Written, perform
from app.services.situations import require
from app.services.tickets.ticket_fields import (
    LONGEST_ADDRESS,
    LONGEST_SERVICE,
    NeededPart,
    NeededSkill,
    check_needed,
    check_requirements,
    customer_of,
    insert_requirements,
    told,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTicket:
    """What needs doing, where and for whom. The requester is the actor unless staff names another.

    Without a territory it gets the one that its place falls into, unless `finds_territory` is False: then it has none.
    """

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
    finds_territory: bool = True
    latitude: float | None = None
    longitude: float | None = None
    address: str | None = None
    required_skills: tuple[NeededSkill, ...] = ()
    required_parts: tuple[NeededPart, ...] = ()
    tags: tuple[str, ...] = ()
    custom_fields: Mapping[str, Any] | None = None
    auto_dispatch: bool = False
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A ticket that may be created: what was asked for, and the values of its row but for the number."""

    command: CreateTicket
    values: Mapping[str, Any]


async def create_ticket(writer: Writer, actor: Actor, command: CreateTicket) -> Written:
    """Create a ticket in status NEW with the next number of its year. Ids: ticket.

    With `auto_dispatch` the best candidate gets it at once; with none it is OPEN and tells what stood
    against each.

    Guard: the counter's row lock makes numbers unique; a refused ticket leaves no gap, a lost
    connection may. Then the technician's advisory lock.
    """

    async def work(change: Change) -> dict[str, UUID]:
        (ticket,) = await insert_drafts(change, [await draft(change, command)])
        if command.auto_dispatch:
            await dispatch(change, ticket)
        return {"ticket": ticket.id}

    return await perform(writer, actor, "createTicket", command, work)


async def draft(change: Change, command: CreateTicket) -> Draft:
    """Check all that a new ticket must be; nothing is written or locked.

    Raises:
        Invalid, NotFound, Forbidden: it cannot be, or the actor may not create it.
    """
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
    return Draft(command=command, values={**checked, "customer_id": customer_id})


async def insert_drafts(change: Change, drafts: Sequence[Draft]) -> list[Ticket]:
    """Insert tickets with the next numbers of the year, in this order, and tell of each.

    Guard: the counter's row lock, held until the change ends. Areas are not locked (`update_territory`).
    """
    created = await _numbered(change, await _placed(change, drafts))
    await records.insert_all(change.connection, tickets, created)
    for ticket, drafted in zip(created, drafts, strict=True):
        command = drafted.command
        await insert_requirements(change, ticket.id, command.required_skills, command.required_parts)
        told_of = ticket_event(EventType.TICKET_CREATED, None, Situation(ticket=ticket), occurred_at=change.now)
        change.tell(replace(told_of, changes=(*told_of.changes, *_told(command))))
    return created


async def lock_numbers(change: Change) -> None:
    """Lock the year's counter before other locks that come after it: several tickets will follow one by one.

    Guard: the counter's row lock, held until the change ends.
    """
    await _raise_counter(change, by=0)


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


async def _placed(change: Change, drafts: Sequence[Draft]) -> list[Draft]:
    """Put those that say no territory where their places fall, all by one statement."""
    places = [_place_without_territory(drafted) for drafted in drafts]
    looked_for = [place for place in places if place is not None]
    found = iter(await territories_of(change.connection, change.actor.organization_id, looked_for))
    return [
        drafted if place is None else replace(drafted, values={**drafted.values, "territory_id": next(found)})
        for drafted, place in zip(drafts, places, strict=True)
    ]


def _place_without_territory(drafted: Draft) -> Place | None:
    values = drafted.values
    if values["territory_id"] is not None or not drafted.command.finds_territory:
        return None
    return place_of(values["latitude"], values["longitude"])


async def _numbered(change: Change, drafts: Sequence[Draft]) -> list[Ticket]:
    first = await _raise_counter(change, by=len(drafts)) - len(drafts) + 1
    year = change.now.year
    return [
        Ticket(ticket_number=f"TKT-{year}-{number:06d}", **drafted.values)
        for number, drafted in enumerate(drafts, start=first)
    ]


async def _raise_counter(change: Change, *, by: int) -> int:
    key = {"organization_id": change.actor.organization_id, "year": change.now.year}
    counter = insert(ticket_counters).values(**key, last_number=by)
    raised = counter.on_conflict_do_update(
        index_elements=["organization_id", "year"], set_={"last_number": ticket_counters.c.last_number + by}
    ).returning(ticket_counters.c.last_number)
    return int((await change.connection.execute(raised)).scalar_one())


def _told(command: CreateTicket) -> Iterator[FieldChange]:
    for field, needed in (
        ("required_skills", command.required_skills),
        ("required_parts", command.required_parts),
    ):
        if needed:
            yield FieldChange(field=field, old=None, new=told(needed))
