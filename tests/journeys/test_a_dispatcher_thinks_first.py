"""A dispatcher looks at who could get a ticket, tries moves out, moves a job, calls one off, and counts in the end."""

from datetime import timedelta
from typing import Any

from app.clock import now
from tests.journeys.operations import BOARD, BOARD_FILTER
from tests.journeys.people import Person
from tests.journeys.stage import Stage, job_for, ticket_for

CANDIDATES = """query Who($ticket: ID!, $limit: Int!) {
  candidates(ticketId: $ticket, limit: $limit) {
    technician { name } eligible rank queueLength distanceKm distanceSource
    reasons { constraint count message technicians { name } }
  }
}"""
METRICS = """query How($from: DateTime!, $to: DateTime!) {
  metrics(from: $from, to: $to) {
    ticketsCreated averageEscalationsPerTicket jobsOffered rejectionRate firstTimeFixRate acceptMinutesMedian
    technicians { technician { name } jobs completed reportedHours rating cost { amount currency } }
  }
}"""
QUEUE = """query Queue($technician: ID!) {
  technicianQueue(technicianId: $technician) {
    version totalCount items { position pinned rankReason assignment { id } }
  }
}"""


async def candidates(person: Person, ticket: str, limit: int = 10) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await person.ask(CANDIDATES, ticket=ticket, limit=limit))["candidates"]
    return found


async def test_candidates_are_ranked_and_every_reason_is_named(stage: Stage) -> None:
    dispatcher, ann = await stage.enter("dispatcher"), await stage.enter("ann")
    ticket = await ticket_for(dispatcher)
    rejected = await job_for(dispatcher, stage, "ann", ticket)
    await ann.do("rejectAssignment", assignmentId=rejected, rejectionReason="Ill.")
    await job_for(dispatcher, stage, "bob")
    await stage.sql(
        "UPDATE technicians SET active = false WHERE id = :id RETURNING id", id=stage.world.technicians["dan"]
    )

    found = await candidates(dispatcher, ticket)

    assert [(each["technician"]["name"], each["rank"], each["queueLength"]) for each in found] == [
        ("Cleo", 1, 0),
        ("Bob", 2, 1),
        ("Ann", None, 0),
        ("Dan", None, 0),
    ]
    assert [reason["constraint"] for reason in found[2]["reasons"]] == ["PREVIOUSLY_REJECTED"]
    assert found[3]["reasons"][0]["message"] == "Dan is not active."
    assert [each["technician"]["name"] for each in await candidates(dispatcher, ticket, 1)] == ["Cleo"]


async def test_who_may_ask_for_candidates_and_for_what(stage: Stage) -> None:
    dispatcher, customer = await stage.enter("dispatcher"), await stage.enter("customer")
    ticket = await ticket_for(customer)

    forbidden = await customer.complaint(CANDIDATES, ticket=ticket, limit=5)
    nothing = await dispatcher.complaint(CANDIDATES, ticket=stage.technician("ann"), limit=5)
    many = await dispatcher.complaint(CANDIDATES, ticket=ticket, limit=101)

    assert forbidden["extensions"]["code"] == "FORBIDDEN"
    assert nothing["extensions"] == {"code": "BAD_USER_INPUT", "field": ["ticketId"]}
    assert many["extensions"] == {"code": "BAD_USER_INPUT", "field": ["limit"]}


