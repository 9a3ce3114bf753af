"""A technician accepts a job, starts it and completes it with parts."""

from tests.journeys.operations import TICKET
from tests.journeys.stage import Stage, job_for, key, ticket_for

DONE = {"outcome": "SUCCESS", "timeSpentHours": "2.5"}


async def test_a_job_is_accepted_started_and_completed_and_its_ticket_follows(stage: Stage) -> None:
    dispatcher, ann = await stage.enter("dispatcher"), await stage.enter("ann")
    job = await job_for(dispatcher, stage, "ann")

    accepted = await ann.do("acceptAssignment", assignmentId=job)
    started = await ann.do("startWork", assignmentId=job)
    completed = await ann.do("completeAssignment", assignmentId=job, **DONE, actionsTaken="Replaced the seal.")

    assert (accepted["assignment"]["status"], accepted["ticket"]["status"]) == ("ACCEPTED", "ASSIGNED")
    assert (started["assignment"]["status"], started["ticket"]["status"]) == ("IN_PROGRESS", "IN_PROGRESS")
    assert (completed["assignment"]["status"], completed["ticket"]["status"]) == ("COMPLETED", "RESOLVED")
    assert completed["assignment"]["outcome"] == "SUCCESS"
    assert completed["assignment"]["timeSpentHours"] == "2.50"
    assert completed["ticket"]["resolutionNotes"] == "Replaced the seal."
    assert completed["ticket"]["resolvedAt"] is not None
    assert completed["ticket"]["currentAssignment"] is None


async def test_the_stamps_of_a_job_are_ordered(stage: Stage) -> None:
    dispatcher, ann = await stage.enter("dispatcher"), await stage.enter("ann")
    job = await job_for(dispatcher, stage, "ann")
    await ann.do("acceptAssignment", assignmentId=job)
    await ann.do("startWork", assignmentId=job)

    done = (await ann.do("completeAssignment", assignmentId=job, **DONE))["assignment"]

    stamps = [done[name] for name in ("assignedAt", "acceptedAt", "startedAt", "completedAt")]
    assert None not in stamps
    assert stamps == sorted(stamps)
    assert len(set(stamps)) == 4


async def test_a_job_is_travelled_to_interrupted_finished_and_rated(stage: Stage) -> None:
    dispatcher, ann, customer = [await stage.enter(name) for name in ("dispatcher", "ann", "customer")]
    ticket = await ticket_for(customer)
    job = await job_for(dispatcher, stage, "ann", ticket)
    stood = []
    for step in ("acceptAssignment", "startTravel", "recordArrival", "startWork", "pauseWork", "resumeWork"):
        payload = await ann.do(step, assignmentId=job)
        stood.append((payload["assignment"]["status"], payload["ticket"]["status"]))
    completed = await ann.do("completeAssignment", assignmentId=job, **DONE)
    rated = await customer.do("rateAssignment", assignmentId=job, rating=5, feedback="Quick and friendly.")

    assert stood == [
        ("ACCEPTED", "ASSIGNED"),
        ("EN_ROUTE", "ASSIGNED"),
        ("EN_ROUTE", "ASSIGNED"),
        ("IN_PROGRESS", "IN_PROGRESS"),
        ("PAUSED", "IN_PROGRESS"),
        ("IN_PROGRESS", "IN_PROGRESS"),
    ]
    done = completed["assignment"]
    stamps = [done[name] for name in ("acceptedAt", "enRouteAt", "arrivedAt", "startedAt", "resumedAt", "endedAt")]
    assert None not in stamps
    assert stamps == sorted(stamps)
    assert (done["pausedAt"], done["endedAt"]) == (None, done["completedAt"])
    assert (rated["assignment"]["customerRating"], rated["assignment"]["customerFeedback"]) == (
        5,
        "Quick and friendly.",
    )
    told = await stage.sql("SELECT type FROM events WHERE kind = 'Assignment' ORDER BY position")
    assert [row["type"] for row in told] == [
        "JOB_ASSIGNED",
        "JOB_ACCEPTED",
        "JOB_EN_ROUTE",
        "JOB_ARRIVED",
        "JOB_STARTED",
        "JOB_PAUSED",
        "JOB_RESUMED",
        "JOB_COMPLETED",
        "JOB_RATED",
    ]


