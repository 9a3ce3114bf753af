"""Who may see which event, and which of its values."""

from dataclasses import replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.domain.assignments import AssignmentStatus
from app.domain.events import API_KEY, QUEUE, SHIFT, TIME_OFF, VIEW, Concerned, Event, FieldChange
from app.domain.people import Actor
from app.domain.policy import Action, Standing, dispatches, is_staff, may, sees_internal

# What only those see who are to go there.
PLACE_FIELDS = frozenset({"address", "latitude", "longitude"})
_COST = frozenset({"cost", "currency"})
# Which of a report's files are internal the log does not say.
INTERNAL_FIELDS = frozenset({"attachments"})


class Sight(StrEnum):
    """What an event means to one viewer."""

    SEEN = "SEEN"
    # What it tells of has left the viewer's sight.
    GONE = "GONE"
    UNSEEN = "UNSEEN"


def sight(actor: Actor, event: Event) -> Sight:
    """Tell whether the actor sees an event; one who saw the row before and not after sees it go.

    What belongs to no ticket (people, stock, settings) is for DISPATCHER and up, a technician's time also for
    the technician; queues are for staff, saved views for their owners and, while they are shared, for staff; API
    keys are for ADMIN.
    """
    if event.kind == API_KEY:
        return Sight.SEEN if may(actor, Action.MANAGE_API_KEYS, Standing()) else Sight.UNSEEN
    if event.kind == QUEUE:
        return Sight.SEEN if may(actor, Action.VIEW_QUEUE, Standing()) else Sight.UNSEEN
    if event.kind == VIEW:
        before, after = _sees_view(actor, event.before), _sees_view(actor, event.after)
        if after or (before and event.after is None):
            return Sight.SEEN
        return Sight.GONE if before else Sight.UNSEEN
    if event.kind in {SHIFT, TIME_OFF}:
        concerned = event.after or event.before or Concerned()
        theirs = Standing(technician_id=concerned.technician_id)
        return Sight.SEEN if may(actor, Action.SUBSCRIBE_JOBS, theirs) else Sight.UNSEEN
    if event.ticket_id is None:
        return Sight.SEEN if dispatches(actor) else Sight.UNSEEN
    before, after = _sees(actor, event.before), _sees(actor, event.after)
    if after or (before and event.after is None):
        return Sight.SEEN
    return Sight.GONE if before else Sight.UNSEEN


def visible_changes(actor: Actor, event: Event, *, place: bool) -> list[FieldChange]:
    """Return the changes without those values that the actor may not see.

    Whether the `place` of the work is theirs to see says the policy's `sees_place` of how the event `stood`.
    """
    shown: list[FieldChange] = list(event.changes)
    if not place:
        shown = [change for change in shown if change.field not in PLACE_FIELDS]
    if not may(actor, Action.SEE_PART_COSTS, Standing()):
        shown = [_without_costs(change) if change.field == "parts_used" else change for change in shown]
    if not sees_internal(actor):
        shown = [change for change in shown if change.field not in INTERNAL_FIELDS]
    return shown


def _without_costs(change: FieldChange) -> FieldChange:
    def plainly(lines: Any) -> Any:
        return lines and [{name: value for name, value in line.items() if name not in _COST} for line in lines]

    return replace(change, old=plainly(change.old), new=plainly(change.new))


def stood(event: Event, *, holder_id: UUID | None, job_status: AssignmentStatus | None) -> Standing:
    """Return how what an event is about stood after it, given whose the ticket's active job is now, if it has one.

    The log does not say whether the job of then is still active: it is if its technician has it.
    """
    concerned = event.after or event.before or Concerned()
    return Standing(
        requester_id=concerned.requester_id,
        customer_id=concerned.customer_id,
        technician_id=concerned.technician_id,
        job_status=job_status if holder_id == concerned.technician_id else None,
    )


def _sees_view(actor: Actor, concerned: Concerned | None) -> bool:
    if concerned is None:
        return False
    owns = actor.user_id is not None and actor.user_id == concerned.requester_id
    return owns or (not concerned.internal and is_staff(actor))


def _sees(actor: Actor, concerned: Concerned | None) -> bool:
    if concerned is None:
        return False
    if concerned.internal and not sees_internal(actor):
        return False
    standing = Standing(requester_id=concerned.requester_id, customer_id=concerned.customer_id)
    return may(actor, Action.VIEW_TICKET, standing)
