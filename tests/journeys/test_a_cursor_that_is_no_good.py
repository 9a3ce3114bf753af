"""A client comes back with a cursor from which nothing can be replayed: it is told to refetch, and goes on live."""

from datetime import UTC, datetime
from typing import Any

from app.domain.tickets import TicketCategory, TicketPriority
from app.services.tickets.create_ticket import CreateTicket, create_ticket
from tests.journeys.node import node_client
from tests.journeys.operations import BOARD, BOARD_FILTER, EVENTS, JOBS, TICKET_UPDATES
from tests.journeys.people import Person
from tests.journeys.stage import TITLE, Stage, job_for, ticket_for
from tests.world import make_world, writer_for

LONG_AGO = datetime(2026, 2, 1, tzinfo=UTC)


def forged(cursor: str) -> str:
    """Return the cursor with one character of its body changed."""
    return cursor[:40] + ("A" if cursor[40] != "A" else "B") + cursor[41:]


async def goes_on_live(person: Person, cursor: str, reason: str) -> None:
    """Check that the board resets for this reason, is ready, and tells the next change first."""
    async with person.following(BOARD, filter=BOARD_FILTER, after=cursor) as board:
        reset = await board.next()
        assert (reset["__typename"], reset["why"]) == ("StreamReset", reason)
        assert (await board.ready())["replayed"] == 0
        written = await person.do("createTicket", **_ticket())
        told = await board.next()
        assert (told["type"], told["changeId"]) == ("TICKET_CREATED", written["changeId"])


def _ticket() -> dict[str, Any]:
    return {"title": TITLE, "description": "Again.", "category": "INCIDENT", "priority": "P3"}


async def test_a_cursor_that_was_never_given_out_is_unknown(stage: Stage) -> None:
    dispatcher = await stage.enter("dispatcher")
    await ticket_for(dispatcher)
    cursor = await dispatcher.latest_cursor()

    for broken in (forged(cursor), cursor[:-1], "no cursor", ""):
        await goes_on_live(dispatcher, broken, "CURSOR_UNKNOWN")


async def test_another_organisations_cursor_is_unknown(stage: Stage) -> None:
    other = await make_world(stage.engine, "Elsewhere")
    stranger = await stage.enter("dispatcher", world=other)
    await ticket_for(stranger)

    await goes_on_live(await stage.enter("dispatcher"), await stranger.latest_cursor(), "CURSOR_UNKNOWN")


async def test_a_cursor_older_than_the_replay_window_has_expired(stage: Stage) -> None:
    dispatcher = await stage.enter("dispatcher")
    before = await dispatcher.latest_cursor()
    await _long_ago(stage)

    await goes_on_live(dispatcher, before, "CURSOR_EXPIRED")


async def test_the_cursor_after_the_last_old_event_has_not_expired(stage: Stage) -> None:
    dispatcher = await stage.enter("dispatcher")
    await _long_ago(stage)
    after = await dispatcher.latest_cursor()
    ticket = await ticket_for(dispatcher)

    async with dispatcher.following(BOARD, filter=BOARD_FILTER, after=after) as board:
        told = await board.next()

    assert told["ticket"]["id"] == ticket


async def test_over_http_the_same_cursors_are_answered_with_a_reset(stage: Stage) -> None:
    other = await make_world(stage.engine, "Elsewhere")
    dispatcher, stranger = await stage.enter("dispatcher"), await stage.enter("dispatcher", world=other)
    await ticket_for(stranger)
    expired = await dispatcher.latest_cursor()
    await _long_ago(stage)
    latest = await dispatcher.latest_cursor()

    for cursor, reason in (
        (forged(latest), "CURSOR_UNKNOWN"),
        (await stranger.latest_cursor(), "CURSOR_UNKNOWN"),
        (expired, "CURSOR_EXPIRED"),
    ):
        page = (await dispatcher.ask(EVENTS, after=cursor))["events"]
        assert page["reset"] == {"reason": reason, "cursor": latest}
        assert (page["events"], page["hasMore"], page["endCursor"]) == ([], False, latest)


async def test_every_subscription_resets_on_a_forged_cursor(stage: Stage) -> None:
    dispatcher = await stage.enter("dispatcher")
    ticket = await ticket_for(dispatcher)
    await job_for(dispatcher, stage, "ann", ticket)
    cursor = forged(await dispatcher.latest_cursor())

    for operation, variables in (
        (JOBS, {"technicianId": stage.technician("ann")}),
        (TICKET_UPDATES, {"ticketId": ticket}),
    ):
        async with dispatcher.following(operation, **variables, after=cursor) as stream:
            assert (await stream.next())["why"] == "CURSOR_UNKNOWN"
            await stream.ready()


async def test_the_npm_client_is_told_to_refetch_and_goes_on_live(stage: Stage) -> None:
    dispatcher = await stage.enter("dispatcher")
    asked = {"filter": BOARD_FILTER, "after": forged(await dispatcher.latest_cursor())}
    headers = {"Authorization": f"Bearer {dispatcher.token}"}

    async with node_client(stage.served.websocket, BOARD, asked, headers=headers) as phone:
        reset, ready = await phone.next("dispatchBoard"), await phone.next("dispatchBoard")
        written = await dispatcher.do("createTicket", **_ticket())
        told = await phone.next("dispatchBoard")

    assert (reset["__typename"], reset["why"]) == ("StreamReset", "CURSOR_UNKNOWN")
    assert ready["__typename"] == "StreamReady"
    assert told["changeId"] == written["changeId"]


async def _long_ago(stage: Stage) -> None:
    command = CreateTicket(
        title=TITLE, description="Long ago.", category=TicketCategory.INCIDENT, priority=TicketPriority.P4
    )
    writer = writer_for(stage.engine, clock=lambda: LONG_AGO)
    await create_ticket(writer, stage.world.actor("dispatcher"), command)
