"""The role matrix and the rights below it, cell by cell, from a table written apart from the policy's."""

from collections.abc import Iterator
from dataclasses import replace
from typing import cast
from uuid import UUID

import pytest

from app.domain.assignments import AssignmentStatus
from app.domain.people import Actor, Role
from app.domain.policy import (
    RIGHTS,
    Action,
    Scope,
    Standing,
    Visibility,
    dispatches,
    is_staff,
    may,
    scopes,
    sees_internal,
    visibility_class,
)

ORGANIZATION, ME, MY_TECHNICIAN, MY_TEAM, MY_CUSTOMER = (UUID(int=n) for n in range(1, 6))
OTHER, OTHER_TECHNICIAN, OTHER_TEAM, OTHER_CUSTOMER = (UUID(int=n) for n in range(11, 15))

# Written from the rules. Columns: END_USER, TECHNICIAN, SENIOR_TECHNICIAN, DISPATCHER, TEAM_LEAD,
# MANAGER, ADMIN. The words are explained by GRANTED.
MATRIX = """
CREATE_TICKET         new-own    all       all       all  all  all  all
VIEW_TICKET           own        all       all       all  all  all  all
UPDATE_TICKET         own        job       all       all  all  all  all
MOVE_TICKET           -          job       all       all  all  all  all
ASSIGN_TICKET         -          self      team      all  all  all  all
CLOSE_TICKET          -          job       all       all  all  all  all
DELETE_TICKET         -          -         -         -    -    -    all
ESCALATE_TICKET       -          job       all       all  all  all  all
REOPEN_TICKET         requester  party     all       all  all  all  all
WORK_JOB              -          job       job       job  job  job  job
COMMENT               own        all       all       all  all  all  all
MODERATE              -          -         -         -    -    all  all
COMMENT_INTERNALLY    -          all       all       all  all  all  all
ATTACH_FILE           own        all       all       all  all  all  all
DELETE_FILE           requester  requester requester all  all  all  all
SEE_INTERNAL          -          all       all       all  all  all  all
SEE_PART_COSTS        -          all       all       all  all  all  all
SEE_METRICS           -          -         -         all  all  all  all
VIEW_JOB              own        all       all       all  all  all  all
VIEW_QUEUE            -          all       all       all  all  all  all
REORDER_QUEUE         -          job       job       all  all  all  all
SET_AVAILABILITY      -          job       job       all  all  all  all
REPORT_LOCATION       -          job       job       job  job  job  job
RATE_JOB              requester  requester requester requester requester requester requester
BOOK_SLOT             own        all       all       all  all  all  all
SUBSCRIBE_BOARD       -          -         -         all  all  all  all
SUBSCRIBE_JOBS        -          job       job       all  all  all  all
SUBSCRIBE_TICKET      own        all       all       all  all  all  all
SHARE_VIEW            -          all       all       all  all  all  all
MANAGE_VIEWS          -          -         -         -    -    all  all
FOLLOW_LOG            per-event  per-event per-event all  all  all  all
SEE_CUSTOMER_ADDRESS  -          active-job active-job all all all  all
SEE_LIVE_POSITION     on-the-way on-the-way on-the-way all all all  all
SEE_AUDIT_IP          -          -         -         -    -    all  all
SEE_DELETED_VALUES    -          -         -         -    -    all  all
MANAGE_SETTINGS       -          -         -         -    -    all  all
MANAGE_PEOPLE         -          -         -         -    -    all  all
MANAGE_STOCK          -          -         -         -    -    all  all
MANAGE_API_KEYS       -          -         -         -    -    -    all
MANAGE_ROLES          -          -         -         -    -    -    all
EXPORT_PERSON         requester  requester requester requester requester requester all
ERASE_PERSON          -          -         -         -    -    -    all
"""

