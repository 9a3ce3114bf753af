"""The server looks for a technician by itself: the best candidate gets the ticket, or it is told why nobody did."""

from app.domain import tickets as rules
from app.domain.assignments import Assignment, AssignmentReason, AssignmentType
from app.domain.eligibility import counted, ranked
from app.domain.events import EventType, FieldChange, NewEvent
from app.domain.refusals import NoCandidate, Rejection
from app.domain.situations import Situation, concerned, ticket_event
from app.domain.tickets import Ticket, TicketStatus
from app.services.assignments.candidates import requirements, technician_facts
from app.services.assignments.job_step import save_ticket
from app.services.assignments.offering import choose, offer, tier_of
from app.services.change import Change
from app.services.organization import settings_of


async def dispatch(change: Change, ticket: Ticket) -> Assignment | None:
    """Offer a ticket that nobody has to the best candidate; None: nobody is eligible, and the ticket is OPEN.

    Guard: the technician's advisory lock, under which the choice still holds.
    """
    before = Situation(ticket=ticket)
    tier = await tier_of(change.connection, ticket)
    settings = await settings_of(change.connection, ticket.organization_id)
    exact_tier = ticket.escalation_tier_level is not None
    needed = await requirements(
        change.connection, ticket, settings, tier_level=tier.level, exact_tier=exact_tier
    )  # fmt: skip
    chosen = await choose(change, ticket, needed)
    if chosen is None:
        opened = await save_ticket(change, ticket, rules.move(ticket, TicketStatus.OPEN, now=change.now))
        after = Situation(ticket=opened)
        change.tell(ticket_event(EventType.TICKET_STATUS_CHANGED, before, after, occurred_at=change.now))
        facts = await technician_facts(change.connection, ticket, now=change.now)
        reasons = counted(ranked(facts, needed))
        change.no_candidate = NoCandidate(reasons=reasons)
        change.tell(dispatch_failed(change, after, reasons))
        return None
    job = await offer(
        change,
        before,
        rules.move(ticket, TicketStatus.ASSIGNED, now=change.now),
        chosen,
        tier,
        settings,
        reason=AssignmentReason.AUTO_DISPATCH,
        note=None,
        type_=AssignmentType.AUTO,
        told_as=EventType.TICKET_STATUS_CHANGED,
    )
    # Nobody weighed this job against another: the ticket is what is asked for.
    change.impact = None
    return job


def dispatch_failed(change: Change, after: Situation, reasons: tuple[Rejection, ...]) -> NewEvent:
    """Tell that nobody was found, and how many fell out for what."""
    told = [{"constraint": each.constraint.value, "count": each.count, "message": each.message} for each in reasons]
    return NewEvent(
        type=EventType.DISPATCH_FAILED,
        kind="Ticket",
        id=after.ticket.id,
        version=after.ticket.version,
        ticket_id=after.ticket.id,
        occurred_at=change.now,
        before=concerned(after.ticket, None, None),
        after=concerned(after.ticket, None, None),
        changes=(FieldChange(field="rejections", old=None, new=told),),
    )
