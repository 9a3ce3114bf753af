"""An organisation has room for so many API keys; those of whoever was erased take none of it."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db import locks
from app.db.tables.api_keys import api_keys
from app.db.transaction import transaction
from app.domain.api_key_texts import KeyHashes
from app.domain.api_keys import MOST_KEYS
from app.domain.erasures import ErasureReason, ErasureSubject
from app.domain.people import ApiKeyScope
from app.domain.refusals import Invalid
from app.services.access import create_api_key as making
from app.services.access.create_api_key import CreateApiKey, create_api_key, minted
from app.services.perform import Written
from app.services.privacy.erase_personal_data import ErasePersonalData, erase_personal_data
from tests.services.scene import Scene
from tests.world import World

HASHES = KeyHashes(bytes(32))
_COPIES = sa.text(
    "INSERT INTO api_keys SELECT organization_id, uuidv7(), name, 'fg_' || lpad(n::text, 10, '0'), hash, scopes,"
    " user_id, created_by, expires_at, NULL, NULL, 1, created_at, updated_at"
    " FROM api_keys, generate_series(2, :most) AS n"
)


@pytest.fixture
def scene(engine: AsyncEngine, world: World) -> Scene:
    """An organisation without keys."""
    return Scene(engine=engine, world=world)


async def new_key(scene: Scene, whose: str) -> Written:
    """Have the ADMIN make a key that acts as somebody."""
    command = CreateApiKey(name="Monitoring", scopes=(ApiKeyScope.READ,), user_id=scene.world.users[whose])
    new = minted(scene.world.organization_id, HASHES)
    return await create_api_key(scene.writer, scene.actor("admin"), command, new=new)


async def have_keys(scene: Scene, whose: str, count: int) -> UUID:
    """Let there be so many keys, all of somebody; return the first."""
    first = (await new_key(scene, whose)).ids["api_key"]
    async with transaction(scene.engine, scene.world.organization_id) as connection:
        await connection.execute(_COPIES, {"most": count})
    return first


async def good(scene: Scene) -> Sequence[Any]:
    return await scene.rows(api_keys, api_keys.c.revoked_at.is_(None))


async def erase(scene: Scene, whose: str) -> Written:
    """Erase somebody's data."""
    command = ErasePersonalData(
        subject=ErasureSubject.USER, id=scene.world.users[whose], reason=ErasureReason.REQUESTED
    )
    return await erase_personal_data(scene.writer, scene.actor("admin"), command)


@pytest.mark.parametrize("locked", [True, False])
async def test_of_two_who_want_the_last_place_one_gets_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, *, locked: bool
) -> None:
    await have_keys(scene, "ann", MOST_KEYS - 1)
    counting, both = making._check_room, asyncio.Barrier(2)

    async def count(change: Any) -> None:
        # Without the lock both count before either has written.
        await counting(change)
        if not locked:
            await both.wait()

    async def nothing(*_asked: Any) -> None:
        return

    monkeypatch.setattr(making, "_check_room", count)
    if not locked:
        monkeypatch.setattr(locks, "lock_api_keys", nothing)

    done = await asyncio.gather(new_key(scene, "ann"), new_key(scene, "bob"), return_exceptions=True)

    kinds = sorted(type(each).__name__ for each in done)
    assert kinds == (["Invalid", "Written"] if locked else ["Written", "Written"])
    assert len(await good(scene)) == (MOST_KEYS if locked else MOST_KEYS + 1)


async def test_keys_of_whoever_was_erased_are_revoked_and_make_room(scene: Scene) -> None:
    await have_keys(scene, "ann", MOST_KEYS)
    with pytest.raises(Invalid) as refused:
        await new_key(scene, "bob")
    assert f"at most {MOST_KEYS}" in refused.value.problem

    written = await erase(scene, "ann")
    made = await new_key(scene, "bob")

    assert [each.id for each in await good(scene)] == [made.ids["api_key"]]
    told = await scene.events(written)
    assert len([each for each in told if each.kind == "ApiKey"]) == MOST_KEYS
    assert {change.field for each in told if each.kind == "ApiKey" for change in each.changes} == {"revoked_at"}


async def test_keys_that_somebody_made_for_others_stay_when_they_are_erased(scene: Scene) -> None:
    made = (await new_key(scene, "bob")).ids["api_key"]
    async with scene.engine.connect() as superuser:
        await superuser.execute(sa.update(api_keys).values(created_by=scene.world.users["ann"]))

    await erase(scene, "ann")

    assert [each.id for each in await good(scene)] == [made]


@pytest.mark.parametrize("locked", [True, False])
async def test_no_key_made_meanwhile_outlives_an_erasure(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, *, locked: bool
) -> None:
    looked, erased, room = asyncio.Event(), asyncio.Event(), making._check_room

    async def look(change: Any) -> None:
        await room(change)
        looked.set()
        # Whoever has the lock keeps the other out, and waits in vain.
        try:
            await asyncio.wait_for(erased.wait(), 0.5 if locked else 30)
        except TimeoutError:
            assert locked

    async def nothing(*_asked: Any) -> None:
        return

    monkeypatch.setattr(making, "_check_room", look)
    if not locked:
        monkeypatch.setattr(locks, "lock_api_keys", nothing)

    async def go() -> None:
        await looked.wait()
        await erase(scene, "ann")
        erased.set()

    made, _ = await asyncio.gather(new_key(scene, "ann"), go())

    assert ((await scene.row(api_keys, made.ids["api_key"])).revoked_at is not None) is locked
