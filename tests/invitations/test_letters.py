"""Letters to a mail server over a real socket: what stands in them, and what becomes of those it does not take."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import vobject

from app.db.tables.deliveries import deliveries
from app.db.tables.people import users
from app.domain.deliveries import DeliveryState
from app.domain.invitations import Party
from app.domain.letters import Letter
from app.domain.timers import PAUSES
from app.integrations.smtp_mail import SmtpMail
from app.services.invitations import deliver as delivering
from app.services.invitations.posts import Never, NotNow
from tests.certificates import certificate
from tests.cli.command import free_port
from tests.invitations.delivering import SENDER, carry, carry_all, outside
from tests.invitations.diary import Diary
from tests.invitations.mail import PASSWORD, USER, MailServer, mail_server
from tests.services.scene import Clock

LETTER = Letter(
    id=UUID(int=1),
    written_at=datetime(2026, 5, 4, 8, tzinfo=UTC),
    sender=Party(name="Testwerk", email=SENDER),
    to=Party(name="Ann", email="ann@test.example"),
    subject="Appointment",
    text="Hello",
)


@pytest.fixture
async def mail() -> AsyncIterator[MailServer]:
    """A mail server that takes everything."""
    async with mail_server() as server:
        yield server


def calendar_of(message: EmailMessage) -> tuple[Any, Any]:
    """Return the invitation as calendars take it, with the type of its part."""
    (part,) = [each for each in message.walk() if each.get_content_type() == "text/calendar"]
    (attached,) = [each for each in message.walk() if each.get_filename() == "appointment.ics"]
    text = part.get_payload(decode=True)
    assert isinstance(text, bytes)
    assert attached.get_payload(decode=True) == text
    found = vobject.readOne(text.decode())
    found.validate(raiseException=True)
    return found, part


def words_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


async def test_an_invitation_arrives_with_words_and_a_calendar(diary: Diary, mail: MailServer) -> None:
    appointment = await diary.book()

    async with outside(diary, mail=mail) as posts:
        assert await carry_all(diary, posts) == ["SENT", "SENT"]

    technicians, customers = mail.letters
    assert mail.recipients == ["ann@test.example", "customer@test.example"]
    assert (customers["From"], customers["To"]) == (f"Testwerk <{SENDER}>", "Customer <customer@test.example>")
    assert customers["Subject"] == "Appointment: Repair, TKT-2026-000001"
    assert customers["Auto-Submitted"] == "auto-generated"
    delivery = (await diary.deliveries())[1]
    assert customers["Message-ID"] == f"<{delivery.id}@test.example>"
    assert customers.get_content_type() == "multipart/mixed"
    calendar, part = calendar_of(customers)
    assert part.get_param("method") == calendar.method.value == "REQUEST"
    assert calendar.vevent.uid.value == str(appointment.id)
    assert calendar.vevent.attendee.value == "mailto:customer@test.example"
    assert calendar.vevent.location.value == "Quay 1"
    words = words_of(customers)
    assert "Thursday, 7 May 2026, 09:00 to 12:00 (Europe/Amsterdam)" in words
    assert "Technician: Ann" in words
    assert "Arrival by 10:00" in words
    theirs, _ = calendar_of(technicians)
    assert theirs.vevent.summary.value == "TKT-2026-000001 The pump leaks"
    assert "Customer: Harbour Mills" in words_of(technicians)


async def test_what_is_for_the_technician_alone_is_told_nobody_else(diary: Diary, mail: MailServer) -> None:
    await diary.book()

    async with outside(diary, mail=mail) as posts:
        await carry_all(diary, posts)

    technicians, customers = (each.as_string() + words_of(each) for each in mail.letters)
    assert "The dog bites." in technicians
    assert "The dog bites." not in customers + calendar_of(mail.letters[1])[0].serialize()
    assert "ann@test.example" not in customers
    assert "customer@test.example" not in technicians


async def test_a_move_and_a_cancellation_are_of_the_same_appointment_and_later(diary: Diary, mail: MailServer) -> None:
    async with outside(diary, mail=mail) as posts:
        appointment = await diary.book(notify=False)
        await carry_all(diary, posts)
        moved = await diary.move(appointment)
        await carry_all(diary, posts)
        await diary.cancel(moved)
        assert await carry_all(diary, posts) == ["SENT", "SENT", "SENT"]

    told = [calendar_of(each)[0] for each in mail.letters]
    assert [each.method.value for each in told] == ["REQUEST", "REQUEST", "CANCEL"]
    assert {each.vevent.uid.value for each in told} == {str(appointment.id)}
    assert [each.vevent.sequence.value for each in told] == ["0", "1", "2"]
    assert told[1].vevent.dtstart.value - told[0].vevent.dtstart.value == timedelta(days=1)
    assert "The customer is away." not in mail.letters[2].as_string() + words_of(mail.letters[2])


async def test_reminders_and_confirmations_are_words_alone(diary: Diary, mail: MailServer) -> None:
    async with outside(diary, mail=mail) as posts:
        await diary.confirm(await diary.book())
        await carry_all(diary, posts)

    confirmed = mail.letters[-1]
    assert confirmed["Subject"].startswith("Appointment confirmed")
    assert confirmed.get_content_type() == "text/plain"


async def test_what_was_overtaken_before_it_was_sent_is_not_sent(diary: Diary, mail: MailServer) -> None:
    moved = await diary.move(await diary.book(notify=False))
    async with outside(diary, mail=mail) as posts:
        assert await carry_all(diary, posts) == ["OVERTAKEN", "SENT"]
        await diary.cancel(moved)
        await carry_all(diary, posts)
        never = await diary.cancel(await diary.book(notify=False, id=UUID(int=9)))
        states = await carry_all(diary, posts)

    assert [each["Subject"].partition(":")[0] for each in mail.letters] == [
        "Appointment changed",
        "Appointment cancelled",
    ]
    # Nobody has heard of what was called off at once.
    assert states[-2:] == ["OVERTAKEN", "OVERTAKEN"]
    assert never.invite_sequence == 1


async def test_what_the_server_cannot_take_now_is_tried_again_after_longer_and_longer_pauses(
    diary: Diary, mail: MailServer, clock: Clock
) -> None:
    await diary.book(notify=False)
    mail.says = ["451 Try later"] * len(PAUSES)
    waits = []
    async with outside(diary, mail=mail) as posts:
        (delivery,) = await diary.deliveries()
        while (wait := await carry(diary, posts, delivery)) is not None:
            waits.append(wait)
            clock.at += wait

    assert waits == list(PAUSES)
    (sent,) = await diary.deliveries()
    assert (sent.state, sent.attempts, len(mail.letters)) == (DeliveryState.SENT, len(PAUSES) + 1, 1)


async def test_too_early_it_is_not_tried(diary: Diary, mail: MailServer, clock: Clock) -> None:
    await diary.book(notify=False)
    mail.says = ["451 Try later"]
    async with outside(diary, mail=mail) as posts:
        (delivery,) = await diary.deliveries()
        await carry(diary, posts, delivery)
        clock.pass_by(seconds=0.4)
        early = await carry(diary, posts, delivery)

    assert early == timedelta(seconds=0.6)
    assert (await diary.deliveries())[0].attempts == 1


async def test_what_fails_for_good_is_given_up_and_says_why(diary: Diary, mail: MailServer, clock: Clock) -> None:
    await diary.book(notify=False)
    mail.says = ["451 Try later"] * (len(PAUSES) + 1)
    async with outside(diary, mail=mail) as posts:
        (delivery,) = await diary.deliveries()
        while (wait := await carry(diary, posts, delivery)) is not None:
            clock.at += wait
        assert await carry(diary, posts, delivery) is None

    (given_up,) = await diary.deliveries()
    assert (given_up.state, given_up.last_error) == (
        DeliveryState.GIVEN_UP,
        "the mail server says 451 Try later",
    )
    assert mail.letters == []


async def test_what_the_server_will_never_take_is_given_up_at_once(diary: Diary, mail: MailServer) -> None:
    await diary.book(notify=False)
    mail.says = ["550 No such mailbox"]
    async with outside(diary, mail=mail) as posts:
        assert await carry_all(diary, posts) == ["GIVEN_UP"]

    (given_up,) = await diary.deliveries()
    assert (given_up.last_error, given_up.attempts) == ("the mail server says 550 No such mailbox", 1)


async def test_without_an_address_it_is_given_up(diary: Diary, mail: MailServer) -> None:
    await diary.book(notify=False)
    await diary.scene.change(users, diary.scene.world.users["ann"], email=None)
    async with outside(diary, mail=mail) as posts:
        assert await carry_all(diary, posts) == ["GIVEN_UP"]


async def test_a_worker_without_a_mail_server_leaves_it_to_others(diary: Diary, mail: MailServer, clock: Clock) -> None:
    await diary.book(notify=False)
    async with outside(diary) as posts:
        assert await carry_all(diary, posts) == ["DUE"]
    clock.pass_by(seconds=1)
    async with outside(diary, mail=mail) as posts:
        assert await carry_all(diary, posts) == ["SENT"]


async def test_a_server_that_says_nothing_does_not_keep_a_worker(
    diary: Diary, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "SEND_SECONDS", 0.3)
    await diary.book(notify=False)
    mail.silent = True
    async with outside(diary, mail=mail) as posts:
        assert await carry_all(diary, posts) == ["DUE"]

    assert (await diary.deliveries())[0].last_error == "it took longer than 0 s"


async def test_of_two_workers_one_sends(diary: Diary, mail: MailServer) -> None:
    await diary.book(notify=False)
    (delivery,) = await diary.deliveries()
    async with outside(diary, mail=mail) as posts:
        waits = await asyncio.gather(*(carry(diary, posts, delivery) for _ in range(5)))

    assert len(mail.letters) == 1
    assert None in waits


async def test_a_later_one_waits_for_an_earlier_one_that_is_being_sent(
    diary: Diary, mail: MailServer, clock: Clock
) -> None:
    appointment = await diary.book(notify=False)
    (first,) = await diary.deliveries()
    # As a worker leaves it that is at it, or was killed.
    await diary.scene.change(deliveries, first.id, claimed_at=clock.at, attempts=1)
    await diary.cancel(appointment)
    async with outside(diary, mail=mail) as posts:
        later = (await diary.deliveries())[1]
        assert await carry(diary, posts, later) == timedelta(seconds=2)
        clock.at += delivering.CLAIM_LASTS
        assert await carry_all(diary, posts) == ["OVERTAKEN", "SENT"]

    # It may have gone out, so it is called off.
    assert [calendar_of(each)[0].method.value for each in mail.letters] == ["CANCEL"]


async def test_what_was_sent_and_not_noted_goes_out_again_under_the_same_id(
    diary: Diary, mail: MailServer, clock: Clock
) -> None:
    await diary.book(notify=False)
    # The server took it, and the connection broke before it said so.
    mail.says, mail.after = ["421 Closing"], True
    async with outside(diary, mail=mail) as posts:
        assert await carry_all(diary, posts) == ["DUE"]
        clock.pass_by(seconds=1)
        assert await carry_all(diary, posts) == ["SENT"]

    first, second = mail.letters
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Date"] == second["Date"]
    assert calendar_of(first)[0].serialize() == calendar_of(second)[0].serialize()


@pytest.fixture
def encrypted(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's side for 127.0.0.1, and the side of who trusts it."""
    file = tmp_path / "server.pem"
    file.write_bytes(b"".join(certificate()))
    serves = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serves.load_cert_chain(file)
    return serves, ssl.create_default_context(cafile=str(file))


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_a_login_travels_encrypted(scheme: str, encrypted: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    serves, trusts = encrypted
    async with mail_server(tls=serves, at_once=scheme == "smtps", login=True) as server:
        url = f"{scheme}://{USER}:p%40ss%2Fword@127.0.0.1:{server.port}"
        await SmtpMail(url, SENDER, tls=trusts).send(LETTER)
        with pytest.raises(NotNow, match="does not let us in"):
            await SmtpMail(url.replace("p%40ss", "hunter2"), SENDER, tls=trusts).send(LETTER)
        # Nobody has vouched for the certificate.
        with pytest.raises(NotNow, match="cannot be used"):
            await SmtpMail(url, SENDER).send(LETTER)

    assert (server.encrypted, server.logins) == ([True], [USER])
    assert PASSWORD == "p@ss/word"


async def test_no_password_is_sent_in_the_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.integrations.smtp_mail._is_here", lambda _host: False)
    async with mail_server(login=True) as server:
        with pytest.raises(NotNow, match="cannot be used"):
            await SmtpMail(f"smtp://{USER}:secret@127.0.0.1:{server.port}", SENDER).send(LETTER)

    assert server.logins == []


async def test_a_server_that_is_not_there_is_tried_again_later() -> None:
    with pytest.raises(NotNow, match="cannot be used"):
        await SmtpMail(f"smtp://127.0.0.1:{free_port()}", SENDER).send(LETTER)


async def test_a_letter_that_cannot_be_written_is_never_sent(mail: MailServer) -> None:
    broken = Letter(
        id=UUID(int=1),
        written_at=LETTER.written_at,
        sender=LETTER.sender,
        to=Party(name="A", email="a@b\r\nBcc: c@d"),
        subject="x",
        text="y",
    )
    with pytest.raises(Never, match="cannot be written"):
        await SmtpMail(f"smtp://127.0.0.1:{mail.port}", SENDER).send(broken)