SITUATIONS: dict[str, Standing | None] = {
    "in general": None,
    "nothing known": Standing(),
    "strangers'": Standing(
        requester_id=OTHER,
        customer_id=OTHER_CUSTOMER,
        technician_id=OTHER_TECHNICIAN,
        job_status=AssignmentStatus.IN_PROGRESS,
        target_technician_id=OTHER_TECHNICIAN,
        target_team_id=OTHER_TEAM,
    ),
    "requested": Standing(requester_id=ME, technician_id=OTHER_TECHNICIAN),
    "requested for a stranger": Standing(requester_id=ME, customer_id=OTHER_CUSTOMER),
    "requested and coming": Standing(requester_id=ME, job_status=AssignmentStatus.EN_ROUTE),
    "my customer's": Standing(requester_id=OTHER, customer_id=MY_CUSTOMER),
    "my active job": Standing(technician_id=MY_TECHNICIAN, job_status=AssignmentStatus.ACCEPTED),
    "my finished job": Standing(technician_id=MY_TECHNICIAN, job_status=AssignmentStatus.COMPLETED),
    "towards me": Standing(technician_id=OTHER_TECHNICIAN, target_technician_id=MY_TECHNICIAN),
    "towards my team": Standing(target_technician_id=OTHER_TECHNICIAN, target_team_id=MY_TEAM),
}

REQUESTED = {"requested", "requested for a stranger", "requested and coming"}
MY_JOBS = {"my active job", "my finished job"}
GRANTED: dict[str, set[str]] = {
    "-": set(),
    "all": set(SITUATIONS),
    "own": {"in general", "my customer's"} | REQUESTED,
    "new-own": {"in general", "my customer's", "requested", "requested and coming"},
    "requester": {"in general"} | REQUESTED,
    "on-the-way": {"in general", "requested and coming"},
    "job": {"in general"} | MY_JOBS,
    "active-job": {"in general", "my active job"},
    "party": {"in general"} | REQUESTED | MY_JOBS,
    "self": {"in general", "towards me"},
    "team": {"in general", "towards me", "towards my team"},
    "per-event": {"in general"},
}


def actor(*roles: Role) -> Actor:
    return Actor(
        organization_id=ORGANIZATION,
        user_id=ME,
        roles=frozenset(roles),
        technician_id=MY_TECHNICIAN,
        team_id=MY_TEAM,
        customer_ids=frozenset({MY_CUSTOMER}),
    )


def granted(whom: Actor, action: Action) -> set[str]:
    return {name for name, standing in SITUATIONS.items() if may(whom, action, standing)}


def cells() -> Iterator[tuple[Action, Role, str]]:
    columns = (
        Role.END_USER,
        Role.TECHNICIAN,
        Role.SENIOR_TECHNICIAN,
        Role.DISPATCHER,
        Role.TEAM_LEAD,
        Role.MANAGER,
        Role.ADMIN,
    )
    for line in MATRIX.split("\n"):
        if line:
            action, *words = line.split()
            for role, word in zip(columns, words, strict=True):
                yield Action(action), role, word


CELLS = list(cells())


@pytest.mark.parametrize(
    ("action", "role", "word"), CELLS, ids=[f"{role}-{action}-{word}" for action, role, word in CELLS]
)
def test_a_role_may_do_what_its_cell_says_and_nothing_else(action: Action, role: Role, word: str) -> None:
    assert granted(actor(role), action) == GRANTED[word]


def test_every_action_has_a_cell_for_every_role() -> None:
    assert {(action, role) for action, row in RIGHTS.items() for role in row} == {
        (action, role) for action in Action for role in Role
    }


def test_the_tests_above_look_at_every_cell() -> None:
    assert sorted((action, role) for action, role, _ in CELLS) == sorted(
        (action, role) for action in Action for role in Role
    )


def test_no_two_reaches_look_alike_in_the_situations_tried() -> None:
    seen = [frozenset(situations) for situations in GRANTED.values()]

    assert len(set(seen)) == len(seen) == len(Scope)


def test_rights_cannot_be_changed_at_run_time() -> None:
    row = cast("dict[Role, Scope]", RIGHTS[Action.DELETE_TICKET])

    with pytest.raises(TypeError):
        row[Role.END_USER] = Scope.ALL


@pytest.mark.parametrize("action", Action)
def test_no_role_may_nothing(action: Action) -> None:
    assert granted(actor(), action) == set()


@pytest.mark.parametrize("action", Action)
def test_an_unknown_role_may_nothing(action: Action) -> None:
    stranger = replace(actor(), roles=cast("frozenset[Role]", frozenset({"SUPERVISOR"})))

    assert granted(stranger, action) == set()


