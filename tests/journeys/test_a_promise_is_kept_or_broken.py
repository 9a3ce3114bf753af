"""What a customer was promised: a clock warns, is breached and met, and dispatchers hear of each at once."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.tables.sla import sla_policies
from app.db.transaction import transaction
from schema.ids import global_id
from tests.journeys.operations import BOARD, BOARD_FILTER
from tests.journeys.people import Person
from tests.journeys.stage import Stage, job_for, key, ticket_for
from tests.services.scene import a_policy
from tests.serving import serving
from tests.world import make_world

SLA = """query Sla($id: ID!) { ticket(id: $id) { sla {
  state nextDueAt breached policy { name revision warnAtPercent pauseOn calendar { name }
    targets { priority responseMinutes resolutionMinutes } }
  clocks { metric state generation targetMinutes startedAt dueAt breachedAt metAt
    elapsedMinutes remainingMinutes pausedMinutes percentUsed segments { running start end cause } }
} } }"""
ALERTS = """subscription Alerts($territoryIds: [ID!], $after: EventCursor) {
  slaAlerts(territoryIds: $territoryIds, after: $after) {
    __typename
    ... on SlaEvent { type metric ticketId source actor { id } cursor ticket { sla { state } } clock { state } }
    ... on StreamReady { replayed }
    ... on RemovedFromView { id }
  }
}"""
AT_RISK = """query Board($filter: BoardFilter!) {
  dispatchBoard(filter: $filter) { atRisk { id sla { state } } hasMoreAtRisk }
}"""
LATE = """query Late($from: DateTime!, $to: DateTime!) {
  tickets(filter: {slaState: [AT_RISK, BREACHED]}, orderBy: [{field: SLA_DUE_AT}]) { totalCount nodes { id } }
  metrics(from: $from, to: $to) { slaBreaches }
}"""
VERSION = "query Version($id: ID!) { ticket(id: $id) { version escalationCount } }"
QUEUE = """query Queue($id: ID!) {
  technicianQueue(technicianId: $id) { items { assignment { id } rankReason slaDueAt late } }
}"""
# As if so many minutes had passed: nothing but the clock's own times is moved.
AGE = """UPDATE sla_clocks SET started_at = started_at - past, due_at = due_at - past,
  next_check_at = next_check_at - past, breached_at = breached_at - past, segments = (
    SELECT jsonb_agg(jsonb_build_object('running', part -> 'running', 'cause', part -> 'cause',
      'start', CAST(part ->> 'start' AS timestamptz) - past, 'end', CAST(part ->> 'end' AS timestamptz) - past))
    FROM jsonb_array_elements(segments) AS part)
FROM make_interval(mins => :minutes) AS past
WHERE organization_id = :organization AND ticket_id = :ticket AND current RETURNING id"""


@pytest.fixture
async def stage(database_url: str, engine: AsyncEngine) -> AsyncIterator[Stage]:
    """An organisation that makes promises, behind a server with a worker in it."""
    world = await make_world(engine, promises=True)
    async with serving(database_url, max_cost=100_000, run_worker=True) as served, AsyncExitStack() as leaving:
        yield Stage(served=served, engine=engine, world=world, leaving=leaving)


async def sla_of(person: Person, ticket_id: str) -> dict[str, Any]:
    """Return what a ticket was promised, its clocks by what they measure."""
    sla: dict[str, Any] = (await person.ask(SLA, id=ticket_id))["ticket"]["sla"]
    sla["clocks"] = {clock["metric"]: clock for clock in sla["clocks"]}
    return sla


async def age(stage: Stage, ticket_id: str, *, minutes: int) -> None:
    """Let time pass for a ticket's clocks."""
    await stage.sql(AGE, ticket=key(ticket_id), minutes=minutes)


def told(message: dict[str, Any]) -> tuple[str, str]:
    return message["type"], message["metric"]


