"""What an operation may be and may cost, and who pays for it."""

from typing import Any

import httpx
import pytest
from graphql import OperationDefinitionNode, parse
from hypothesis import given
from hypothesis import strategies as st

from schema.build import executable
from schema.execution.admission import MemoryPurse
from schema.execution.documents import Document, Documents
from schema.execution.limits import Limits
from schema.execution.measuring import Measuring
from tests.serving import Served, serving, token
from tests.world import World

_LARGE = "{ tickets(first: 100) { nodes { assignmentHistory(first: 50) { nodes { id } } } } }"


def read(text: str, **limits: int) -> Document:
    return Documents(executable(), Limits(**limits)).read(text)


def cost(text: str, **variables: Any) -> int:
    document = read(text, cost=10**9)
    chosen = document.chosen(None)
    assert chosen is not None, document.errors
    return chosen.cost.of(variables)


@pytest.mark.parametrize(
    ("text", "variables", "expected"),
    [
        ("{ viewer { roles } }", {}, 1),
        ("{ viewer { user { name } organization { name } } }", {}, 3),
        # The connection, and twenty rows by default.
        ("{ tickets { nodes { title } } }", {}, 21),
        ("{ tickets(first: 5) { totalCount edges { cursor node { title } } } }", {}, 1 + 5 * 2),
        ("{ tickets(last: 7) { nodes { title } } }", {}, 8),
        ("{ tickets(first: 3) { nodes { assignmentHistory { nodes { id } } } } }", {}, 1 + 3 * (1 + 1 + 20)),
        ("{ technicianQueue { items { position } } }", {}, 51),
        ("query($n: Int) { tickets(first: $n) { nodes { title } } }", {"n": 9}, 10),
        ("query($n: Int) { tickets(first: $n) { nodes { title } } }", {}, 21),
        ("query($n: Int) { tickets(first: $n) { nodes { title } } }", {"n": "many"}, 21),
        ("query($n: Int) { tickets(first: $n) { nodes { title } } }", {"n": -5}, 1),
        ("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ["a", "b", "c"]}, 3),
        ('{ nodes(ids: ["a", "b"]) { id ... on Ticket { customer { id } } ... on Team { name } } }', {}, 4),
        ("{ tickets(first: 2) { ...F } } fragment F on TicketConnection { nodes { title } }", {}, 3),
        ("{ a: viewer { roles } ... on Query { viewer { user { name } } } }", {}, 3),
    ],
)
def test_an_operation_costs_one_for_each_object_that_can_come_back(
    text: str, variables: dict[str, Any], expected: int
) -> None:
    assert cost(text, **variables) == expected


@pytest.mark.parametrize(
    ("limit", "text", "at"),
    [
        ("depth", "{ viewer { user { customers { name } } } }", 4),
        ("aliases", "{ a: viewer { b: roles c: roles } }", 3),
        ("directives", "query @include(if: true) { viewer @skip(if: false) { roles @include(if: true) } }", 3),
        ("tokens", "{ viewer { roles } }", 6),
        ("cost", "{ tickets(first: 4) { nodes { title } } }", 5),
        ("characters", "{ viewer { roles } }", 20),
    ],
)
def test_a_limit_is_the_largest_that_passes(limit: str, text: str, at: int) -> None:
    # The directive on the operation is no valid place; what is tested is that it is counted before.
    assert read(text, **{limit: at}).code != "QUERY_TOO_COMPLEX"
    refused = read(text, **{limit: at - 1})
    assert refused.code == "QUERY_TOO_COMPLEX"
    assert str(at - 1) in refused.errors[0].message


def test_the_introspection_that_tools_send_passes() -> None:
    type_of = "kind name " + "ofType { kind name " * 9 + "}" * 9
    text = (
        "{ __schema { queryType { name } types { kind name description fields(includeDeprecated: true) { name args "
        "{ name type { %s } defaultValue } type { %s } } inputFields { name type { %s } } interfaces { %s } "
        "enumValues { name } possibleTypes { %s } } directives { name locations args { name type { %s } } } } }"
    ) % ((type_of,) * 6)
    assert read(text).code is None


_NAMES = ("A", "B", "C")


@st.composite
def _documents(draw: st.DrawFn) -> str:
    """A document of three fragments, each of which spreads only later ones."""

    def selections(depth: int, spreads: tuple[str, ...]) -> str:
        parts = []
        for _ in range(draw(st.integers(1, 3))):
            kind = draw(st.integers(0, 3))
            if kind == 0 or (depth == 0 and kind == 2):
                parts.append("title")
            elif kind == 1:
                parts.append(f"{draw(st.sampled_from('xyz'))}: status")
            elif kind == 2:
                parts.append(
                    f"currentAssignment @include(if: true) {{ ticket {{ {selections(depth - 1, spreads)} }} }}"
                )
            elif spreads:
                parts.append(f"...{draw(st.sampled_from(spreads))}")
        return " ".join(parts or ["id"])

    fragments = " ".join(
        f"fragment {name} on Ticket {{ {selections(1, _NAMES[at + 1 :])} }}" for at, name in enumerate(_NAMES)
    )
    return f'{{ ticket(id: "x") {{ {selections(2, _NAMES)} }} }} {fragments}'


def _expanded(text: str) -> str:
    """Return the operation with every fragment where it is spread."""
    head, *fragments = text.split("fragment ")
    bodies = {part[0]: part[part.index("{") + 1 : part.rindex("}")] for part in fragments}
    for _ in _NAMES:
        for name, body in bodies.items():
            head = head.replace(f"...{name}", f"... on Ticket {{ {body} }}")
    return head


@given(_documents())
def test_fragments_count_as_if_they_stood_where_they_are_spread(text: str) -> None:
    measures = []
    for each in (text, _expanded(text)):
        node = parse(each)
        definition = node.definitions[0]
        assert isinstance(definition, OperationDefinitionNode)
        measures.append(Measuring(executable(), node).measure(definition))
    assert measures[0] == measures[1]


def test_a_purse_gives_what_is_in_it_and_fills_up_again(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("schema.execution.admission.monotonic", lambda: clock[0])
    purse = MemoryPurse(size=100, refill=10)
    assert [purse.spend(("user", "ip"), 60), purse.spend(("user", "ip"), 40)] == [0, 0]
    assert purse.spend(("user", "ip"), 20) == pytest.approx(2)
    # Nothing was taken from either by the refusal, and another user's bucket does not help one address.
    assert purse.spend(("other", "ip"), 20) == pytest.approx(2)
    clock[0] += 2
    assert purse.spend(("user", "ip"), 20) == 0
    assert purse.spend(("other",), 100) == 0
    clock[0] += 1000
    assert purse.spend(("user",), 5000) == 0
    assert purse.spend(("user",), 1) == pytest.approx(0.1)


async def send(served: Served, bearer: str, query: str) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        headers = {"Authorization": f"Bearer {bearer}"}
        return await client.post(served.http, json={"query": query}, headers=headers)


async def test_who_spends_too_much_waits_and_is_told_how_long(database_url: str, world: World) -> None:
    async with serving(database_url, cost_bucket=50, cost_refill_per_second=1) as served:
        bearer = token(world, "dispatcher")
        paid = [await send(served, bearer, "{ tickets(first: 20) { nodes { title } } }") for _ in range(2)]
        late = await send(served, bearer, "{ tickets(first: 20) { nodes { title } } }")
        cheap = await send(served, bearer, "{ viewer { roles } }")
    assert [each.status_code for each in paid] == [200, 200]
    assert paid[0].json()["extensions"] == {"cost": {"requested": 21, "limit": 5000}}
    assert late.status_code == 429
    told = late.json()["errors"][0]["extensions"]
    assert told["code"] == "THROTTLED"
    assert late.headers["retry-after"] == str(told["retryAfter"])
    assert 1 <= told["retryAfter"] <= 13
    assert cheap.status_code == 200


async def test_what_costs_too_much_with_its_variables_is_not_executed(database_url: str, world: World) -> None:
    async with serving(database_url) as served:
        bearer = token(world, "dispatcher")
        fixed = await send(served, bearer, _LARGE)
        query = _LARGE.replace("{ tickets(first: 100)", "query($n: Int = 100) { tickets(first: $n)")
        by_default = await send(served, bearer, query)
    for answer in (fixed, by_default):
        assert [error["extensions"]["code"] for error in answer.json()["errors"]] == ["QUERY_TOO_COMPLEX"]
        assert "data" not in answer.json()
