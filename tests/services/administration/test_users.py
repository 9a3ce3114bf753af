"""Users come, change and go: who may do what to whom, and that somebody governs whatever happens."""

import asyncio
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest

from app.db import locks
from app.db.tables.api_keys import api_keys
from app.db.tables.customers import customer_users
from app.db.tables.people import technicians, users
from app.domain.api_key_texts import KeyHashes
from app.domain.people import ApiKeyScope, Role
from app.domain.refusals import Forbidden, InUse, Invalid
from app.services.access import create_api_key as making
from app.services.access.create_api_key import CreateApiKey, create_api_key, minted
from app.services.administration.saying import Create, Update
from app.services.administration.users import create_user, delete_user, update_user
from app.services.deleting import Delete
from app.services.perform import Written
from tests.services.scene import Scene

HASHES = KeyHashes(bytes(32))


async def new_user(scene: Scene, by: str = "admin", **values: Any) -> UUID:
    said = {"name": "Eve", "email": None, "roles": (Role.END_USER,), **values}
    return (await create_user(scene.writer, scene.actor(by), Create(values=said))).ids["user"]


async def change(scene: Scene, user_id: UUID, by: str = "admin", **values: Any) -> Written:
    version = (await scene.row(users, user_id)).version
    command = Update(id=user_id, expected_version=version, values=values)
    return await update_user(scene.writer, scene.actor(by), command)


async def test_a_manager_makes_customers_people_and_an_admin_anybody(scene: Scene) -> None:
    customer_id = scene.world.customer_id
    made = await new_user(scene, "manager", email="Eve@Example.org", customer_ids=(customer_id,))

    row = await scene.row(users, made)
    assert (row.name, row.email, row.roles, row.active) == ("Eve", "Eve@Example.org", (Role.END_USER,), True)
    (belongs,) = await scene.rows(customer_users, customer_users.c.user_id == made)
    assert belongs.customer_id == customer_id
    with pytest.raises(Forbidden):
        await new_user(scene, "manager", roles=(Role.DISPATCHER,))
    with pytest.raises(Forbidden):
        await new_user(scene, "manager", roles=(Role.END_USER, Role.TECHNICIAN))
    dispatcher = await new_user(scene, "admin", roles=(Role.DISPATCHER, Role.END_USER, Role.DISPATCHER))
    assert (await scene.row(users, dispatcher)).roles == (Role.END_USER, Role.DISPATCHER)


async def test_a_manager_gives_and_takes_no_roles_and_leaves_admins_alone(scene: Scene) -> None:
    dispatcher, admin = scene.world.users["dispatcher"], scene.world.users["admin"]

    for user_id, values in (
        (dispatcher, {"roles": (Role.DISPATCHER, Role.ADMIN)}),
        (dispatcher, {"roles": (Role.END_USER,)}),
        (scene.world.users["manager"], {"roles": (Role.ADMIN,)}),
        (admin, {"name": "Nobody"}),
        (admin, {"active": False}),
    ):
        with pytest.raises(Forbidden):
            await change(scene, user_id, "manager", **values)
    with pytest.raises(Forbidden):
        await delete_user(scene.writer, scene.actor("manager"), Delete(id=admin))
    await change(scene, dispatcher, "manager", name="Dee", roles=(Role.DISPATCHER,), active=False)
    assert (await scene.row(users, dispatcher)).name == "Dee"


async def test_an_email_is_had_by_one_in_capitals_or_not(scene: Scene) -> None:
    await new_user(scene, email="eve@example.org")

    with pytest.raises(Invalid) as refused:
        await new_user(scene, email="EVE@Example.org")
    assert refused.value.field == ("email",)
    with pytest.raises(Invalid):
        await change(scene, scene.world.users["customer"], email="Eve@example.org")
    await change(scene, scene.world.users["customer"], email=None)


async def test_of_many_who_take_one_email_one_gets_it(scene: Scene) -> None:
    spelled = ["eve@example.org", "Eve@example.org", "EVE@example.org", "eve@EXAMPLE.org"] * 3

    answers = await asyncio.gather(*(new_user(scene, email=each) for each in spelled), return_exceptions=True)

    assert [type(each) for each in answers if not isinstance(each, Invalid)] == [UUID]