async def test_a_clock_warns_is_breached_and_met_late(stage: Stage) -> None:
    customer, dispatcher, ann = [await stage.enter(name) for name in ("customer", "dispatcher", "ann")]
    async with dispatcher.following(ALERTS) as alerts, dispatcher.following(BOARD, filter=BOARD_FILTER) as board:
        await alerts.ready()
        await board.ready()
        ticket_id = await ticket_for(customer, priority="P1")
        on_the_board = [(await board.next())["type"] for _ in range(3)]
        promised = await sla_of(customer, ticket_id)

        await age(stage, ticket_id, minutes=50)
        warning = await alerts.next()
        at_risk = (await dispatcher.ask(AT_RISK, filter=BOARD_FILTER))["dispatchBoard"]
        await age(stage, ticket_id, minutes=15)
        breach = await alerts.next()
        now = datetime.now().astimezone()
        period = {"from": (now - timedelta(days=1)).isoformat(), "to": (now + timedelta(days=1)).isoformat()}
        late = await dispatcher.ask(LATE, **period)
        job_id = await job_for(dispatcher, stage, "ann", ticket_id)
        await ann.do("acceptAssignment", assignmentId=job_id)
        met = await alerts.next()

    assert on_the_board == ["TICKET_CREATED", "SLA_STARTED", "SLA_STARTED"]
    assert (promised["state"], promised["breached"], promised["policy"]["name"]) == ("RUNNING", False, "Standard")
    assert [clock["targetMinutes"] for clock in promised["clocks"].values()] == [60, 240]
    assert promised["nextDueAt"] == promised["clocks"]["FIRST_RESPONSE"]["dueAt"]
    assert (told(warning), warning["source"], warning["actor"]) == (("SLA_WARNING", "FIRST_RESPONSE"), "SYSTEM", None)
    assert warning["ticket"]["sla"]["state"] == "AT_RISK"
    assert at_risk == {"atRisk": [{"id": ticket_id, "sla": {"state": "AT_RISK"}}], "hasMoreAtRisk": False}
    assert told(breach) == ("SLA_BREACHED", "FIRST_RESPONSE")
    assert late == {"tickets": {"totalCount": 1, "nodes": [{"id": ticket_id}]}, "metrics": {"slaBreaches": 1}}
    assert (told(met), met["clock"]["state"]) == (("SLA_MET", "FIRST_RESPONSE"), "MET_LATE")
    found = await sla_of(customer, ticket_id)
    response, resolution = found["clocks"]["FIRST_RESPONSE"], found["clocks"]["RESOLUTION"]
    assert (found["state"], found["breached"]) == ("RUNNING", True)
    assert (response["elapsedMinutes"], response["remainingMinutes"]) == (65, -6)
    assert (resolution["elapsedMinutes"], resolution["pausedMinutes"], resolution["percentUsed"]) == (65, 0, 27.1)
    assert [(each["running"], each["cause"]) for each in resolution["segments"]] == [(True, "CREATED")]


async def test_a_dispatcher_who_was_away_hears_every_alert_once(stage: Stage) -> None:
    dispatcher = await stage.enter("dispatcher")
    cursor = await dispatcher.latest_cursor()
    ticket_id = await ticket_for(dispatcher, priority="P1")
    async with dispatcher.following(ALERTS) as alerts:
        await alerts.ready()
        await age(stage, ticket_id, minutes=300)
        live = [told(await alerts.next()) for _ in range(2)]
    async with dispatcher.following(ALERTS, after=cursor) as alerts:
        missed = [told(await alerts.next()) for _ in range(2)]
        ready = await alerts.ready()

    # What was passed at once is told once, as the breach that it is.
    assert live == missed == [("SLA_BREACHED", "FIRST_RESPONSE"), ("SLA_BREACHED", "RESOLUTION")]
    assert ready["replayed"] == 2


async def test_alerts_are_for_dispatchers_and_for_their_territories(stage: Stage) -> None:
    dispatcher = await stage.enter("dispatcher")
    elsewhere = await ticket_for(dispatcher, priority="P1")
    here = global_id("Territory", stage.world.territory_id)
    there = await ticket_for(dispatcher, priority="P1", territoryId=here)
    async with dispatcher.following(ALERTS, territoryIds=[here]) as alerts:
        await alerts.ready()
        await age(stage, elsewhere, minutes=50)
        await age(stage, there, minutes=50)
        heard = await alerts.next()

    assert heard["ticketId"] == there
    for name in ("customer", "ann"):
        person = await stage.enter(name)
        async with person.following(ALERTS) as alerts:
            with pytest.raises(Exception, match="FORBIDDEN"):
                await alerts.next()


async def test_what_is_due_first_is_to_be_done_first(stage: Stage) -> None:
    dispatcher = await stage.enter("dispatcher")
    urgent, soon = await ticket_for(dispatcher, priority="P1"), await ticket_for(dispatcher, priority="P4")
    jobs = [await job_for(dispatcher, stage, "ann", each) for each in (urgent, soon)]
    await age(stage, soon, minutes=1410)
    async with dispatcher.following(ALERTS) as alerts:
        await alerts.ready()
        await age(stage, soon, minutes=1)
        await alerts.next()
    ordered = (await dispatcher.ask(QUEUE, id=stage.technician("ann")))["technicianQueue"]["items"]

    assert [item["assignment"]["id"] for item in ordered] == [jobs[1], jobs[0]]
    assert ordered[0]["rankReason"].startswith("Due ")
    assert (ordered[0]["late"], ordered[0]["slaDueAt"] is None) == (False, False)


