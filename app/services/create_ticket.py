"""A ticket comes in."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.db import records
from app.db.tables.customers import assets, customers, parts
from app.db.tables.organizations import skills, territories
from app.db.tables.people import users
from app.db.tables.tickets import ticket_counters, ticket_required_parts, ticket_required_skills, tickets
from app.domain import validation
from app.domain.events import EventType, FieldChange, plain
from app.domain.people import Actor
from app.domain.policy import Action, Standing, is_staff
from app.domain.refusals import Invalid, NotFound
from app.domain.situations import Situation, ticket_event
from app.domain.tickets import Environment, Ticket, TicketCategory, TicketPriority, TicketStatus
from app.services.change import Change, Writer, Written, perform
from app.services.situations import require

MOST_REQUIREMENTS = 20
MOST_PIECES = 10_000
LONGEST_SERVICE = 200
LONGEST_ADDRESS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class NeededSkill:
    """A skill and the least level of it, 1 to 5."""

    skill_id: UUID
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NeededPart:
    """A part and how many of it; `critical`: no visit makes sense without."""

    part_id: UUID
    quantity: int
    critical: bool = False


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
    idempotency_key: str | None = None


async def create_ticket(writer: Writer, actor: Actor, command: CreateTicket) -> Written:
    """Create a ticket in status NEW with the next number of its year. Ids: ticket.

    Guard: the counter's row lock makes numbers unique; a refused ticket leaves no gap, a lost
    connection may.
    """

    async def work(change: Change) -> dict[str, UUID]:
        requester_id = command.requester_id or change.actor.user_id
        if requester_id is None:
            raise Invalid(field=("requesterId",), problem="The system must name a requester.")
        if requester_id != change.actor.user_id and not is_staff(change.actor):
            raise NotFound(field=("requesterId",), kind="user")
        checked = _checked(change, command, requester_id)
        customer_id = await _check_references(change, command, requester_id)
        require(
            change.actor,
            Action.CREATE_TICKET,
            Standing(requester_id=requester_id, customer_id=customer_id),
            words="create a ticket for this requester",
        )
        ticket = await _numbered(change, {**checked, "customer_id": customer_id})
        await records.insert(change.connection, tickets, ticket)
        await _insert_requirements(change, ticket.id, command)
        created = ticket_event(EventType.TICKET_CREATED, None, Situation(ticket=ticket), occurred_at=change.now)
        change.tell(replace(created, changes=(*created.changes, *_told(command))))
        return {"ticket": ticket.id}

    return await perform(writer, actor, "createTicket", command, work)


def _checked(change: Change, command: CreateTicket, requester_id: UUID) -> dict[str, Any]:
    latitude, longitude = command.latitude, command.longitude
    if latitude is not None and longitude is not None:
        latitude, longitude = validation.point(latitude, longitude)
    _check_requirements(command)
    return {
        "id": change.new_id(),
        "organization_id": change.actor.organization_id,
        "title": validation.text(command.title, "title", longest=validation.LONGEST_TITLE),
        "description": validation.text(command.description, "description", longest=validation.LONGEST_TEXT),
        "status": TicketStatus.NEW,
        "priority": command.priority,
        "category": command.category,
        "environment": command.environment,
        "affected_service": validation.optional_text(command.affected_service, "affectedService", longest=200),
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


def _check_requirements(command: CreateTicket) -> None:
    for name, needs, ids in (
        ("requiredSkills", command.required_skills, [each.skill_id for each in command.required_skills]),
        ("requiredParts", command.required_parts, [each.part_id for each in command.required_parts]),
    ):
        if len(needs) > MOST_REQUIREMENTS:
            raise Invalid(field=(name,), problem=f"{name} has at most {MOST_REQUIREMENTS} entries.")
        if len(set(ids)) != len(ids):
            raise Invalid(field=(name,), problem=f"{name} must name each one once.")
    for at, skill in enumerate(command.required_skills):
        validation.number(skill.level, ("requiredSkills", str(at), "level"), least=1, most=5)
    for at, part in enumerate(command.required_parts):
        validation.number(part.quantity, ("requiredParts", str(at), "quantity"), least=1, most=MOST_PIECES)


async def _check_references(change: Change, command: CreateTicket, requester_id: UUID) -> UUID | None:
    """Refuse ids that name nothing the actor may see; return the customer, the asset's if none is named."""
    if command.customer_id is not None and not _may_name(change.actor, command.customer_id):
        raise NotFound(field=("customerId",), kind="customer")
    await _check_exists(change, customers, "customerId", "customer", command.customer_id)
    await _check_exists(change, territories, "territoryId", "territory", command.territory_id)
    await _check_exists(change, users, "requesterId", "user", requester_id)
    for at, skill in enumerate(command.required_skills):
        await _check_exists(change, skills, f"requiredSkills.{at}.skillId", "skill", skill.skill_id)
    for at, part in enumerate(command.required_parts):
        await _check_exists(change, parts, f"requiredParts.{at}.partId", "part", part.part_id)
    if command.asset_id is None:
        return command.customer_id
    return await _customer_of_asset(change, command.asset_id, command.customer_id)


async def _customer_of_asset(change: Change, asset_id: UUID, customer_id: UUID | None) -> UUID | None:
    query = sa.select(assets.c.customer_id).where(
        assets.c.organization_id == change.actor.organization_id, assets.c.id == asset_id
    )
    asset = (await change.connection.execute(query)).one_or_none()
    if asset is None or (asset.customer_id is not None and not _may_name(change.actor, asset.customer_id)):
        raise NotFound(field=("assetId",), kind="asset")
    if customer_id is not None and asset.customer_id not in {None, customer_id}:
        raise Invalid(field=("assetId",), problem="The asset belongs to another customer.")
    owner: UUID | None = customer_id or asset.customer_id
    return owner


def _may_name(actor: Actor, customer_id: UUID) -> bool:
    return is_staff(actor) or customer_id in actor.customer_ids


async def _check_exists(change: Change, table: sa.Table, path: str, kind: str, id_: UUID | None) -> None:
    if id_ is None:
        return
    query = sa.select(sa.true()).where(table.c.organization_id == change.actor.organization_id, table.c.id == id_)
    if not await change.connection.scalar(query):
        raise NotFound(field=tuple(path.split(".")), kind=kind)


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
            yield FieldChange(field=field, old=None, new=[plain(asdict(each)) for each in needed])


async def _insert_requirements(change: Change, ticket_id: UUID, command: CreateTicket) -> None:
    key = {"organization_id": change.actor.organization_id, "ticket_id": ticket_id}
    if command.required_skills:
        rows = [{**key, "skill_id": each.skill_id, "level": each.level} for each in command.required_skills]
        await change.connection.execute(sa.insert(ticket_required_skills), rows)
    if command.required_parts:
        needed = [
            {**key, "part_id": each.part_id, "quantity": each.quantity, "critical": each.critical}
            for each in command.required_parts
        ]
        await change.connection.execute(sa.insert(ticket_required_parts), needed)
