"""Subscribers who are told the same share one execution, and nobody is told what another may see."""

import asyncio
from collections.abc import AsyncGenerator, Hashable
from contextlib import AsyncExitStack
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.people import Role
from app.live.groups import Groups, Member, Outlet, Told, Words
from app.live.replay import Ready
from resolvers.streams import Message
from schema.build import schema
from schema.execution import outbox
from schema.execution.callers import Caller
from schema.execution.feeds import Feeds
from schema.execution.preparing import Prepared
from schema.execution.telling import Alone, Telling
from schema.ids import global_id
from tests.graphql.socket_client import Socket, talking
from tests.graphql.test_websocket import YEAR
from tests.graphql.work import Work
from tests.serving import serving, token
from tests.world import World

_EVENT = "... on TicketEvent { id ticket { title %s } } ... on StreamReset { reason }"
_BOARD = f"subscription($after: EventCursor) {{ dispatchBoard({YEAR}, after: $after) {{ __typename %s }} }}"
PLAIN = _BOARD % (_EVENT % "")
PERSONAL = _BOARD % (_EVENT % "viewerCan { update }")
# The row of an event may be of any type, a ticket too.
OF_A_NODE = _BOARD % (_EVENT % "" + " ... on RecordEvent { record { ... on Ticket { viewerCan { update } } } }")
_SPREAD = "... on TicketEvent { id ticket { ...T } }"
OF_A_FRAGMENT = f"{_BOARD % _SPREAD} fragment T on Ticket {{ comments {{ totalCount }} }}"


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The positions of the log's steps that groups have put into words, as they come."""
    found: list[int] = []
    words = Telling.words

    async def counted(self: Telling, step: Any) -> Any:
        told = await words(self, step)
        if told is not None:
            found.append(step.position)
        return told

    monkeypatch.setattr(Telling, "words", counted)
    return found


@pytest.fixture
def groups(monkeypatch: pytest.MonkeyPatch) -> set[Hashable]:
    """The keys of all groups that were ever joined."""
    found: set[Hashable] = set()
    join = Groups.join

    def noted(
        self: Groups, key: Hashable, organization_id: UUID, position: int, outlet: Outlet, words: Words | None
    ) -> Member | None:
        found.add(key)
        return join(self, key, organization_id, position, outlet, words)

    monkeypatch.setattr(Groups, "join", noted)
    return found


async def test_an_event_is_executed_once_for_all_who_ask_the_same(
    database_url: str, engine: AsyncEngine, world: World, executed: list[int], groups: set[Hashable]
) -> None:
    work = Work(engine, world)
    async with serving(database_url) as served, AsyncExitStack() as leaving:
        sockets = [await leaving.enter_async_context(talking(served, token(world, "dispatcher"))) for _ in range(20)]
        for number, socket in enumerate(sockets):
            await socket.ready(f"mine-{number}", PLAIN)
        for _ in range(3):
            await work.create()
        heard = [[await socket.told() for _ in range(3)] for socket in sockets]
    assert len(executed) == 3
    assert len(groups) == 1
    assert {key for each in heard for key, _ in each} == {f"mine-{number}" for number in range(20)}
    assert all([event for _, event in each] == [event for _, event in heard[0]] for each in heard)


async def test_those_who_come_back_with_a_cursor_share_with_those_who_never_left(
    database_url: str, engine: AsyncEngine, world: World, groups: set[Hashable]
) -> None:
    work = Work(engine, world)
    cursor = f"subscription {{ dispatchBoard({YEAR}) {{ __typename ... on StreamReady {{ cursor }} }} }}"
    async with (
        serving(database_url) as served,
        talking(served, token(world, "dispatcher")) as stayed,
        talking(served, token(world, "dispatcher")) as back,
    ):
        await stayed.subscribe("cursor", cursor)
        _, ready = await stayed.told()
        await stayed.ready("1", PLAIN)
        await work.create()
        _, missed = [await stayed.told() for _ in range(2)][1]
        await back.subscribe("1", PLAIN, {"after": ready["cursor"]})
        assert (await back.told())[1]["__typename"] == "TicketEvent"
        assert (await back.told())[1] == {"__typename": "StreamReady"}
        await work.create()
        assert (await back.told())[1]["__typename"] == "TicketEvent"
    assert missed["__typename"] == "TicketEvent"
    # One for the document that only asked for a cursor.
    assert len(groups) == 2