async def test_a_move_is_tried_out_made_and_its_ticket_called_off(stage: Stage) -> None:
    dispatcher = await stage.enter("dispatcher")
    job = await job_for(dispatcher, stage, "ann")
    asked = {"assignmentId": job, "technicianId": stage.technician("cleo"), "reasonNote": "Knows the site."}
    before = await dispatcher.latest_cursor()

    tried = await dispatcher.send("reassignTicket", **asked, dryRun=True)
    after = await dispatcher.latest_cursor()
    moved = await dispatcher.do("reassignTicket", **asked)
    called_off = await dispatcher.do("cancelAssignment", assignmentId=moved["assignment"]["id"], reason="Duplicate.")

    assert (tried["errors"], tried["assignment"], tried["changeId"], after) == ([], None, None, before)
    assert tried["impact"]["technician"] == {"name": "Cleo"}
    assert moved["impact"] == tried["impact"]
    assert (moved["previousAssignment"]["status"], moved["previousAssignment"]["next"]) == (
        "REASSIGNED",
        {"id": moved["assignment"]["id"], "sequence": 2},
    )
    assert moved["assignment"]["previous"] == {"id": job, "sequence": 1}
    assert (called_off["assignment"]["status"], called_off["assignment"]["cancellationReason"]) == (
        "CANCELLED",
        "Duplicate.",
    )
    assert called_off["ticket"]["status"] == "OPEN"


async def test_a_queue_is_put_in_order_and_everybody_is_told(stage: Stage) -> None:
    dispatcher, ann = await stage.enter("dispatcher"), await stage.enter("ann")
    jobs = [await job_for(dispatcher, stage, "ann") for _ in range(4)]
    whose = stage.technician("ann")
    queue = (await dispatcher.ask(QUEUE, technician=whose))["technicianQueue"]
    assert [item["assignment"]["id"] for item in queue["items"]] == jobs
    wanted = [jobs[2], jobs[0]]

    async with dispatcher.following(BOARD, filter=BOARD_FILTER, after=await dispatcher.latest_cursor()) as board:
        await board.ready()
        ordered = await ann.do(
            "reorderQueue", technicianId=whose, orderedAssignmentIds=wanted, expectedVersion=queue["version"]
        )
        told = await board.next()
    stale = await dispatcher.refused(
        "reorderQueue", technicianId=whose, orderedAssignmentIds=jobs, expectedVersion=queue["version"]
    )
    version = ordered["queue"]["version"]
    pinned = await dispatcher.do("pinAssignment", assignmentId=jobs[3], position=1, expectedVersion=version)
    freed = await dispatcher.do("pinAssignment", assignmentId=jobs[2], position=None, expectedVersion=version + 1)

    assert [item["assignment"]["id"] for item in ordered["queue"]["items"]] == [jobs[2], jobs[0], jobs[1], jobs[3]]
    assert [item["rankReason"] for item in ordered["queue"]["items"][:2]] == ["Pinned at 1", "Pinned at 2"]
    assert (told["__typename"], told["type"], told["changeId"]) == (
        "TechnicianEvent",
        "QUEUE_REORDERED",
        ordered["changeId"],
    )
    assert told["changes"] == [{"field": "pinned", "old": [], "new": wanted}]
    assert (told["technicianId"], told["queueVersion"]) == (whose, version)
    assert (stale["code"], stale["currentVersion"], stale["current"]["id"]) == ("STALE_VERSION", version, whose)
    assert [each["changeId"] for each in stale["changedSince"]] == [ordered["changeId"]]
    assert [item["assignment"]["id"] for item in pinned["queue"]["items"]][:3] == [jobs[3], jobs[2], jobs[0]]
    assert [item["assignment"]["id"] for item in freed["queue"]["items"]] == [jobs[3], jobs[0], jobs[1], jobs[2]]


async def test_an_order_that_makes_no_sense_is_refused(stage: Stage) -> None:
    dispatcher, ann, bob = [await stage.enter(name) for name in ("dispatcher", "ann", "bob")]
    mine, theirs = await job_for(dispatcher, stage, "ann"), await job_for(dispatcher, stage, "bob")
    whose, version = stage.technician("ann"), 1
    cases: list[tuple[list[str], str, list[str]]] = [
        ([mine, mine], "VALIDATION_FAILED", ["orderedAssignmentIds"]),
        ([mine, theirs], "VALIDATION_FAILED", ["orderedAssignmentIds", "1"]),
        ([mine] * 101, "VALIDATION_FAILED", ["orderedAssignmentIds"]),
        ([mine, whose], "VALIDATION_FAILED", ["orderedAssignmentIds", "1"]),
    ]
    for ids, code, field in cases:
        refusal = await ann.refused(
            "reorderQueue", technicianId=whose, orderedAssignmentIds=ids, expectedVersion=version
        )
        assert (refusal["code"], refusal["field"]) == (code, field)
    foreign = await bob.refused(
        "reorderQueue", technicianId=whose, orderedAssignmentIds=[mine], expectedVersion=version
    )
    assert foreign["code"] == "FORBIDDEN"
    await dispatcher.do("cancelAssignment", assignmentId=mine, reason="Over.")
    ended = await dispatcher.refused("pinAssignment", assignmentId=mine, position=1, expectedVersion=version + 1)
    assert (ended["code"], ended["allowed"]) == ("INVALID_TRANSITION", [])


