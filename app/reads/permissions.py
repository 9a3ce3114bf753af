"""What the viewer may do with a ticket, in SQL: the same table of rights as `app.domain.policy` reads."""

from collections.abc import Mapping

import sqlalchemy as sa

from app.db.tables.assignments import assignments
from app.domain.assignments import ACTIVE
from app.domain.policy import RIGHTS, Action, Scope, Visibility
from app.domain.tickets import TRANSITIONS, TicketStatus
from app.reads.viewers import (
    ASSIGNS,
    ASSIGNS_SELF,
    VIEWER_CUSTOMERS,
    VIEWER_TECHNICIAN,
    VIEWER_USER,
    reaches,
)


class NotOfTickets(Exception):
    """A right reaches as far as no ticket tells."""


def on_ticket(
    ticket: sa.FromClause, _visibility: Visibility
) -> "tuple[sa.FromClause, Mapping[str, sa.ColumnElement[bool]]]":
    """Return what the verdicts are selected from, and each verdict by its name in TicketPermissions."""
    jobs = _jobs(ticket)
    last = sa.func.coalesce(jobs.c.holder_id, jobs.c.latest_id)

    def may(action: Action, technician_id: "sa.ColumnElement[object]" = last) -> "sa.ColumnElement[bool]":
        return _may(action, ticket, technician_id)

    free = jobs.c.holder_id.is_(None) & _may_become(ticket, TicketStatus.ASSIGNED)
    climbs = jobs.c.holder_id.is_not(None) | _is(ticket, TicketStatus.ESCALATED)
    return jobs, {
        "update": may(Action.UPDATE_TICKET),
        "assign": free & ASSIGNS,
        "assign_self": free & ASSIGNS_SELF,
        "escalate": climbs & may(Action.ESCALATE_TICKET, jobs.c.holder_id),
        "resolve": _may_become(ticket, TicketStatus.RESOLVED) & may(Action.CLOSE_TICKET),
        "close": _may_become(ticket, TicketStatus.CLOSED) & may(Action.CLOSE_TICKET),
        "reopen": _may_become(ticket, TicketStatus.REOPENED) & may(Action.REOPEN_TICKET),
        "delete": may(Action.DELETE_TICKET),
        "comment_internally": may(Action.COMMENT_INTERNALLY),
    }


def _jobs(ticket: sa.FromClause) -> "sa.Subquery":
    """Return the technicians of the ticket's active job and of its latest one."""
    job = assignments.alias()
    of_ticket = (job.c.organization_id == ticket.c.organization_id, job.c.ticket_id == ticket.c.id)
    held = sa.select(job.c.technician_id).where(*of_ticket, job.c.status.in_(ACTIVE))
    latest = sa.select(job.c.technician_id).where(*of_ticket).order_by(job.c.sequence.desc()).limit(1)
    return sa.select(
        held.correlate(ticket).scalar_subquery().label("holder_id"),
        latest.correlate(ticket).scalar_subquery().label("latest_id"),
    ).subquery()


def _may(action: Action, ticket: sa.FromClause, technician_id: "sa.ColumnElement[object]") -> "sa.ColumnElement[bool]":
    far = set(RIGHTS[action].values()) - {Scope.NONE}
    return sa.or_(*(reaches(action, scope) & _covers(scope, ticket, technician_id) for scope in sorted(far)))


def _covers(scope: Scope, ticket: sa.FromClause, technician_id: "sa.ColumnElement[object]") -> "sa.ColumnElement[bool]":
    requested = ticket.c.requester_id == VIEWER_USER
    assigned = technician_id == VIEWER_TECHNICIAN
    match scope:
        case Scope.ALL:
            return sa.true()
        case Scope.OWN:
            return requested | (ticket.c.customer_id == sa.any_(VIEWER_CUSTOMERS))
        case Scope.REQUESTED:
            return requested
        case Scope.ASSIGNED:
            return assigned
        case Scope.INVOLVED:
            return requested | assigned
        case _:
            raise NotOfTickets(scope)


def _may_become(ticket: sa.FromClause, status: TicketStatus) -> "sa.ColumnElement[bool]":
    return ticket.c.status.in_([before for before, after in TRANSITIONS.items() if status in after])


def _is(ticket: sa.FromClause, status: TicketStatus) -> "sa.ColumnElement[bool]":
    return ticket.c.status == status
