"""Feeds over HTTP: who is told where, what stands in them, and what nobody may read."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
import vobject
from sqlalchemy.ext.asyncio import AsyncEngine

from app.clock import now
from app.db import log
from app.db.tables.appointments import appointments
from app.db.tables.people import technicians, users
from app.db.tables.tickets import tickets
from app.db.transaction import system_transaction
from app.domain.calendar_addresses import CalendarAddresses, EntryKey
from app.domain.file_addresses import FileAddresses
from app.services.invitations.calendar_feeds import revoke_feed
from schema.ids import global_id
from tests.invitations.diary import Diary
from tests.services.scene import Scene
from tests.serving import Served, serving, token
from tests.world import World

QUERY = "query ($id: ID!) { technician(id: $id) { calendarFeedUrl } }"


@dataclass(slots=True, kw_only=True)
class Reader:
    """Somebody who has nothing but addresses."""

    served: Served
    # Answers field by field.
    ordinary: Served
    diary: Diary
    client: httpx.AsyncClient

    async def url(self, who: str, whose: str = "ann", *, ordinary: bool = False) -> str | None:
        world = self.diary.scene.world
        variables = {"id": global_id("Technician", world.technicians[whose])}
        served = self.ordinary if ordinary else self.served
        answer = await served.ask(token(world, who), QUERY, variables)
        found: str | None = answer["data"]["technician"]["calendarFeedUrl"]
        return found

    async def get(self, url: str, method: str = "GET", **headers: str) -> httpx.Response:
        return await self.client.request(method, f"http://127.0.0.1:{self.served.port}{url}", headers=headers)

    async def uids(self, url: str) -> list[str]:
        answer = await self.get(url)
        assert answer.status_code == 200
        return [each.uid.value for each in events_of(answer)]


def events_of(answer: httpx.Response) -> list[Any]:
    calendar = vobject.readOne(answer.text)
    calendar.validate(raiseException=True)
    return [each for each in calendar.components() if each.name == "VEVENT"]


@pytest.fixture
async def reader(database_url: str, engine: AsyncEngine, world: World) -> AsyncIterator[Reader]:
    """A server, and appointments by its own clock."""
    diary = Diary(scene=Scene(engine=engine, world=world))
    async with (
        serving(database_url) as served,
        serving(database_url, read_plans=False) as ordinary,
        httpx.AsyncClient(timeout=30) as client,
    ):
        yield Reader(served=served, ordinary=ordinary, diary=diary, client=client)


def at(days: float) -> dict[str, Any]:
    starts = now().replace(microsecond=0) + timedelta(days=days)
    ends = starts + timedelta(hours=2)
    return {"starts_at": starts, "ends_at": ends, "arrival_until": starts, "remind_at": None}


@pytest.mark.parametrize("ordinary", [False, True])
async def test_technicians_are_told_their_own_and_dispatchers_everybodys(reader: Reader, ordinary: bool) -> None:
    told = {
        who: await reader.url(who, ordinary=ordinary)
        for who in ("ann", "bob", "cleo", "dispatcher", "admin", "customer")
    }

    assert told["ann"] is not None
    assert told["ann"].startswith("/calendars/")
    assert {who for who, url in told.items() if url == told["ann"]} == {"ann", "dispatcher", "admin"}
    assert {who for who, url in told.items() if url is None} == {"bob", "cleo", "customer"}
    assert await reader.url("dispatcher", "bob", ordinary=ordinary) != told["ann"]


async def test_a_feed_has_the_technicians_appointments_of_its_days(reader: Reader) -> None:
    diary = reader.diary
    inside = [await diary.book(**at(days)) for days in (-29, 1, 179)]
    for days in (-31, 181):
        await diary.book(**at(days))
    await diary.book(**at(2), technician_id=diary.scene.world.technicians["bob"])
    await diary.cancel(await diary.book(**at(3)))
    gone = await diary.book(**at(4))
    await diary.scene.change(tickets, gone.ticket_id, deleted_at=now())
    url = await reader.url("ann")
    assert url is not None

    answer = await reader.get(url)

    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert "METHOD:PUBLISH" in answer.text
    found = events_of(answer)
    assert [each.uid.value for each in found] == [str(each.id) for each in inside]
    assert found[1].summary.value.startswith("TKT-")
    assert found[1].location.value == "Quay 1"


async def test_where_a_customer_lives_is_told_no_longer_than_there_is_work(reader: Reader) -> None:
    done = await reader.diary.book(**at(-1))
    await reader.diary.scene.change(appointments, done.id, status="COMPLETED")
    url = await reader.url("ann")
    assert url is not None

    answer = await reader.get(url)

    assert len(events_of(answer)) == 1
    assert "Quay 1" not in answer.text


async def test_a_feed_that_is_known_is_not_sent_again_until_it_changes(reader: Reader) -> None:
    url = await reader.url("ann")
    assert url is not None
    empty = await reader.get(url)
    known = await reader.get(url, **{"If-None-Match": f'"other", W/{empty.headers["etag"]}'})
    head = await reader.get(url, "HEAD")
    await reader.diary.book(**at(1))
    changed = await reader.get(url, **{"If-None-Match": empty.headers["etag"]})

    assert (known.status_code, known.content) == (304, b"")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(empty.content)))
    assert changed.status_code == 200
    assert "no-cache" in changed.headers["cache-control"]


async def test_a_revoked_address_opens_nothing_and_there_is_another_at_once(reader: Reader) -> None:
    diary, ann = reader.diary, reader.diary.scene.world.technicians["ann"]
    first = await reader.url("ann")
    assert first is not None
    await revoke_feed(diary.writer, diary.server, ann)
    second = await reader.url("ann")
    assert second is not None
    assert second == await reader.url("ann", ordinary=True) != first

    assert (await reader.get(first)).status_code == 404
    assert (await reader.get(second)).status_code == 200
    await revoke_feed(diary.writer, diary.server, ann)
    assert (await reader.get(second)).status_code == 404


@pytest.mark.parametrize("who", ["technician", "user"])
async def test_who_does_not_work_here_any_more_has_no_feed(reader: Reader, who: str) -> None:
    url, world = await reader.url("dispatcher"), reader.diary.scene.world
    assert url is not None
    if who == "technician":
        await reader.diary.scene.change(technicians, world.technicians["ann"], active=False)
    else:
        await reader.diary.scene.change(users, world.users["ann"], active=False)

    assert (await reader.get(url)).status_code == 404


async def test_whatever_is_wrong_with_an_address_it_is_told_the_same(reader: Reader) -> None:
    url = await reader.url("ann")
    assert url is not None
    wrong = [
        "/calendars/x.ics",
        "/calendars/" + "A" * 500 + ".ics",
        "/calendars/%00.ics",
        url.removesuffix(".ics"),
        url[:12] + ("A" if url[12] != "A" else "B") + url[13:],
    ]
    answers = [await reader.get(each) for each in wrong]

    assert {each.status_code for each in answers} == {404}
    assert len({each.content for each in answers}) == 1
    assert (await reader.get(url, "POST")).status_code == 405


async def test_an_appointment_has_an_address_of_its_own_for_a_day(reader: Reader, engine: AsyncEngine) -> None:
    appointment = await reader.diary.book(**at(1))
    async with system_transaction(engine) as connection:
        identity = await log.identity(connection)
    addresses = CalendarAddresses.beside(FileAddresses.of_log(identity.cursor_key, ""))
    key = EntryKey(appointment.organization_id, appointment.id, True)
    url = addresses.entry(key, now())

    answer = await reader.get(url)
    (event,) = events_of(answer)
    assert event.uid.value == str(appointment.id)
    assert event.location.value == "Quay 1"
    assert "The dog bites." not in answer.text
    hidden = await reader.get(addresses.entry(EntryKey(key.organization_id, key.appointment_id, False), now()))
    assert "Quay 1" not in hidden.text
    assert (await reader.get(addresses.entry(key, now() - timedelta(hours=26)))).status_code == 404
    await reader.diary.cancel(appointment)
    assert (await reader.get(url)).status_code == 404


ENTRY = "query ($id: ID!) { appointment(id: $id) { icsUrl } }"


async def test_whoever_sees_an_appointment_is_told_its_address_and_where_it_is_if_they_may_know(
    reader: Reader,
) -> None:
    world = reader.diary.scene.world
    appointment = await reader.diary.book(**at(1))
    variables = {"id": global_id("Appointment", appointment.id)}

    async def told(who: str, served: Served) -> str:
        answer = await served.ask(token(world, who), ENTRY, variables)
        found: str = answer["data"]["appointment"]["icsUrl"]
        return found

    urls = {who: await told(who, reader.served) for who in ("customer", "ann", "bob", "dispatcher")}

    assert urls == {who: await told(who, reader.ordinary) for who in urls}
    places = {who: "Quay 1" in (await reader.get(url)).text for who, url in urls.items()}
    assert places == {"customer": True, "ann": True, "bob": False, "dispatcher": True}
