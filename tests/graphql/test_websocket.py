"""The protocol graphql-transport-ws, frame by frame."""

from typing import Any

import orjson
import pytest

from schema.execution import websocket
from schema.ids import global_id
from tests.graphql.conftest import House
from tests.graphql.socket_client import opened, talking
from tests.graphql.work import Work
from tests.serving import token

pytestmark = pytest.mark.asyncio(loop_scope="module")

VIEWER = "{ viewer { roles } }"
YEAR = 'filter: {from: "2026-01-01T00:00:00Z", to: "2027-01-01T00:00:00Z"}'
BOARD = f"subscription {{ dispatchBoard({YEAR}) {{ __typename ... on TicketEvent {{ ticketId }} }} }}"
REFUSED_BOARD = f"subscription {{ board: dispatchBoard({YEAR}) {{ __typename }} }}"
JOBS = "subscription { jobUpdates { __typename } }"


def dispatcher(house: House) -> str:
    return token(house.world, "dispatcher")


BROKEN: dict[str, str | bytes] = {
    "not JSON": "nonsense",
    "empty": "",
    "binary": b'{"type":"ping"}',
    "an array": "[]",
    "a text": '"x"',
    "null": "null",
    "a number": "123",
    "half a surrogate": '{"type":"ping","payload":{"a":"\\ud800"}}',
    "deep brackets": "[" * 50_000,
    "no type": "{}",
    "a type that is no text": '{"type":1}',
    "an unknown type": '{"type":"unknown"}',
    "a type of the old protocol": '{"type":"start","id":"1","payload":{"query":"{ viewer { roles } }"}}',
    "a message only servers send": '{"type":"next","id":"1","payload":{}}',
}
BROKEN_LATER: dict[str, str | bytes] = {
    "subscribe without an id": '{"type":"subscribe","payload":{"query":"{ viewer { roles } }"}}',
    "subscribe with a number for an id": '{"type":"subscribe","id":1,"payload":{"query":"{ viewer { roles } }"}}',
    "subscribe with an empty id": '{"type":"subscribe","id":"","payload":{"query":"{ viewer { roles } }"}}',
    "subscribe without a payload": '{"type":"subscribe","id":"1"}',
    "subscribe with a text for a payload": '{"type":"subscribe","id":"1","payload":"{ viewer { roles } }"}',
    "subscribe without a query": '{"type":"subscribe","id":"1","payload":{}}',
    "subscribe with a number for a query": '{"type":"subscribe","id":"1","payload":{"query":1}}',
    "subscribe with a list of variables": '{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":[]}}',
    "subscribe with a number for a name": '{"type":"subscribe","id":"1","payload":{"query":"{a}","operationName":1}}',
    "complete without an id": '{"type":"complete"}',
    "complete with a number for an id": '{"type":"complete","id":1}',
}


@pytest.mark.parametrize("frame", [*BROKEN.values(), *BROKEN_LATER.values()], ids=[*BROKEN, *BROKEN_LATER])
async def test_a_frame_that_is_no_message_closes_with_4400(house: House, frame: str | bytes) -> None:
    async with talking(house.served, dispatcher(house)) as socket:
        await socket.raw.send(frame)
        assert await socket.closed() == 4400


@pytest.mark.parametrize("frame", BROKEN.values(), ids=BROKEN.keys())
async def test_a_frame_that_is_no_message_closes_with_4400_before_the_init_too(
    house: House, frame: str | bytes
) -> None:
    async with opened(house.served) as socket:
        await socket.raw.send(frame)
        assert await socket.closed() == 4400


@pytest.mark.parametrize("payload", ["x", 1, [], True])
async def test_an_init_with_a_payload_that_is_no_object_closes_with_4400(house: House, payload: Any) -> None:
    async with opened(house.served) as socket:
        await socket.say({"type": "connection_init", "payload": payload})
        assert await socket.closed() == 4400


async def test_an_operation_before_the_init_closes_with_4401(house: House) -> None:
    async with opened(house.served) as socket:
        await socket.subscribe("1", VIEWER)
        assert await socket.closed() == 4401


@pytest.mark.parametrize(
    "payload", [None, {}, {"Authorization": "Bearer nonsense"}, {"Authorization": 7}, {"token": "x"}]
)
async def test_an_init_that_proves_nothing_closes_with_4403(house: House, payload: Any) -> None:
    async with opened(house.served) as socket:
        await socket.say({"type": "connection_init", "payload": payload})
        assert await socket.closed() == 4403