@pytest.mark.parametrize(
    ("query", "shared"), [(PLAIN, True), (OF_A_FRAGMENT, True), (PERSONAL, False), (OF_A_NODE, False)]
)
async def test_people_of_one_role_share_unless_something_depends_on_who_they_are(
    database_url: str, engine: AsyncEngine, world: World, groups: set[Hashable], *, query: str, shared: bool
) -> None:
    work = Work(engine, world)
    roles = [Role.DISPATCHER]
    async with (
        serving(database_url) as served,
        talking(served, token(world, "dispatcher")) as one,
        talking(served, token(world, "manager", roles=None)) as other,
        talking(served, token(world, "dispatcher", roles=roles)) as same,
    ):
        for socket in (one, other, same):
            await socket.ready("1", query)
        await work.create()
        heard = [(await socket.told())[1]["__typename"] for socket in (one, other, same)]
    assert heard == ["TicketEvent"] * 3
    # A manager sees more than a dispatcher, so those two never share.
    assert len(groups) == 2
    # The last part of a key is the person.
    assert {isinstance(key, tuple) and key[-1] is None for key in groups} == {shared}


async def test_two_viewers_of_one_document_with_different_sight_are_told_what_each_may_see(
    database_url: str, engine: AsyncEngine, world: World, groups: set[Hashable]
) -> None:
    work = Work(engine, world)
    ticket = await work.create("customer")
    query = (
        "subscription($id: ID!) { ticketUpdates(ticketId: $id) { __typename ... on TicketEvent { comment { body } } } }"
    )
    variables = {"id": global_id("Ticket", ticket)}
    async with (
        serving(database_url) as served,
        talking(served, token(world, "dispatcher")) as staff,
        talking(served, token(world, "customer")) as customer,
    ):
        for socket in (staff, customer):
            await socket.ready("1", query, variables)
        await work.comment(ticket, "Not for them", internal=True)
        await work.comment(ticket, "For everybody")
        heard = [[(await staff.told())[1]["comment"]["body"] for _ in range(2)]]
        heard.append([(await customer.told())[1]["comment"]["body"]])
    assert heard == [["Not for them", "For everybody"], ["For everybody"]]
    assert len(groups) == 2


async def test_who_does_not_read_is_told_so_and_goes_on_and_the_others_miss_nothing(
    database_url: str, engine: AsyncEngine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "LONGEST", 8)
    work = Work(engine, world)
    fields = " ".join(f"text{n}: description" for n in range(20))
    event = f"... on TicketEvent {{ id ticket {{ {fields} }} }} ... on StreamReset {{ reason }}"
    large = f"subscription {{ dispatchBoard({YEAR}) {{ __typename {event} }} }}"
    async with (
        serving(database_url) as served,
        talking(served, token(world, "dispatcher"), max_queue=1, max_size=None) as slow,
        talking(served, token(world, "dispatcher"), max_size=None) as quick,
    ):
        await slow.ready("1", large)
        await quick.ready("1", large)
        told = []
        # Each is 400 kB: more than all buffers on the way take.
        for _ in range(60):
            await work.create(description="x" * 20_000)
            told.append((await quick.told())[1]["id"])
        heard: list[str] = []
        while True:
            _, message = await slow.told()
            if message["__typename"] == "StreamReset":
                break
            heard.append(message["id"])
        await work.create()
        _, live = await slow.told()
        assert message["reason"] == "LAGGED"
        assert heard == told[: len(heard)]
        assert len(heard) < len(told)
        assert live["id"] == (await quick.told())[1]["id"]


