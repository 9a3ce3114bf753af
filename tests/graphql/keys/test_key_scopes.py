"""Scopes narrow what a key's user may: by the root field, by the policy, and in what is shown."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa
from graphql import GraphQLObjectType, OperationType, build_schema

from app.db.tables.customers import assets
from app.db.transaction import transaction
from app.domain.people import ActingKey, Actor, ApiKeyScope, Role
from app.domain.policy import FOR_PEOPLE, OPENS, Action, Standing, Visibility, may, scopes, visibility_class
from schema.build import sdl
from schema.execution.key_scopes import MUTATIONS, NEEDED
from schema.ids import global_id
from tests.graphql.conftest import House
from tests.graphql.keys.making import EVERYTHING, made
from tests.graphql.socket_client import talking
from tests.graphql.test_websocket import BOARD
from tests.graphql.work import Work
from tests.services.reading import actions_of
from tests.services.test_refusals import service_of
from tests.serving import token
from tests.world import BEFORE

SDL = build_schema(sdl())
ROOTS: Mapping[OperationType, GraphQLObjectType | None] = {
    OperationType.QUERY: SDL.query_type,
    OperationType.MUTATION: SDL.mutation_type,
    OperationType.SUBSCRIPTION: SDL.subscription_type,
}
READ, EXPORT = ApiKeyScope.READ, ApiKeyScope.EXPORT
TICKETS, ALERTS = ApiKeyScope.WRITE_TICKETS, ApiKeyScope.INGEST_ALERTS
CREATE_TICKET = """mutation { createTicket(input: {title: "Leak", description: "Drips.", category: INCIDENT,
  priority: P3}) { changeId ticket { id } errors { __typename ... on UserError { code message } } } }"""


def acting(role: Role, *opened: ApiKeyScope) -> Actor:
    """Return an actor of one role, who comes by a key with these scopes if there are any."""
    someone = UUID(int=1)
    key = ActingKey(id=someone, scopes=frozenset(opened)) if opened else None
    return Actor(organization_id=someone, user_id=someone, roles=frozenset({role}), key=key)


def test_every_field_of_the_roots_says_what_a_key_must_open_and_nothing_else_does() -> None:
    for kind, root in ROOTS.items():
        assert root is not None
        assert set(NEEDED[kind]) == set(root.fields), kind


def test_every_action_is_opened_by_a_scope_or_is_for_people() -> None:
    opened = {action for scope, actions in OPENS.items() if scope is not ApiKeyScope.BEGIN for action in actions}

    assert set(OPENS) == set(ApiKeyScope)
    assert opened == set(Action) - FOR_PEOPLE


@pytest.mark.parametrize("mutation", [name for name, needed in MUTATIONS.items() if needed])
def test_what_a_mutation_asks_the_policy_for_is_opened_by_what_the_mutation_needs(mutation: str) -> None:
    opened = {action.value for scope in MUTATIONS[mutation] or () for action in OPENS[scope]}
    found = actions_of(service_of(mutation))

    assert found - opened == set()


@pytest.mark.parametrize("role", Role)
def test_a_key_opens_of_each_action_as_much_as_its_user_may_or_nothing(role: Role) -> None:
    for scope in ApiKeyScope:
        for action in Action:
            reach = scopes(acting(role, scope), action)
            assert reach == (scopes(acting(role), action) if action in OPENS[scope] else frozenset()), (scope, action)


@pytest.mark.parametrize("scope", ApiKeyScope)
def test_rows_are_shown_to_keys_that_read_or_export_alone(scope: ApiKeyScope) -> None:
    for role in Role:
        shown = visibility_class(acting(role)) if scope in {READ, EXPORT} else Visibility.NOTHING
        assert visibility_class(acting(role, scope)) is shown


def test_no_key_that_can_be_asked_for_makes_keys_or_gives_roles() -> None:
    for action in FOR_PEOPLE:
        assert may(acting(Role.ADMIN), action, Standing())
        assert not may(acting(Role.ADMIN, *EVERYTHING), action, Standing())


async def asked(house: House, secret: str, query: str, variables: dict[str, Any] | None = None) -> httpx.Response:
    """Return the whole answer to a key's request."""
    headers = {"Authorization": f"Bearer {secret}", "Accept": "application/graphql-response+json"}
    return await house.client.post(house.served.http, json={"query": query, "variables": variables}, headers=headers)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("opened", "query", "missing"),
    [
        ([TICKETS], "{ tickets { totalCount } }", ["READ"]),
        ([TICKETS], "{ ...F } fragment F on Query { __typename ... on Query { teams { totalCount } } }", ["READ"]),
        ([TICKETS], "query($no: Boolean = false) { __typename teams @include(if: $no) { totalCount } }", ["READ"]),
        ([READ], CREATE_TICKET, ["WRITE_TICKETS"]),
        ([TICKETS, READ], 'mutation { revokeTokens(input: {userId: "x"}) { changeId } }', []),
        ([*EVERYTHING], 'mutation { revokeApiKey(input: {id: "x"}) { changeId } }', []),
        ([*EVERYTHING], 'mutation { createApiKey(input: {name: "n", scopes: READ}) { secret } }', ["BEGIN"]),
        ([*EVERYTHING], "{ viewer { roles } apiKeys { totalCount } }", []),
        ([EXPORT], "{ viewer { roles } }", ["READ"]),
    ],
)
async def test_what_a_key_does_not_open_is_refused_before_anything_is_executed(
    house: House, opened: list[ApiKeyScope], query: str, missing: list[str]
) -> None:
    key = await made(house.served, house.world, "admin", opened)

    answer = await asked(house, key.secret, query)

    assert answer.status_code == 403
    (error,) = answer.json()["errors"]
    assert error["extensions"] == {"code": "FORBIDDEN", "missingScopes": missing}
    assert all(scope in error["message"] for scope in missing)
    assert "data" not in answer.json()
    assert key.secret not in answer.text


