"""A phone keeps what was done while nobody could be reached, and sends it later, twice, in order."""

from datetime import timedelta
from typing import Any

import httpx

from app.clock import now
from tests.journeys.operations import MUTATIONS
from tests.journeys.stage import Stage, job_for, key

_STEPS = ("acceptAssignment", "startTravel", "recordArrival", "startWork", "pauseWork")
_DONE = {"outcome": "SUCCESS", "timeSpentHours": "0.5"}


class Phone:
    """A technician's phone: it knows what to send, and says that it is one."""

    def __init__(self, stage: Stage, token: str) -> None:
        self.kept: list[tuple[str, dict[str, Any]]] = []
        self._url = stage.served.http
        self._headers = {"Authorization": f"Bearer {token}", "X-Client": "mobile"}

    def keep(self, mutation: str, **values: Any) -> None:
        """Keep an action until there is a network."""
        number = len(self.kept)
        at = now() - timedelta(minutes=40 - number)
        asked = {**values, "occurredAt": at.isoformat(), "idempotencyKey": f"phone-{number}"}
        self.kept.append((mutation, asked))

    async def send(self) -> list[dict[str, Any]]:
        """Send everything that is kept, in order; return the payloads."""
        payloads = []
        async with httpx.AsyncClient(timeout=20, headers=self._headers) as client:
            for mutation, asked in self.kept:
                body = {"query": MUTATIONS[mutation], "variables": {"input": asked}}
                answer = (await client.post(self._url, json=body)).json()
                assert "errors" not in answer, answer
                payloads.append(answer["data"][mutation])
        return payloads


async def test_twenty_actions_sent_twice_after_a_reassignment_are_done_once(stage: Stage) -> None:
    dispatcher, ann = await stage.enter("dispatcher"), await stage.enter("ann")
    jobs = [await job_for(dispatcher, stage, "ann") for _ in range(4)]
    await stage.sql("UPDATE assignments SET assigned_at = assigned_at - interval '1 hour' RETURNING id")
    phone = Phone(stage, ann.token)
    for job in jobs[:3]:
        for step in _STEPS:
            phone.keep(step, assignmentId=job)
        phone.keep("completeAssignment", assignmentId=job, **_DONE)
    phone.keep("acceptAssignment", assignmentId=jobs[3])
    phone.keep("startWork", assignmentId=jobs[3])
    assert len(phone.kept) == 20
    # Meanwhile the third job went to somebody else.
    moved = await dispatcher.do(
        "reassignTicket", assignmentId=jobs[2], technicianId=stage.technician("bob"), reasonNote="Nobody answers."
    )
    successor = moved["assignment"]["id"]

    first = await phone.send()
    log = await stage.sql("SELECT position FROM events")
    second = await phone.send()

    conflicts = range(12, 18)
    for number, (once, again) in enumerate(zip(first, second, strict=True)):
        if number in conflicts:
            # Told both times, with who has the job now, so that the phone can show it.
            assert [(each["code"], each["currentAssignment"]) for each in (*once["errors"], *again["errors"])] == [
                ("INVALID_TRANSITION", {"id": successor})
            ] * 2
            continue
        assert once["errors"] == again["errors"] == []
        same = ("changeId", "eventCursor")
        assert [once[name] for name in same] == [again[name] for name in same]
        assert once["assignment"]["id"] == again["assignment"]["id"]
    assert len(await stage.sql("SELECT position FROM events")) == len(log)

    told = await stage.sql("SELECT DISTINCT source FROM events WHERE actor_id = :ann", ann=stage.world.users["ann"])
    assert told == [{"source": "MOBILE"}]
    (row,) = await stage.sql(
        "SELECT accepted_at, started_at, completed_at, paused_seconds FROM assignments WHERE id = :id", id=key(jobs[0])
    )
    asked = [values["occurredAt"] for _, values in phone.kept[:6]]
    assert [row[name].isoformat() for name in ("accepted_at", "started_at", "completed_at")] == [
        asked[0],
        asked[3],
        asked[5],
    ]
    assert row["paused_seconds"] == 60
    events = await stage.sql("SELECT occurred_at, recorded_at FROM events WHERE assignment_id = :id", id=key(jobs[0]))
    assert any(each["recorded_at"] - each["occurred_at"] > timedelta(minutes=30) for each in events)


async def test_a_key_for_something_else_and_a_clock_that_is_wrong_are_refused(stage: Stage) -> None:
    dispatcher, ann = await stage.enter("dispatcher"), await stage.enter("ann")
    jobs = [await job_for(dispatcher, stage, "ann") for _ in range(2)]
    await ann.do("acceptAssignment", assignmentId=jobs[0], idempotencyKey="k")

    other = await ann.refused("acceptAssignment", assignmentId=jobs[1], idempotencyKey="k")
    ahead = await ann.refused(
        "acceptAssignment", assignmentId=jobs[1], occurredAt=(now() + timedelta(hours=2)).isoformat()
    )

    assert other["code"] == "IDEMPOTENCY_MISMATCH"
    assert (ahead["code"], ahead["serverTime"] is not None) == ("CLOCK_SKEW", True)