@pytest.fixture
def hesitating(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every reader pause between having caught up and joining, so that groups get ahead of them."""
    told = Telling.told

    async def slowly(self: Telling, message: Message) -> Told:
        if isinstance(message, Ready):
            await asyncio.sleep(0.3)
        return await told(self, message)

    monkeypatch.setattr(Telling, "told", slowly)


async def joined_amid_writing(
    database_url: str, engine: AsyncEngine, world: World
) -> list[tuple[list[str], list[str]]]:
    """Let clients subscribe while four write; return what each heard once live, and what the log has from there on."""
    dice, work = Random(7), Work(engine, world)
    query = f"""subscription {{ dispatchBoard({YEAR}) {{
      __typename ... on TicketEvent {{ id }} ... on StreamReady {{ cursor }} }} }}"""
    page = "query($after: EventCursor!) { events(after: $after, first: 20) { events { ... on TicketEvent { id } } } }"
    bearer = token(world, "dispatcher")
    async with serving(database_url) as served, AsyncExitStack() as leaving:
        over = asyncio.Event()

        async def write() -> None:
            while not over.is_set():
                await work.create()
                await asyncio.sleep(dice.uniform(0, 0.05))

        async def follow(wait: float) -> tuple[list[str], list[str]]:
            await asyncio.sleep(wait)
            socket: Socket = await leaving.enter_async_context(talking(served, bearer))
            await socket.subscribe("1", query)
            message = (await socket.told())[1]
            while message["__typename"] != "StreamReady":
                message = (await socket.told())[1]
            heard = [(await socket.told())[1]["id"] for _ in range(20)]
            socket.raw.transport.abort()
            logged = await served.ask(bearer, page, {"after": message["cursor"]})
            return heard, [event["id"] for event in logged["data"]["events"]["events"]]

        writers = [asyncio.create_task(write()) for _ in range(4)]
        found = await asyncio.gather(*(follow(dice.uniform(0, 1.5)) for _ in range(18)))
        over.set()
        await asyncio.gather(*writers)
    return found


@pytest.mark.usefixtures("hesitating")
async def test_whoever_joins_while_much_happens_misses_nothing_and_hears_nothing_twice(
    database_url: str, engine: AsyncEngine, world: World
) -> None:
    for heard, logged in await joined_amid_writing(database_url, engine, world):
        assert heard == logged


@pytest.mark.usefixtures("hesitating")
async def test_if_groups_let_in_whoever_is_behind_them_something_is_missed(
    database_url: str, engine: AsyncEngine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    join = Groups.join

    def careless(
        self: Groups, key: Hashable, organization_id: UUID, position: int, outlet: Outlet, words: Words | None
    ) -> Member | None:
        group = self._groups.get(key)
        ahead = position if group is None else max(position, group.position)
        return join(self, key, organization_id, ahead, outlet, words)

    monkeypatch.setattr(Groups, "join", careless)
    found = await joined_amid_writing(database_url, engine, world)
    assert any(heard != logged for heard, logged in found)


async def test_the_schema_s_own_library_follows_the_same_stream(
    database_url: str, engine: AsyncEngine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    callers: list[Caller] = []
    begin = Feeds.begin

    async def noted(self: Feeds, prepared: Prepared, caller: Caller) -> Telling | Alone:
        callers.append(caller)
        return await begin(self, prepared, caller)

    monkeypatch.setattr(Feeds, "begin", noted)
    async with serving(database_url) as served, talking(served, token(world, "dispatcher")) as socket:
        await socket.ready("1", PLAIN)
        stream = await schema().subscribe(PLAIN, context_value=await callers[0].operation())
        assert isinstance(stream, AsyncGenerator)
        ready = await anext(stream)
        await Work(engine, world).create()
        event = await anext(stream)
        await stream.aclose()
        shared = (await socket.told())[1]
    assert ready.data == {"dispatchBoard": {"__typename": "StreamReady"}}
    assert event.data == {"dispatchBoard": shared}
