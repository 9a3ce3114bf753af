"""Who may do what: one table of rights, and the one function that reads it.

A right is a cell of `RIGHTS`: for an action and a role, how far it reaches. What an actor may do is the union over
the actor's roles; a role without a cell, or no role, may nothing. Whoever comes by an API key may only what `OPENS`
says of one of its scopes besides. That a thing belongs to the actor's organisation is settled before anyone asks here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from uuid import UUID

from app.domain.assignments import ACTIVE, AssignmentStatus
from app.domain.people import Actor, ApiKeyScope, Role


class Action(StrEnum):
    """What someone may want to do."""

    CREATE_TICKET = "CREATE_TICKET"
    VIEW_TICKET = "VIEW_TICKET"
    UPDATE_TICKET = "UPDATE_TICKET"
    # To and from waiting and being worked on.
    MOVE_TICKET = "MOVE_TICKET"
    ASSIGN_TICKET = "ASSIGN_TICKET"
    ESCALATE_TICKET = "ESCALATE_TICKET"
    CLOSE_TICKET = "CLOSE_TICKET"
    REOPEN_TICKET = "REOPEN_TICKET"
    DELETE_TICKET = "DELETE_TICKET"
    # Accept, reject, travel, start, pause, resume, complete.
    WORK_JOB = "WORK_JOB"
    COMMENT = "COMMENT"
    # Take back what somebody else has said.
    MODERATE = "MODERATE"
    COMMENT_INTERNALLY = "COMMENT_INTERNALLY"
    SEE_INTERNAL = "SEE_INTERNAL"
    ATTACH_FILE = "ATTACH_FILE"
    # Of an attachment the requester is whoever uploaded it.
    DELETE_FILE = "DELETE_FILE"
    VIEW_JOB = "VIEW_JOB"
    VIEW_QUEUE = "VIEW_QUEUE"
    REORDER_QUEUE = "REORDER_QUEUE"
    SET_AVAILABILITY = "SET_AVAILABILITY"
    REPORT_LOCATION = "REPORT_LOCATION"
    RATE_JOB = "RATE_JOB"
    # Look for slots, hold one, book it, move or cancel the appointment.
    BOOK_SLOT = "BOOK_SLOT"
    # The board, SLA alerts and technicians' locations.
    SUBSCRIBE_BOARD = "SUBSCRIBE_BOARD"
    SUBSCRIBE_JOBS = "SUBSCRIBE_JOBS"
    SUBSCRIBE_TICKET = "SUBSCRIBE_TICKET"
    FOLLOW_LOG = "FOLLOW_LOG"
    SEE_PART_COSTS = "SEE_PART_COSTS"
    # How well the work goes, and what technicians' time costs.
    SEE_METRICS = "SEE_METRICS"
    SEE_CUSTOMER_ADDRESS = "SEE_CUSTOMER_ADDRESS"
    SEE_LIVE_POSITION = "SEE_LIVE_POSITION"
    SEE_AUDIT_IP = "SEE_AUDIT_IP"
    # The values that deleted comments had, as the log keeps them.
    SEE_DELETED_VALUES = "SEE_DELETED_VALUES"
    MANAGE_SETTINGS = "MANAGE_SETTINGS"
    MANAGE_PEOPLE = "MANAGE_PEOPLE"
    # Show all staff a view of one's own.
    SHARE_VIEW = "SHARE_VIEW"
    # Delete views that others share.
    MANAGE_VIEWS = "MANAGE_VIEWS"
    MANAGE_STOCK = "MANAGE_STOCK"
    MANAGE_API_KEYS = "MANAGE_API_KEYS"
    MANAGE_ROLES = "MANAGE_ROLES"
    # Everything that is kept of somebody, of whom the requester is the user.
    EXPORT_PERSON = "EXPORT_PERSON"
    ERASE_PERSON = "ERASE_PERSON"


class Scope(StrEnum):
    """How far a right reaches."""

    # Nowhere.
    NONE = "NONE"
    # What the actor requested, or belongs to a customer the actor belongs to.
    OWN = "OWN"
    # Something new, for the actor or a customer of theirs; a customer of others' spoils it.
    FOR_OWN = "FOR_OWN"
    # What the actor requested; belonging to the same customer is not enough.
    REQUESTED = "REQUESTED"
    # As REQUESTED, while the technician is on the way or at work.
    EXPECTED = "EXPECTED"
    # Where the actor is the technician: of the job, the ticket's job, the queue.
    ASSIGNED = "ASSIGNED"
    # As ASSIGNED, while the job is active.
    ON_JOB = "ON_JOB"
    # REQUESTED or ASSIGNED.
    INVOLVED = "INVOLVED"
    # Towards the actor as the technician.
    SELF = "SELF"
    # Towards a technician of the actor's team, the actor included.
    TEAM = "TEAM"
    # As far as other rights let the actor see: ask those of each thing.
    VISIBLE = "VISIBLE"
    # Everywhere in the organisation.
    ALL = "ALL"


def _row(
    end_user: Scope,
    technician: Scope,
    senior_technician: Scope,
    dispatcher: Scope,
    team_lead: Scope,
    manager: Scope,
    admin: Scope,
) -> Mapping[Role, Scope]:
    return MappingProxyType(
        {
            Role.END_USER: end_user,
            Role.TECHNICIAN: technician,
            Role.SENIOR_TECHNICIAN: senior_technician,
            Role.DISPATCHER: dispatcher,
            Role.TEAM_LEAD: team_lead,
            Role.MANAGER: manager,
            Role.ADMIN: admin,
        }
    )


_NO = Scope.NONE
_OWN = Scope.OWN
_REQ = Scope.REQUESTED
_COMING = Scope.EXPECTED
_JOB = Scope.ASSIGNED
_ON_JOB = Scope.ON_JOB
_SEEN = Scope.VISIBLE
_ALL = Scope.ALL
_STAFF = _row(_NO, _ALL, _ALL, _ALL, _ALL, _ALL, _ALL)
_OWN_OR_STAFF = _row(_OWN, _ALL, _ALL, _ALL, _ALL, _ALL, _ALL)
_JOB_OR_DISPATCH = _row(_NO, _JOB, _JOB, _ALL, _ALL, _ALL, _ALL)
_DISPATCH = _row(_NO, _NO, _NO, _ALL, _ALL, _ALL, _ALL)
_MANAGEMENT = _row(_NO, _NO, _NO, _NO, _NO, _ALL, _ALL)
_ADMIN = _row(_NO, _NO, _NO, _NO, _NO, _NO, _ALL)

RIGHTS: Mapping[Action, Mapping[Role, Scope]] = MappingProxyType(
    {
        # Columns: end user, technician, senior technician, dispatcher, team lead, manager, admin.
        Action.CREATE_TICKET: _row(Scope.FOR_OWN, _ALL, _ALL, _ALL, _ALL, _ALL, _ALL),
        Action.VIEW_TICKET: _OWN_OR_STAFF,
        Action.UPDATE_TICKET: _row(_OWN, _JOB, _ALL, _ALL, _ALL, _ALL, _ALL),
        Action.MOVE_TICKET: _row(_NO, _JOB, _ALL, _ALL, _ALL, _ALL, _ALL),
        Action.ASSIGN_TICKET: _row(_NO, Scope.SELF, Scope.TEAM, _ALL, _ALL, _ALL, _ALL),
        # A technician may assign only to themselves, which is no way to pass a ticket on.
        Action.ESCALATE_TICKET: _row(_NO, _JOB, _ALL, _ALL, _ALL, _ALL, _ALL),
        Action.CLOSE_TICKET: _row(_NO, _JOB, _ALL, _ALL, _ALL, _ALL, _ALL),
        Action.REOPEN_TICKET: _row(_REQ, Scope.INVOLVED, _ALL, _ALL, _ALL, _ALL, _ALL),
        Action.DELETE_TICKET: _ADMIN,
        Action.WORK_JOB: _row(_NO, _JOB, _JOB, _JOB, _JOB, _JOB, _JOB),
        Action.COMMENT: _OWN_OR_STAFF,
        Action.MODERATE: _MANAGEMENT,
        Action.COMMENT_INTERNALLY: _STAFF,
        Action.SEE_INTERNAL: _STAFF,
        Action.ATTACH_FILE: _OWN_OR_STAFF,
        Action.DELETE_FILE: _row(_REQ, _REQ, _REQ, _ALL, _ALL, _ALL, _ALL),
        Action.VIEW_JOB: _OWN_OR_STAFF,
        Action.VIEW_QUEUE: _STAFF,
        Action.REORDER_QUEUE: _JOB_OR_DISPATCH,
        Action.SET_AVAILABILITY: _JOB_OR_DISPATCH,
        Action.REPORT_LOCATION: _row(_NO, _JOB, _JOB, _JOB, _JOB, _JOB, _JOB),
        Action.RATE_JOB: _row(_REQ, _REQ, _REQ, _REQ, _REQ, _REQ, _REQ),
        Action.BOOK_SLOT: _OWN_OR_STAFF,
        Action.SUBSCRIBE_BOARD: _DISPATCH,
        Action.SUBSCRIBE_JOBS: _JOB_OR_DISPATCH,
        Action.SUBSCRIBE_TICKET: _OWN_OR_STAFF,
        Action.FOLLOW_LOG: _row(_SEEN, _SEEN, _SEEN, _ALL, _ALL, _ALL, _ALL),
        Action.SEE_PART_COSTS: _STAFF,
        Action.SEE_METRICS: _DISPATCH,
        Action.SEE_CUSTOMER_ADDRESS: _row(_NO, _ON_JOB, _ON_JOB, _ALL, _ALL, _ALL, _ALL),
        Action.SEE_LIVE_POSITION: _row(_COMING, _COMING, _COMING, _ALL, _ALL, _ALL, _ALL),
        Action.SEE_AUDIT_IP: _MANAGEMENT,
        Action.SEE_DELETED_VALUES: _MANAGEMENT,
        Action.MANAGE_SETTINGS: _MANAGEMENT,
        Action.MANAGE_PEOPLE: _MANAGEMENT,
        Action.SHARE_VIEW: _STAFF,
        Action.MANAGE_VIEWS: _MANAGEMENT,
        Action.MANAGE_STOCK: _MANAGEMENT,
        Action.MANAGE_API_KEYS: _ADMIN,
        Action.MANAGE_ROLES: _ADMIN,
        Action.EXPORT_PERSON: _row(_REQ, _REQ, _REQ, _REQ, _REQ, _REQ, _ALL),
        Action.ERASE_PERSON: _ADMIN,
    }
)

# Whatever is acted on must be found first; what is shown of it is for READ and EXPORT alone.
_FOUND = frozenset({Action.VIEW_TICKET, Action.VIEW_JOB})
_SHOWN = frozenset(
    {
        Action.VIEW_QUEUE,
        Action.SEE_INTERNAL,
        Action.SEE_PART_COSTS,
        Action.SEE_METRICS,
        Action.SEE_CUSTOMER_ADDRESS,
        Action.SEE_LIVE_POSITION,
        Action.SEE_AUDIT_IP,
        Action.SEE_DELETED_VALUES,
    }
)

OPENS: Mapping[ApiKeyScope, frozenset[Action]] = MappingProxyType(
    {
        ApiKeyScope.READ: _FOUND
        | _SHOWN
        | {Action.SUBSCRIBE_BOARD, Action.SUBSCRIBE_JOBS, Action.SUBSCRIBE_TICKET, Action.FOLLOW_LOG},
        ApiKeyScope.EXPORT: _FOUND | _SHOWN,
        ApiKeyScope.WRITE_TICKETS: _FOUND
        | {
            Action.CREATE_TICKET,
            Action.UPDATE_TICKET,
            Action.MOVE_TICKET,
            Action.CLOSE_TICKET,
            Action.REOPEN_TICKET,
            Action.DELETE_TICKET,
            Action.COMMENT,
            Action.COMMENT_INTERNALLY,
            # To attach to what was said internally.
            Action.SEE_INTERNAL,
            Action.MODERATE,
            Action.ATTACH_FILE,
            Action.DELETE_FILE,
            Action.RATE_JOB,
            Action.SHARE_VIEW,
            Action.MANAGE_VIEWS,
        },
        ApiKeyScope.DISPATCH: _FOUND
        | {Action.ASSIGN_TICKET, Action.ESCALATE_TICKET, Action.REORDER_QUEUE, Action.SET_AVAILABILITY},
        ApiKeyScope.WORK_JOBS: _FOUND | {Action.WORK_JOB, Action.REPORT_LOCATION, Action.SET_AVAILABILITY},
        ApiKeyScope.BOOK: _FOUND | {Action.BOOK_SLOT, Action.CREATE_TICKET},
        ApiKeyScope.INGEST_ALERTS: _FOUND | {Action.CREATE_TICKET, Action.BOOK_SLOT},
        ApiKeyScope.ADMINISTER: frozenset({Action.MANAGE_SETTINGS, Action.MANAGE_PEOPLE, Action.MANAGE_STOCK}),
        ApiKeyScope.BEGIN: frozenset({Action.MANAGE_API_KEYS}),
    }
)
_SHOWS = frozenset({ApiKeyScope.READ, ApiKeyScope.EXPORT})
# What no key that an ADMIN can make lets anybody do: a stolen key must not become a second one, or somebody's session,
# or show or erase all that is kept of a person.
FOR_PEOPLE = frozenset({Action.MANAGE_API_KEYS, Action.MANAGE_ROLES, Action.EXPORT_PERSON, Action.ERASE_PERSON})

# From setting out to the end: the requester may see where the technician is.
UNDER_WAY = frozenset({AssignmentStatus.EN_ROUTE, AssignmentStatus.IN_PROGRESS, AssignmentStatus.PAUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the policy needs to know of the thing acted on; what is not known opens nothing.

    `requester_id` and `customer_id` are the ticket's. `technician_id` is the technician of the job
    or queue; of a ticket, that of its active job or, when it has none, of its last one, so that
    whoever resolved a ticket may close it. `job_status` is that job's. The targets are the
    technician one would assign to, and that technician's team.
    """

    requester_id: UUID | None = None
    customer_id: UUID | None = None
    technician_id: UUID | None = None
    job_status: AssignmentStatus | None = None
    target_technician_id: UUID | None = None
    target_team_id: UUID | None = None


