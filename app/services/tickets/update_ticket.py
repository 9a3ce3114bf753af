"""Somebody changes what a ticket says."""

from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, replace
from itertools import chain
from types import MappingProxyType
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.organizations import territories
from app.db.tables.tickets import ticket_required_parts, ticket_required_skills
from app.domain import validation
from app.domain.events import EventType, FieldChange
from app.domain.people import Actor
from app.domain.policy import Action
from app.domain.refusals import Invalid
from app.domain.situations import Situation, ticket_event
from app.domain.tickets import Environment, Ticket, TicketCategory, TicketPriority
from app.services.assignments.job_step import save_ticket
from app.services.change import Change
from app.services.falling import followed, place_of
from app.services.naming import check_exists
from app.services.perform import Writer, Written, perform
from app.services.situations import expect_version, lock_ticket, require, standing_of
from app.services.tickets.ticket_fields import (
    LONGEST_ADDRESS,
    LONGEST_SERVICE,
    NeededPart,
    NeededSkill,
    check_needed,
    check_requirements,
    customer_of,
    insert_needs,
    told,
)

_NEVER_NULL = ("title", "description", "category", "priority")


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateTicket:
    """What the ticket is to say: of the fields only those count that `given` names."""

    ticket_id: UUID
    expected_version: int
    given: tuple[str, ...]
    title: str | None = None
    description: str | None = None
    category: TicketCategory | None = None
    priority: TicketPriority | None = None
    environment: Environment | None = None
    affected_service: str | None = None
    customer_id: UUID | None = None
    asset_id: UUID | None = None
    territory_id: UUID | None = None
    latitude: float | None = None
    longitude: float | None = None
    address: str | None = None
    required_skills: tuple[NeededSkill, ...] = ()
    required_parts: tuple[NeededPart, ...] = ()
    tags: tuple[str, ...] = ()
    custom_fields: Mapping[str, Any] | None = None
    idempotency_key: str | None = None


async def update_ticket(writer: Writer, actor: Actor, command: UpdateTicket) -> Written:
    """Change fields of a ticket; what is equal already is not written or told. Ids: ticket.

    Where another place is said and no territory, that follows (`followed`).

    Guard: the ticket's row lock, under which its version is compared. Areas are not locked (`update_territory`).
    """

    async def work(change: Change) -> dict[str, UUID]:
        values = _checked(command)
        before = await lock_ticket(change, command.ticket_id, field="id")
        require(change.actor, Action.UPDATE_TICKET, standing_of(before), words="change this ticket")
        expect_version(before.ticket, command.expected_version)
        if values.keys() & {"customer_id", "asset_id"}:
            asset_id = values.get("asset_id", before.ticket.asset_id)
            customer_id = values.get("customer_id", before.ticket.customer_id)
            known = (before.ticket.customer_id, before.ticket.asset_id)
            values["customer_id"] = await customer_of(change, customer_id, asset_id, known)
        values |= await _territory(change, before.ticket, values)
        needs = await _changed_needs(change, before.ticket, command)
        await save_changes(change, before, replace(before.ticket, **values), *needs)
        return {"ticket": before.ticket.id}

    return await perform(writer, actor, "updateTicket", command, work)


async def save_changes(change: Change, before: Situation, after: Ticket, *needs: FieldChange) -> Situation:
    """Write a locked ticket as it is to be, and tell what is new; nothing is done where nothing is."""
    if after == before.ticket and not needs:
        return before
    saved = replace(before, ticket=await save_ticket(change, before.ticket, after))
    urgent = after.priority is not before.ticket.priority
    told_as = EventType.TICKET_PRIORITY_CHANGED if urgent else EventType.TICKET_UPDATED
    event = ticket_event(told_as, before, saved, occurred_at=change.now)
    change.tell(replace(event, changes=(*event.changes, *needs)))
    return saved


def _checked(command: UpdateTicket) -> dict[str, Any]:
    """Return the values of the fields that are given."""
    given = set(command.given)
    for field in given.intersection(_NEVER_NULL):
        if getattr(command, field) is None:
            raise Invalid(field=(field,), problem=f"{field} must not be null; leave it out to keep it.")
    check_requirements(command.required_skills, command.required_parts)
    values = {field: _CHECKS[field](getattr(command, field)) for field in _CHECKS if field in given}
    if "location" in given:
        values["latitude"], values["longitude"] = command.latitude, command.longitude
        if command.latitude is not None and command.longitude is not None:
            validation.point(command.latitude, command.longitude)
    return values


async def _territory(change: Change, ticket: Ticket, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the territory where it is another one: the one that is said, else as the place says."""
    if "territory_id" in values:
        if values["territory_id"] != ticket.territory_id:
            await check_exists(change, territories, "territoryId", "territory", values["territory_id"])
        return {}
    if "latitude" not in values:
        return {}
    old = place_of(ticket.latitude, ticket.longitude)
    new = place_of(values["latitude"], values["longitude"])
    return {"territory_id": await followed(change, ticket.territory_id, old, new)}


def _as_it_is(value: Any) -> Any:
    return value


_CHECKS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "title": lambda value: validation.text(value, "title", longest=validation.LONGEST_TITLE),
        "description": lambda value: validation.text(value, "description", longest=validation.LONGEST_TEXT),
        "affected_service": lambda value: validation.optional_text(value, "affectedService", longest=LONGEST_SERVICE),
        "address": lambda value: validation.optional_text(value, "address", longest=LONGEST_ADDRESS),
        "tags": validation.tags,
        "custom_fields": validation.custom_fields,
        **dict.fromkeys(("category", "priority", "environment", "customer_id", "asset_id", "territory_id"), _as_it_is),
    }
)


async def _changed_needs(change: Change, ticket: Ticket, command: UpdateTicket) -> list[FieldChange]:
    """Replace what the ticket asks for where that is given; return what is new."""
    needs: tuple[tuple[str, sa.Table, Any, Any], ...] = (
        ("required_skills", ticket_required_skills, NeededSkill, command.required_skills),
        ("required_parts", ticket_required_parts, NeededPart, command.required_parts),
    )
    needs = tuple(need for need in needs if need[0] in command.given)
    presents = {field: await _present_needs(change, ticket, table, kind) for field, table, kind, _ in needs}
    await check_needed(
        change,
        command.required_skills,
        command.required_parts,
        {key for key, *_ in map(astuple, chain(*presents.values()))},
    )
    changes = []
    for field, table, _, wanted in needs:
        present = presents[field]
        if set(present) != set(wanted):
            mine = (table.c.organization_id == ticket.organization_id, table.c.ticket_id == ticket.id)
            await change.connection.execute(sa.delete(table).where(*mine))
            await insert_needs(change, table, ticket.id, wanted)
            changes.append(FieldChange(field=field, old=told(present), new=told(wanted)))
    return changes


async def _present_needs(change: Change, ticket: Ticket, table: sa.Table, kind: Any) -> list[Any]:
    """Return what the ticket asks for, by its key."""
    chosen = [table.c[name] for name in kind.__dataclass_fields__]
    mine = (table.c.organization_id == ticket.organization_id, table.c.ticket_id == ticket.id)
    rows = await change.connection.execute(sa.select(*chosen).where(*mine).order_by(chosen[0]))
    return [kind(**row) for row in rows.mappings()]
