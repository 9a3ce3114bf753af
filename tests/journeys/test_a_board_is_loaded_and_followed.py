"""A dispatcher loads the board and follows it from its cursor."""

from typing import Any

import httpx
import pytest

from app.domain.people import Role
from tests.journeys.boards import FOLLOW, LOAD, KeptBoard, narrowed, shown
from tests.journeys.crowd import gather_crowd
from tests.journeys.operations import BOARD_FILTER
from tests.journeys.people import Person
from tests.journeys.stage import Stage, job_for, ticket_for

DISPATCH = ["dispatcher", "lead", "manager", "admin"]
_MORE_TICKETS = """
INSERT INTO tickets (organization_id, ticket_number, title, description, status, priority, category, requester_id,
    created_at, updated_at)
SELECT :organization, 'TKT-2025-' || lpad(CAST(n AS text), 6, '0'), 'Number ' || n, 'Broken.', 'OPEN',
    'P' || 1 + n % 4, 'INCIDENT', :requester, timestamptz '2026-01-01' - n * interval '1 minute', now()
FROM generate_series(CAST(:first AS integer), CAST(:last AS integer)) AS n
RETURNING id
"""


async def load(person: Person, **filters: Any) -> dict[str, Any]:
    """Return the board."""
    board: dict[str, Any] = (await person.ask(LOAD, filter=narrowed(**filters)))["dispatchBoard"]
    return board


async def test_what_another_dispatcher_assigns_is_the_first_thing_told_after_ready(stage: Stage) -> None:
    dispatcher, lead = await stage.enter("dispatcher"), await stage.enter("lead")
    ticket = await ticket_for(dispatcher)
    told = await load(lead)
    assert [each["id"] for each in told["unassigned"]] == [ticket]
    board = KeptBoard.loaded(told)

    async with lead.following(FOLLOW, filter=BOARD_FILTER, after=told["eventCursor"]) as stream:
        assert (await stream.ready())["replayed"] == 0
        assigned = await dispatcher.do("assignTicket", ticketId=ticket, technicianId=stage.technician("ann"))
        messages = await stream.take(2)

    first = messages[0]
    assert (first["__typename"], first["type"]) == ("JobEvent", "JOB_ASSIGNED")
    assert first["assignmentId"] == assigned["assignment"]["id"]
    assert [message["changeId"] for message in messages] == [assigned["changeId"]] * 2
    for message in messages:
        board.apply(message)
    assert board.shown() == shown(await load(lead))


async def test_what_was_assigned_between_loading_and_subscribing_is_replayed_before_ready(stage: Stage) -> None:
    dispatcher, lead = await stage.enter("dispatcher"), await stage.enter("lead")
    ticket = await ticket_for(dispatcher)
    told = await load(lead)
    assigned = await dispatcher.do("assignTicket", ticketId=ticket, technicianId=stage.technician("ann"))

    async with lead.following(FOLLOW, filter=BOARD_FILTER, after=told["eventCursor"]) as stream:
        messages = await stream.take(2)
        ready = await stream.ready()

    assert [message["type"] for message in messages] == ["JOB_ASSIGNED", "TICKET_STATUS_CHANGED"]
    assert {message["changeId"] for message in messages} == {assigned["changeId"]}
    assert ready == {"__typename": "StreamReady", "cursor": assigned["eventCursor"], "replayed": 2}


async def test_the_echo_of_the_boards_own_change_bears_the_payloads_change_id(stage: Stage) -> None:
    lead = await stage.enter("lead")
    ticket = await ticket_for(lead)
    told = await load(lead)

    async with lead.following(FOLLOW, filter=BOARD_FILTER, after=told["eventCursor"]) as stream:
        await stream.ready()
        mine = await lead.do("assignTicket", ticketId=ticket, technicianId=stage.technician("bob"))
        echo = await stream.next()

    assert (echo["type"], echo["changeId"]) == ("JOB_ASSIGNED", mine["changeId"])
    # What the payload says already is where the log stands after the echo's change.
    assert (await load(lead))["eventCursor"] == mine["eventCursor"]


async def test_a_board_without_what_nobody_has_neither_shows_nor_tells_of_it(stage: Stage) -> None:
    dispatcher, ann = await stage.enter("dispatcher"), await stage.enter("ann")
    job = await job_for(dispatcher, stage, "ann")
    without = narrowed(includeUnassigned=False)
    told = await load(dispatcher, includeUnassigned=False)
    assert [job["id"] for lane in shown(told)["lanes"].values() for job in lane] == [job]

    async with dispatcher.following(FOLLOW, filter=without, after=told["eventCursor"]) as stream:
        await stream.ready()
        await ticket_for(dispatcher)
        rejected = await ann.do("rejectAssignment", assignmentId=job, rejectionReason="Ill.")
        messages = await stream.take(2)

    assert messages[0]["type"] == "JOB_REJECTED"
    assert messages[1]["__typename"] == "RemovedFromView"
    assert messages[1]["id"] == rejected["ticket"]["id"]
    assert shown(await load(dispatcher, includeUnassigned=False)) == {"lanes": {}, "unassigned": []}


@pytest.mark.parametrize("role", Role)
async def test_the_board_is_for_dispatchers_and_up(stage: Stage, role: Role) -> None:
    names = {Role.END_USER: "customer", Role.TECHNICIAN: "ann", Role.SENIOR_TECHNICIAN: "cleo"}
    names |= dict(zip([Role.DISPATCHER, Role.TEAM_LEAD, Role.MANAGER, Role.ADMIN], DISPATCH, strict=True))
    person = await stage.enter(names[role])

    if names[role] in DISPATCH:
        assert len((await load(person))["rows"]) == 4
    else:
        refused = await person.complaint(LOAD, filter=BOARD_FILTER)
        assert refused["extensions"]["code"] == "FORBIDDEN"
        assert refused["path"] == ["dispatchBoard"]