async def test_many_take_one_email_where_nobody_locks_it(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    async def unlocked(*_asked: Any) -> None:
        # Long enough for all to be here.
        await asyncio.sleep(0.3)

    monkeypatch.setattr(locks, "lock_email", unlocked)
    unlike = ["eve@example.org", "Eve@example.org"]

    answers = await asyncio.gather(*(new_user(scene, email=each) for each in unlike), return_exceptions=True)

    assert [type(each) for each in answers] == [UUID, UUID]


async def test_the_last_active_admin_stays_one(scene: Scene) -> None:
    admin = scene.world.users["admin"]
    sleeping = await new_user(scene, roles=(Role.ADMIN,))
    await change(scene, sleeping, active=False)

    for values, field in (({"roles": (Role.MANAGER,)}, "roles"), ({"active": False}, "active")):
        with pytest.raises(Invalid) as refused:
            await change(scene, admin, **values)
        assert refused.value.field == (field,)
    with pytest.raises(Invalid) as refused:
        await delete_user(scene.writer, scene.actor("admin"), Delete(id=admin))
    assert refused.value.field == ("id",)
    await change(scene, sleeping, active=True)
    await change(scene, admin, roles=(Role.MANAGER,))


async def governing(scene: Scene) -> int:
    return len([each for each in await scene.rows(users, users.c.active) if Role.ADMIN in each.roles])


async def remove_each_other(scene: Scene) -> list[Any]:
    other = await new_user(scene, roles=(Role.ADMIN,))
    removals = (change(scene, scene.world.users["admin"], active=False), change(scene, other, roles=(Role.MANAGER,)))
    return list(await asyncio.gather(*removals, return_exceptions=True))


async def test_of_two_admins_who_remove_each_other_one_stays(scene: Scene) -> None:
    answers = await remove_each_other(scene)

    assert {type(each) for each in answers} == {Written, Invalid}
    assert await governing(scene) == 1


async def test_without_the_lock_nobody_would_be_left(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    both = asyncio.Barrier(2)

    async def unlocked(*_asked: Any) -> None:
        await both.wait()

    monkeypatch.setattr(locks, "lock_administrators", unlocked)
    answers = await remove_each_other(scene)

    assert [type(each) for each in answers] == [Written, Written]
    assert await governing(scene) == 0


async def test_whoever_works_here_keeps_a_role_of_staff(scene: Scene) -> None:
    ann = scene.world.users["ann"]

    with pytest.raises(Invalid) as refused:
        await change(scene, ann, roles=(Role.END_USER,))
    assert refused.value.field == ("roles",)
    await change(scene, ann, roles=(Role.DISPATCHER,))
    await scene.change(technicians, scene.world.technicians["ann"], active=False)
    await change(scene, ann, roles=(Role.END_USER,))


async def test_being_made_inactive_revokes_tokens_and_is_told(scene: Scene) -> None:
    ann = scene.world.users["ann"]

    written = await change(scene, ann, active=False)

    row = await scene.row(users, ann)
    assert (row.active, row.tokens_revoked_at is not None) == (False, True)
    (event,) = await scene.events(written)
    assert {each.field for each in event.changes} == {"active", "tokens_revoked_at"}
    revoked_at = row.tokens_revoked_at
    await change(scene, ann, active=True)
    assert (await scene.row(users, ann)).tokens_revoked_at == revoked_at


async def test_what_makes_no_sense_is_named(scene: Scene) -> None:
    for values, field in (
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"roles": ()}, "roles"),
        ({"roles": None}, "roles"),
        ({"email": "eve"}, "email"),
        ({"active": None}, "active"),
    ):
        with pytest.raises(Invalid) as refused:
            await change(scene, scene.world.users["customer"], **values)
        assert refused.value.field == (field,)


async def test_only_whom_nothing_names_is_deleted(scene: Scene) -> None:
    await scene.ticket("customer")
    with pytest.raises(InUse) as refused:
        await delete_user(scene.writer, scene.actor("admin"), Delete(id=scene.world.users["customer"]))
    assert {use.kind for use in refused.value.uses} == {"Ticket"}

    made = await new_user(scene, customer_ids=(scene.world.customer_id,))
    await delete_user(scene.writer, scene.actor("manager"), Delete(id=made))

    assert await scene.rows(users, users.c.id == made) == []
    assert await scene.rows(customer_users, customer_users.c.user_id == made) == []


async def new_key(scene: Scene, user_id: UUID) -> Written:
    command = CreateApiKey(name="Monitoring", scopes=(ApiKeyScope.READ,), user_id=user_id)
    new = minted(scene.world.organization_id, HASHES)
    return await create_api_key(scene.writer, scene.actor("admin"), command, new=new)


async def test_keys_of_whoever_is_made_inactive_stay_revoked_when_they_come_back(scene: Scene) -> None:
    leaving, staying = await new_user(scene), await new_user(scene)
    ended, kept = await new_key(scene, leaving), await new_key(scene, staying)

    written = await change(scene, leaving, "manager", active=False)
    await change(scene, leaving, active=True)

    assert (await scene.row(api_keys, ended.ids["api_key"])).revoked_at is not None
    assert (await scene.row(api_keys, kept.ids["api_key"])).revoked_at is None
    assert [(event.kind, event.subject_id) for event in await scene.events(written)] == [
        ("User", leaving),
        ("ApiKey", ended.ids["api_key"]),
    ]


@pytest.mark.parametrize("locked", [True, False])
async def test_no_key_made_meanwhile_outlives_its_users_leaving(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, *, locked: bool
) -> None:
    leaving, looked, left = await new_user(scene), asyncio.Event(), asyncio.Event()

    async def look(_change: Any) -> None:
        looked.set()
        # Whoever has the lock keeps the other out, and waits in vain.
        with suppress(TimeoutError):
            await asyncio.wait_for(left.wait(), 0.5)

    async def nothing(*_asked: Any) -> None:
        return

    monkeypatch.setattr(making, "_check_room", look)
    if not locked:
        monkeypatch.setattr(locks, "lock_api_keys", nothing)

    async def leave() -> None:
        await looked.wait()
        await change(scene, leaving, active=False)
        left.set()

    made, _ = await asyncio.gather(new_key(scene, leaving), leave())

    assert ((await scene.row(api_keys, made.ids["api_key"])).revoked_at is not None) is locked
