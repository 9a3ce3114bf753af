"""Workers as processes: what was sent and not noted when one was killed goes out again, as the same."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.tables.deliveries import deliveries
from app.domain.calendar_connections import CalendarProvider
from app.domain.deliveries import Channel, DeliveryState
from app.services.invitations.deliver import CLAIM_LASTS
from tests.cli.command import Workplace
from tests.invitations.diary import KEY, Diary
from tests.invitations.google import CALENDAR, Google, google
from tests.invitations.grants import CLIENT_ID, CLIENT_SECRET, GRANT
from tests.invitations.mail import MailServer, mail_server
from tests.services.scene import Scene
from tests.world import World

_PATIENCE_SECONDS = 60


@pytest.fixture
def place() -> Iterator[Workplace]:
    """Where workers are started."""
    folder = Path(tempfile.mkdtemp(prefix="fg-worker-"))
    made = Workplace(folder)
    yield made
    made.end()
    shutil.rmtree(folder)


@pytest.fixture
def diary(engine: AsyncEngine, world: World) -> Diary:
    """No appointments yet, by the clock of the workers."""
    return Diary(scene=Scene(engine=engine, world=world), channels=frozenset({Channel.EMAIL, Channel.GOOGLE}))


def settings(database_url: str, mail: MailServer, there: Google) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url,
        "JOB_TAKEOVER_SECONDS": "2",
        "SMTP_URL": f"smtp://127.0.0.1:{mail.port}",
        "MAIL_FROM": "service@test.example",
        "CALENDAR_TOKEN_KEY": KEY,
        "GOOGLE_CALENDAR_CLIENT_ID": CLIENT_ID,
        "GOOGLE_CALENDAR_CLIENT_SECRET": CLIENT_SECRET,
        "GOOGLE_CALENDAR_URL": f"{there.url}/v3",
        "GOOGLE_TOKEN_URL": f"{there.url}/token",
    }


async def all_sent(diary: Diary) -> None:
    for _ in range(5 * _PATIENCE_SECONDS):
        if {each.state for each in await diary.deliveries()} == {DeliveryState.SENT}:
            return
        await asyncio.sleep(0.2)
    raise TimeoutError([(each.state, each.last_error) for each in await diary.deliveries()])


@pytest.mark.fault
async def test_what_was_sent_and_not_noted_when_the_worker_was_killed_goes_out_again_as_the_same(
    diary: Diary, place: Workplace, database_url: str
) -> None:
    await diary.connect(CalendarProvider.GOOGLE, CALENDAR, GRANT)
    async with mail_server() as mail, google() as there:
        taken = asyncio.Event()
        mail.holds_back = there.holds_back = taken
        env = settings(database_url, mail, there)
        worker = place.start("worker", **env)
        appointment = await diary.book(notify=False, remind_at=None)
        # Both have done their work and say nothing; then the worker is killed.
        for _ in range(5 * _PATIENCE_SECONDS):
            if mail.letters and there.events:
                break
            await asyncio.sleep(0.2)
        worker.kill()
        worker.wait()
        assert {each.state for each in await diary.deliveries()} == {DeliveryState.DUE}
        assert {each.attempts for each in await diary.deliveries()} == {1}
        mail.holds_back = there.holds_back = None
        taken.set()
        for each in await diary.deliveries():
            assert each.claimed_at is not None
            await diary.scene.change(deliveries, each.id, claimed_at=each.claimed_at - CLAIM_LASTS)
        place.start("worker", **env)
        await all_sent(diary)

    first, second = mail.letters
    assert first["Message-ID"] == second["Message-ID"]
    assert first.as_string().count(str(appointment.id)) == second.as_string().count(str(appointment.id))
    assert list(there.events) == [appointment.id.hex]
    assert [method for method, _ in there.requests] == ["POST", "PUT"]
    assert {each.attempts for each in await diary.deliveries()} == {2}
    assert GRANT not in place.said()
    assert CLIENT_SECRET not in place.said()


async def test_without_settings_a_worker_says_what_is_closed(place: Workplace, database_url: str) -> None:
    worker = place.start("worker", DATABASE_URL=database_url)
    for _ in range(400):
        if "worker.started" in place.said():
            break
        await asyncio.sleep(0.05)
    worker.terminate()
    await asyncio.to_thread(worker.wait, 15)

    assert place.said().count("outlet.closed") == 3