@pytest.mark.parametrize("action", Action)
def test_several_roles_may_what_any_of_them_may(action: Action) -> None:
    for one in Role:
        for other in Role:
            together = granted(actor(one, other), action)
            assert together == granted(actor(one), action) | granted(actor(other), action)


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("role", Role)
def test_someone_of_whom_nothing_is_known_owns_nothing(action: Action, role: Role) -> None:
    nobody = Actor(organization_id=ORGANIZATION, user_id=None, roles=frozenset({role}))

    assert may(nobody, action, Standing()) == (scopes(nobody, action) == {Scope.ALL})


def test_a_technician_role_without_a_technician_works_on_nothing() -> None:
    clerk = replace(actor(Role.TECHNICIAN), technician_id=None, team_id=None)

    assert not may(clerk, Action.WORK_JOB)
    assert not may(clerk, Action.ASSIGN_TICKET)
    assert not may(clerk, Action.SEE_CUSTOMER_ADDRESS)


def test_a_senior_technician_without_a_team_may_still_take_a_ticket() -> None:
    loner = replace(actor(Role.SENIOR_TECHNICIAN), team_id=None)

    assert granted(loner, Action.ASSIGN_TICKET) == {"in general", "towards me"}


def test_an_admin_does_not_work_on_the_job_of_another() -> None:
    job = Standing(technician_id=OTHER_TECHNICIAN, job_status=AssignmentStatus.ASSIGNED)

    assert not may(actor(*Role), Action.WORK_JOB, job)


def test_a_ticket_for_a_customer_and_a_colleague_of_ours_may_be_created() -> None:
    ticket = Standing(requester_id=OTHER, customer_id=MY_CUSTOMER)

    assert may(actor(Role.END_USER), Action.CREATE_TICKET, ticket)


def test_naming_oneself_as_requester_does_not_open_another_customer() -> None:
    ticket = Standing(requester_id=ME, customer_id=OTHER_CUSTOMER)

    assert not may(actor(Role.END_USER), Action.CREATE_TICKET, ticket)


@pytest.mark.parametrize("status", [None, *AssignmentStatus])
def test_the_requester_sees_the_position_from_leaving_to_the_end(status: AssignmentStatus | None) -> None:
    ticket = Standing(requester_id=ME, technician_id=OTHER_TECHNICIAN, job_status=status)

    assert may(actor(Role.END_USER), Action.SEE_LIVE_POSITION, ticket) == (
        status in {AssignmentStatus.EN_ROUTE, AssignmentStatus.IN_PROGRESS, AssignmentStatus.PAUSED}
    )


@pytest.mark.parametrize("status", [None, *AssignmentStatus])
def test_a_technician_sees_the_address_while_the_job_is_active(status: AssignmentStatus | None) -> None:
    job = Standing(technician_id=MY_TECHNICIAN, job_status=status)

    assert may(actor(Role.TECHNICIAN), Action.SEE_CUSTOMER_ADDRESS, job) == (
        status
        in {
            AssignmentStatus.ASSIGNED,
            AssignmentStatus.ACCEPTED,
            AssignmentStatus.EN_ROUTE,
            AssignmentStatus.IN_PROGRESS,
            AssignmentStatus.PAUSED,
        }
    )


@pytest.mark.parametrize(
    ("roles", "visibility"),
    [
        ((), Visibility.NOTHING),
        ((Role.END_USER,), Visibility.OWN),
        ((Role.TECHNICIAN,), Visibility.STAFF),
        ((Role.SENIOR_TECHNICIAN,), Visibility.STAFF),
        ((Role.DISPATCHER,), Visibility.DISPATCH),
        ((Role.TEAM_LEAD,), Visibility.DISPATCH),
        ((Role.MANAGER,), Visibility.ADMINISTRATION),
        ((Role.ADMIN,), Visibility.ADMINISTRATION),
        ((Role.END_USER, Role.TECHNICIAN), Visibility.STAFF),
        ((Role.TECHNICIAN, Role.TEAM_LEAD), Visibility.DISPATCH),
        ((Role.END_USER, Role.MANAGER), Visibility.ADMINISTRATION),
    ],
)
def test_the_widest_role_decides_what_reads_show(roles: tuple[Role, ...], visibility: Visibility) -> None:
    whom = actor(*roles)

    assert visibility_class(whom) is visibility
    assert is_staff(whom) == (visibility not in {Visibility.NOTHING, Visibility.OWN})
    assert sees_internal(whom) == is_staff(whom)
    assert dispatches(whom) == (visibility in {Visibility.DISPATCH, Visibility.ADMINISTRATION})
