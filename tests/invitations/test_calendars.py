"""Technicians' own calendars: what is written there, once, and what becomes of what is not taken."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.db.tables.deliveries import calendar_connections
from app.domain.calendar_connections import CalendarProvider
from app.domain.deliveries import Channel, DeliveryState
from app.domain.timers import PAUSES
from app.integrations.sealing import FernetSeal
from app.services.invitations.posts import Never
from tests.invitations.delivering import carry, carry_all, outside
from tests.invitations.diary import KEY, STARTS, Diary
from tests.invitations.google import CALENDAR, Google, google
from tests.invitations.grants import GRANT, Ordered
from tests.invitations.graph import Graph, graph
from tests.services.scene import Clock


@pytest.fixture
async def there(diary: Diary) -> AsyncIterator[Google]:
    """Ann's Google calendar, connected; nothing leaves by another way."""
    diary.channels = frozenset({Channel.GOOGLE})
    await diary.connect(CalendarProvider.GOOGLE, CALENDAR, GRANT)
    async with google() as fake:
        yield fake


@pytest.fixture
async def outlook(diary: Diary) -> AsyncIterator[Graph]:
    """Ann's Outlook calendar, connected; nothing leaves by another way."""
    diary.channels = frozenset({Channel.MICROSOFT})
    await diary.connect(CalendarProvider.MICROSOFT, "me", GRANT)
    async with graph() as fake:
        yield fake


def when(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["start"]["dateTime"])


async def test_google_has_the_event_under_the_appointments_id(diary: Diary, there: Google) -> None:
    appointment = await diary.book()
    async with outside(diary, google=there) as posts:
        assert await carry_all(diary, posts) == ["SENT"]

    (event,) = there.events.values()
    assert event["id"] == appointment.id.hex
    assert when(event) == STARTS
    assert event["start"]["timeZone"] == "Europe/Amsterdam"
    assert (event["summary"], event["location"]) == ("TKT-2026-000001 The pump leaks", "Quay 1")
    assert "The dog bites." in event["description"]
    assert "attendees" not in event
    (delivery,) = await diary.deliveries()
    assert delivery.external_id == appointment.id.hex
    assert [form["grant_type"] for form in there.exchanges] == ["refresh_token"]


async def test_google_follows_moves_and_cancellations_and_comes_back(diary: Diary, there: Google) -> None:
    bob, ann = (diary.scene.world.technicians[name] for name in ("bob", "ann"))
    async with outside(diary, google=there) as posts:
        appointment = await diary.book()
        await carry_all(diary, posts)
        moved = await diary.move(appointment)
        await carry_all(diary, posts)
        (event,) = there.events.values()
        assert when(event) == STARTS + timedelta(days=1)

        away = await diary.move(moved, technician_id=bob)
        await carry_all(diary, posts)
        assert there.events[appointment.id.hex]["status"] == "cancelled"

        back = await diary.move(away, technician_id=ann)
        await carry_all(diary, posts)
        assert there.events[appointment.id.hex]["status"] == "confirmed"
        assert when(there.events[appointment.id.hex]) == back.starts_at

        await diary.cancel(back)
        assert set(await carry_all(diary, posts)) == {"SENT"}
    assert there.events[appointment.id.hex]["status"] == "cancelled"
    assert len(there.events) == 1
    # An access token is used for as long as it lasts.
    assert len(there.exchanges) == 1


async def test_what_google_has_done_and_not_said_is_there_once(diary: Diary, there: Google, clock: Clock) -> None:
    await diary.book()
    there.ordered = [Ordered(500, after=True)]
    async with outside(diary, google=there) as posts:
        assert await carry_all(diary, posts) == ["DUE"]
        clock.pass_by(seconds=1)
        assert await carry_all(diary, posts) == ["SENT"]

    assert len(there.events) == 1


async def test_an_event_that_is_there_already_is_brought_up_to_date(diary: Diary, there: Google) -> None:
    appointment = await diary.book()
    there.events[appointment.id.hex] = {"id": appointment.id.hex, "status": "confirmed", "summary": "old"}
    async with outside(diary, google=there) as posts:
        assert await carry_all(diary, posts) == ["SENT"]

    assert [method for method, _ in there.requests] == ["POST", "PUT"]
    assert there.events[appointment.id.hex]["summary"] == "TKT-2026-000001 The pump leaks"


async def test_what_the_technician_has_struck_out_is_fine_when_it_is_called_off(diary: Diary, there: Google) -> None:
    async with outside(diary, google=there) as posts:
        appointment = await diary.book()
        await carry_all(diary, posts)
        there.events[appointment.id.hex]["status"] = "cancelled"
        await diary.cancel(appointment)
        assert await carry_all(diary, posts) == ["SENT", "SENT"]


