"""What a worker does is a trace for each job, with its statements and its calls."""

import asyncio
import json
import signal
from datetime import timedelta
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncEngine

from app.clock import now
from app.db.timers.setting import set_timer
from app.db.transaction import transaction
from app.domain.calendar_connections import CalendarProvider
from app.domain.deliveries import Channel
from app.domain.tickets import TicketPriority
from app.domain.timers import Timer, TimerKind
from tests.cli.command import Workplace
from tests.invitations.diary import Diary
from tests.invitations.google import CALENDAR, google
from tests.invitations.grants import GRANT
from tests.invitations.mail import mail_server
from tests.invitations.test_worker import all_sent, settings
from tests.services.scene import Scene
from tests.tracing.collector import CLIENT, CONSUMER, Collector, Span
from tests.waiting import until
from tests.world import World, make_world


def traced(collector: Collector) -> dict[str, str]:
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_SERVICE_NAME": "field-worker",
        "OTEL_BSP_SCHEDULE_DELAY": "50",
    }


def calls(collector: Collector, job: Span) -> list[Span]:
    return [each for each in collector.below(job) if "server.address" in each.about]


async def test_a_delivery_is_a_job_with_its_calls_which_carry_its_trace(
    engine: AsyncEngine, world: World, workplace: Workplace, database_url: str, collector: Collector
) -> None:
    diary = Diary(scene=Scene(engine=engine, world=world), channels=frozenset({Channel.EMAIL, Channel.GOOGLE}))
    await diary.connect(CalendarProvider.GOOGLE, CALENDAR, GRANT)
    async with mail_server() as mail, google() as there:
        worker = workplace.start("worker", **settings(database_url, mail, there), **traced(collector))
        await diary.book(notify=True, remind_at=None)
        await all_sent(diary)
        # What waits in the queue is handed over in the end.
        worker.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(worker.wait, 30) == 0

    jobs = collector.named("job delivery")
    made = [each for job in jobs for each in calls(collector, job)]
    letters = [each for each in made if each.name == "smtp send"]
    asked = [each for each in made if each.name == "POST"]
    assert len({job.trace for job in jobs}) == len(jobs) == len(await diary.deliveries())
    assert {(job.kind, job.parent, job.service) for job in jobs} == {(CONSUMER, "", "field-worker")}
    assert {job.about["fieldgraph.outcome"] for job in jobs} == {"done"}
    assert all({"BEGIN", "SELECT deliveries", "COMMIT"} <= {step.name for step in collector.below(job)} for job in jobs)
    assert len(letters) == len(mail.letters) > 0
    assert {each.about["network.protocol.name"] for each in letters} == {"smtp"}
    assert {each.about["server.port"] for each in letters} == {mail.port}
    # A token, and the event.
    assert len(asked) == 2
    assert {each.kind for each in made} == {CLIENT}
    assert [each.rpartition("-")[0] for each in there.traces] == [f"00-{asked[1].trace}-{asked[1].id}"]


async def test_a_job_that_fails_is_told_by_the_errors_class(
    engine: AsyncEngine, world: World, workplace: Workplace, database_url: str, collector: Collector
) -> None:
    async with engine.connect() as connection:
        await connection.exec_driver_sql("ALTER TABLE assignments RENAME COLUMN ticket_id TO about")
    async with transaction(engine, world.organization_id) as connection:
        nothing = Timer(TimerKind.OFFER_EXPIRES, world.organization_id, uuid4())
        await set_timer(connection, nothing, after=timedelta())
    workplace.start("worker", DATABASE_URL=database_url, **traced(collector))

    job = await collector.one("job offer-expires")

    assert (job.failed, job.about["fieldgraph.outcome"]) == (True, "retried")
    assert job.said == job.about["error.type"] == "ProgrammingError"
    assert [each.said for each in collector.below(job) if each.failed] == ["42703"]
    said = [json.loads(line) for line in workplace.said().splitlines() if line.startswith("{")]
    assert [each["trace_id"] for each in said if each["event"] == "timer.failed"] == [job.trace]
    assert not any("trace_id" in each for each in said if each["event"] != "timer.failed")


async def test_a_promise_that_is_told_is_a_job_and_looking_for_one_is_none(
    engine: AsyncEngine, workplace: Workplace, database_url: str, collector: Collector
) -> None:
    world = await make_world(engine, promises=True)
    past = Scene(engine=engine, world=world, clock=lambda: now() - timedelta(hours=5))
    await past.ticket(priority=TicketPriority.P1)
    workplace.start("worker", DATABASE_URL=database_url, **traced(collector))

    await until(lambda: bool(collector.named("job settle sla")), within=60)

    assert {each.name for each in collector.spans if not each.parent} == {"job forget answers", "job settle sla"}
