"""Expected failures are data: whatever a service can refuse has a place in what its mutation answers."""

import ast
import re
from pathlib import Path

import pytest
from graphql import GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLUnionType, build_schema

from app.domain.refusals import ErrorCode, Refusal
from schema import errors
from tests.services.reading import Place, made_in, raised_by, refusal_names

ROOT = Path(__file__).parents[2]
SDL = build_schema((ROOT / "schema/schema.graphql").read_text())

COMMON = {"Invalid", "NotFound", "Forbidden", "IdempotencyMismatch", "IdempotencyInProgress"}
BOOKING = {"SlotTaken", "NotEligible"}
STEP = COMMON | {"StaleVersion", "InvalidTransition", "ClockSkew"}
# Told beside what was written, as noCandidate.
TOLD_BESIDE = {"NoCandidate"}
# Told of one of many, by its code.
OF_ONE = {"SlotTaken", "NotEligible", "NoCandidate"}
KEPT = (
    *("Team", "Skill", "User", "Technician", "Shift", "TimeOff", "Territory", "Facility", "ServiceBay"),
    *("Customer", "Asset", "Part"),
)
RAISED = {
    "createTicket": COMMON | {"InvalidTransition", "NoCandidate"},
    "updateTicket": COMMON | {"StaleVersion"},
    "transitionTicket": COMMON | {"StaleVersion", "InvalidTransition", "ReopenWindowClosed"},
    "resolveTicket": COMMON | {"StaleVersion", "InvalidTransition", "ReopenWindowClosed"},
    "closeTicket": COMMON | {"StaleVersion", "InvalidTransition", "ReopenWindowClosed"},
    "reopenTicket": COMMON | {"StaleVersion", "InvalidTransition", "ReopenWindowClosed"},
    "deleteTicket": COMMON | {"StaleVersion", "InvalidTransition"},
    "bulkUpdateTickets": {"Invalid", "Forbidden", "IdempotencyMismatch", "IdempotencyInProgress"},
    "addComment": COMMON,
    "updateComment": COMMON | {"StaleVersion"},
    "deleteComment": COMMON | {"StaleVersion"},
    "createAttachment": COMMON | {"FileRejected"},
    "finalizeAttachment": COMMON | {"FileRejected"},
    "deleteAttachment": COMMON | {"StaleVersion"},
    "assignTicket": COMMON | {"StaleVersion", "InvalidTransition", "AlreadyAssigned", "NotEligible"},
    "escalateTicket": COMMON
    | {"StaleVersion", "InvalidTransition", "NotEligible", "NoActiveAssignment", "TopTierReached"},
    "reassignTicket": COMMON | {"StaleVersion", "InvalidTransition", "NotEligible"},
    "cancelAssignment": COMMON | {"StaleVersion", "InvalidTransition"},
    "rateAssignment": COMMON | {"StaleVersion", "InvalidTransition"},
    "reorderQueue": COMMON | {"StaleVersion"},
    "pinAssignment": COMMON | {"StaleVersion", "InvalidTransition"},
    "startTravel": STEP,
    "recordArrival": STEP,
    "pauseWork": STEP,
    "resumeWork": STEP,
    "acceptAssignment": STEP,
    "rejectAssignment": STEP,
    "startWork": STEP,
    "completeAssignment": STEP,
    "reportLocation": {"Invalid", "Forbidden", "ClockSkew"},
    **dict.fromkeys(("createApiKey", "revokeApiKey", "revokeTokens"), COMMON),
    "erasePersonalData": COMMON | {"StaleVersion", "StillRunning"},
    "saveView": COMMON | {"StaleVersion"},
    "holdSlot": COMMON | {"SlotTaken", "NotEligible"},
    "releaseSlot": COMMON | {"InvalidTransition"},
    "bookAppointment": COMMON | BOOKING | {"InvalidTransition", "HoldExpired"},
    "bookAppointments": {
        "Invalid",
        "Forbidden",
        "IdempotencyMismatch",
        "IdempotencyInProgress",
        "DependencyUnavailable",
    }
    | OF_ONE,
    "rescheduleAppointment": COMMON | BOOKING | {"StaleVersion", "InvalidTransition", "HoldExpired"},
    "cancelAppointment": COMMON | {"StaleVersion", "InvalidTransition", "CancellationFeeRequired"},
    "confirmAppointment": COMMON | {"StaleVersion", "InvalidTransition"},
    "markNoShow": COMMON | {"StaleVersion", "InvalidTransition"},
    "lockAppointment": COMMON | {"StaleVersion", "InvalidTransition"},
    "joinWaitlist": COMMON,
    "leaveWaitlist": COMMON | {"InvalidTransition"},
    "answerWaitlistOffer": COMMON | BOOKING | {"InvalidTransition", "HoldExpired"},
    "ingestAlert": COMMON | {"NotEligible", "NoCandidate"},
    "deleteView": COMMON | {"StaleVersion"},
    **dict.fromkeys(
        ("updateOrganization", "updateOrganizationSettings", "updateServiceType"), COMMON | {"StaleVersion"}
    ),
    "updateEscalationTiers": COMMON | {"StaleVersion", "InUse"},
    **dict.fromkeys(("saveBusinessCalendar", "saveSlaPolicy"), COMMON),
    **{f"create{kind}": COMMON for kind in KEPT},
    **{f"update{kind}": COMMON | {"StaleVersion"} for kind in KEPT},
    **{f"delete{kind}": COMMON | {"StaleVersion", "InUse"} for kind in KEPT},
    "createShifts": COMMON,
    "setAvailability": COMMON,
    "adjustStock": COMMON | {"StaleVersion"},
}


