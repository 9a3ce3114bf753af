"""What the viewer may do with a ticket as it stands: the policy and the life cycle together."""

from typing import Any

from app.domain.policy import Action, Standing, may
from app.domain.tickets import TRANSITIONS, TicketStatus
from app.reads import relations
from resolvers.context import Operation

_ESCALATED = TicketStatus.ESCALATED


async def of_ticket(operation: Operation, ticket: Any) -> dict[str, bool]:
    """Return each permission by its name; clients need no rules of their own."""
    actor = operation.actor
    job = await operation.loaders.one(relations.TICKET_CURRENT_ASSIGNMENT, ticket)
    latest = job or await operation.loaders.one(relations.TICKET_LATEST_ASSIGNMENT, ticket)
    standing = Standing(
        requester_id=ticket.requester_id,
        customer_id=ticket.customer_id,
        technician_id=None if latest is None else latest.technician_id,
    )
    holder = Standing(technician_id=None if job is None else job.technician_id)
    towards_self = Standing(target_technician_id=actor.technician_id, target_team_id=actor.team_id)
    towards_team = Standing(target_team_id=actor.team_id)
    follows = TRANSITIONS[ticket.status]
    free = job is None and TicketStatus.ASSIGNED in follows
    return {
        "update": may(actor, Action.UPDATE_TICKET, standing),
        "assign": free and may(actor, Action.ASSIGN_TICKET, towards_team),
        "assign_self": free and actor.technician_id is not None and may(actor, Action.ASSIGN_TICKET, towards_self),
        "escalate": (job is not None or ticket.status is _ESCALATED) and may(actor, Action.ESCALATE_TICKET, holder),
        "resolve": TicketStatus.RESOLVED in follows and may(actor, Action.CLOSE_TICKET, standing),
        "close": TicketStatus.CLOSED in follows and may(actor, Action.CLOSE_TICKET, standing),
        "reopen": TicketStatus.REOPENED in follows and may(actor, Action.REOPEN_TICKET, standing),
        "delete": may(actor, Action.DELETE_TICKET, standing),
        "comment_internally": may(actor, Action.COMMENT_INTERNALLY, standing),
    }
