"""What an API key must open for each field of the roots.

The policy narrows what is done and shown (`app.domain.policy.OPENS`); this says it once for a whole operation,
before anything of it is executed, and keeps a field that nobody has thought of from every key.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from graphql import OperationType

from app.domain.people import Actor, ApiKeyScope
from schema.execution.preparing import Prepared

_READ, _TICKETS, _DISPATCH = ApiKeyScope.READ, ApiKeyScope.WRITE_TICKETS, ApiKeyScope.DISPATCH
_JOBS, _BOOK, _ADMINISTER = ApiKeyScope.WORK_JOBS, ApiKeyScope.BOOK, ApiKeyScope.ADMINISTER

Needed = Mapping[str, frozenset[ApiKeyScope] | None]


def _each(fields: str, *scopes: ApiKeyScope) -> dict[str, frozenset[ApiKeyScope] | None]:
    return dict.fromkeys(fields.split(), frozenset(scopes))


# None: for people, by no key whatever it opens.
QUERIES: Needed = MappingProxyType(
    {
        **_each("viewer node nodes ticket tickets assignment assignments myJobs events metrics savedViews", _READ),
        **_each("technician technicians technicianQueue dispatchBoard appointment appointments waitlist", _READ),
        **_each("territories teams skills facilities parts customers users", _READ),
        **_each("businessCalendars", _READ),
        **_each("assets", _READ),
        **_each("candidates", _READ, _DISPATCH),
        **_each("availableSlots", _READ, _BOOK),
        "apiKeys": None,
    }
)
MUTATIONS: Needed = MappingProxyType(
    {
        **_each("createTicket updateTicket transitionTicket resolveTicket closeTicket reopenTicket", _TICKETS),
        **_each("deleteTicket bulkUpdateTickets addComment updateComment deleteComment rateAssignment", _TICKETS),
        **_each("createAttachment finalizeAttachment deleteAttachment saveView deleteView", _TICKETS),
        **_each("assignTicket reassignTicket cancelAssignment escalateTicket reorderQueue pinAssignment", _DISPATCH),
        **_each("acceptAssignment rejectAssignment startTravel recordArrival startWork pauseWork resumeWork", _JOBS),
        **_each("completeAssignment reportLocation", _JOBS),
        **_each("holdSlot releaseSlot bookAppointment bookAppointments rescheduleAppointment cancelAppointment", _BOOK),
        **_each("confirmAppointment markNoShow lockAppointment joinWaitlist leaveWaitlist", _BOOK),
        **_each("answerWaitlistOffer", _BOOK),
        **_each("setAvailability", _JOBS),
        **_each("createTeam updateTeam deleteTeam createSkill updateSkill deleteSkill", _ADMINISTER),
        **_each("createUser updateUser deleteUser createTechnician updateTechnician deleteTechnician", _ADMINISTER),
        **_each("createShift createShifts updateShift deleteShift", _ADMINISTER),
        **_each("createTimeOff updateTimeOff deleteTimeOff", _ADMINISTER),
        **_each("createTerritory updateTerritory deleteTerritory createFacility updateFacility", _ADMINISTER),
        **_each("deleteFacility createServiceBay updateServiceBay deleteServiceBay", _ADMINISTER),
        **_each("updateOrganization updateOrganizationSettings updateEscalationTiers", _ADMINISTER),
        **_each("updateServiceType saveBusinessCalendar saveSlaPolicy", _ADMINISTER),
        **_each("createCustomer updateCustomer deleteCustomer createAsset updateAsset deleteAsset", _ADMINISTER),
        **_each("createPart updatePart deletePart adjustStock", _ADMINISTER),
        **_each("ingestAlert", ApiKeyScope.INGEST_ALERTS),
        **_each("createApiKey", ApiKeyScope.BEGIN),
        "revokeApiKey": None,
        "revokeTokens": None,
        "erasePersonalData": None,
    }
)
SUBSCRIPTIONS: Needed = MappingProxyType(
    _each("dispatchBoard slaAlerts jobUpdates ticketUpdates technicianLocations", _READ)
)
NEEDED: Mapping[OperationType, Needed] = MappingProxyType(
    {
        OperationType.QUERY: QUERIES,
        OperationType.MUTATION: MUTATIONS,
        OperationType.SUBSCRIPTION: SUBSCRIPTIONS,
    }
)


class ScopeMissing(Exception):
    """An API key does not open what was asked for; `scopes` it lacks, none where no key opens it."""

    def __init__(self, what: str, scopes: Iterable[ApiKeyScope]) -> None:
        self.scopes = sorted(scope.value for scope in scopes)
        why = (
            f"lacks the scope {' and '.join(self.scopes)}, which {what} needs" if self.scopes else f"cannot open {what}"
        )
        super().__init__(f"This API key {why}.")


def check_operation(prepared: Prepared, actor: Actor) -> None:
    """Raise ScopeMissing unless whoever comes by an API key may have every field of the root that is asked for."""
    if actor.key is None or prepared.operation is None:
        return
    needed = NEEDED[prepared.operation.kind]
    # In order, so that the same request is refused for the same reason.
    for field in sorted(prepared.operation.fields):
        # The schema itself is no secret to whoever may come in.
        if not field.startswith("__"):
            _check(needed, field, actor.key.scopes)


def check_route(what: str, needed: ApiKeyScope, actor: Actor) -> None:
    """Raise ScopeMissing unless whoever comes by an API key may use the route that is called so."""
    if actor.key is not None:
        _check({what: frozenset({needed})}, what, actor.key.scopes)


def _check(needed: Needed, what: str, scopes: frozenset[ApiKeyScope]) -> None:
    wanted = needed.get(what)
    if wanted is None:
        raise ScopeMissing(what, ())
    if wanted - scopes:
        raise ScopeMissing(what, wanted - scopes)