async def test_a_token_that_was_taken_back_is_renewed(diary: Diary, there: Google) -> None:
    async with outside(diary, google=there) as posts:
        appointment = await diary.book()
        await carry_all(diary, posts)
        there.forget_tokens()
        await diary.move(appointment)
        assert await carry_all(diary, posts) == ["SENT", "SENT"]

    assert len(there.exchanges) == 2


async def test_a_token_that_has_run_out_is_renewed_before_it_is_used(diary: Diary, there: Google, clock: Clock) -> None:
    async with outside(diary, google=there) as posts:
        appointment = await diary.book()
        await carry_all(diary, posts)
        clock.pass_by(minutes=59, seconds=1)
        await diary.move(appointment)
        await carry_all(diary, posts)

    assert len(there.exchanges) == 2
    assert [method for method, _ in there.requests] == ["POST", "PUT"]


@pytest.mark.parametrize(
    ("answer", "waits"),
    [
        (Ordered(429, headers={"Retry-After": "77"}), timedelta(seconds=77)),
        (Ordered(503, headers={"Retry-After": "Mon, 04 May 2026 08:02:00 GMT"}), timedelta(minutes=2)),
        (Ordered(429, headers={"Retry-After": "soon"}), PAUSES[0]),
        (Ordered(429, headers={"Retry-After": "999999"}), timedelta(hours=1)),
        (Ordered(500), PAUSES[0]),
        (Ordered(403, {"error": {"errors": [{"reason": "userRateLimitExceeded"}], "code": 403}}), PAUSES[0]),
    ],
)
async def test_what_google_cannot_take_now_is_tried_again(
    diary: Diary, there: Google, clock: Clock, answer: Ordered, waits: timedelta
) -> None:
    await diary.book()
    there.ordered = [answer]
    async with outside(diary, google=there) as posts:
        (delivery,) = await diary.deliveries()
        assert await carry(diary, posts, delivery) == waits
        clock.at += waits
        assert await carry_all(diary, posts) == ["SENT"]

    assert len(there.events) == 1


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Ordered(400, {"error": {"errors": [{"reason": "invalid"}]}}), "Google refuses it (400 invalid)"),
        (Ordered(403, {"error": {"errors": [{"reason": "forbidden"}]}}), "Google refuses it (403 forbidden)"),
        (Ordered(404, {"error": {"message": "Not Found"}}), "Google refuses it (404 Not Found)"),
    ],
)
async def test_what_google_will_never_take_is_given_up_at_once(
    diary: Diary, there: Google, answer: Ordered, says: str
) -> None:
    await diary.book()
    there.ordered = [answer]
    async with outside(diary, google=there) as posts:
        assert await carry_all(diary, posts) == ["GIVEN_UP"]

    (delivery,) = await diary.deliveries()
    assert (delivery.last_error, delivery.attempts) == (says, 1)


async def test_a_grant_that_was_taken_back_is_given_up_noted_and_used_no_more(diary: Diary, there: Google) -> None:
    appointment = await diary.book()
    there.grant = "another"
    async with outside(diary, google=there) as posts:
        assert await carry_all(diary, posts) == ["GIVEN_UP"]
        await diary.move(appointment)

    (delivery,) = await diary.deliveries()
    assert delivery.last_error == "the grant was taken back or has run out (invalid_grant)"
    (connection,) = await diary.scene.rows(calendar_connections)
    assert (connection.broken_because, connection.version) == (delivery.last_error, 2)


async def test_while_grants_cannot_be_exchanged_nothing_is_lost(diary: Diary, there: Google, clock: Clock) -> None:
    await diary.book()
    there.token_status = 503
    async with outside(diary, google=there) as posts:
        assert await carry_all(diary, posts) == ["DUE"]
        there.token_status = 200
        clock.pass_by(seconds=1)
        assert await carry_all(diary, posts) == ["SENT"]


async def test_a_grant_under_a_key_that_was_thrown_away_is_given_up(diary: Diary, there: Google) -> None:
    other = "b3RoZXIga2V5IGZvciB0ZXN0cywgbm8gc2VjcmV0ISE="
    await diary.scene.alter(calendar_connections, sealed_token=FernetSeal([other]).close(GRANT))
    await diary.book()
    async with outside(diary, google=there) as posts:
        assert await carry_all(diary, posts) == ["GIVEN_UP"]

    assert "CALENDAR_TOKEN_KEY" in str((await diary.deliveries())[0].last_error)