async def test_a_token_may_come_in_the_handshake(house: House) -> None:
    headers = {"Authorization": f"Bearer {dispatcher(house)}"}
    async with opened(house.served, additional_headers=headers) as socket:
        await socket.say({"type": "connection_init"})
        assert await socket.hear() == {"type": "connection_ack"}


@pytest.mark.parametrize("protocols", [("graphql-ws",), ("soap", "graphql-ws"), ("GRAPHQL-TRANSPORT-WS",)])
async def test_another_protocol_closes_with_4406(house: House, protocols: tuple[str, ...]) -> None:
    async with opened(house.served, *protocols) as socket:
        assert socket.raw.subprotocol is None
        assert await socket.closed() == 4406


async def test_the_protocol_is_chosen_among_several(house: House) -> None:
    async with opened(house.served, "graphql-ws", "graphql-transport-ws") as socket:
        assert socket.raw.subprotocol == "graphql-transport-ws"


async def test_a_client_that_never_begins_is_closed_with_4408(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "INIT_SECONDS", 0.1)
    async with opened(house.served) as socket:
        await socket.say({"type": "ping"})
        assert await socket.closed() == 4408


async def test_an_id_in_use_closes_with_4409(house: House) -> None:
    async with talking(house.served, dispatcher(house)) as socket:
        await socket.ready("same", BOARD)
        await socket.subscribe("same", VIEWER)
        assert await socket.closed() == 4409


async def test_a_second_init_closes_with_4429(house: House) -> None:
    async with talking(house.served, dispatcher(house)) as socket:
        await socket.say({"type": "connection_init", "payload": {"Authorization": f"Bearer {dispatcher(house)}"}})
        assert await socket.closed() == 4429


async def test_a_socket_carries_a_hundred_operations_and_no_more(house: House) -> None:
    async with talking(house.served, dispatcher(house)) as socket:
        for n in range(100):
            await socket.subscribe(str(n), BOARD)
        told = [await socket.told() for _ in range(100)]
        assert {key for key, _ in told} == {str(n) for n in range(100)}
        await socket.subscribe("one more", BOARD)
        assert await socket.closed() == 4400


@pytest.mark.parametrize("payload", [{}, {"a": [1, {"b": None}]}])
async def test_a_ping_is_answered_with_its_payload_before_and_after_the_init(
    house: House, payload: dict[str, Any]
) -> None:
    async with opened(house.served) as socket:
        await socket.say({"type": "ping", "payload": payload})
        assert await socket.hear() == {"type": "pong", "payload": payload}
        await socket.say({"type": "pong"})
        await socket.say({"type": "connection_init", "payload": {"authorization": f"Bearer {dispatcher(house)}"}})
        assert await socket.hear() == {"type": "connection_ack"}
        await socket.say({"type": "pong", "payload": payload})
        await socket.say({"type": "ping"})
        assert await socket.hear() == {"type": "pong"}


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"query": "{ viewer { roles }"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "subscription { nonsense }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": f"{BOARD} {JOBS}"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": VIEWER, "operationName": "Other"}, "BAD_USER_INPUT"),
        ({"query": "query($n: Int!) { technicians(first: $n) { totalCount } }"}, "BAD_USER_INPUT"),
        ({"query": "subscription($a: EventCursor!) { jobUpdates(after: $a) { __typename } }"}, "BAD_USER_INPUT"),
    ],
)
async def test_an_operation_that_cannot_begin_ends_with_an_error_and_the_socket_lives(
    house: House, payload: dict[str, Any], code: str
) -> None:
    async with talking(house.served, dispatcher(house)) as socket:
        await socket.say({"type": "subscribe", "id": "bad", "payload": payload})
        failed = await socket.hear()
        assert (failed["type"], failed["id"]) == ("error", "bad")
        assert {error["extensions"]["code"] for error in failed["payload"]} == {code}
        await socket.subscribe("bad", VIEWER)
        assert await socket.told() == ("bad", {"roles": ["DISPATCHER"]})
        assert await socket.hear() == {"type": "complete", "id": "bad"}