async def test_waiting_for_the_customer_stops_the_clock(stage: Stage) -> None:
    customer, dispatcher = await stage.enter("customer"), await stage.enter("dispatcher")
    ticket_id = await ticket_for(customer, priority="P1")
    await dispatcher.do("transitionTicket", id=ticket_id, to="OPEN")
    await dispatcher.do("transitionTicket", id=ticket_id, to="PENDING_INFO", note="Which pump?")
    standing = (await sla_of(customer, ticket_id))["clocks"]["RESOLUTION"]
    await dispatcher.do("transitionTicket", id=ticket_id, to="OPEN")
    running = (await sla_of(customer, ticket_id))["clocks"]["RESOLUTION"]

    assert (standing["state"], standing["dueAt"]) == ("PAUSED", None)
    assert running["state"] == "RUNNING"
    assert [(each["running"], each["cause"]) for each in running["segments"]] == [
        (True, "CREATED"),
        (False, "PENDING_INFO"),
        (True, "OPEN"),
    ]


async def test_a_story_of_a_pause_another_priority_and_a_breach(stage: Stage) -> None:
    async with transaction(stage.engine, stage.world.organization_id) as connection:
        row = {"organization_id": stage.world.organization_id, **a_policy(auto_escalate_on_breach=True)}
        await connection.execute(sa.insert(sla_policies).values(row))
    dispatcher, ann = await stage.enter("dispatcher"), await stage.enter("ann")
    ticket_id = await ticket_for(dispatcher, priority="P3")
    job_id = await job_for(dispatcher, stage, "ann", ticket_id)
    await ann.do("acceptAssignment", assignmentId=job_id)
    await age(stage, ticket_id, minutes=60)
    await dispatcher.do("transitionTicket", id=ticket_id, to="PENDING_INFO")
    await age(stage, ticket_id, minutes=300)
    await dispatcher.do("transitionTicket", id=ticket_id, to="OPEN")
    await job_for(dispatcher, stage, "ann", ticket_id)
    paused = (await sla_of(dispatcher, ticket_id))["clocks"]["RESOLUTION"]
    async with dispatcher.following(ALERTS) as alerts:
        await alerts.ready()
        version = (await dispatcher.ask(VERSION, id=ticket_id))["ticket"]["version"]
        await dispatcher.do("updateTicket", id=ticket_id, expectedVersion=version, priority="P1")
        urgent = (await sla_of(dispatcher, ticket_id))["clocks"]["RESOLUTION"]
        heard = []
        for minutes in (125, 40, 20):
            await age(stage, ticket_id, minutes=minutes)
            heard.append(await alerts.next())
    await dispatcher.do("transitionTicket", id=ticket_id, to="PENDING_INFO")
    end = (await sla_of(dispatcher, ticket_id))["clocks"]["RESOLUTION"]
    ticket = (await dispatcher.ask(VERSION, id=ticket_id))["ticket"]

    assert (paused["pausedMinutes"], paused["elapsedMinutes"], paused["targetMinutes"]) == (300, 60, 2880)
    assert (urgent["pausedMinutes"], urgent["elapsedMinutes"], urgent["targetMinutes"]) == (300, 60, 240)
    # Four hours from the beginning, and the five of the pause.
    assert timedelta(hours=9) <= _span(urgent) < timedelta(hours=9, minutes=1)
    assert [told(each) for each in heard] == [
        ("SLA_WARNING", "RESOLUTION"),
        ("SLA_WARNING", "RESOLUTION"),
        ("SLA_BREACHED", "RESOLUTION"),
    ]
    assert [(each["running"], each["cause"]) for each in end["segments"]] == [
        (True, "CREATED"),
        (False, "PENDING_INFO"),
        (True, "OPEN"),
        (True, "PRIORITY_CHANGED"),
        (False, "PENDING_INFO"),
    ]
    # Waiting after the breach heals nothing; the breach has passed the ticket on to the next tier.
    assert (end["state"], ticket["escalationCount"]) == ("BREACHED", 1)


def _span(clock: dict[str, Any]) -> timedelta:
    due, started = (datetime.fromisoformat(clock[name]) for name in ("dueAt", "startedAt"))
    return due - started