@pytest.mark.asyncio(loop_scope="module")
async def test_a_key_may_ask_what_the_schema_is(house: House) -> None:
    key = await made(house.served, house.world, "ann", [ALERTS])
    answer = await asked(house, key.secret, "{ __typename __schema { queryType { name } } }")
    assert answer.json()["data"]["__typename"] == "Query"


@pytest.mark.asyncio(loop_scope="module")
async def test_a_key_that_writes_and_does_not_read_is_shown_no_row(house: House) -> None:
    blind = await made(house.served, house.world, "dispatcher", [TICKETS])
    seeing = await made(house.served, house.world, "dispatcher", [TICKETS, READ])

    unseen = (await asked(house, blind.secret, CREATE_TICKET)).json()["data"]["createTicket"]
    seen = (await asked(house, seeing.secret, CREATE_TICKET)).json()["data"]["createTicket"]
    comment = """mutation($id: ID!) { addComment(input: {ticketId: $id, body: "Soon."}) { changeId comment { body }
      errors { __typename } } }"""
    said = (await asked(house, blind.secret, comment, {"id": seen["ticket"]["id"]})).json()["data"]["addComment"]

    assert unseen["changeId"] is not None
    assert (unseen["ticket"], unseen["errors"]) == (None, [])
    assert seen["ticket"]["id"]
    assert (said["changeId"] is not None, said["comment"], said["errors"]) == (True, None, [])


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("mutation", "row"),
    [
        ('createTeam(input: {name: "East"})', "team { name }"),
        ('createSkill(input: {code: "E", name: "East"})', "skill { name }"),
        ('createTerritory(input: {name: "East", timeZone: "UTC"})', "territory { name }"),
        ('createFacility(input: {name: "East"})', "facility { bays { name } }"),
        ('createPart(input: {partNumber: "E-1", name: "East"})', "part { unitCost { amount } }"),
    ],
)
async def test_a_key_that_administers_and_does_not_read_is_shown_no_row(house: House, mutation: str, row: str) -> None:
    blind = await made(house.served, house.world, "admin", [ApiKeyScope.ADMINISTER])
    query = f"mutation {{ done: {mutation} {{ changeId row: {row} errors {{ __typename }} }} }}"

    answer = (await asked(house, blind.secret, query)).json()["data"]["done"]

    assert (answer["changeId"] is not None, answer["row"], answer["errors"]) == (True, None, [])


@pytest.mark.asyncio(loop_scope="module")
async def test_monitoring_tells_of_alerts_by_a_key_that_opens_nothing_else(house: House) -> None:
    async with transaction(house.engine, house.world.organization_id) as connection:
        row = {"kind": "EQUIPMENT", "name": "Pump", "external_id": "PUMP-7", "created_at": BEFORE, "updated_at": BEFORE}
        mine = {"organization_id": house.world.organization_id, "customer_id": house.world.customer_id}
        await connection.execute(sa.insert(assets).values(**mine, **row))
    key = await made(house.served, house.world, "dispatcher", [ALERTS])
    alert = """mutation { ingestAlert(input: {alertId: "a-1", assetExternalId: "PUMP-7", severity: LOW,
      serviceType: DIAGNOSTIC}) { changeId ticket { id } appointment { id } errors { __typename } } }"""

    answer = (await asked(house, key.secret, alert)).json()["data"]["ingestAlert"]

    assert answer["changeId"] is not None
    assert (answer["ticket"], answer["appointment"], answer["errors"]) == (None, None, [])


