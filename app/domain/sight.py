"""Who may see which event, and which of its values."""

from enum import StrEnum

from app.domain.events import Concerned, Event, FieldChange
from app.domain.people import Actor
from app.domain.policy import Action, Standing, dispatches, is_staff, may, sees_internal

_PLACE = frozenset({"address", "latitude", "longitude"})


class Sight(StrEnum):
    """What an event means to one viewer."""

    SEEN = "SEEN"
    # What it tells of has left the viewer's sight.
    GONE = "GONE"
    UNSEEN = "UNSEEN"


def sight(actor: Actor, event: Event) -> Sight:
    """Tell whether the actor sees an event; one who saw the row before and not after sees it go.

    What belongs to no ticket (people, stock, settings) is for DISPATCHER and up.
    """
    if event.ticket_id is None:
        return Sight.SEEN if dispatches(actor) else Sight.UNSEEN
    before, after = _sees(actor, event.before), _sees(actor, event.after)
    if after or (before and event.after is None):
        return Sight.SEEN
    return Sight.GONE if before else Sight.UNSEEN


def visible_changes(actor: Actor, event: Event) -> list[FieldChange]:
    """Return the changes without those whose values the actor may not see."""
    if _sees_place(actor, event.after or event.before or Concerned()):
        return list(event.changes)
    return [change for change in event.changes if change.field not in _PLACE]


def _sees_place(actor: Actor, concerned: Concerned) -> bool:
    # As a ticket shows its address: to whoever asked for it or is its customer's, and to dispatchers.
    if actor.user_id is not None and actor.user_id == concerned.requester_id:
        return True
    if concerned.customer_id in actor.customer_ids and not is_staff(actor):
        return True
    return may(actor, Action.SEE_CUSTOMER_ADDRESS, Standing(technician_id=concerned.technician_id))


def _sees(actor: Actor, concerned: Concerned | None) -> bool:
    if concerned is None:
        return False
    if concerned.internal and not sees_internal(actor):
        return False
    standing = Standing(requester_id=concerned.requester_id, customer_id=concerned.customer_id)
    return may(actor, Action.VIEW_TICKET, standing)