class Visibility(StrEnum):
    """The classes of actors by which reads differ: two actors of one class see the same columns."""

    # May view nothing: no role, or none that is known.
    NOTHING = "NOTHING"
    # Their own tickets, without what is internal.
    OWN = "OWN"
    # Every ticket, with what is internal.
    STAFF = "STAFF"
    # As STAFF, with every customer's address and every technician's position.
    DISPATCH = "DISPATCH"
    # As DISPATCH, with IP addresses and the values of deleted comments.
    ADMINISTRATION = "ADMINISTRATION"


def scopes(actor: Actor, action: Action) -> frozenset[Scope]:
    """Return how far each of the actor's roles reaches; empty where none reaches, or their key does not."""
    if actor.key is not None and not any(action in OPENS[scope] for scope in actor.key.scopes):
        return frozenset()
    return _reach(actor, action)


def _reach(actor: Actor, action: Action) -> frozenset[Scope]:
    row = RIGHTS[action]
    return frozenset(row.get(role, Scope.NONE) for role in actor.roles) - {Scope.NONE}


def may(actor: Actor, action: Action, standing: Standing | None = None) -> bool:
    """Tell whether the actor may do this to the thing that stands so.

    Without a standing: whether there can be a thing to which the actor may do it, for hints where
    nothing narrower is known. It never permits an act. With an empty `Standing()` only what
    reaches everywhere is granted.
    """
    reach = scopes(actor, action)
    if standing is None:
        return any(_conceivable(scope, actor) for scope in reach)
    return any(_covers(scope, actor, standing) for scope in reach)