@pytest.mark.parametrize(
    ("user", "query", "code"),
    [
        ("customer", REFUSED_BOARD, "FORBIDDEN"),
        ("ann", REFUSED_BOARD, "FORBIDDEN"),
        ("dispatcher", "subscription { board: jobUpdates { __typename } }", "FORBIDDEN"),
        ("dispatcher", 'subscription { board: ticketUpdates(ticketId: "x") { __typename } }', "BAD_USER_INPUT"),
    ],
)
async def test_a_refused_subscription_ends_with_an_error_that_says_where(
    house: House, user: str, query: str, code: str
) -> None:
    async with talking(house.served, token(house.world, user)) as socket:
        await socket.subscribe("1", query)
        failed = await socket.hear()
        assert failed["type"] == "error"
        (error,) = failed["payload"]
        assert error["extensions"]["code"] == code
        assert (error["path"], error["locations"]) == (["board"], [{"line": 1, "column": 16}])
        await socket.say({"type": "ping"})
        assert await socket.hear() == {"type": "pong"}


async def test_a_mutation_is_answered_and_completed(house: House) -> None:
    query = (
        'mutation { createTicket(input: {title: "t", description: "d", category: INCIDENT, priority: P3}) '
        "{ errors { __typename } ticket { status } } }"
    )
    async with talking(house.served, dispatcher(house)) as socket:
        await socket.subscribe("1", query)
        assert await socket.told() == ("1", {"errors": [], "ticket": {"status": "NEW"}})
        assert await socket.hear() == {"type": "complete", "id": "1"}


async def test_completed_by_the_client_means_nothing_more_of_it(house: House) -> None:
    work = Work(house.engine, house.world)
    async with talking(house.served, dispatcher(house)) as socket:
        await socket.ready("kept", BOARD)
        await socket.ready("dropped", BOARD)
        await socket.say({"type": "complete", "id": "dropped"})
        await socket.say({"type": "complete", "id": "never heard of"})
        ticket_id = await work.create()
        event = {"__typename": "TicketEvent", "ticketId": global_id("Ticket", ticket_id)}
        assert await socket.told() == ("kept", event)
        await socket.say({"type": "ping"})
        assert await socket.hear() == {"type": "pong"}


async def test_an_id_given_again_at_once_belongs_to_the_new_operation(house: House) -> None:
    work = Work(house.engine, house.world)
    complete = orjson.dumps({"type": "complete", "id": "again"}).decode()
    async with talking(house.served, dispatcher(house)) as socket:
        await socket.ready("kept", BOARD)
        await socket.ready("again", BOARD)
        await socket.raw.send(complete)
        await socket.ready("again", BOARD)
        await socket.raw.send(complete)
        for _ in range(2):
            await work.create()
            assert (await socket.told())[0] == "kept"
        await socket.ready("again", BOARD)


async def test_two_subscriptions_and_a_query_share_a_socket(house: House) -> None:
    work = Work(house.engine, house.world)
    async with talking(house.served, dispatcher(house)) as socket:
        await socket.ready("board", BOARD)
        ticket_id = await work.create()
        assert (await socket.told())[0] == "board"
        node = global_id("Ticket", ticket_id)
        updates = "subscription($id: ID!) { ticketUpdates(ticketId: $id) { __typename } }"
        await socket.ready("ticket", updates, {"id": node})
        await socket.subscribe("query", VIEWER)
        assert await socket.told() == ("query", {"roles": ["DISPATCHER"]})
        assert await socket.hear() == {"type": "complete", "id": "query"}
        await work.comment(ticket_id, "Seen it.")
        assert {(await socket.told())[0], (await socket.told())[0]} == {"board", "ticket"}


@pytest.mark.parametrize(
    "message",
    [
        {"type": "ping", "payload": "deep"},
        {"type": "subscribe", "id": "1", "payload": {"query": VIEWER, "variables": "deep"}},
        {"type": "subscribe", "id": "1", "payload": {"query": VIEWER, "extensions": "deep"}},
    ],
)
async def test_what_is_nested_deeper_than_it_can_be_written_closes_with_4400(
    house: House, message: dict[str, Any]
) -> None:
    deep = '{"a":' * 400 + "1" + "}" * 400
    async with talking(house.served, token(house.world, "dispatcher")) as socket:
        await socket.raw.send(orjson.dumps(message).decode().replace('"deep"', deep))
        assert await socket.closed() == 4400
