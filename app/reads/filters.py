"""What lists can be narrowed by: frozen filters, and the conditions they stand for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.assignments import assignments
from app.db.tables.people import technician_skills, technician_territories, technicians
from app.db.tables.tickets import tickets
from app.domain.assignments import ACTIVE, AssignmentStatus
from app.domain.refusals import Invalid
from app.domain.tickets import TicketCategory, TicketPriority, TicketStatus

DEEPEST = 5
LONGEST = 100

Conditions = Iterable["sa.ColumnElement[bool]"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdFilter:
    """Equal to, one of, none of, or absent; what is None does not narrow."""

    eq: UUID | None = None
    in_: tuple[UUID, ...] | None = None
    nin: tuple[UUID, ...] | None = None
    null: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MomentFilter:
    """Between bounds, or absent; what is None does not narrow."""

    gt: datetime | None = None
    gte: datetime | None = None
    lt: datetime | None = None
    lte: datetime | None = None
    null: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberFilter:
    """Equal to, one of, or between bounds; what is None does not narrow."""

    eq: int | None = None
    in_: tuple[int, ...] | None = None
    gte: int | None = None
    lte: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFilter:
    """Everything given must hold; `any_of` needs one to hold, `none_of` must not hold."""

    all_of: tuple["TicketFilter", ...] = ()
    any_of: tuple["TicketFilter", ...] | None = None
    none_of: "TicketFilter | None" = None
    status: tuple[TicketStatus, ...] | None = None
    priority: tuple[TicketPriority, ...] | None = None
    category: tuple[TicketCategory, ...] | None = None
    assignee: IdFilter | None = None
    team: IdFilter | None = None
    customer: IdFilter | None = None
    asset: IdFilter | None = None
    territory: IdFilter | None = None
    created_at: MomentFilter | None = None
    updated_at: MomentFilter | None = None
    escalation_count: NumberFilter | None = None
    tags: tuple[str, ...] | None = None
    unassigned: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentFilter:
    """Everything given must hold."""

    technician: IdFilter | None = None
    ticket: IdFilter | None = None
    status: tuple[AssignmentStatus, ...] | None = None
    tier: NumberFilter | None = None
    assigned_at: MomentFilter | None = None
    current: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TechnicianFilter:
    """Everything given must hold; a technician must have every skill and one of the territories."""

    ids: tuple[UUID, ...] | None = None
    active: bool | None = None
    skill_ids: tuple[UUID, ...] | None = None
    territory_ids: tuple[UUID, ...] | None = None
    tier: NumberFilter | None = None


def of_tickets(wanted: TicketFilter, depth: int = 1) -> Conditions:
    """Yield the conditions of a ticket filter. Raises Invalid when it nests or lists too much."""
    if depth > DEEPEST:
        raise Invalid(field=("filter",), problem=f"A filter nests at most {DEEPEST} deep.")
    of = tickets.c
    yield from _one_of(of.status, wanted.status, "status")
    yield from _one_of(of.priority, wanted.priority, "priority")
    yield from _one_of(of.category, wanted.category, "category")
    yield from _ids(of.customer_id, wanted.customer, "customerId")
    yield from _ids(of.asset_id, wanted.asset, "assetId")
    yield from _ids(of.territory_id, wanted.territory, "territoryId")
    yield from _moments(of.created_at, wanted.created_at)
    yield from _moments(of.updated_at, wanted.updated_at)
    yield from _numbers(of.escalation_count, wanted.escalation_count, "escalationCount")
    yield from _of_active_job(wanted)
    if wanted.tags is not None:
        # The database has no such text, and an error there would end the whole look.
        if any("\x00" in tag for tag in wanted.tags):
            raise Invalid(field=("filter", "tags"), problem="tags must not contain the NUL character.")
        yield of.tags.contains(_bounded(wanted.tags, "tags"))
    yield from _combined(wanted, depth)


def of_assignments(wanted: AssignmentFilter) -> Conditions:
    """Yield the conditions of an assignment filter. Raises Invalid when it lists too much."""
    of = assignments.c
    yield from _ids(of.technician_id, wanted.technician, "technicianId")
    yield from _ids(of.ticket_id, wanted.ticket, "ticketId")
    yield from _one_of(of.status, wanted.status, "status")
    yield from _numbers(of.tier_level, wanted.tier, "tier")
    yield from _moments(of.assigned_at, wanted.assigned_at)
    if wanted.current is not None:
        active = of.status.in_(ACTIVE)
        yield active if wanted.current else ~active


def of_technicians(wanted: TechnicianFilter) -> Conditions:
    """Yield the conditions of a technician filter. Raises Invalid when it lists too much."""
    of = technicians.c
    yield from _one_of(of.id, wanted.ids, "ids")
    yield from _numbers(of.tier_level, wanted.tier, "tier")
    if wanted.active is not None:
        yield of.active.is_(wanted.active)
    for skill_id in _bounded(wanted.skill_ids or (), "skillIds"):
        yield sa.exists().where(
            technician_skills.c.organization_id == of.organization_id,
            technician_skills.c.technician_id == of.id,
            technician_skills.c.skill_id == skill_id,
        )
    if wanted.territory_ids is not None:
        yield sa.exists().where(
            technician_territories.c.organization_id == of.organization_id,
            technician_territories.c.technician_id == of.id,
            technician_territories.c.territory_id.in_(_bounded(wanted.territory_ids, "territoryIds")),
        )


def _of_active_job(wanted: TicketFilter) -> Conditions:
    job = assignments.alias()
    active = sa.exists().where(
        job.c.organization_id == tickets.c.organization_id,
        job.c.ticket_id == tickets.c.id,
        job.c.status.in_(ACTIVE),
    )
    if wanted.unassigned is not None:
        yield ~active if wanted.unassigned else active
    if wanted.assignee is not None:
        yield _held(active, job.c.technician_id, wanted.assignee, "assigneeId")
    if wanted.team is not None:
        member = technicians.alias()
        in_team = active.where(member.c.organization_id == job.c.organization_id, member.c.id == job.c.technician_id)
        yield _held(in_team, member.c.team_id, wanted.team, "teamId")


def _held(
    job_exists: "sa.Exists", column: "sa.ColumnElement[Any]", wanted: IdFilter, name: str
) -> "sa.ColumnElement[bool]":
    """Spell an id filter on the active job; nobody counts as an absent id, and as none of the named."""
    clauses: list[sa.ColumnElement[bool]] = []
    if wanted.null is not None:
        held = job_exists.where(column.is_not(None))
        clauses.append(~held if wanted.null else held)
    if wanted.eq is not None:
        clauses.append(job_exists.where(column == wanted.eq))
    if wanted.in_ is not None:
        clauses.append(job_exists.where(column.in_(_bounded(wanted.in_, name))))
    if wanted.nin is not None:
        clauses.append(~job_exists.where(column.in_(_bounded(wanted.nin, name))))
    return sa.and_(sa.true(), *clauses)


def _combined(wanted: TicketFilter, depth: int) -> Conditions:
    for each in _bounded(wanted.all_of, "and"):
        yield from of_tickets(each, depth + 1)
    if wanted.any_of is not None:
        either = [sa.and_(sa.true(), *of_tickets(each, depth + 1)) for each in _bounded(wanted.any_of, "or")]
        yield sa.or_(sa.false(), *either)
    if wanted.none_of is not None:
        # IS NOT TRUE, because what is absent makes a comparison unknown, and unknown is not held.
        yield sa.and_(sa.true(), *of_tickets(wanted.none_of, depth + 1)).is_not(sa.true())


def _ids(column: "sa.ColumnElement[Any]", wanted: IdFilter | None, name: str) -> Conditions:
    if wanted is None:
        return
    if wanted.null is not None:
        yield column.is_(None) if wanted.null else column.is_not(None)
    if wanted.eq is not None:
        yield column == wanted.eq
    yield from _one_of(column, wanted.in_, name)
    if wanted.nin is not None:
        yield column.is_(None) | column.not_in(_bounded(wanted.nin, name))


def _moments(column: "sa.ColumnElement[Any]", wanted: MomentFilter | None) -> Conditions:
    if wanted is None:
        return
    if wanted.null is not None:
        yield column.is_(None) if wanted.null else column.is_not(None)
    if wanted.gt is not None:
        yield column > wanted.gt
    if wanted.gte is not None:
        yield column >= wanted.gte
    if wanted.lt is not None:
        yield column < wanted.lt
    if wanted.lte is not None:
        yield column <= wanted.lte


def _numbers(column: "sa.ColumnElement[Any]", wanted: NumberFilter | None, name: str) -> Conditions:
    if wanted is None:
        return
    if wanted.eq is not None:
        yield column == _whole(wanted.eq)
    if wanted.in_ is not None:
        yield column.in_([_whole(value) for value in _bounded(wanted.in_, name)])
    if wanted.gte is not None:
        yield column >= _whole(wanted.gte)
    if wanted.lte is not None:
        yield column <= _whole(wanted.lte)


def _whole(value: int) -> "sa.ColumnElement[int]":
    # A column may be narrower than the schema's Int: compared as one, the value need not fit it.
    return sa.literal(value, sa.Integer())


def _one_of(column: "sa.ColumnElement[Any]", wanted: tuple[Any, ...] | None, name: str) -> Conditions:
    if wanted is not None:
        yield column.in_(_bounded(wanted, name))


def _bounded(values: tuple[Any, ...], name: str) -> tuple[Any, ...]:
    if len(values) > LONGEST:
        raise Invalid(field=("filter", name), problem=f"{name} lists at most {LONGEST} values.")
    return values