def test_a_new_key_seals_and_the_old_one_still_opens() -> None:
    other = "b3RoZXIga2V5IGZvciB0ZXN0cywgbm8gc2VjcmV0ISE="
    old = FernetSeal([KEY]).close("token")
    both = FernetSeal([other, KEY])

    assert (both.open(old), FernetSeal([other]).open(both.close("token"))) == ("token", "token")
    assert b"token" not in old
    with pytest.raises(Never):
        FernetSeal([other]).open(old)


async def test_outlook_has_the_event_once_and_follows_it(diary: Diary, outlook: Graph) -> None:
    async with outside(diary, graph=outlook) as posts:
        appointment = await diary.book()
        await carry_all(diary, posts)
        (made,) = outlook.events.values()
        assert made["start"] == {"dateTime": "2026-05-07T07:00:00", "timeZone": "UTC"}
        assert made["subject"] == "TKT-2026-000001 The pump leaks"
        assert made["location"] == {"displayName": "Quay 1"}

        moved = await diary.move(appointment)
        await carry_all(diary, posts)
        (made,) = outlook.events.values()
        assert made["start"]["dateTime"] == "2026-05-08T07:00:00"

        await diary.cancel(moved)
        assert await carry_all(diary, posts) == ["SENT"] * 3

    assert (outlook.events, outlook.made) == ({}, 1)
    assert [each.external_id for each in await diary.deliveries()] == ["AAMk1=/+"] * 3


async def test_what_outlook_has_done_and_not_said_is_there_once_as_things_are_now(
    diary: Diary, outlook: Graph, clock: Clock
) -> None:
    appointment = await diary.book()
    outlook.ordered = [Ordered(500, after=True)]
    async with outside(diary, graph=outlook) as posts:
        assert await carry_all(diary, posts) == ["DUE"]
        await diary.move(appointment)
        clock.pass_by(seconds=1)
        assert await carry_all(diary, posts) == ["OVERTAKEN", "SENT"]
        (event,) = outlook.events.values()
        assert event["start"]["dateTime"] == "2026-05-08T07:00:00"
        assert outlook.made == 1


async def test_what_outlook_may_have_is_struck_out_though_nobody_knows_its_name(
    diary: Diary, outlook: Graph, clock: Clock
) -> None:
    appointment = await diary.book()
    outlook.ordered = [Ordered(500, after=True)]
    async with outside(diary, graph=outlook) as posts:
        assert await carry_all(diary, posts) == ["DUE"]
        await diary.cancel(appointment)
        clock.pass_by(seconds=1)
        assert await carry_all(diary, posts) == ["OVERTAKEN", "SENT"]

    assert outlook.events == {}


async def test_an_event_that_was_struck_out_by_hand_is_made_anew_when_it_moves(diary: Diary, outlook: Graph) -> None:
    async with outside(diary, graph=outlook) as posts:
        appointment = await diary.book()
        await carry_all(diary, posts)
        outlook.events.clear()
        await diary.move(appointment)
        assert await carry_all(diary, posts) == ["SENT", "SENT"]

    assert len(outlook.events) == 1


async def test_a_grant_that_is_replaced_with_each_use_is_kept_sealed(
    diary: Diary, outlook: Graph, clock: Clock
) -> None:
    async with outside(diary, graph=outlook) as posts:
        appointment = await diary.book()
        await carry_all(diary, posts)
        clock.pass_by(hours=2)
        await diary.move(appointment)
        assert await carry_all(diary, posts) == ["SENT", "SENT"]

    (connection,) = await diary.scene.rows(calendar_connections)
    assert FernetSeal([KEY]).open(connection.sealed_token) == outlook.grant == f"{GRANT} 2"
    assert len(outlook.exchanges) == 2
    assert outlook.exchanges[0]["scope"].startswith("https://graph.microsoft.com/Calendars.ReadWrite")


async def test_neither_grants_nor_tokens_stand_in_logs_reasons_or_events(
    diary: Diary, there: Google, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    await diary.book()
    there.ordered = [Ordered(400, {"error": {"message": "no"}})]
    async with outside(diary, google=there) as posts:
        await carry_all(diary, posts)
    there.grant = "another"
    clock.pass_by(hours=2)
    await diary.book()
    async with outside(diary, google=there) as posts:
        await carry_all(diary, posts)

    rows = [*await diary.deliveries(), *await diary.scene.rows(calendar_connections), *await diary.scene.events()]
    told = caplog.text + " ".join(map(repr, rows))
    assert [secret for secret in (GRANT, "access 1", "client's secret") if secret in told] == []
    assert {each.state for each in await diary.deliveries()} == {DeliveryState.GIVEN_UP}
