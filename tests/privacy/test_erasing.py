"""What is erased is nowhere any more, and what happened, when and how often stays."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from app.auth.actors import UnknownUser, actor_of
from app.db.tables.base import metadata
from app.db.tables.deliveries import calendar_connections, calendar_feeds, deliveries
from app.db.tables.people import users
from app.db.tables.privacy import erasures
from app.db.tables.tickets import tickets
from app.domain.erasures import ErasureReason, ErasureSubject
from app.domain.events import EventType
from app.domain.obstacles import ObstacleKind
from app.domain.people import Role
from app.domain.privacy.declaring import TOMBSTONE
from app.domain.privacy.register import REGISTER
from app.domain.refusals import Forbidden, Invalid, NotFound, StaleVersion, StillRunning
from app.services.administration.customers import CUSTOMER as CUSTOMERS
from app.services.administration.customers import update_customer
from app.services.administration.saying import Create, Kept, Update
from app.services.administration.technicians import TECHNICIAN as TECHNICIANS
from app.services.administration.technicians import update_technician
from app.services.administration.users import USER as USERS
from app.services.administration.users import create_user, update_user
from app.services.comments.add_comment import AddComment, add_comment
from app.services.perform import Rehearsed
from app.services.privacy.erase_personal_data import ErasePersonalData, erase_personal_data
from app.services.tickets.create_ticket import create_ticket
from tests.privacy.persona import (
    ADDRESS,
    CUSTOMER,
    HOME,
    NOW_AT,
    OWN_ADDRESS,
    PLACE,
    TECHNICIAN,
    USER,
    Filled,
    dump,
    holding,
)
from tests.services.scene import new_ticket

OF_USER = {
    *("users", "tickets", "ticket_search", "comments", "assignments", "attachments", "uploads", "events"),
    *("saved_views", "idempotency_results", "legacy_rows", "appointments", "appointment_series", "bookings"),
    *("waitlist_entries", "deliveries"),
}
OF_CUSTOMER = {
    *("customers", "assets", "tickets", "ticket_search", "comments", "assignments", "attachments", "uploads"),
    *("events", "legacy_rows", "appointments", "appointment_series", "bookings", "waitlist_entries", "deliveries"),
}
OF_TECHNICIAN = {
    *("users", "technicians", "time_off", "assignments", "tickets", "comments", "ticket_search"),
    *("saved_views", "legacy_rows", "deliveries", "calendar_connections", "events"),
}
# What an erasure writes besides putting tombstones.
WRITTEN = frozenset(
    {"version", "updated_at", "active", "tokens_revoked_at", "deleted_at", "former_content_id", "generation", "state"}
)

NOT_CANCELLED = {"cancelled_at": None, "cancellation_reason": None}


async def test_a_users_words_are_nowhere_any_more(filled: Filled) -> None:
    before = await dump(filled.scene.engine)
    await filled.erase_user()
    after = await dump(filled.scene.engine)

    assert holding(before, USER) == OF_USER
    assert holding(before, ADDRESS) == {"events"}
    assert holding(after, USER, ADDRESS) == set()
    assert PLACE not in after["tickets"]
    # Others have kept theirs.
    assert holding(after, TECHNICIAN) == holding(before, TECHNICIAN) - {"assignments", "deliveries", "tickets"}


async def test_a_customers_words_are_nowhere_any_more(filled: Filled) -> None:
    before = await dump(filled.scene.engine)
    await filled.erase_customer()
    after = await dump(filled.scene.engine)

    assert holding(before, CUSTOMER) == OF_CUSTOMER
    assert {"customers", "tickets", "appointments", "bookings", "events"} <= holding(before, PLACE)
    assert holding(after, CUSTOMER, PLACE) == set()
    assert "users" in holding(after, USER)


async def test_a_technicians_words_are_nowhere_any_more(filled: Filled) -> None:
    before = await dump(filled.scene.engine)
    await filled.erase_user("ann")
    after = await dump(filled.scene.engine)

    assert holding(before, TECHNICIAN) == OF_TECHNICIAN
    assert holding(before, HOME, NOW_AT, OWN_ADDRESS) == {"technicians", "technician_locations", "events"}
    assert holding(after, TECHNICIAN, HOME, NOW_AT, OWN_ADDRESS) == set()
    assert "tickets" in holding(after, USER)


async def rows_by_key(filled: Filled) -> Mapping[str, Mapping[tuple[Any, ...], dict[str, Any]]]:
    """Return what is not personal of every row of every table."""
    found: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {}
    for name, declared in REGISTER.items():
        table = metadata.tables[name]
        kept = [column for column in declared.plain if column not in WRITTEN]
        found[name] = {
            tuple(getattr(row, each.name) for each in table.primary_key): {each: getattr(row, each) for each in kept}
            for row in await filled.scene.rows(table)
        }
    return found


async def test_keys_times_states_and_figures_stay(filled: Filled) -> None:
    before, told = await rows_by_key(filled), await filled.scene.events()
    written = await filled.erase_user()
    await filled.erase_user("ann")
    after, tells = await rows_by_key(filled), await filled.scene.events()

    assert len(before) > 40
    for name, rows in before.items():
        if name != "event_heads" and not REGISTER[name].goes:
            assert {key: after[name][key] for key in rows} == rows, name
    same = ("position", "id", "change_id", "type", "kind", "subject_id", "version", "before", "after", "actor_id")
    times = ("occurred_at", "recorded_at", "source", "ticket_id", "assignment_id", "payload_version")
    for old, new in zip(told, tells[: len(told)], strict=True):
        assert [getattr(old, each) for each in same + times] == [getattr(new, each) for each in same + times]
        assert [each.field for each in old.changes] == [each.field for each in new.changes]
        for was, now in zip(old.changes, new.changes, strict=True):
            assert now in (was, type(now)(field=was.field, old=_gone(was.old), new=_gone(was.new)))
    assert written.position > len(told)


def _gone(value: Any) -> Any:
    return None if value is None else TOMBSTONE


async def test_the_log_tells_of_it_without_a_value(filled: Filled) -> None:
    user_id = filled.scene.world.users["customer"]
    written = await filled.erase_user()
    told = await filled.scene.events(written)

    (event,) = [each for each in told if each.type is EventType.PERSONAL_DATA_ERASED]
    assert (event.kind, event.subject_id, event.version) == ("User", user_id, 2)
    assert {each.field for each in event.changes} == {"active", "tokens_revoked_at"}
    (ticket,) = [each for each in told if each.kind == "Ticket"]
    assert {(each.old, each.new) for each in ticket.changes} == {(TOMBSTONE, TOMBSTONE)}
    assert (await filled.scene.row(tickets, filled.ticket_id)).version == ticket.version
    noted = await filled.scene.rows(erasures, erasures.c.subject_id == user_id)
    assert [(each.kind, each.reason, each.change_id) for each in noted] == [
        (ErasureSubject.USER, ErasureReason.REQUESTED, written.change_id)
    ]


async def test_a_user_comes_in_no_more_and_their_letters_and_calendars_end(filled: Filled) -> None:
    world = filled.scene.world
    await filled.erase_user("ann")

    with pytest.raises(UnknownUser):
        await actor_of(filled.scene.engine, world.organization_id, world.users["ann"])
    (ann,) = await filled.scene.rows(users, users.c.id == world.users["ann"])
    assert (ann.name, ann.email, ann.active, ann.tokens_revoked_at) == (
        TOMBSTONE, None, False, filled.scene.clock(),
    )  # fmt: skip
    assert [each.state for each in await filled.scene.rows(deliveries)] == ["GIVEN_UP"]
    assert [each.sealed_token for each in await filled.scene.rows(calendar_connections)] == [None]
    assert [each.generation for each in await filled.scene.rows(calendar_feeds)] == [1]


async def test_a_dry_run_counts_what_would_go_and_writes_nothing(filled: Filled) -> None:
    before = await dump(filled.scene.engine)
    with pytest.raises(Rehearsed) as rehearsed:
        await filled.erase_user(dry_run=True)
    assert await dump(filled.scene.engine) == before

    written = await filled.erase_user()

    assert written.erased == rehearsed.value.told
    assert written.erased is not None
    assert written.erased.rows["tickets"] == 1
    assert written.erased.rows["comments"] == 5
    assert set(written.erased.rows) == OF_USER - {"ticket_search"}


async def test_a_repeat_does_nothing_and_a_second_erasure_finds_nothing_more(filled: Filled) -> None:
    first = await filled.erase_user(idempotency_key="once")
    repeat = await filled.erase_user(idempotency_key="once")
    assert (repeat, repeat.erased) == (first, None)

    again = await filled.erase_user()

    assert again.erased is not None
    assert again.erased.rows["events"] == 0
    assert holding(await dump(filled.scene.engine), USER) == set()


async def test_whoever_was_erased_stays_so(filled: Filled) -> None:
    scene = filled.scene
    customer = scene.actor("customer")
    await filled.erase_user()

    for name, command in (
        ("customer", AddComment(ticket_id=filled.ticket_id, body=f"I was {USER}")),
        ("dispatcher", AddComment(ticket_id=filled.ticket_id, body=f"It was {USER}")),
    ):
        with pytest.raises(Forbidden) as refused:
            await add_comment(scene.writer, customer if name == "customer" else scene.actor(name), command)
        assert "whose data was erased" in refused.value.message
    named = new_ticket(requester_id=customer.user_id, title=f"{USER} again")
    with pytest.raises(Invalid):
        await create_ticket(scene.writer, scene.actor("dispatcher"), named)

    assert holding(await dump(scene.engine), USER) == set()


async def test_what_still_runs_stands_in_the_way(filled: Filled) -> None:
    scene = filled.scene
    before = await dump(scene.engine)
    await scene.ticket("customer", customer_id=scene.world.customer_id)
    await scene.job("ann")
    running = await dump(scene.engine)

    with pytest.raises(StillRunning) as of_user:
        await filled.erase_user()
    with pytest.raises(StillRunning) as of_customer:
        await filled.erase_customer()
    with pytest.raises(StillRunning) as of_technician:
        await filled.erase_user("ann")

    assert [each.kind for each in of_user.value.obstacles] == [ObstacleKind.OPEN_TICKETS]
    assert [each.kind for each in of_customer.value.obstacles] == [ObstacleKind.OPEN_TICKETS]
    assert [each.kind for each in of_technician.value.obstacles] == [ObstacleKind.ACTIVE_JOBS]
    assert "1 open tickets" in of_user.value.message
    assert of_technician.value.field == ("userId",)
    assert before != running == await dump(scene.engine)


@pytest.mark.parametrize(
    ("table", "values", "kind"),
    [
        (
            "appointments",
            {"status": "CONFIRMED", "cancelled_at": None, "cancellation_reason": None},
            "COMING_APPOINTMENTS",
        ),
        ("appointment_series", {"ended": False}, "RUNNING_SERIES"),
        ("waitlist_entries", {"status": "WAITING"}, "WAITING"),
    ],
)
async def test_what_was_agreed_stands_in_the_way(filled: Filled, table: str, values: dict[str, Any], kind: str) -> None:
    await filled.scene.alter(metadata.tables[table], **values)

    with pytest.raises(StillRunning) as refused:
        await filled.erase_user()

    assert [each.kind for each in refused.value.obstacles] == [kind]


@pytest.mark.parametrize("name", ["customer", "ann", "dispatcher", "lead", "manager"])
async def test_only_an_admin_erases(filled: Filled, name: str) -> None:
    scene = filled.scene
    command = ErasePersonalData(
        subject=ErasureSubject.USER, id=scene.world.users["customer"], reason=ErasureReason.REQUESTED
    )

    with pytest.raises(Forbidden):
        await erase_personal_data(scene.writer, scene.actor(name), command)


async def test_who_is_not_there_or_is_oneself_or_has_changed_is_refused(filled: Filled) -> None:
    world = filled.scene.world

    with pytest.raises(NotFound):
        await filled.erase(ErasureSubject.USER, world.customer_id)
    with pytest.raises(NotFound):
        await filled.erase(ErasureSubject.CUSTOMER, world.users["customer"])
    with pytest.raises(Forbidden) as oneself:
        await filled.erase_user("admin")
    assert "another ADMIN" in oneself.value.message
    with pytest.raises(StaleVersion):
        await filled.erase_customer(expected_version=7)


async def test_whoever_was_erased_is_not_made_active_again(filled: Filled) -> None:
    scene, ann = filled.scene, filled.scene.world.technicians["ann"]
    await filled.erase_user("ann")
    await filled.erase_customer()
    admin = scene.actor("admin")

    async def expect(kept: Kept, id_: UUID, bring_back: Any) -> None:
        before = await scene.row(kept.table, id_)
        command = Update(id=id_, expected_version=before.version, values={"active": True})
        with pytest.raises(Forbidden) as refused:
            await bring_back(scene.writer, admin, command)
        assert refused.value.field == ("active",)
        assert (before.active, await scene.row(kept.table, id_)) == (False, before)

    await expect(USERS, scene.world.users["ann"], update_user)
    await expect(TECHNICIANS, ann, update_technician)
    await expect(CUSTOMERS, scene.world.customer_id, update_customer)


async def test_the_last_who_governs_is_not_erased_by_one_who_has_ceased_to(filled: Filled) -> None:
    scene = filled.scene
    former, said = scene.actor("admin"), {"name": "Eve", "email": None, "roles": (Role.ADMIN,)}
    last = (await create_user(scene.writer, former, Create(values=said))).ids["user"]
    before = await scene.row(users, scene.world.users["admin"])
    demoted = Update(id=before.id, expected_version=before.version, values={"roles": (Role.MANAGER,)})
    await update_user(scene.writer, replace(former, user_id=last), demoted)

    command = ErasePersonalData(subject=ErasureSubject.USER, id=last, reason=ErasureReason.REQUESTED)
    with pytest.raises(Invalid) as refused:
        await erase_personal_data(scene.writer, former, command)

    assert refused.value.field == ("userId",)
    assert (await scene.row(users, last)).active
