"""Who sees which event, what has gone from whose sight, and which values are kept back."""

from typing import Any
from uuid import UUID

import pytest

from app.domain.assignments import ACTIVE, AssignmentStatus
from app.domain.events import Concerned, Event, EventType, FieldChange
from app.domain.people import Actor, EventSource, Role
from app.domain.policy import sees_place
from app.domain.sight import Sight, sight, stood, visible_changes
from tests.domain.life_cycles import NOW

ME, MINE, OTHER, OTHERS, TICKET = (UUID(int=n) for n in range(1, 6))
STAFF = [role for role in Role if role is not Role.END_USER]
DISPATCH = [Role.DISPATCHER, Role.TEAM_LEAD, Role.MANAGER, Role.ADMIN]
BELOW = [role for role in Role if role not in DISPATCH]

REQUESTED = Concerned(requester_id=ME)
OF_MY_CUSTOMER = Concerned(requester_id=OTHER, customer_id=MINE)
FOREIGN = Concerned(requester_id=OTHER, customer_id=OTHERS)
SECRET = Concerned(requester_id=ME, customer_id=MINE, internal=True)


def actor(*roles: Role, **values: Any) -> Actor:
    """Return a user who belongs to one customer."""
    known = {"organization_id": UUID(int=9), "user_id": ME, "customer_ids": frozenset({MINE}), **values}
    return Actor(roles=frozenset(roles), **known)


def event(before: Concerned | None, after: Concerned | None, **values: Any) -> Event:
    """Return an event of a ticket, unless it says otherwise."""
    plain: dict[str, Any] = {
        "organization_id": UUID(int=9),
        "position": 1,
        "id": UUID(int=20),
        "change_id": UUID(int=21),
        "type": EventType.TICKET_STATUS_CHANGED,
        "payload_version": 1,
        "kind": "Ticket",
        "subject_id": TICKET,
        "version": 2,
        "ticket_id": TICKET,
        "assignment_id": None,
        "actor_id": None,
        "source": EventSource.API,
        "ip_address": None,
        "occurred_at": NOW,
        "recorded_at": NOW,
    }
    return Event(before=before, after=after, **{**plain, **values})


@pytest.mark.parametrize("role", STAFF)
@pytest.mark.parametrize("concerned", [REQUESTED, OF_MY_CUSTOMER, FOREIGN, SECRET, Concerned()])
def test_staff_sees_every_event_of_a_ticket(role: Role, concerned: Concerned) -> None:
    for before, after in ((None, concerned), (concerned, concerned), (concerned, None)):
        assert sight(actor(role), event(before, after)) is Sight.SEEN


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, REQUESTED, Sight.SEEN),
        (None, OF_MY_CUSTOMER, Sight.SEEN),
        (None, FOREIGN, Sight.UNSEEN),
        (None, Concerned(), Sight.UNSEEN),
        (REQUESTED, OF_MY_CUSTOMER, Sight.SEEN),
        (FOREIGN, OF_MY_CUSTOMER, Sight.SEEN),
        (OF_MY_CUSTOMER, FOREIGN, Sight.GONE),
        (REQUESTED, FOREIGN, Sight.GONE),
        (FOREIGN, FOREIGN, Sight.UNSEEN),
        (REQUESTED, None, Sight.SEEN),
        (FOREIGN, None, Sight.UNSEEN),
        (None, None, Sight.UNSEEN),
        (None, SECRET, Sight.UNSEEN),
        (SECRET, SECRET, Sight.UNSEEN),
        (SECRET, None, Sight.UNSEEN),
        (SECRET, REQUESTED, Sight.SEEN),
        (REQUESTED, SECRET, Sight.GONE),
    ],
)
def test_a_customer_sees_their_own_and_sees_it_go(
    before: Concerned | None, after: Concerned | None, expected: Sight
) -> None:
    assert sight(actor(Role.END_USER), event(before, after)) is expected


@pytest.mark.parametrize("before", [None, REQUESTED])
def test_without_a_role_nothing_is_seen(before: Concerned | None) -> None:
    assert sight(actor(), event(before, REQUESTED)) is Sight.UNSEEN


