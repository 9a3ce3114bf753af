"""Who may follow what, and what of the log each role is told, over websockets and as a page."""

import asyncio
from typing import Any

import pytest

from app.domain.people import Role
from tests.graphql.socket_client import Socket, talking
from tests.rights.asking import Ground
from tests.rights.meaning import NOBODY, Meaning, families_with
from tests.rights.roots import query, subscription
from tests.rights.scene import ALL, ELSEWHERE, WHOSE
from tests.rights.table import Root, subscriptions, table

pytestmark = pytest.mark.asyncio(loop_scope="module")
FOLLOWED = [root for root in subscriptions() if root.name != "technicianLocations"]
SAY = """mutation Say($ticket: ID!, $body: String!) {
  addComment(input: {ticketId: $ticket, body: $body}) { changeId errors { __typename } } }"""


@pytest.mark.parametrize("role", Role)
async def test_who_may_follow_is_told_of_what_they_see(ground: Ground, role: Role) -> None:
    meaning = Meaning(scene=ground.scene, cursor=ground.cursor)

    async with talking(ground.served, ground.as_role(role)) as socket:
        for root in FOLLOWED:
            for whose in [ALL] if root.of is None else [*families_with(ground.scene, root.of), ELSEWHERE, NOBODY]:
                sent = meaning.fill(root.given, whose, root.of)
                await socket.subscribe(f"{root.name} {whose}", subscription(root.name, list(sent)), sent)
                code, told = await _replayed(socket)
                assert code == _wanted(ground, root, role, whose), (root.name, whose)
                assert ground.foreign.rows_in(told, sent) == set()
                if code is None:
                    families = WHOSE if whose == ALL else [whose]
                    assert _subjects(told) == _expected(ground, root, role, families), (root.name, whose)


@pytest.mark.parametrize("role", Role)
async def test_a_page_of_the_log_tells_what_its_reader_sees(ground: Ground, role: Role) -> None:
    given = {"after": ground.cursor, "first": 500}

    answer = await ground.ask(ground.as_role(role), query("events", list(given)), given)

    events = answer["data"]["events"]["events"]
    assert _subjects(events) == _happened(ground, role, WHOSE)
    assert ground.foreign.rows_in(answer) == set()


@pytest.mark.parametrize("role", Role)
async def test_where_technicians_are_is_for_dispatchers(ground: Ground, role: Role) -> None:
    (root,) = (root for root in subscriptions() if root.name == "technicianLocations")

    async with talking(ground.served, ground.as_role(role)) as socket:
        await socket.subscribe("1", subscription(root.name, list(root.given)), dict(root.given))
        message = await socket.hear()

    if root.by.covers(role, ALL, active=False):
        assert "errors" not in message["payload"]
        assert ground.foreign.rows_in(message) == set()
    else:
        assert [error["extensions"]["code"] for error in message["payload"]["errors"]] == ["FORBIDDEN"]


async def test_what_happens_elsewhere_meanwhile_is_told_there_alone(ground: Ground) -> None:
    (root,) = (root for root in subscriptions() if root.name == "dispatchBoard")
    given = {name: value for name, value in Meaning(scene=ground.scene).fill(root.given, ALL, None).items() if value}
    document = subscription(root.name, list(given))

    async with (
        talking(ground.served, ground.as_role(Role.ADMIN)) as here,
        talking(ground.served, ground.scene.token_elsewhere()) as there,
    ):
        for socket in (here, there):
            await socket.subscribe("1", document, given)
            assert await _replayed(socket) == (None, [])
        for bearer, whose in ((ground.scene.token_elsewhere(), ELSEWHERE), (ground.as_role(Role.ADMIN), "others")):
            said = {"ticket": ground.scene.id_of(whose, "Ticket.working"), "body": f"Said {whose}"}
            assert (await ground.ask(bearer, SAY, said))["data"]["addComment"]["errors"] == []
        first, foreign = [(await socket.hear())["payload"]["data"]["dispatchBoard"] for socket in (here, there)]

    # What was said later is the first that is told here.
    assert first["ticketId"] == ground.scene.id_of("others", "Ticket.working")
    assert foreign["ticketId"] == ground.scene.id_of(ELSEWHERE, "Ticket.working")


async def _replayed(socket: Socket) -> tuple[str | None, list[Any]]:
    """Return why a subscription was refused, or what was told before it was live."""
    told: list[Any] = []
    async with asyncio.timeout(60):
        while True:
            message = await socket.hear()
            if message["type"] == "error":
                return message["payload"][0]["extensions"]["code"], told
            if message["type"] == "complete":
                continue
            (event,) = message["payload"]["data"].values()
            if event["__typename"] == "StreamReady":
                return None, told
            told.append(event)


def _wanted(ground: Ground, root: Root, role: Role, whose: str) -> str | None:
    if whose in {ELSEWHERE, NOBODY}:
        return "NOT_FOUND"
    thing = None if root.of is None else ground.scene.things[ground.scene.id_of(whose, root.of)]
    if root.by.covers(role, whose, active=thing is not None and thing.active):
        return None
    return "FORBIDDEN" if thing is None or table().sees(role, thing) else "NOT_FOUND"


def _expected(ground: Ground, root: Root, role: Role, families: Any) -> list[tuple[str, str]]:
    # Of the log of this world nothing is about a job or a clock.
    return [] if root.name in {"jobUpdates", "slaAlerts"} else _happened(ground, role, families)


def _happened(ground: Ground, role: Role, families: Any) -> list[tuple[str, str]]:
    """Return what happened to families in the order of the log, as far as a role sees it."""
    happened: list[tuple[str, str]] = []
    for whose in (whose for whose in WHOSE if whose in families):
        ticket = ground.scene.things[ground.scene.id_of(whose, "Ticket.working")]
        for variant in ("public told", "internal told"):
            comment = ground.scene.things[ground.scene.id_of(whose, f"Comment.{variant}")]
            if table().sees(role, comment):
                happened.append(("COMMENT_ADDED", comment.id))
        if table().sees(role, ticket):
            happened.append(("TICKET_UPDATED", ticket.id))
    return happened


def _subjects(events: list[Any]) -> list[tuple[str, str]]:
    return [(event["type"], (event["comment"] or event["ticket"])["id"]) for event in events]