def sees_internal(actor: Actor) -> bool:
    """Tell whether internal comments, events and part costs are there for the actor, whatever their key shows."""
    return Scope.ALL in _reach(actor, Action.SEE_INTERNAL)


def is_staff(actor: Actor) -> bool:
    """Tell whether the actor works for the organisation, and so may see all its tickets and queues."""
    return Scope.ALL in _reach(actor, Action.VIEW_QUEUE)


def dispatches(actor: Actor) -> bool:
    """Tell whether the actor is a dispatcher or stands above one."""
    return Scope.ALL in _reach(actor, Action.SUBSCRIBE_BOARD)


def sees_place(actor: Actor, standing: Standing) -> bool:
    """Tell whether the actor is shown where a ticket's work is, in the ticket as in what the log says of it."""
    own = _requested(actor, standing) or (standing.customer_id in actor.customer_ids and not is_staff(actor))
    return own or may(actor, Action.SEE_CUSTOMER_ADDRESS, standing)


def visibility_class(actor: Actor) -> Visibility:
    """Return the widest class that the actor's roles reach; a key shows rows by READ or EXPORT, or none at all."""
    if actor.key is not None and actor.key.scopes.isdisjoint(_SHOWS):
        return Visibility.NOTHING
    return _visibility_of(actor.roles)


