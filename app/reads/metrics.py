"""How well the work goes: figures over the tickets and jobs of a time."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.appointments import appointments
from app.db.tables.assignments import assignments
from app.db.tables.base import Moment, Uuid
from app.db.tables.organizations import organization_settings
from app.db.tables.people import technician_territories, technicians
from app.db.tables.sla import sla_clocks
from app.db.tables.tickets import tickets
from app.domain.appointments import AppointmentStatus, Urgency
from app.domain.assignments import AssignmentStatus
from app.reads.reader import Reader
from app.reads.viewers import ORGANIZATION

_OVER = (AppointmentStatus.COMPLETED, AppointmentStatus.NO_SHOW, AppointmentStatus.CANCELLED)
_SECONDS_OF_HOUR: sa.ColumnElement[float] = sa.literal_column("3600.0")
_SECONDS_OF_MINUTE: sa.ColumnElement[float] = sa.literal_column("60.0")
# Clients cannot be told of more: there GraphQL's Int ends.
_MOST_SECONDS = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A time [start, end), and the territories of the tickets that count; None: all."""

    start: datetime
    end: datetime
    territory_ids: tuple[UUID, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Rates lie between 0 and 1; None where there is nothing to count."""

    tickets_created: int
    average_escalations: float | None
    jobs_offered: int
    accept_minutes_median: float | None
    rejection_rate: float | None
    first_time_fix_rate: float | None
    sla_breaches: int
    booking_success_rate: float | None
    no_show_rate: float | None
    recommended_slot_rate: float | None
    wait_hours: float | None
    wait_hours_critical: float | None
    travel_ratio: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeOfTechnician:
    """What one technician did with the jobs that ended: how many, hours as reported, seconds as stamped."""

    technician_id: UUID
    jobs: int
    completed: int
    reported_hours: Decimal
    worked_seconds: int
    rating: float | None
    cost: Decimal | None
    currency: str | None


async def load_figures(reader: Reader, period: Period) -> Figures:
    """Return the figures of a time."""
    created = _tickets(period, tickets.c.created_at).subquery()
    offered = _jobs(period, assignments.c.assigned_at).subquery()
    answered = sa.or_(offered.c.accepted_at.is_not(None), _handed_back(offered))
    waited = sa.extract("epoch", offered.c.accepted_at - offered.c.assigned_at) / _SECONDS_OF_MINUTE
    resolved = _tickets(period, tickets.c.resolved_at).subquery()
    over = _appointments(period, appointments.c.ends_at).where(appointments.c.status.in_(_OVER)).subquery()
    came_about = over.c.status.in_((AppointmentStatus.COMPLETED, AppointmentStatus.NO_SHOW))
    done = _appointments(period, appointments.c.ends_at).subquery()
    booked = _appointments(period, appointments.c.created_at).subquery()
    stands = booked.c.status != AppointmentStatus.CANCELLED
    wait = sa.extract("epoch", booked.c.starts_at - booked.c.created_at) / _SECONDS_OF_HOUR
    length = sa.extract("epoch", done.c.ends_at - done.c.starts_at) / _SECONDS_OF_MINUTE
    way = sa.func.coalesce(sa.func.sum(done.c.travel_minutes), sa.literal_column("0"))
    statement = sa.select(
        sa.select(_share(over.c.status == AppointmentStatus.COMPLETED)).scalar_subquery().label("booking_success_rate"),
        sa.select(_share(over.c.status == AppointmentStatus.NO_SHOW))
        .where(came_about)
        .scalar_subquery()
        .label("no_show_rate"),
        sa.select(_share(booked.c.used_recommended_slot)).scalar_subquery().label("recommended_slot_rate"),
        sa.select(sa.func.avg(wait)).where(stands).scalar_subquery().label("wait_hours"),
        sa.select(sa.func.avg(wait))
        .where(stands, booked.c.urgency == Urgency.CRITICAL)
        .scalar_subquery()
        .label("wait_hours_critical"),
        sa.select(way / (way + sa.func.sum(length)))
        .where(done.c.status == AppointmentStatus.COMPLETED)
        .scalar_subquery()
        .label("travel_ratio"),
        sa.select(sa.func.count()).select_from(created).scalar_subquery().label("tickets_created"),
        sa.select(sa.func.avg(created.c.escalation_count)).scalar_subquery().label("average_escalations"),
        sa.select(sa.func.count()).select_from(offered).scalar_subquery().label("jobs_offered"),
        sa.select(sa.func.percentile_cont(sa.literal_column("0.5")).within_group(waited))
        .where(offered.c.accepted_at.is_not(None))
        .scalar_subquery()
        .label("accept_minutes_median"),
        sa.select(_share(_handed_back(offered))).where(answered).scalar_subquery().label("rejection_rate"),
        sa.select(_share(_visits(resolved) == sa.literal_column("1")))
        .where(_visits(resolved) > sa.literal_column("0"))
        .scalar_subquery()
        .label("first_time_fix_rate"),
        sa.select(sa.func.count()).select_from(_breaches(period)).scalar_subquery().label("sla_breaches"),
    )
    (row,) = await reader.rows(statement)
    return Figures(
        tickets_created=row.tickets_created,
        average_escalations=_float(row.average_escalations),
        jobs_offered=row.jobs_offered,
        accept_minutes_median=_float(row.accept_minutes_median),
        rejection_rate=_float(row.rejection_rate),
        first_time_fix_rate=_float(row.first_time_fix_rate),
        sla_breaches=row.sla_breaches,
        booking_success_rate=_float(row.booking_success_rate),
        no_show_rate=_float(row.no_show_rate),
        recommended_slot_rate=_float(row.recommended_slot_rate),
        wait_hours=_float(row.wait_hours),
        wait_hours_critical=_float(row.wait_hours_critical),
        travel_ratio=_float(row.travel_ratio),
    )


async def load_technicians(reader: Reader, period: Period) -> list[UUID]:
    """Return the active technicians, or those who work in the territories."""
    of, works = technicians.c, technician_territories.alias()
    statement = sa.select(of.id).where(of.organization_id == ORGANIZATION, of.active).order_by(of.id)
    if period.territory_ids is not None:
        statement = statement.where(
            sa.exists().where(
                works.c.organization_id == of.organization_id,
                works.c.technician_id == of.id,
                works.c.territory_id == sa.any_(sa.literal(list(period.territory_ids), sa.ARRAY(Uuid))),
            )
        )
    return [row.id for row in await reader.rows(statement)]


async def load_times(reader: Reader, period: Period) -> list[TimeOfTechnician]:
    """Return what each technician did with the jobs that ended in a time; most hours first."""
    ended = _jobs(period, assignments.c.ended_at).subquery()
    hours = sa.func.coalesce(sa.func.sum(ended.c.time_spent_hours), sa.literal_column("0"))
    settings = organization_settings.c
    rate = sa.select(settings.hourly_rate).where(settings.organization_id == ORGANIZATION).scalar_subquery()
    currency = sa.select(settings.currency).where(settings.organization_id == ORGANIZATION).scalar_subquery()
    statement = (
        sa.select(
            ended.c.technician_id,
            sa.func.count().label("jobs"),
            sa.func.count().filter(ended.c.status == AssignmentStatus.COMPLETED).label("completed"),
            hours.label("reported_hours"),
            sa.func.coalesce(sa.func.sum(ended.c.worked_seconds), sa.literal_column("0")).label("worked_seconds"),
            sa.func.avg(ended.c.customer_rating).label("rating"),
            sa.func.round(hours * rate, sa.literal_column("2")).label("cost"),
            currency.label("currency"),
        )
        .group_by(ended.c.technician_id)
        .order_by(hours.desc(), ended.c.technician_id)
    )
    return [
        TimeOfTechnician(
            technician_id=row.technician_id,
            jobs=row.jobs,
            completed=row.completed,
            reported_hours=Decimal(row.reported_hours),
            worked_seconds=min(int(row.worked_seconds), _MOST_SECONDS),
            rating=_float(row.rating),
            cost=row.cost,
            currency=row.currency,
        )
        for row in await reader.rows(statement)
    ]


def _breaches(period: Period) -> "sa.Subquery":
    clock, of = sla_clocks.c, tickets.c
    same = sa.and_(of.organization_id == clock.organization_id, of.id == clock.ticket_id)
    found = sa.select(clock.id).join_from(sla_clocks, tickets, same)
    ours = found.where(clock.organization_id == ORGANIZATION, of.deleted_at.is_(None))
    return _within(ours, period, clock.breached_at).subquery()


def _tickets(period: Period, column: "sa.ColumnElement[Any]") -> "sa.Select[Any]":
    of = tickets.c
    found = sa.select(tickets).where(of.organization_id == ORGANIZATION, of.deleted_at.is_(None))
    return _within(found, period, column)


def _jobs(period: Period, column: "sa.ColumnElement[Any]") -> "sa.Select[Any]":
    job, of = assignments.c, tickets.c
    same = sa.and_(of.organization_id == job.organization_id, of.id == job.ticket_id)
    found = sa.select(assignments).join_from(assignments, tickets, same)
    return _within(found.where(job.organization_id == ORGANIZATION, of.deleted_at.is_(None)), period, column)


def _appointments(period: Period, column: "sa.ColumnElement[Any]") -> "sa.Select[Any]":
    agreed, of, job = appointments.c, tickets.c, assignments.alias()
    same = sa.and_(of.organization_id == agreed.organization_id, of.id == agreed.ticket_id)
    its_job = sa.and_(job.c.organization_id == agreed.organization_id, job.c.id == agreed.assignment_id)
    found = sa.select(appointments, job.c.travel_minutes).select_from(
        appointments.join(tickets, same).outerjoin(job, its_job)
    )
    return _within(found.where(agreed.organization_id == ORGANIZATION, of.deleted_at.is_(None)), period, column)


def _within(found: "sa.Select[Any]", period: Period, column: "sa.ColumnElement[Any]") -> "sa.Select[Any]":
    start, end = sa.literal(period.start, Moment), sa.literal(period.end, Moment)
    found = found.where(column >= start, column < end)
    if period.territory_ids is None:
        return found
    return found.where(tickets.c.territory_id == sa.any_(sa.literal(list(period.territory_ids), sa.ARRAY(Uuid))))


def _handed_back(jobs: sa.FromClause) -> "sa.ColumnElement[bool]":
    return sa.or_(jobs.c.status == AssignmentStatus.REJECTED, jobs.c.offer_expired_at.is_not(None))


def _visits(resolved: sa.FromClause) -> "sa.ColumnElement[int]":
    """Return how many turns at a ticket work was begun in, 0 where it was resolved without."""
    job = assignments.alias()
    return (
        sa.select(sa.func.count())
        .where(
            job.c.organization_id == resolved.c.organization_id,
            job.c.ticket_id == resolved.c.id,
            job.c.started_at.is_not(None),
        )
        .scalar_subquery()
    )


def _share(condition: "sa.ColumnElement[bool]") -> "sa.ColumnElement[float]":
    return sa.func.avg(sa.case((condition, sa.literal_column("1.0")), else_=sa.literal_column("0.0")))


def _float(value: Any) -> float | None:
    return None if value is None else float(value)