@pytest.mark.parametrize("role", Role)
def test_what_belongs_to_no_ticket_is_for_dispatchers_and_up(role: Role) -> None:
    seen = sight(actor(role), event(REQUESTED, REQUESTED, ticket_id=None, kind="Part"))
    assert seen is (Sight.SEEN if role in DISPATCH else Sight.UNSEEN)


@pytest.mark.parametrize("kind", ["Shift", "TimeOff"])
@pytest.mark.parametrize("role", Role)
def test_whose_time_it_is_sees_what_becomes_of_it_and_so_do_dispatchers(role: Role, kind: str) -> None:
    mine, theirs = (Concerned(technician_id=each, internal=True) for each in (UUID(int=30), UUID(int=31)))
    viewer = actor(role, technician_id=mine.technician_id)
    for concerned, reaches in ((mine, STAFF), (theirs, DISPATCH)):
        for before, after in ((None, concerned), (concerned, concerned), (concerned, None)):
            told = sight(viewer, event(before, after, ticket_id=None, kind=kind))
            assert told is (Sight.SEEN if role in reaches else Sight.UNSEEN)


PLACE = ["address", "latitude", "longitude"]


def fields_seen(viewer: Actor, concerned: Concerned, **job: Any) -> set[str]:
    """Return the fields whose values the viewer is told, while the ticket has this active job."""
    changes = tuple(FieldChange(field=name, old=None, new="x") for name in ("title", *PLACE))
    told = event(None, concerned, changes=changes)
    place = sees_place(viewer, stood(told, **{"holder_id": None, "job_status": None, **job}))
    return {change.field for change in visible_changes(viewer, told, place=place)}


@pytest.mark.parametrize("role", DISPATCH)
def test_dispatchers_are_told_where_every_ticket_is(role: Role) -> None:
    assert fields_seen(actor(role), FOREIGN) == {"title", *PLACE}


@pytest.mark.parametrize("role", BELOW)
def test_others_are_told_where_a_ticket_is_only_if_they_asked_for_it(role: Role) -> None:
    assert fields_seen(actor(role), REQUESTED) == {"title", *PLACE}
    assert fields_seen(actor(role), FOREIGN) == {"title"}


def test_a_customers_colleagues_are_told_where_its_tickets_are() -> None:
    assert fields_seen(actor(Role.END_USER), OF_MY_CUSTOMER) == {"title", *PLACE}
    assert fields_seen(actor(Role.TECHNICIAN), OF_MY_CUSTOMER) == {"title"}


def test_a_job_of_the_past_does_not_tell_a_technician_where_it_was() -> None:
    technician = UUID(int=30)
    viewer = actor(Role.TECHNICIAN, technician_id=technician)
    past = Concerned(technician_id=technician, requester_id=OTHER)
    assert fields_seen(viewer, past) == {"title"}
    assert fields_seen(viewer, past, holder_id=UUID(int=31), job_status=AssignmentStatus.ACCEPTED) == {"title"}


@pytest.mark.parametrize("status", AssignmentStatus)
def test_a_technician_is_told_where_a_job_is_while_they_have_it(status: AssignmentStatus) -> None:
    technician = UUID(int=30)
    viewer = actor(Role.TECHNICIAN, technician_id=technician)
    seen = fields_seen(viewer, Concerned(technician_id=technician), holder_id=technician, job_status=status)
    assert seen == ({"title", *PLACE} if status in ACTIVE else {"title"})
    # What was told of it before it was theirs is not.
    assert fields_seen(viewer, Concerned(), holder_id=technician, job_status=status) == {"title"}


def test_somebody_without_a_user_requested_nothing() -> None:
    assert fields_seen(actor(Role.TECHNICIAN, user_id=None), Concerned()) == {"title"}


@pytest.mark.parametrize("role", Role)
def test_what_parts_cost_is_told_to_staff_alone(role: Role) -> None:
    line = {"part_number": "SEAL-1", "quantity": 2, "cost": "9.00", "currency": "EUR"}
    used = FieldChange(field="parts_used", old=None, new=[line])
    (told,) = visible_changes(actor(role), event(None, REQUESTED, changes=(used,)), place=True)
    kept = {"part_number": "SEAL-1", "quantity": 2} if role is Role.END_USER else line
    assert told.new == [kept]