@lru_cache(maxsize=256)
def _visibility_of(roles: frozenset[Role]) -> Visibility:
    def everywhere(action: Action) -> bool:
        return any(RIGHTS[action].get(role) is Scope.ALL for role in roles)

    if everywhere(Action.SEE_AUDIT_IP):
        return Visibility.ADMINISTRATION
    if everywhere(Action.SUBSCRIBE_BOARD):
        return Visibility.DISPATCH
    if everywhere(Action.VIEW_QUEUE):
        return Visibility.STAFF
    seen = {RIGHTS[Action.VIEW_TICKET].get(role, Scope.NONE) for role in roles}
    return Visibility.OWN if seen - {Scope.NONE} else Visibility.NOTHING


def _conceivable(scope: Scope, actor: Actor) -> bool:
    match scope:
        case Scope.ASSIGNED | Scope.ON_JOB | Scope.SELF:
            return actor.technician_id is not None
        case Scope.TEAM:
            return actor.technician_id is not None or actor.team_id is not None
        case Scope.REQUESTED | Scope.EXPECTED:
            return actor.user_id is not None
        case _:
            return scope is not Scope.NONE


def _covers(scope: Scope, actor: Actor, standing: Standing) -> bool:
    match scope:
        case Scope.ALL:
            return True
        case Scope.OWN:
            return _requested(actor, standing) or standing.customer_id in actor.customer_ids
        case Scope.FOR_OWN:
            # Being the requester must not open a ticket on someone else's customer.
            if standing.customer_id is None:
                return _requested(actor, standing)
            return standing.customer_id in actor.customer_ids
        case Scope.REQUESTED:
            return _requested(actor, standing)
        case Scope.EXPECTED:
            return _requested(actor, standing) and standing.job_status in UNDER_WAY
        case Scope.ASSIGNED:
            return _same(actor.technician_id, standing.technician_id)
        case Scope.ON_JOB:
            return _same(actor.technician_id, standing.technician_id) and standing.job_status in ACTIVE
        case Scope.INVOLVED:
            return _requested(actor, standing) or _same(actor.technician_id, standing.technician_id)
        case Scope.SELF:
            return _same(actor.technician_id, standing.target_technician_id)
        case Scope.TEAM:
            return _same(actor.team_id, standing.target_team_id) or _same(
                actor.technician_id, standing.target_technician_id
            )
        case _:
            return False


def _requested(actor: Actor, standing: Standing) -> bool:
    return _same(actor.user_id, standing.requester_id)


def _same(mine: UUID | None, theirs: UUID | None) -> bool:
    # Two things that are unknown are not the same thing.
    return mine is not None and mine == theirs
