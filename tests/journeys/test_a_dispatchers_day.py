"""The main story: a board is watched while tickets are assigned, done and escalated."""

from typing import Any

from tests.journeys.node import node_client
from tests.journeys.operations import BOARD, BOARD_FILTER, EVENTS, JOBS, TICKET_UPDATES
from tests.journeys.stage import Stage, job_for, ticket_for

BOARD_PAGE = "{ tickets(first: 50) { totalCount eventCursor nodes { id } } }"


def steps(messages: list[dict[str, Any]]) -> list[str]:
    """Return what happened, in the order in which it was told."""
    return [message["type"] for message in messages]


async def test_a_watched_board_shows_each_step_of_a_job_in_order(stage: Stage) -> None:
    dispatcher, lead, ann = [await stage.enter(name) for name in ("dispatcher", "lead", "ann")]
    ticket = await ticket_for(dispatcher)
    seen = (await lead.ask(BOARD_PAGE))["tickets"]
    assert [node["id"] for node in seen["nodes"]] == [ticket]

    async with lead.following(BOARD, filter=BOARD_FILTER, after=seen["eventCursor"]) as board:
        assert (await board.ready())["replayed"] == 0
        changes = [await dispatcher.do("assignTicket", ticketId=ticket, technicianId=stage.technician("ann"))]
        job = changes[0]["assignment"]["id"]
        changes.append(await ann.do("acceptAssignment", assignmentId=job))
        changes.append(await ann.do("startWork", assignmentId=job))
        changes.append(await ann.do("completeAssignment", assignmentId=job, outcome="SUCCESS", timeSpentHours=1))
        told = await board.take(7)

    assert steps(told) == [
        *("JOB_ASSIGNED", "TICKET_STATUS_CHANGED"),
        "JOB_ACCEPTED",
        *("JOB_STARTED", "TICKET_STATUS_CHANGED"),
        *("JOB_COMPLETED", "TICKET_RESOLVED"),
    ]
    by_step = [changes[at]["changeId"] for at in (0, 0, 1, 2, 2, 3, 3)]
    assert [message["changeId"] for message in told] == by_step
    assert [message["actor"]["name"] for message in told] == ["Dispatcher"] * 2 + ["Ann"] * 5
    # The last event of a change stands where its payload said the log stood.
    assert told[-1]["cursor"] == changes[-1]["eventCursor"]


async def test_a_watched_board_shows_a_ticket_climb(stage: Stage) -> None:
    dispatcher, ann, cleo = [await stage.enter(name) for name in ("dispatcher", "ann", "cleo")]
    ticket = await ticket_for(dispatcher)
    await job_for(dispatcher, stage, "ann", ticket)

    async with dispatcher.following(BOARD, filter=BOARD_FILTER) as board:
        await board.ready()
        await ann.do("escalateTicket", ticketId=ticket, reason="Out of my depth.")
        first = await board.take(3)
        await cleo.do("escalateTicket", ticketId=ticket, reason="So am I.")
        second = await board.take(3)

    assert steps(first) == ["JOB_ESCALATED", "JOB_ASSIGNED", "TICKET_ESCALATED"]
    assert steps(second) == steps(first)
    assert [each["assignment"]["technician"]["name"] for each in first[:2]] == ["Ann", "Cleo"]
    assert [each["assignment"]["technician"]["name"] for each in second[:2]] == ["Cleo", "Dan"]


async def test_the_echo_of_ones_own_change_bears_its_change_id(stage: Stage) -> None:
    dispatcher, lead = await stage.enter("dispatcher"), await stage.enter("lead")
    tickets = [await ticket_for(dispatcher) for _ in range(2)]

    async with dispatcher.following(BOARD, filter=BOARD_FILTER) as board:
        await board.ready()
        mine = await dispatcher.do("addComment", ticketId=tickets[0], body="Mine.")
        theirs = await lead.do("addComment", ticketId=tickets[1], body="Theirs.")
        told = await board.take(2)

    assert [message["changeId"] for message in told] == [mine["changeId"], theirs["changeId"]]
    assert mine["changeId"] != theirs["changeId"]
    assert [message["comment"]["body"] for message in told] == ["Mine.", "Theirs."]


async def test_a_phone_is_told_of_its_technicians_jobs_and_of_no_others(stage: Stage) -> None:
    dispatcher, ann = await stage.enter("dispatcher"), await stage.enter("ann")
    headers = {"Authorization": f"Bearer {ann.token}", "X-Client": "mobile"}

    async with node_client(stage.served.websocket, JOBS, {}, headers=headers) as phone:
        assert (await phone.next("jobUpdates"))["__typename"] == "StreamReady"
        await job_for(dispatcher, stage, "bob")
        job = await job_for(dispatcher, stage, "ann")
        assigned = await phone.next("jobUpdates")
        await ann.do("acceptAssignment", assignmentId=job)
        accepted = await phone.next("jobUpdates")

    assert (assigned["type"], assigned["assignment"]["id"]) == ("JOB_ASSIGNED", job)
    assert (accepted["type"], accepted["assignment"]["status"]) == ("JOB_ACCEPTED", "ACCEPTED")


async def test_a_customer_follows_their_ticket_without_internal_comments(stage: Stage) -> None:
    dispatcher, customer = await stage.enter("dispatcher"), await stage.enter("customer")
    ticket = await ticket_for(customer)

    async with customer.following(TICKET_UPDATES, ticketId=ticket) as updates:
        await updates.ready()
        await dispatcher.do("addComment", ticketId=ticket, body="He shouts.", internal=True)
        await dispatcher.do("addComment", ticketId=ticket, body="We are on our way.")
        told = await updates.next()

    assert told["comment"]["body"] == "We are on our way."


async def test_a_narrowed_board_tells_what_left_it(stage: Stage) -> None:
    dispatcher, ann = await stage.enter("dispatcher"), await stage.enter("ann")
    ticket = await ticket_for(dispatcher)
    narrow = {**BOARD_FILTER, "technicianIds": [stage.technician("ann")], "includeUnassigned": False}

    async with dispatcher.following(BOARD, filter=narrow) as board:
        await board.ready()
        await job_for(dispatcher, stage, "bob")
        job = await job_for(dispatcher, stage, "ann", ticket)
        assigned = await board.take(2)
        await ann.do("rejectAssignment", assignmentId=job, rejectionReason="Ill.")
        rejected = await board.take(2)

    assert steps(assigned) == ["JOB_ASSIGNED", "TICKET_STATUS_CHANGED"]
    assert rejected[0]["type"] == "JOB_REJECTED"
    assert (rejected[1]["__typename"], rejected[1]["id"]) == ("RemovedFromView", ticket)


async def test_the_log_over_http_tells_what_the_board_told(stage: Stage) -> None:
    dispatcher, ann = await stage.enter("dispatcher"), await stage.enter("ann")
    cursor = await dispatcher.latest_cursor()

    async with dispatcher.following(BOARD, filter=BOARD_FILTER) as board:
        await board.ready()
        job = await job_for(dispatcher, stage, "ann")
        await ann.do("acceptAssignment", assignmentId=job)
        told = await board.take(4)

    page = (await dispatcher.ask(EVENTS, after=cursor))["events"]
    assert [event["id"] for event in page["events"]] == [message["id"] for message in told]
    assert page["endCursor"] == told[-1]["cursor"]
    some = (await dispatcher.ask(EVENTS, after=cursor, types=["JOB_ACCEPTED"]))["events"]
    assert steps(some["events"]) == ["JOB_ACCEPTED"]