async def test_without_a_token_there_is_no_board(stage: Stage) -> None:
    async with httpx.AsyncClient() as client:
        asked = {"query": LOAD, "variables": {"filter": BOARD_FILTER}}
        answer = await client.post(stage.served.http, json=asked)

    assert answer.status_code == 401
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert "data" not in answer.json()


async def test_a_filter_that_makes_no_sense_is_refused(stage: Stage) -> None:
    dispatcher = await stage.enter("dispatcher")
    backwards = {"from": BOARD_FILTER["to"], "to": BOARD_FILTER["from"]}
    ann = stage.technician("ann")
    for filters, field in (
        (backwards, ["filter", "from"]),
        ({"technicianIds": [ann] * 101}, ["filter", "technicianIds"]),
        ({"teamIds": [ann]}, ["filter", "teamIds"]),
        ({"territoryIds": ["nonsense"]}, ["filter", "territoryIds"]),
    ):
        refused = await dispatcher.complaint(LOAD, filter={**BOARD_FILTER, **filters})
        assert refused["extensions"]["code"] == "BAD_USER_INPUT"
        assert refused["extensions"]["field"] == field

    at_one_moment = {"from": BOARD_FILTER["from"], "to": BOARD_FILTER["from"]}
    assert len((await load(dispatcher, **at_one_moment))["rows"]) == 4


async def test_what_is_of_another_organisation_narrows_to_nothing(stage: Stage) -> None:
    dispatcher = await stage.enter("dispatcher")
    await ticket_for(dispatcher)
    nobodys = "VGVjaG5pY2lhbjowMTlhYzY0ZS1mMDAwLTc4NjItYTg2OC1hMWM2NTQ3NmQ5ZmQ="

    assert (await load(dispatcher, technicianIds=[nobodys], includeUnassigned=False))["rows"] == []


async def test_more_lanes_than_are_shown_at_once_are_told_of(stage: Stage) -> None:
    dispatcher = await stage.enter("dispatcher")
    await gather_crowd(stage.engine, stage.world)
    everybody = "{ technicians(first: 100) { nodes { id team { id name } } } }"
    technicians = (await dispatcher.ask(everybody))["technicians"]["nodes"]
    assert len(technicians) == 54

    told = await load(dispatcher)
    assert told["hasMoreRows"] is True
    assert [row["technician"]["id"] for row in told["rows"]] == [each["id"] for each in technicians][:50]

    for name in ("north", "south"):
        of_team = [each for each in technicians if each["team"]["name"] == name]
        told = await load(dispatcher, teamIds=[of_team[0]["team"]["id"]])
        assert told["hasMoreRows"] is False
        assert [row["technician"]["id"] for row in told["rows"]] == [each["id"] for each in of_team]
    fifty = [each["id"] for each in technicians[4:]]
    told = await load(dispatcher, technicianIds=fifty)
    assert (told["hasMoreRows"], len(told["rows"])) == (False, 50)


async def test_more_unassigned_tickets_than_are_shown_at_once_are_told_of_and_can_be_paged(stage: Stage) -> None:
    dispatcher = await stage.enter("dispatcher")
    requester = stage.world.users["customer"]
    await stage.sql(_MORE_TICKETS, requester=requester, first=1, last=100)

    whole = await load(dispatcher)
    assert (whole["hasMoreUnassigned"], len(whole["unassigned"])) == (False, 100)
    places = [(each["priority"], each["createdAt"]) for each in whole["unassigned"]]
    assert places == sorted(places)

    await stage.sql(_MORE_TICKETS, requester=requester, first=101, last=101)
    cut = await load(dispatcher)
    assert (cut["hasMoreUnassigned"], len(cut["unassigned"])) == (True, 100)

    page = """{ tickets(
      filter: {unassigned: true, not: {status: [RESOLVED, CLOSED, CANCELLED]}}
      orderBy: [{field: PRIORITY}, {field: CREATED_AT}], first: 100
    ) { nodes { id } pageInfo { hasNextPage } } }"""
    paged = (await dispatcher.ask(page))["tickets"]
    assert [each["id"] for each in paged["nodes"]] == [each["id"] for each in cut["unassigned"]]
    assert paged["pageInfo"]["hasNextPage"] is True


async def test_a_lanes_queue_has_pages(stage: Stage) -> None:
    dispatcher = await stage.enter("dispatcher")
    jobs = [await job_for(dispatcher, stage, "ann") for _ in range(3)]
    lane = """query ($filter: BoardFilter!, $after: String) { dispatchBoard(filter: $filter) { rows {
      queue(first: 2, after: $after) {
        totalCount items { position assignment { id } } pageInfo { hasNextPage endCursor }
      }
    } } }"""
    of_ann = narrowed(technicianIds=[stage.technician("ann")])

    (first,) = (await dispatcher.ask(lane, filter=of_ann))["dispatchBoard"]["rows"]
    info = first["queue"]["pageInfo"]
    (second,) = (await dispatcher.ask(lane, filter=of_ann, after=info["endCursor"]))["dispatchBoard"]["rows"]

    assert (first["queue"]["totalCount"], info["hasNextPage"]) == (3, True)
    items = [*first["queue"]["items"], *second["queue"]["items"]]
    assert [item["assignment"]["id"] for item in items] == jobs
    assert [item["position"] for item in items] == [1, 2, 3]
    assert second["queue"]["pageInfo"]["hasNextPage"] is False