async def test_the_work_of_a_time_is_counted(stage: Stage) -> None:
    dispatcher, ann, bob, customer = [await stage.enter(name) for name in ("dispatcher", "ann", "bob", "customer")]
    await stage.sql("UPDATE organization_settings SET hourly_rate = 80 RETURNING hourly_rate")
    start = now() - timedelta(minutes=1)
    done, climbed, refused = [await ticket_for(customer) for _ in range(3)]
    first = await job_for(dispatcher, stage, "ann", done)
    for step in ("acceptAssignment", "startWork"):
        await ann.do(step, assignmentId=first)
    await ann.do("completeAssignment", assignmentId=first, outcome="SUCCESS", timeSpentHours="1.5")
    await customer.do("rateAssignment", assignmentId=first, rating=4)
    await job_for(dispatcher, stage, "ann", climbed)
    await ann.do("escalateTicket", ticketId=climbed, reason="Too hard.")
    await bob.do(
        "rejectAssignment", assignmentId=await job_for(dispatcher, stage, "bob", refused), rejectionReason="Ill."
    )
    end = now() + timedelta(minutes=1)

    asked = {"from": start.isoformat(), "to": end.isoformat()}
    told = (await dispatcher.ask(METRICS, **asked))["metrics"]

    assert (told["ticketsCreated"], told["jobsOffered"]) == (3, 4)
    assert abs(told["averageEscalationsPerTicket"] - 1 / 3) < 1e-9
    assert (told["rejectionRate"], told["firstTimeFixRate"]) == (0.5, 1.0)
    assert told["acceptMinutesMedian"] >= 0
    assert told["technicians"][0] == {
        "technician": {"name": "Ann"},
        "jobs": 2,
        "completed": 1,
        "reportedHours": "1.50",
        "rating": 4.0,
        "cost": {"amount": "120.00", "currency": "EUR"},
    }
    backwards = await dispatcher.complaint(METRICS, **{"from": asked["to"], "to": asked["from"]})
    nosy = await ann.complaint(METRICS, **asked)
    assert (backwards["extensions"]["field"], nosy["extensions"]["code"]) == (["to"], "FORBIDDEN")


async def test_more_seconds_of_work_than_a_client_can_be_told_are_as_many_as_can_be(stage: Stage) -> None:
    dispatcher, ann = await stage.enter("dispatcher"), await stage.enter("ann")
    for _ in range(2):
        job = await job_for(dispatcher, stage, "ann")
        for step in ("acceptAssignment", "startWork"):
            await ann.do(step, assignmentId=job)
        await ann.do("completeAssignment", assignmentId=job, outcome="SUCCESS", timeSpentHours="1")
    # As a phone whose clock had stood for decades reports it.
    await stage.sql("UPDATE assignments SET worked_seconds = 2000000000 RETURNING id")

    query = "query How($from: DateTime!, $to: DateTime!) { metrics(from: $from, to: $to) { technicians { %s } } }"
    asked = {"from": (now() - timedelta(hours=1)).isoformat(), "to": (now() + timedelta(hours=1)).isoformat()}
    (told,) = (await dispatcher.ask(query % "jobs workedSeconds", **asked))["metrics"]["technicians"]

    assert told == {"jobs": 2, "workedSeconds": 2**31 - 1}
