"""Every field that can be read is covered by compiled statements, or says why it is not.

What is declared in a type file is covered as it stands; what cannot be is named here.
"""

from typing import Any, cast

import pytest
import strawberry
from strawberry.schema.config import StrawberryConfig

from app.domain.policy import Visibility
from app.reads import entities, relations
from app.reads.questions import ByKey
from schema.build import executable, schema
from schema.fields import asked, composed, lookup, record_type, through, to_all, to_one, to_page
from schema.ids import key_of
from schema.scalars import SCALARS, JSONValue
from schema.types.node import Connection, Edge, GeoPoint
from tests.sameness.coverage import uncovered, ways
from tests.sameness.tally import read_types, resolved_on_purpose

_FOR_DISPATCHERS = [Visibility.DISPATCH, Visibility.ADMINISTRATION]
_FOR_OTHERS = [Visibility.OWN, Visibility.NOTHING]
_EVENTS = "what of the log a viewer sees is decided event by event"


def test_each_field_is_asked_for() -> None:
    every = {f"{kind.name}.{name}" for kind in read_types(executable()) for name in kind.fields}

    assert len(every) > 150
    assert {coordinate for coordinate, _ in ways(executable())} == every


@pytest.mark.parametrize("visibility", _FOR_DISPATCHERS)
def test_every_field_is_covered_or_says_why_not(visibility: Visibility) -> None:
    left = uncovered(schema(), visibility)
    said = {f"{name}: {reason}" for name, reason in resolved_on_purpose(executable()).items()}

    # What is reached only through a field that is resolved is resolved with it.
    assert {name: reason for name, reason in left.items() if reason not in said} == {}


def test_staff_misses_nothing_but_the_board_that_is_for_dispatchers() -> None:
    at_dispatchers = uncovered(schema(), Visibility.DISPATCH)
    others = {name: why for name, why in uncovered(schema(), Visibility.STAFF).items() if name not in at_dispatchers}

    assert set(others.values()) == {"the board is for dispatchers"}
    assert {name.partition(".")[0] for name in others} == {"Query", "DispatchBoard", "BoardRow"}


@pytest.mark.parametrize("visibility", _FOR_OTHERS)
def test_customers_miss_nothing_but_the_queues_that_are_not_theirs(visibility: Visibility) -> None:
    at_staff = uncovered(schema(), Visibility.STAFF)
    others = {name: why for name, why in uncovered(schema(), visibility).items() if name not in at_staff}

    assert set(others.values()) == {"queues are for staff"}
    assert {name.partition(".")[0] for name in others} <= {"Query", "TechnicianQueue", "QueueItem"}


def test_what_is_resolved_on_purpose_is_known() -> None:
    assert resolved_on_purpose(executable()) == {
        "Query.events": _EVENTS,
        "Ticket.history": _EVENTS,
        "Query.candidates": "who is eligible is judged by the rules of the domain",
        **dict.fromkeys(
            ("SlaClock.segments", "SlaPolicy.targets", "WaitlistEntry.windows", "SlotHold.slot"),
            "it is kept as a document, which the domain reads",
        ),
        **dict.fromkeys(
            (f"SlaClock.{name}" for name in ("elapsedMinutes", "remainingMinutes", "pausedMinutes", "percentUsed")),
            "what has run so far is counted by the rules of the domain",
        ),
        **dict.fromkeys(("Technician.schedule", "BoardRow.entries"), "it is of several kinds"),
        **dict.fromkeys(
            ("Technician.utilization", "ServiceBay.utilization", "BoardRow.conflicts"),
            "hours are reckoned by the rules of the domain",
        ),
        "Shift.breaks": "times are no rows",
        "Query.availableSlots": "the planning of the domain finds them",
        "OrganizationSettings.booking": "what nobody has settled is as the server says",
        "Query.metrics": "figures are counted over all rows of a time, in statements of their own",
    }


def test_what_a_type_file_declares_is_covered_and_what_it_cannot_be_is_named() -> None:
    assert uncovered(_schema_of_tomorrow(), Visibility.STAFF) == {
        "Ticket.shouted": "Ticket.shouted has a resolver of its own and declares no question"
    }


def _schema_of_tomorrow() -> strawberry.Schema:
    """Return a schema with columns and relations that today's types do not show."""

    @record_type(entities.TEAM, "A team.")
    class Team:
        name: str

    @record_type(entities.TECHNICIAN, "A technician.")
    class Technician:
        home_latitude: float | None
        team: Team | None = to_one(relations.TECHNICIAN_TEAM, "Their team.")
        email: str | None = through(relations.TECHNICIAN_USER, "email", "Their address.")

    @record_type(entities.USER, "Somebody.")
    class User:
        name: str

    @record_type(entities.COMMENT, "A comment.")
    class Comment:
        body: str
        author: User | None = to_one(relations.COMMENT_AUTHOR, "Who said it.")

    @strawberry.type
    class CommentEdge(Edge):
        node: Comment

    @strawberry.type
    class CommentConnection(Connection):
        edges: list[CommentEdge]
        nodes: list[Comment]

    @record_type(entities.SKILL_REQUIREMENT, "A requirement.")
    class SkillRequirement:
        level: int

    @record_type(entities.TICKET, "A ticket.")
    class Ticket:
        escalation_tier_level: int | None
        custom_fields: JSONValue | None
        requester: User = to_one(relations.TICKET_REQUESTER, "Who asked.")
        skills: list[SkillRequirement] = to_all(relations.TICKET_SKILLS, "What is needed.")
        said: CommentConnection = to_page(relations.TICKET_PUBLIC_COMMENTS, "What was said.")
        place: GeoPoint | None = composed(GeoPoint, "Where.", lat="latitude", lon="longitude")
        urgent: bool = lookup("priority", {"P1": True, "P2": True, "P3": False, "P4": False}, "Whether it is urgent.")

        @strawberry.field
        def shouted(self, root: strawberry.Parent[Any]) -> str:
            return str(root.title).upper()

    @strawberry.type
    class Query:
        @asked("A ticket.")
        def ticket(self, id: strawberry.ID) -> Ticket | None:  # noqa: A002  # the argument's name in the schema
            return cast("Ticket | None", ByKey(entities.TICKET, key_of("Ticket", id, "id")))

        @asked("A technician.")
        def technician(self, id: strawberry.ID) -> Technician | None:  # noqa: A002  # the argument's name in the schema
            return cast("Technician | None", ByKey(entities.TECHNICIAN, key_of("Technician", id, "id")))

    return strawberry.Schema(query=Query, config=StrawberryConfig(scalar_map=SCALARS))
