"""Giving a ticket to a technician: what assigning, reassigning and escalating have in common."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from app.db import records
from app.db.locks import lock_technicians
from app.db.tables.assignments import assignments
from app.db.timers.setting import set_timer
from app.domain.assignments import Assignment, AssignmentReason, AssignmentStatus, AssignmentType
from app.domain.distances import Distance
from app.domain.eligibility import Requirements, TechnicianFacts, best, overridable, rejections
from app.domain.events import EventType
from app.domain.impact import Impact
from app.domain.organizations import OrganizationSettings, Tier, accept_by
from app.domain.policy import dispatches
from app.domain.refusals import Forbidden, Invalid, NotEligible, NotFound
from app.domain.situations import Situation, job_event, ticket_event
from app.domain.tickets import Ticket, TicketStatus
from app.domain.timers import Timer, TimerKind
from app.services.assignments.candidates import technician_facts
from app.services.assignments.job_step import save_ticket
from app.services.change import Change
from app.services.organization import tiers_of


async def find_technician(
    change: Change,
    ticket: Ticket,
    technician_id: UUID,
    *,
    field: str = "technicianId",
    along_with: Iterable[UUID] = (),
) -> TechnicianFacts:
    """Lock a technician, and the others involved, and read what eligibility asks of them. Raises NotFound."""
    await lock_technicians(change.connection, ticket.organization_id, [technician_id, *along_with])
    found = await technician_facts(change.connection, ticket, technician_id=technician_id, now=change.now)
    if not found:
        raise NotFound(field=(field,), kind="technician")
    return found[0]


def expect_eligible(
    change: Change, technician: TechnicianFacts, needed: Requirements, *, override: bool, field: str = "technicianId"
) -> tuple[str, ...]:
    """Return what was to be said against the technician and is overridden.

    Raises:
        Forbidden: only dispatchers override.
        NotEligible: for every reason, unless all of them may be overridden and are.
    """
    if override and not dispatches(change.actor):
        raise Forbidden(field=("overrideWarnings",), action="override warnings")
    reasons = rejections(technician, needed)
    if reasons and not (override and overridable(reasons)):
        raise NotEligible(field=(field,), reasons=reasons, overridable=overridable(reasons))
    return tuple(reason.message for reason in reasons)


async def choose(
    change: Change, ticket: Ticket, needed: Requirements, *, holders: Iterable[UUID] = ()
) -> TechnicianFacts | None:
    """Return the best technician for a ticket, locked beside the holders of the present job; None: nobody.

    Whoever passes the ticket on does not get it back.
    """
    connection, holding = change.connection, list(holders)
    tier_level = needed.tier_level if needed.exact_tier else None
    candidates = await technician_facts(connection, ticket, tier_level=tier_level, but=holding, now=change.now)
    while (choice := best(candidates, needed)) is not None:
        # The choice was made without locks and must still hold under them. If it does not, they are
        # given back: the next choice's would come after them out of order.
        attempt = await connection.begin_nested()
        await lock_technicians(connection, ticket.organization_id, [choice.id, *holding])
        again = await technician_facts(connection, ticket, technician_id=choice.id, now=change.now)
        if again and not rejections(again[0], needed):
            await attempt.commit()
            return again[0]
        await attempt.rollback()
        candidates = [each for each in candidates if each.id != choice.id]
    await lock_technicians(connection, ticket.organization_id, holding)
    return None


async def tier_of(connection: AsyncConnection, ticket: Ticket, asked: int | None = None) -> Tier:
    """Return the tier that is asked for, else the ticket's, else the lowest. Raises Invalid."""
    tiers = await tiers_of(connection, ticket.organization_id)
    level = asked or ticket.escalation_tier_level or tiers[0].level
    found = [each for each in tiers if each.level == level]
    if not found:
        known = ", ".join(str(each.level) for each in tiers)
        raise Invalid(field=("tierLevel",), problem=f"There is no tier {level}; the tiers are {known}.")
    return found[0]


async def offer(
    change: Change,
    before: Situation,
    ticket: Ticket,
    technician: TechnicianFacts,
    tier: Tier,
    settings: OrganizationSettings,
    *,
    reason: AssignmentReason,
    note: str | None,
    type_: AssignmentType,
    told_as: EventType,
    warnings: tuple[str, ...] = (),
    expires: bool = True,
) -> Assignment:
    """Insert the ticket's next turn, write the ticket as it now stands, tell both; return the job.

    `ticket` is the ticket as it is to be; where that is how it was, nothing is told of it. An offer that does
    not expire stands until somebody answers it, whatever the tier or the settings say.
    """
    connection = change.connection
    turn = before.last
    way = technician.distance
    job = Assignment(
        id=change.new_id(),
        organization_id=ticket.organization_id,
        ticket_id=ticket.id,
        technician_id=technician.id,
        sequence=1 if turn is None else turn.sequence + 1,
        previous_id=None if turn is None else turn.id,
        tier_level=tier.level,
        reason=reason,
        reason_note=note,
        type=type_,
        status=AssignmentStatus.ASSIGNED,
        assigned_by=change.actor.user_id,
        assigned_at=change.now,
        accept_by=accept_by(tier, settings, ticket.priority, offered_at=change.now) if expires else None,
        distance_km=None if way is None else way.km,
        travel_minutes=None if way is None else way.minutes,
        distance_source=None if way is None else way.source,
        created_at=change.now,
        updated_at=change.now,
    )
    await records.insert(connection, assignments, job)
    if job.accept_by is not None:
        timer = Timer(TimerKind.OFFER_EXPIRES, job.organization_id, job.id)
        await set_timer(connection, timer, after=job.accept_by - change.now)
    change.queues.add(technician.id)
    change.impact = Impact(
        tier_level=tier.level,
        technician_id=technician.id,
        accept_by=job.accept_by,
        active_jobs=technician.active_jobs,
        distance=way,
        travel_minutes_delta=_delta(before.job, way),
        warnings=warnings,
    )
    saved = before.ticket if ticket == before.ticket else await save_ticket(change, before.ticket, ticket)
    after = Situation(ticket=saved, job=job, team_id=technician.team_id)
    offered = job_event(
        EventType.JOB_ASSIGNED, None, job, ticket=saved, team_id=technician.team_id, occurred_at=change.now
    )
    change.tell(offered)
    if saved is not before.ticket:
        change.tell(ticket_event(told_as, before, after, occurred_at=change.now))
    return job


def inferred_reason(ticket: Ticket, turn: Assignment | None) -> AssignmentReason:
    """Return why a ticket is given to somebody, as what came before tells."""
    if turn is None:
        return AssignmentReason.INITIAL
    if ticket.status is TicketStatus.REOPENED:
        return AssignmentReason.REOPEN
    if turn.status is AssignmentStatus.REJECTED:
        return AssignmentReason.REJECTION_FOLLOW_UP
    return AssignmentReason.REASSIGNMENT


def _delta(present: Assignment | None, way: Distance | None) -> int | None:
    if way is None or (present is not None and present.travel_minutes is None):
        return None
    return way.minutes - (0 if present is None else present.travel_minutes or 0)