async def test_six_is_no_rating_and_only_the_requester_gives_one(stage: Stage) -> None:
    dispatcher, ann, customer = [await stage.enter(name) for name in ("dispatcher", "ann", "customer")]
    job = await job_for(dispatcher, stage, "ann", await ticket_for(customer))
    early = await customer.refused("rateAssignment", assignmentId=job, rating=5)
    for step in ("acceptAssignment", "startWork"):
        await ann.do(step, assignmentId=job)
    await ann.do("completeAssignment", assignmentId=job, **DONE)

    six = await customer.refused("rateAssignment", assignmentId=job, rating=6)
    theirs = await dispatcher.refused("rateAssignment", assignmentId=job, rating=5)

    assert (early["__typename"], early["to"]) == ("InvalidTransitionError", "rated")
    assert (six["code"], six["field"]) == ("VALIDATION_FAILED", ["rating"])
    assert theirs["code"] == "FORBIDDEN"


async def test_a_second_job_in_progress_is_refused_and_names_the_first(stage: Stage) -> None:
    dispatcher, ann = await stage.enter("dispatcher"), await stage.enter("ann")
    first, second = [await job_for(dispatcher, stage, "ann") for _ in range(2)]
    for job in (first, second):
        await ann.do("acceptAssignment", assignmentId=job)
    await ann.do("startWork", assignmentId=first)

    refusal = await ann.refused("startWork", assignmentId=second)

    assert (refusal["code"], refusal["currentAssignment"]) == ("INVALID_TRANSITION", {"id": first})
    await ann.do("pauseWork", assignmentId=first)
    await ann.do("startWork", assignmentId=second)


async def test_parts_used_leave_the_stock_and_cost_what_they_cost(stage: Stage) -> None:
    dispatcher, ann = await stage.enter("dispatcher"), await stage.enter("ann")
    job = await job_for(dispatcher, stage, "ann")
    await ann.do("acceptAssignment", assignmentId=job)
    await ann.do("startWork", assignmentId=job)
    used = [
        {"partNumber": "SEAL-1", "partName": "Seal", "quantity": 3},
        {"partNumber": "TAPE-9", "partName": "Tape", "quantity": 1},
    ]

    done = await ann.do("completeAssignment", assignmentId=job, **DONE, partsUsed=used)

    assert done["assignment"]["partsUsed"] == [
        {"partNumber": "SEAL-1", "partName": "Seal", "quantity": 3, "cost": {"amount": "13.50", "currency": "EUR"}},
        {"partNumber": "TAPE-9", "partName": "Tape", "quantity": 1, "cost": None},
    ]
    assert await stage.sql("SELECT stock FROM parts WHERE part_number = 'SEAL-1'") == [{"stock": 7}]


async def test_somebody_elses_job_is_forbidden(stage: Stage) -> None:
    dispatcher, bob = await stage.enter("dispatcher"), await stage.enter("bob")
    job = await job_for(dispatcher, stage, "ann")

    for mutation, values in (
        ("acceptAssignment", {}),
        ("startWork", {}),
        ("rejectAssignment", {"rejectionReason": "Not mine."}),
        ("completeAssignment", DONE),
    ):
        refusal = await bob.refused(mutation, assignmentId=job, **values)
        assert (refusal["__typename"], refusal["code"]) == ("ForbiddenError", "FORBIDDEN"), mutation


async def test_accepting_twice_with_one_key_is_one_change(stage: Stage) -> None:
    dispatcher, ann = await stage.enter("dispatcher"), await stage.enter("ann")
    job = await job_for(dispatcher, stage, "ann")

    first = await ann.do("acceptAssignment", assignmentId=job, idempotencyKey="phone-1")
    await ann.do("startWork", assignmentId=job)
    again = await ann.do("acceptAssignment", assignmentId=job, idempotencyKey="phone-1")

    assert again["changeId"] == first["changeId"]
    assert again["eventCursor"] == first["eventCursor"]
    assert again["assignment"]["id"] == first["assignment"]["id"]
    assert again["ticket"]["id"] == first["ticket"]["id"]
    # The answer is the first one's, the rows are read as they are now.
    assert again["assignment"]["status"] == "IN_PROGRESS"
    told = await stage.sql("SELECT position FROM events WHERE type = 'JOB_ACCEPTED'")
    assert len(told) == 1


