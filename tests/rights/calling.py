"""Calls mutations as the table says, and tells what came of each call."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
from graphql import GraphQLObjectType, GraphQLUnionType, get_named_type

from app.domain.people import Role
from schema.build import executable
from tests.rights.asking import Ground
from tests.rights.leaking import texts_in
from tests.rights.meaning import Meaning
from tests.rights.scene import ELSEWHERE
from tests.rights.selecting import everything, inside
from tests.rights.table import Case, Table

DONE = "done"
_OF_THE_CHANGE = {"changeId", "eventCursor"}
_SLOTS = """query($ticket: ID!) {
  availableSlots(input: {appointmentType: DIAGNOSTIC, ticketId: $ticket}) { slots { token window { start } } } }"""


@dataclass(frozen=True, slots=True)
class Called:
    """What a call came to: done, or the code of the refusal; and the whole answer."""

    verdict: str
    answer: Mapping[str, Any]


@cache
def document(mutation: str, *, whole: bool = False) -> str:
    """Return a document that calls a mutation and asks why it was refused, or for all that its payload can tell."""
    schema = executable()
    root = schema.mutation_type
    assert root is not None
    field = root.fields[mutation]
    payload = get_named_type(field.type)
    assert isinstance(payload, GraphQLObjectType)
    asked = payload.fields if whole else payload.fields.keys() & {"changeId", "errors", "results"}
    parts = [f"{name}{_inside(get_named_type(payload.fields[name].type), whole=whole)}" for name in sorted(asked)]
    return f"mutation Do($input: {field.args['input'].type}) {{ {mutation}(input: $input) {{ {' '.join(parts)} }} }}"


def _inside(kind: object, *, whole: bool) -> str:
    schema = executable()
    if isinstance(kind, GraphQLUnionType) and not whole:
        return " { __typename ... on UserError { code message field } }"
    if isinstance(kind, GraphQLUnionType):
        members = " ".join(f"... on {each.name} {{ {everything(schema, each)} }}" for each in kind.types)
        return f" {{ __typename {members} }}"
    return inside(schema, kind)


async def call(ground: Ground, token: str, case: Case, given: Mapping[str, Any], *, whole: bool = False) -> Called:
    """Call a mutation with an input."""
    answer = await ground.ask(token, document(case.operation, whole=whole), {"input": given})
    if "errors" in answer:
        return Called(f"error {answer['errors']}", answer)
    payload = answer["data"][case.operation]
    errors = payload["errors"] or [
        error for each in (payload[case.each] if case.each else ()) for error in each["errors"]
    ]
    return Called(errors[0]["code"] if errors else DONE, answer)


def comparable(called: Called, sent: Mapping[str, Any]) -> str:
    """Return an answer as text without what was sent, to be compared with the answer to something else."""
    (payload,) = called.answer["data"].values()
    # Each change has a name of its own, and a place in the log.
    text = orjson.dumps({name: each for name, each in payload.items() if name not in _OF_THE_CHANGE}).decode()
    for each in sorted(set(texts_in(sent)), key=len, reverse=True):
        text = text.replace(each, "")
    return text


def expected(table: Table, meaning: Meaning, case: Case, role: Role, whose: str) -> str:
    """Return what the table says that comes of a call."""
    thing = None if case.of is None else meaning.scene.things[meaning.scene.id_of(whose, case.of)]
    active = thing is not None and thing.active
    if case.by.covers(role, whose, active=active):
        return case.then or DONE
    if thing is None or case.first:
        return "FORBIDDEN"
    known = table.sees(role, thing) if case.sees is None else case.sees.covers(role, whose, active=active)
    return "FORBIDDEN" if known else "NOT_FOUND"


async def slots_of(ground: Ground) -> dict[str, str]:
    """Return tokens of slots for each family's tickets, by the family and the ticket's stage."""
    found = {}
    for whose in ground.scene.uploads:
        token = ground.scene.token_elsewhere() if whose == ELSEWHERE else ground.scene.token()
        for stage in ("open", "accepted"):
            answer = await ground.ask(token, _SLOTS, {"ticket": ground.scene.id_of(whose, f"Ticket.{stage}")})
            slots = answer["data"]["availableSlots"]["slots"]
            # The soonest may have begun by the time it is used.
            found[f"{whose} {stage}"] = max(slots, key=lambda slot: slot["window"]["start"])["token"]
    return found
