"""The technicians beside a ticket: what it asks of them, and how they stand at the moment."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.tables.assignments import assignments
from app.db.tables.availability import shift_breaks, shifts, time_off
from app.db.tables.base import Moment, Uuid
from app.db.tables.organizations import skills
from app.db.tables.people import technician_skills, technician_territories, technicians, users
from app.db.tables.tickets import ticket_required_skills
from app.domain.assignments import ACTIVE, AssignmentStatus
from app.domain.distances import estimated
from app.domain.eligibility import Candidate, Requirements, TechnicianFacts, ranked
from app.domain.organizations import OrganizationSettings
from app.domain.tickets import Ticket
from app.services.organization import first_level, settings_of

# A technician's dates are those of the first of their territories, else the organisation's.
_LOCAL_ZONE = """(
    SELECT coalesce((
        SELECT place.time_zone FROM technician_territories AS works
        JOIN territories AS place ON place.organization_id = works.organization_id AND place.id = works.territory_id
        WHERE works.organization_id = whose.organization_id AND works.technician_id = whose.id
        ORDER BY place.name, place.id LIMIT 1
    ), home.time_zone)
    FROM organizations AS home WHERE home.organization_id = whose.organization_id
)"""
_SELECT_SKILLS = (
    sa.select(ticket_required_skills.c.skill_id, ticket_required_skills.c.level, skills.c.name)
    .join_from(
        ticket_required_skills,
        skills,
        sa.and_(
            skills.c.organization_id == ticket_required_skills.c.organization_id,
            skills.c.id == ticket_required_skills.c.skill_id,
        ),
    )
    .where(
        ticket_required_skills.c.organization_id == sa.bindparam("organization_id"),
        ticket_required_skills.c.ticket_id == sa.bindparam("ticket_id"),
    )
)
_GIVEN_BACK = (AssignmentStatus.REJECTED, AssignmentStatus.REASSIGNED, AssignmentStatus.CANCELLED)


async def candidates_for(connection: AsyncConnection, ticket: Ticket, *, now: datetime) -> list[Candidate]:
    """Return every technician beside the ticket, the eligible first and best first."""
    level = ticket.escalation_tier_level or await first_level(connection, ticket.organization_id)
    settings = await settings_of(connection, ticket.organization_id)
    needed = await requirements(connection, ticket, settings, tier_level=level, exact_tier=False)
    return ranked(await technician_facts(connection, ticket, now=now), needed)


async def requirements(
    connection: AsyncConnection, ticket: Ticket, settings: OrganizationSettings, *, tier_level: int, exact_tier: bool
) -> Requirements:
    """Return what the ticket asks of its technician at this tier."""
    values = {"organization_id": ticket.organization_id, "ticket_id": ticket.id}
    rows = (await connection.execute(_SELECT_SKILLS, values)).all()
    return Requirements(
        tier_level=tier_level,
        exact_tier=exact_tier,
        territory_id=ticket.territory_id,
        max_jobs_per_day=settings.max_jobs_per_day,
        skills={row.skill_id: row.level for row in rows},
        skill_names={row.skill_id: row.name for row in rows},
    )


async def technician_facts(
    connection: AsyncConnection,
    ticket: Ticket,
    *,
    now: datetime,
    technician_id: UUID | None = None,
    tier_level: int | None = None,
    but: Iterable[UUID] = (),
) -> list[TechnicianFacts]:
    """Return what eligibility asks at this moment of one technician, of a tier's or of all, ordered by id.

    Those in `but` are left out.
    """
    query = _select_facts(technician_id is not None, tier_level is not None)
    values = {
        "organization_id": ticket.organization_id,
        "ticket_id": ticket.id,
        "now": now,
        "but": list(but),
        **({} if technician_id is None else {"technician_id": technician_id}),
        **({} if tier_level is None else {"tier_level": tier_level}),
    }
    return [_facts(row, ticket) for row in (await connection.execute(query, values)).mappings()]


@cache
def _select_facts(one: bool, one_tier: bool) -> "sa.Select[Any]":
    of = technicians.alias("whose")
    query = (
        sa.select(
            of.c.id,
            users.c.name,
            (of.c.active & users.c.active).label("active"),
            of.c.tier_level,
            of.c.team_id,
            of.c.user_id,
            of.c.home_latitude,
            of.c.home_longitude,
            *_of_jobs(of),
            *_of_time(of),
            *_of_ability(of),
        )
        .join_from(
            of,
            users,
            sa.and_(users.c.organization_id == of.c.organization_id, users.c.id == of.c.user_id),
        )
        .where(
            of.c.organization_id == sa.bindparam("organization_id"),
            of.c.id != sa.all_(sa.bindparam("but", type_=sa.ARRAY(Uuid))),
        )
        .order_by(of.c.id)
    )
    if one:
        query = query.where(of.c.id == sa.bindparam("technician_id"))
    if one_tier:
        query = query.where(of.c.tier_level == sa.bindparam("tier_level"))
    return query


def _now() -> "sa.BindParameter[datetime]":
    return sa.bindparam("now", type_=Moment)


def _today() -> "sa.ColumnElement[Any]":
    zone: sa.ColumnElement[Any] = sa.literal_column(_LOCAL_ZONE)
    return sa.cast(sa.func.timezone(zone, _now()), sa.Date)


def _of_jobs(of: sa.FromClause) -> "list[sa.ColumnElement[Any]]":
    job = assignments.c
    mine = (job.organization_id == of.c.organization_id) & (job.technician_id == of.c.id)
    zone: sa.ColumnElement[Any] = sa.literal_column(_LOCAL_ZONE)
    midnight = sa.func.timezone(zone, sa.cast(_today(), sa.DateTime))
    this = mine & (job.ticket_id == sa.bindparam("ticket_id", type_=Uuid))
    return [
        _today().label("today"),
        sa.select(sa.func.count()).where(mine, job.status.in_(ACTIVE)).scalar_subquery().label("active_jobs"),
        sa.select(sa.func.count())
        .where(mine, job.assigned_at >= midnight, job.status.not_in(_GIVEN_BACK))
        .scalar_subquery()
        .label("jobs_today"),
        sa.exists().where(this, job.status == AssignmentStatus.REJECTED).label("has_rejected"),
        sa.exists().where(this, job.offer_expired_at.is_not(None)).label("let_expire"),
    ]


def _of_time(of: sa.FromClause) -> "list[sa.ColumnElement[Any]]":
    at, shift, rest, off = _now(), shifts.c, shift_breaks.c, time_off.c
    mine = (shift.organization_id == of.c.organization_id) & (shift.technician_id == of.c.id)
    resting = sa.exists().where(
        rest.organization_id == shift.organization_id,
        rest.shift_id == shift.id,
        rest.starts_at <= at,
        rest.ends_at > at,
    )
    working = sa.exists().where(mine, shift.starts_at <= at, shift.ends_at > at, ~resting)
    return [
        sa.case((sa.exists().where(mine), working), else_=sa.null()).label("on_shift"),
        sa.exists()
        .where(
            off.organization_id == of.c.organization_id,
            off.technician_id == of.c.id,
            off.starts_at <= at,
            off.ends_at > at,
        )
        .label("on_time_off"),
    ]


def _of_ability(of: sa.FromClause) -> "list[sa.ColumnElement[Any]]":
    known, works = technician_skills.c, technician_territories.c
    mine = (known.organization_id == of.c.organization_id, known.technician_id == of.c.id)
    return [
        sa.select(sa.func.jsonb_object_agg(known.skill_id, known.level)).where(*mine).scalar_subquery().label("skills"),
        sa.select(sa.func.jsonb_object_agg(known.skill_id, known.expires_on))
        .where(*mine, known.expires_on.is_not(None))
        .scalar_subquery()
        .label("certified_until"),
        sa.select(sa.func.array_agg(works.territory_id))
        .where(works.organization_id == of.c.organization_id, works.technician_id == of.c.id)
        .scalar_subquery()
        .label("territories"),
    ]


def _facts(row: "Mapping[Any, Any]", ticket: Ticket) -> TechnicianFacts:
    values = dict(row)
    home = (values.pop("home_latitude"), values.pop("home_longitude"))
    certified: Mapping[str, str] = values.pop("certified_until") or {}
    known: Mapping[str, int] = values.pop("skills") or {}
    facts = TechnicianFacts(
        **{**values, "territories": frozenset(values["territories"] or ())},
        skills={UUID(skill_id): level for skill_id, level in known.items()},
        certified_until={UUID(skill_id): date.fromisoformat(ends) for skill_id, ends in certified.items()},
    )
    if None in home or ticket.latitude is None or ticket.longitude is None:
        return facts
    return replace(facts, distance=estimated(home, (ticket.latitude, ticket.longitude)))