@pytest.mark.asyncio(loop_scope="module")
async def test_what_a_key_does_comes_from_the_api_and_is_its_user_s_doing(house: House) -> None:
    key = await made(house.served, house.world, "dispatcher", [TICKETS, READ])
    headers = {"Authorization": f"Bearer {key.secret}", "X-Client": "web"}
    start = await asked(house, key.secret, "{ tickets(first: 0) { eventCursor } }")

    await house.client.post(house.served.http, json={"query": CREATE_TICKET}, headers=headers)

    query = """query($after: EventCursor!) { events(after: $after) { events {
      ... on TicketEvent { source actor { id } } } } }"""
    after = {"after": start.json()["data"]["tickets"]["eventCursor"]}
    told = (await asked(house, key.secret, query, after)).json()["data"]["events"]["events"]
    assert {"source": "API", "actor": {"id": global_id("User", house.world.users["dispatcher"])}} in told
    assert {"WEB"} & {event.get("source") for event in told} == set()


@pytest.mark.asyncio(loop_scope="module")
async def test_what_viewers_are_told_that_they_can_is_what_the_key_opens(house: House) -> None:
    ticket = global_id("Ticket", await Work(house.engine, house.world).create())
    query = "query($id: ID!) { ticket(id: $id) { viewerCan { update assign delete commentInternally } } }"

    can = {}
    for opened in ([READ], [READ, TICKETS], [READ, ApiKeyScope.DISPATCH]):
        key = await made(house.served, house.world, "admin", opened)
        can[opened[-1]] = (await asked(house, key.secret, query, {"id": ticket})).json()["data"]["ticket"]["viewerCan"]

    assert [name for name, yes in can[READ].items() if yes] == []
    assert [name for name, yes in can[TICKETS].items() if yes] == ["update", "delete", "commentInternally"]
    assert [name for name, yes in can[ApiKeyScope.DISPATCH].items() if yes] == ["assign"]


@pytest.mark.asyncio(loop_scope="module")
async def test_tables_are_taken_by_export_and_brought_by_write_tickets(house: House) -> None:
    work = Work(house.engine, house.world)
    await work.create()
    base = house.served.http.removesuffix("/graphql")
    line = "title,description,category,priority\nLeak,Drips.,INCIDENT,P3\n"
    found = {}
    for opened in (EXPORT, READ, TICKETS):
        key = await made(house.served, house.world, "dispatcher", [opened])
        headers = {"Authorization": f"Bearer {key.secret}"}
        out = await house.client.get(f"{base}/exports/tickets.csv", headers=headers)
        brought = await house.client.post(
            f"{base}/imports/tickets.csv?dryRun=true", content=line, headers={**headers, "Content-Type": "text/csv"}
        )
        found[opened] = (out, brought)

    assert {opened: [each.status_code for each in both] for opened, both in found.items()} == {
        EXPORT: [200, 403],
        READ: [403, 403],
        TICKETS: [403, 200],
    }
    assert "Leaking pump" in found[EXPORT][0].text
    refused = found[READ][0].json()
    assert (refused["code"], refused["missingScopes"]) == ("FORBIDDEN", ["EXPORT"])


@pytest.mark.asyncio(loop_scope="module")
async def test_a_subscription_needs_read_over_websockets_and_as_server_sent_events(house: House) -> None:
    key = await made(house.served, house.world, "dispatcher", [TICKETS])
    async with talking(house.served, key.secret) as socket:
        await socket.subscribe("1", BOARD)
        refused = await socket.hear()
    headers = {"Authorization": f"Bearer {key.secret}", "Accept": "text/event-stream"}
    stream = await house.client.post(house.served.http, json={"query": BOARD}, headers=headers)

    assert (refused["type"], refused["payload"][0]["extensions"]["missingScopes"]) == ("error", ["READ"])
    assert '"missingScopes":["READ"]' in stream.text
    assert stream.text.endswith("event: complete\ndata:\n\n")


@pytest.mark.asyncio(loop_scope="module")
async def test_people_are_asked_for_no_scope(house: House) -> None:
    answer = await asked(house, token(house.world, "admin"), "{ apiKeys { totalCount } viewer { roles } }")
    assert answer.status_code == 200
    assert "errors" not in answer.json()