def service_of(mutation: str) -> Place:
    name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in mutation)
    begins = re.compile(rf"^async def {name}\(\s*writer: Writer", re.MULTILINE)
    (path,) = [path for path in (ROOT / "app/services").rglob("*.py") if begins.search(path.read_text())]
    return Place(".".join(path.relative_to(ROOT).with_suffix("").parts), name)


def members() -> dict[str, str]:
    """Return the GraphQL type of each refusal, as `error_of` turns one into the other."""
    found = {refusal.__name__: plain.__name__ for refusal, plain in errors._PLAIN.items() if isinstance(plain, type)}
    for node in ast.walk(ast.parse(Path(errors.__file__).read_text())):
        if isinstance(node, ast.match_case) and isinstance(node.pattern, ast.MatchClass):
            (answer,) = [each for each in node.body if isinstance(each, ast.Return)]
            assert isinstance(answer.value, ast.Call)
            found[ast.unparse(node.pattern.cls).removeprefix("refusals.")] = ast.unparse(answer.value.func)
    return found


def errors_of(mutation: str) -> set[str]:
    """Return the members of the union in a mutation's payload."""
    assert SDL.mutation_type is not None
    payload = SDL.mutation_type.fields[mutation].type
    assert isinstance(payload, GraphQLNonNull)
    assert isinstance(payload.of_type, GraphQLObjectType)
    kind = payload.of_type.fields["errors"].type
    while isinstance(kind, GraphQLNonNull | GraphQLList):
        kind = kind.of_type
    assert isinstance(kind, GraphQLUnionType)
    return {each.name for each in kind.types}


def test_every_refusal_has_its_type_in_the_schema() -> None:
    found = members()

    assert set(found) == refusal_names()
    assert len(found) >= 12
    interface = SDL.type_map["UserError"]
    for name in found.values():
        kind = SDL.type_map[name]
        assert isinstance(kind, GraphQLObjectType)
        assert interface in kind.interfaces


def test_every_code_belongs_to_one_refusal() -> None:
    codes = [each.code for each in Refusal.__subclasses__()]

    assert sorted(codes) == sorted(ErrorCode)


def test_every_mutation_is_looked_at() -> None:
    assert SDL.mutation_type is not None
    assert set(SDL.mutation_type.fields) == set(RAISED)


@pytest.mark.parametrize("mutation", RAISED)
def test_what_a_service_can_refuse_is_known(mutation: str) -> None:
    assert raised_by(service_of(mutation)) == RAISED[mutation]


@pytest.mark.parametrize("mutation", RAISED)
def test_a_mutation_has_a_member_for_every_refusal_of_its_service_and_its_input(mutation: str) -> None:
    types = members()
    from_input = made_in("schema/inputs")

    told_elsewhere = TOLD_BESIDE | (OF_ONE if mutation == "bookAppointments" else set())
    needed = {types[name] for name in (raised_by(service_of(mutation)) - told_elsewhere) | from_input}

    assert from_input != set()
    assert needed - errors_of(mutation) == set()


def test_no_union_has_a_member_that_nothing_leads_to() -> None:
    types = members()
    reached: dict[frozenset[str], set[str]] = {}
    for mutation in RAISED:
        union = frozenset(errors_of(mutation))
        reached.setdefault(union, set()).update(types[name] for name in raised_by(service_of(mutation)))

    assert {union - found for union, found in reached.items()} == {frozenset()}


def test_a_refusal_that_is_raised_far_below_is_found() -> None:
    # The reading of the source is judged by cases whose answer is plain to see.
    assert raised_by(Place("app.domain.clock", "settle")) == {"ClockSkew"}
    assert raised_by(Place("app.domain.organizations", "tier_above")) == {"TopTierReached"}
    assert raised_by(Place("app.domain.organizations", "first_tier")) == set()
    assert raised_by(Place("app.domain.assignments", "accept")) == {"InvalidTransition"}


@pytest.mark.parametrize("refusal", Refusal.__subclasses__())
def test_every_refusal_says_something_to_people(refusal: type[Refusal]) -> None:
    assert refusal.message is not Refusal.message
    assert (refusal.__doc__ or "").strip()