async def test_a_key_with_another_input_is_a_mismatch(stage: Stage) -> None:
    dispatcher, ann = await stage.enter("dispatcher"), await stage.enter("ann")
    jobs = [await job_for(dispatcher, stage, "ann") for _ in range(2)]
    await ann.do("acceptAssignment", assignmentId=jobs[0], idempotencyKey="phone-1")

    refusal = await ann.refused("acceptAssignment", assignmentId=jobs[1], idempotencyKey="phone-1")

    assert (refusal["__typename"], refusal["code"]) == ("IdempotencyError", "IDEMPOTENCY_MISMATCH")


async def test_completing_before_starting_says_what_is_allowed(stage: Stage) -> None:
    dispatcher, ann = await stage.enter("dispatcher"), await stage.enter("ann")
    job = await job_for(dispatcher, stage, "ann")
    accepted = await ann.do("acceptAssignment", assignmentId=job)

    refusal = await ann.refused("completeAssignment", assignmentId=job, **DONE)

    assert refusal["__typename"] == "InvalidTransitionError"
    assert (refusal["from"], refusal["to"]) == ("ACCEPTED", "COMPLETED")
    assert refusal["allowed"] == accepted["assignment"]["availableTransitions"]
    assert "IN_PROGRESS" in refusal["allowed"]


async def test_a_thousand_hours_are_too_many(stage: Stage) -> None:
    dispatcher, ann = await stage.enter("dispatcher"), await stage.enter("ann")
    job = await job_for(dispatcher, stage, "ann")
    await ann.do("acceptAssignment", assignmentId=job)
    await ann.do("startWork", assignmentId=job)

    refusal = await ann.refused("completeAssignment", assignmentId=job, outcome="SUCCESS", timeSpentHours=1000)

    assert (refusal["__typename"], refusal["code"]) == ("ValidationError", "VALIDATION_FAILED")
    assert refusal["field"] == ["timeSpentHours"]
    assert "999.99" in refusal["message"]


async def test_escalated_is_no_outcome_to_complete_with(stage: Stage) -> None:
    dispatcher, ann = await stage.enter("dispatcher"), await stage.enter("ann")
    job = await job_for(dispatcher, stage, "ann")
    await ann.do("acceptAssignment", assignmentId=job)
    await ann.do("startWork", assignmentId=job)

    refusal = await ann.refused("completeAssignment", assignmentId=job, outcome="ESCALATED", timeSpentHours=1)

    assert (refusal["__typename"], refusal["code"]) == ("ValidationError", "VALIDATION_FAILED")
    assert refusal["field"] == ["outcome"]


async def test_a_part_used_no_times_is_refused_and_nothing_is_written(stage: Stage) -> None:
    dispatcher, ann = await stage.enter("dispatcher"), await stage.enter("ann")
    job = await job_for(dispatcher, stage, "ann")
    await ann.do("acceptAssignment", assignmentId=job)
    await ann.do("startWork", assignmentId=job)
    before = await ann.latest_cursor()
    used = [
        {"partNumber": "SEAL-1", "partName": "Seal", "quantity": 2},
        {"partNumber": "SEAL-1", "partName": "Seal", "quantity": 0},
    ]

    refusal = await ann.refused("completeAssignment", assignmentId=job, **DONE, partsUsed=used)

    assert (refusal["__typename"], refusal["code"]) == ("ValidationError", "VALIDATION_FAILED")
    assert refusal["field"] == ["partsUsed", "1", "quantity"]
    assert await ann.latest_cursor() == before
    assert await stage.sql("SELECT stock FROM parts WHERE part_number = 'SEAL-1'") == [{"stock": 10}]
    assert await stage.sql("SELECT status FROM assignments WHERE id = :id", id=key(job)) == [{"status": "IN_PROGRESS"}]


async def test_the_history_of_a_finished_ticket_shows_its_one_job(stage: Stage) -> None:
    dispatcher, ann = await stage.enter("dispatcher"), await stage.enter("ann")
    job = await job_for(dispatcher, stage, "ann")
    await ann.do("acceptAssignment", assignmentId=job)
    started = await ann.do("startWork", assignmentId=job)
    await ann.do("completeAssignment", assignmentId=job, **DONE)

    ticket = (await dispatcher.ask(TICKET, id=started["ticket"]["id"]))["ticket"]

    assert ticket["assignmentHistory"]["totalCount"] == 1
    (turn,) = ticket["assignmentHistory"]["nodes"]
    assert (turn["id"], turn["sequence"], turn["status"], turn["isCurrent"]) == (job, 1, "COMPLETED", False)
