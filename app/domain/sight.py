"""Who may see which event, and which of its values."""

from dataclasses import replace
from enum import StrEnum

from app.domain.events import API_KEY, QUEUE, VIEW, Concerned, Event, FieldChange
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

    What belongs to no ticket (people, stock, settings) is for DISPATCHER and up, queues are for staff, saved
    views for their owners and, while they are shared, for staff; API keys are for ADMIN.
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
    if event.ticket_id is None:
        return Sight.SEEN if dispatches(actor) else Sight.UNSEEN
    before, after = _sees(actor, event.before), _sees(actor, event.after)
    if after or (before and event.after is None):
        return Sight.SEEN
    return Sight.GONE if before else Sight.UNSEEN


def visible_changes(actor: Actor, event: Event) -> list[FieldChange]:
    """Return the changes without those values that the actor may not see."""
    shown: list[FieldChange] = list(event.changes)
    if not _sees_place(actor, event.after or event.before or Concerned()):
        shown = [change for change in shown if change.field not in PLACE_FIELDS]
    if not may(actor, Action.SEE_PART_COSTS, Standing()):
        shown = [_without_costs(change) if change.field == "parts_used" else change for change in shown]
    if not sees_internal(actor):
        shown = [change for change in shown if change.field not in INTERNAL_FIELDS]
    return shown


def _without_costs(change: FieldChange) -> FieldChange:
    lines = [{name: value for name, value in line.items() if name not in _COST} for line in change.new or ()]
    return replace(change, new=lines)


def _sees_place(actor: Actor, concerned: Concerned) -> bool:
    # As a ticket shows its address: to whoever asked for it or is its customer's, and to dispatchers.
    if actor.user_id is not None and actor.user_id == concerned.requester_id:
        return True
    if concerned.customer_id in actor.customer_ids and not is_staff(actor):
        return True
    return may(actor, Action.SEE_CUSTOMER_ADDRESS, Standing(technician_id=concerned.technician_id))


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
