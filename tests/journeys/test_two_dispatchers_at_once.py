"""Two dispatchers reach for the same ticket."""

import asyncio

from tests.journeys.stage import Stage, job_for, key, ticket_for

ROUNDS = 20
TRIES = 50
ACTIVE = "SELECT id, technician_id FROM assignments WHERE ticket_id = :ticket"


async def test_of_fifty_who_assign_one_ticket_at_once_one_wins(stage: Stage) -> None:
    people = [await stage.enter("dispatcher"), await stage.enter("lead")]
    technicians = [stage.technician(name) for name in ("ann", "bob", "cleo", "dan")]

    for round_ in range(ROUNDS):
        ticket = await ticket_for(people[0])
        tries = (
            people[n % 2].send(
                "assignTicket", ticketId=ticket, technicianId=technicians[(n + round_) % len(technicians)]
            )
            for n in range(TRIES)
        )
        # `send` fails on any top-level error.
        payloads = await asyncio.gather(*tries)

        (winner,) = [payload for payload in payloads if not payload["errors"]]
        refusals = [error for payload in payloads for error in payload["errors"]]
        assert len(refusals) == TRIES - 1
        assert {refusal["__typename"] for refusal in refusals} == {"AlreadyAssignedError"}
        told = {(refusal["current"]["id"], refusal["current"]["technician"]["id"]) for refusal in refusals}
        assert told == {(winner["assignment"]["id"], winner["assignment"]["technician"]["id"])}
        (row,) = await stage.sql(ACTIVE, ticket=key(ticket))
        assert row["id"] == key(winner["assignment"]["id"])


async def test_a_stale_dispatcher_learns_what_changed_meanwhile(stage: Stage) -> None:
    dispatcher, lead, ann = [await stage.enter(name) for name in ("dispatcher", "lead", "ann")]
    ticket = await ticket_for(dispatcher)
    job = await job_for(dispatcher, stage, "ann", ticket)
    rejected = await ann.do("rejectAssignment", assignmentId=job, rejectionReason="Ill.")

    refusal = await lead.refused(
        "assignTicket", ticketId=ticket, technicianId=stage.technician("bob"), expectedVersion=1
    )

    assert (refusal["__typename"], refusal["code"]) == ("StaleVersionError", "STALE_VERSION")
    assert refusal["currentVersion"] == rejected["ticket"]["version"] == 3
    assert refusal["current"] == {"id": ticket, "version": 3}
    assert [event["type"] for event in refusal["changedSince"]] == ["TICKET_STATUS_CHANGED"] * 2
    assert refusal["changedSince"][-1]["changeId"] == rejected["changeId"]


async def test_the_version_that_was_read_is_good_for_one_change(stage: Stage) -> None:
    dispatcher, lead, ann = [await stage.enter(name) for name in ("dispatcher", "lead", "ann")]
    ticket = await ticket_for(dispatcher)
    await job_for(dispatcher, stage, "ann", ticket)
    version = (await ann.do("escalateTicket", ticketId=ticket, reason="Up.", expectedVersion=2))["ticket"]["version"]
    assert version == 3

    refusal = await lead.refused("escalateTicket", ticketId=ticket, reason="Up.", expectedVersion=2)

    assert refusal["__typename"] == "StaleVersionError"
    assert refusal["currentVersion"] == version
