"""What a time is wanted for: a question made whole with what is known of its ticket, asset, customer and service."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db import records
from app.db.areas import territory_of
from app.db.tables.assignments import assignments
from app.db.tables.base import Uuid
from app.db.tables.tickets import tickets
from app.domain import validation
from app.domain.appointments import SERVICES, AppointmentType, AutoBooking, LocationMode, Urgency
from app.domain.assignments import AssignmentStatus
from app.domain.people import Actor
from app.domain.places import CustomerTier
from app.domain.policy import Action, Standing, is_staff
from app.domain.refusals import Invalid, NotFound
from app.domain.tickets import Ticket, TicketPriority
from app.domain.wanted import WINDOW_COUNT, Wanted, WantedPart
from app.services.naming import no_longer_active
from app.services.situations import may_view, require

MOST_SKILLS = 20
MOST_PARTS = 20
LONGEST_MINUTES = 1440
URGENCIES: Mapping[TicketPriority, Urgency] = {
    TicketPriority.P1: Urgency.CRITICAL,
    TicketPriority.P2: Urgency.HIGH,
    TicketPriority.P3: Urgency.MEDIUM,
    TicketPriority.P4: Urgency.LOW,
}
PRIORITIES: Mapping[Urgency, TicketPriority] = {urgency: priority for priority, urgency in URGENCIES.items()}

_SERVICE = sa.text(
    """
    SELECT s.duration_minutes, s.urgency, s.auto_book_from,
        (SELECT json_agg(json_build_array(k.skill_id, k.level)) FROM service_type_skills AS k
            WHERE k.organization_id = s.organization_id AND k.type = s.type) AS skills
    FROM service_types AS s WHERE s.organization_id = :organization_id AND s.type = :type
    """
).bindparams(sa.bindparam("organization_id", type_=Uuid))
_TICKET_NEEDS = sa.text(
    """
    SELECT (SELECT json_agg(json_build_array(k.skill_id, k.level)) FROM ticket_required_skills AS k
            WHERE k.organization_id = :organization_id AND k.ticket_id = :ticket_id) AS skills,
        (SELECT json_agg(json_build_array(n.part_id, p.part_number, n.quantity, n.critical) ORDER BY n.part_id)
            FROM ticket_required_parts AS n
            JOIN parts AS p ON p.organization_id = n.organization_id AND p.id = n.part_id
            WHERE n.organization_id = :organization_id AND n.ticket_id = :ticket_id) AS parts
    """
).bindparams(sa.bindparam("organization_id", type_=Uuid), sa.bindparam("ticket_id", type_=Uuid))
_ASSET = sa.text(
    "SELECT customer_id, active FROM assets WHERE organization_id = :organization_id AND id = :id"
).bindparams(sa.bindparam("organization_id", type_=Uuid), sa.bindparam("id", type_=Uuid))
_CUSTOMER = sa.text(
    "SELECT tier, latitude, longitude, active FROM customers WHERE organization_id = :organization_id AND id = :id"
).bindparams(sa.bindparam("organization_id", type_=Uuid), sa.bindparam("id", type_=Uuid))
_FACILITY = sa.text(
    "SELECT territory_id FROM facilities WHERE organization_id = :organization_id AND id = :id"
).bindparams(sa.bindparam("organization_id", type_=Uuid), sa.bindparam("id", type_=Uuid))
_TECHNICIAN = sa.text("SELECT true FROM technicians WHERE organization_id = :organization_id AND id = :id").bindparams(
    sa.bindparam("organization_id", type_=Uuid), sa.bindparam("id", type_=Uuid)
)
_SKILLS = sa.text(
    "SELECT id, active FROM skills WHERE organization_id = :organization_id AND id = ANY (:ids)"
).bindparams(sa.bindparam("organization_id", type_=Uuid), sa.bindparam("ids", type_=sa.ARRAY(Uuid)))
_PARTS = sa.text(
    "SELECT id, part_number, active FROM parts WHERE organization_id = :organization_id"
    " AND part_number = ANY (:numbers)"
).bindparams(sa.bindparam("organization_id", type_=Uuid), sa.bindparam("numbers", type_=sa.ARRAY(sa.Text)))
_PLACE = sa.text(
    """
    SELECT coalesce(place.time_zone, o.time_zone) AS zone,
        (SELECT min(level) FROM escalation_tiers AS e WHERE e.organization_id = o.organization_id) AS first_tier
    FROM organizations AS o
    LEFT JOIN territories AS place ON place.organization_id = o.organization_id AND place.id = :territory_id
    WHERE o.organization_id = :organization_id
    """
).bindparams(sa.bindparam("organization_id", type_=Uuid), sa.bindparam("territory_id", type_=Uuid))


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotQuestion:
    """What a client asks for. What it leaves out is the ticket's, the asset's, the customer's, or usual.

    The place is the work's, in degrees. Parts that are named must be there before the work can begin. `windows` are
    aware pairs `[start, end)`.
    """

    appointment_type: AppointmentType
    ticket_id: UUID | None = None
    asset_id: UUID | None = None
    customer_id: UUID | None = None
    duration_minutes: int | None = None
    urgency: Urgency | None = None
    location_mode: LocationMode = LocationMode.ON_SITE
    latitude: float | None = None
    longitude: float | None = None
    facility_id: UUID | None = None
    skill_ids: tuple[UUID, ...] = ()
    part_numbers: tuple[str, ...] = ()
    preferred_date: date | None = None
    windows: tuple[tuple[datetime, datetime], ...] = ()
    preferred_technician_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTerms:
    """What is usual for a kind of service in one organisation."""

    duration_minutes: int
    urgency: Urgency
    auto_booking: AutoBooking
    skills: Mapping[UUID, int]


async def wanted_of(
    connection: AsyncConnection, actor: Actor, asked: SlotQuestion, *, now: datetime, horizon_days: int
) -> Wanted:
    """Return what is wanted, whole.

    Raises:
        Invalid, NotFound: a value makes no sense, or names nothing the actor may know of.
        Forbidden: the actor may not book for this customer.
    """
    _check(asked, now, horizon_days)
    place = None
    if asked.latitude is not None and asked.longitude is not None:
        place = validation.point(asked.latitude, asked.longitude)
    organization_id = actor.organization_id
    ticket = None if asked.ticket_id is None else await _ticket(connection, actor, asked.ticket_id)
    asset_id = asked.asset_id or (None if ticket is None else ticket.asset_id)
    customer_id = await _customer(connection, actor, asked, ticket, asset_id)
    expect_books(actor, customer_id, requester_id=None if ticket is None else ticket.requester_id)
    tier, home = await _whose(connection, organization_id, customer_id, asked, ticket)
    territory_id = None if ticket is None else ticket.territory_id
    if asked.facility_id is not None:
        facility = await _one(connection, _FACILITY, organization_id, asked.facility_id, "facilityId", "facility")
        territory_id = facility.territory_id
    at = None if asked.location_mode is LocationMode.AT_FACILITY else place or _of_ticket(ticket) or home
    if territory_id is None and at is not None:
        territory_id = await territory_of(connection, organization_id, at)
    if asked.preferred_technician_id is not None:
        who = asked.preferred_technician_id
        await _one(connection, _TECHNICIAN, organization_id, who, "preferredTechnicianId", "technician")
    terms = await service_terms(connection, organization_id, asked.appointment_type)
    needed, parts = await _needs(connection, organization_id, ticket, asked)
    local = (await connection.execute(_PLACE, {"organization_id": organization_id, "territory_id": territory_id})).one()
    tier_level = None if ticket is None else ticket.escalation_tier_level
    _check_day(asked.preferred_date, now, ZoneInfo(local.zone), horizon_days)
    return Wanted(
        appointment_type=asked.appointment_type,
        duration_minutes=asked.duration_minutes or terms.duration_minutes,
        urgency=asked.urgency or (terms.urgency if ticket is None else URGENCIES[ticket.priority]),
        customer_tier=tier,
        location_mode=asked.location_mode,
        latitude=None if at is None else at[0],
        longitude=None if at is None else at[1],
        facility_id=asked.facility_id,
        territory_id=territory_id,
        tier_level=tier_level or local.first_tier,
        # A ticket that has climbed is worked on at its tier.
        exact_tier=tier_level is not None,
        skills=_highest(needed, terms.skills),
        parts=parts,
        windows=asked.windows,
        time_zone=local.zone,
        preferred_date=asked.preferred_date,
        preferred_technician_id=asked.preferred_technician_id,
        ticket_id=asked.ticket_id,
        asset_id=asset_id,
        customer_id=customer_id,
    )


def expect_books(actor: Actor, customer_id: UUID | None, *, requester_id: UUID | None = None) -> None:
    """Refuse whoever may not book for a customer, or for work that somebody has asked for. Raises Forbidden.

    What is for no customer and was asked for by nobody is the actor's own.
    """
    if requester_id is None and customer_id is None:
        requester_id = actor.user_id
    standing = Standing(requester_id=requester_id, customer_id=customer_id)
    require(actor, Action.BOOK_SLOT, standing, words="book appointments for this customer")


async def service_terms(connection: AsyncConnection, organization_id: UUID, type_: AppointmentType) -> ServiceTerms:
    """Return what the organisation has settled of a kind of service, else what is usual."""
    usual = SERVICES[type_]
    row = (await connection.execute(_SERVICE, {"organization_id": organization_id, "type": type_.value})).one_or_none()
    if row is None:
        return ServiceTerms(
            duration_minutes=usual.longest_minutes,
            urgency=usual.urgency,
            auto_booking=usual.auto_booking,
            skills={},
        )
    return ServiceTerms(
        duration_minutes=row.duration_minutes or usual.longest_minutes,
        urgency=usual.urgency if row.urgency is None else Urgency(row.urgency),
        auto_booking=usual.auto_booking if row.auto_book_from is None else AutoBooking(row.auto_book_from),
        skills={UUID(skill): level for skill, level in row.skills or ()},
    )


async def for_ticket(connection: AsyncConnection, wanted: Wanted, ticket: Ticket, *, field: str = "ticketId") -> Wanted:
    """Return what is wanted, with what a ticket asks for that was not named when slots were looked for.

    Raises:
        Invalid: the ticket is another customer's.
    """
    if wanted.customer_id is not None and ticket.customer_id not in {None, wanted.customer_id}:
        raise Invalid(field=(field,), problem="The slot was looked for with another customer than the ticket's.")
    skills, parts = await _needs_of(connection, ticket)
    known = {part.part_id: part for part in wanted.parts}
    return replace(
        wanted,
        ticket_id=ticket.id,
        skills=_highest(wanted.skills, skills),
        parts=tuple({**known, **parts}.values()),
        tier_level=ticket.escalation_tier_level or wanted.tier_level,
        exact_tier=ticket.escalation_tier_level is not None,
        customer_id=wanted.customer_id or ticket.customer_id,
        asset_id=wanted.asset_id or ticket.asset_id,
    )


async def refused_by(connection: AsyncConnection, organization_id: UUID, ticket_id: UUID | None) -> frozenset[UUID]:
    """Return the technicians who have rejected a ticket or let its offer expire."""
    if ticket_id is None:
        return frozenset()
    job = assignments.c
    query = sa.select(job.technician_id).where(
        job.organization_id == organization_id,
        job.ticket_id == ticket_id,
        (job.status == AssignmentStatus.REJECTED) | job.offer_expired_at.is_not(None),
    )
    return frozenset(await connection.scalars(query))


def check_windows(windows: Sequence[tuple[datetime, datetime]], *path: str, now: datetime) -> None:
    """Refuse times that end before they begin, are over, or are too many. Raises Invalid."""
    if len(windows) > WINDOW_COUNT:
        raise Invalid(field=path, problem=f"{path[-1]} has at most {WINDOW_COUNT} entries.")
    for start, end in windows:
        if start >= end:
            raise Invalid(field=(*path, "end"), problem="end must be after start.")
        if end <= now:
            raise Invalid(field=(*path, "end"), problem="The time is over; end must lie in the future.")


def _check(asked: SlotQuestion, now: datetime, horizon_days: int) -> None:
    if asked.duration_minutes is not None:
        validation.number(asked.duration_minutes, ("durationMinutes",), least=1, most=LONGEST_MINUTES)
    for name, values, most in (
        ("requiredSkillIds", asked.skill_ids, MOST_SKILLS),
        ("partNumbers", asked.part_numbers, MOST_PARTS),
    ):
        if len(values) > most:
            raise Invalid(field=(name,), problem=f"{name} has at most {most} entries.")
    check_windows(asked.windows, "window", now=now)
    if asked.windows and all(start >= now + timedelta(days=horizon_days) for start, _ in asked.windows):
        raise Invalid(field=("window", "start"), problem=f"start must lie within {horizon_days} days from now.")
    if asked.facility_id is not None and asked.location_mode is LocationMode.ON_SITE:
        raise Invalid(field=("facilityId",), problem="Work in a facility needs locationMode AT_FACILITY.")


def _check_day(day: date | None, now: datetime, zone: ZoneInfo, horizon_days: int) -> None:
    if day is None:
        return
    today = now.astimezone(zone).date()
    last = today + timedelta(days=horizon_days)
    if not today <= day <= last:
        raise Invalid(field=("preferredDate",), problem=f"preferredDate must lie between {today} and {last}.")


async def _ticket(connection: AsyncConnection, actor: Actor, ticket_id: UUID) -> Ticket:
    ticket = await records.fetch_one(connection, tickets, Ticket, actor.organization_id, ticket_id)
    if ticket is None or ticket.deleted_at is not None or not may_view(actor, ticket):
        raise NotFound(field=("ticketId",), kind="ticket")
    return ticket


async def _customer(
    connection: AsyncConnection, actor: Actor, asked: SlotQuestion, ticket: Ticket | None, asset_id: UUID | None
) -> UUID | None:
    """Return whom it is for: the customer that is named, else the ticket's, else the asset's."""
    named = asked.customer_id or (None if ticket is None else ticket.customer_id)
    if ticket is not None and ticket.customer_id not in {None, named}:
        raise Invalid(field=("customerId",), problem="The ticket is another customer's.")
    if asset_id is None:
        owner = None
    else:
        asset = await _one(connection, _ASSET, actor.organization_id, asset_id, "assetId", "asset")
        owner = asset.customer_id
    asked_owner = None if asked.asset_id is None else owner
    for field, kind, id_ in (("customerId", "customer", asked.customer_id), ("assetId", "asset", asked_owner)):
        # Whose things they are is nobody's business but their own; who asked for a ticket may name it alone.
        if id_ is not None and not is_staff(actor) and id_ not in actor.customer_ids:
            raise NotFound(field=(field,), kind=kind)
    if asked.asset_id is not None and named is not None and owner not in {None, named}:
        raise Invalid(field=("assetId",), problem="The asset belongs to another customer.")
    if asset_id is not None and not asset.active and (ticket is None or ticket.asset_id != asset_id):
        raise no_longer_active(("assetId",), "asset")
    whose: UUID | None = named or owner
    return whose


async def _whose(
    connection: AsyncConnection,
    organization_id: UUID,
    customer_id: UUID | None,
    asked: SlotQuestion,
    ticket: Ticket | None,
) -> tuple[CustomerTier, tuple[float, float] | None]:
    if customer_id is None:
        return CustomerTier.STANDARD, None
    row = await _one(connection, _CUSTOMER, organization_id, customer_id, "customerId", "customer")
    if not row.active and (ticket is None or ticket.customer_id != customer_id):
        by_name = asked.customer_id is not None
        raise no_longer_active(("customerId" if by_name else "assetId",), "customer" if by_name else "asset's customer")
    place = None if row.latitude is None or row.longitude is None else (row.latitude, row.longitude)
    return CustomerTier(row.tier), place


async def _needs(
    connection: AsyncConnection, organization_id: UUID, ticket: Ticket | None, asked: SlotQuestion
) -> tuple[dict[UUID, int], tuple[WantedPart, ...]]:
    skills, parts = ({}, {}) if ticket is None else await _needs_of(connection, ticket)
    if asked.skill_ids:
        these = {"organization_id": organization_id, "ids": [*asked.skill_ids]}
        known = {row.id: row.active for row in await connection.execute(_SKILLS, these)}
        for at, skill_id in enumerate(asked.skill_ids):
            if skill_id not in known:
                raise NotFound(field=("requiredSkillIds", str(at)), kind="skill")
            if not known[skill_id] and skill_id not in skills:
                raise no_longer_active(("requiredSkillIds", str(at)), "skill")
            skills.setdefault(skill_id, 1)
    if asked.part_numbers:
        numbers = {"organization_id": organization_id, "numbers": [*asked.part_numbers]}
        found = {row.part_number: row for row in await connection.execute(_PARTS, numbers)}
        for at, number in enumerate(asked.part_numbers):
            if number not in found:
                raise NotFound(field=("partNumbers", str(at)), kind="part")
            key = found[number].id
            if not found[number].active and key not in parts:
                raise no_longer_active(("partNumbers", str(at)), "part")
            parts.setdefault(key, WantedPart(part_id=key, part_number=number, quantity=1, critical=True))
    return skills, tuple(parts.values())


async def _needs_of(connection: AsyncConnection, ticket: Ticket) -> tuple[dict[UUID, int], dict[UUID, WantedPart]]:
    """Return the skills and the parts that a ticket asks for."""
    values = {"organization_id": ticket.organization_id, "ticket_id": ticket.id}
    row = (await connection.execute(_TICKET_NEEDS, values)).one()
    parts = {
        UUID(part_id): WantedPart(part_id=UUID(part_id), part_number=number, quantity=quantity, critical=critical)
        for part_id, number, quantity, critical in row.parts or ()
    }
    return {UUID(skill): level for skill, level in row.skills or ()}, parts


async def _one(
    connection: AsyncConnection, query: "sa.TextClause", organization_id: UUID, id_: UUID, field: str, kind: str
) -> Any:
    row = (await connection.execute(query, {"organization_id": organization_id, "id": id_})).one_or_none()
    if row is None:
        raise NotFound(field=(field,), kind=kind)
    return row


def _of_ticket(ticket: Ticket | None) -> tuple[float, float] | None:
    if ticket is None or ticket.latitude is None or ticket.longitude is None:
        return None
    return ticket.latitude, ticket.longitude


def _highest(*needs: Mapping[UUID, int]) -> dict[UUID, int]:
    levels: dict[UUID, int] = {}
    for skill_id, level in _pairs(needs):
        levels[skill_id] = max(level, levels.get(skill_id, level))
    return levels


def _pairs(needs: Iterable[Mapping[UUID, int]]) -> Iterable[tuple[UUID, int]]:
    return (pair for each in needs for pair in each.items())
