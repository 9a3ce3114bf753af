"""Whose data was erased is listed on the command line, by keys alone."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from app.db.tables.privacy import erasures
from app.db.transaction import transaction
from app.domain.erasures import ErasureReason, ErasureSubject
from app.services.privacy.erase_personal_data import ErasePersonalData, erase_personal_data
from tests.cli.command import Workplace
from tests.files.test_sharing import Desk
from tests.privacy.test_files import OWN, call_off
from tests.services.scene import Scene
from tests.serving import SECRET
from tests.world import BEFORE, World, make_world


async def said(workplace: Workplace, url: str, *arguments: str) -> tuple[int, str, str]:
    """Run the command; return its status, what it printed, and what it said besides."""
    told = ("organization", "erasures", *arguments)
    done = await asyncio.to_thread(workplace.run, *told, DATABASE_URL=url, JWT_SECRET_KEY=SECRET)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


async def listed(workplace: Workplace, url: str, *arguments: str) -> dict[str, Any]:
    """Return what the command prints as JSON."""
    status, printed, complaint = await said(workplace, url, *arguments, "--json")
    assert status == 0, complaint
    found: dict[str, Any] = json.loads(printed)
    return found


async def erase(scene: Scene, name: str) -> str:
    """Erase a user's data; return the change's key."""
    command = ErasePersonalData(subject=ErasureSubject.USER, id=scene.world.users[name], reason=ErasureReason.UNLAWFUL)
    return str((await erase_personal_data(scene.writer, scene.actor("admin"), command)).change_id)


async def test_erasures_are_listed_newest_first(
    workplace: Workplace, database_url: str, engine: AsyncEngine, world: World
) -> None:
    scene = Scene(engine=engine, world=world)
    first, second = await erase(scene, "stranger"), await erase(scene, "ann")

    found = await listed(workplace, database_url)
    status, printed, _ = await said(workplace, database_url)

    assert [(each["kind"], each["subject"], each["change"]) for each in found["erasures"]] == [
        ("TECHNICIAN", str(world.technicians["ann"]), second),
        ("USER", str(world.users["ann"]), second),
        ("USER", str(world.users["stranger"]), first),
    ]
    assert found["after"] is None
    for each in found["erasures"]:
        assert (each["reason"], each["erasedBy"]) == ("UNLAWFUL", str(world.users["admin"]))
        assert (each["state"], each["filesWaiting"]) == ("DONE", 0)
    assert status == 0
    lines = [line for line in printed.splitlines() if "UNLAWFUL" in line]
    assert [str(world.users["stranger"]) in line for line in lines] == [False, False, True]
    assert all("done" in line and str(world.users["admin"]) in line for line in lines)


async def test_files_that_have_bytes_yet_are_told(
    workplace: Workplace, database_url: str, engine: AsyncEngine, world: World, tmp_path: Path
) -> None:
    scene = Scene(engine=engine, world=world)
    desk = Desk(scene, tmp_path)
    theirs, others = await scene.ticket("customer"), await scene.ticket("stranger")
    own = await desk.attach(theirs, OWN, by="customer")
    # Somebody else has attached the same bytes: these stay.
    shared = await desk.attach(theirs, by="customer")
    await desk.attach(others)
    await call_off(desk, theirs)
    await erase(scene, "customer")

    (before,) = (await listed(workplace, database_url))["erasures"]
    _, printed, _ = await said(workplace, database_url)
    for each in (own, shared):
        await desk.erase(each)
    (after,) = (await listed(workplace, database_url))["erasures"]

    assert (before["state"], before["filesWaiting"]) == ("FILES_WAIT", 1)
    assert "1 files wait" in printed
    assert (after["state"], after["filesWaiting"]) == ("DONE", 0)


async def test_a_long_list_is_turned_page_by_page(
    workplace: Workplace, database_url: str, engine: AsyncEngine, world: World
) -> None:
    other = await make_world(engine, "Others")
    ids = []
    for whose, count in ((world, 5), (other, 1)):
        async with transaction(engine, whose.organization_id) as connection:
            for _ in range(count):
                row = {"id": uuid7(), "kind": "CUSTOMER", "subject_id": uuid7(), "reason": "REQUESTED"}
                stamps = {"change_id": uuid7(), "erased_at": BEFORE, "organization_id": whose.organization_id}
                await connection.execute(sa.insert(erasures).values(**row, **stamps))
                if whose is world:
                    ids.append(str(row["id"]))
    mine = ("--organization", str(world.organization_id), "--most", "2")

    found, after = [], None
    while True:
        page = await listed(workplace, database_url, *mine, *(() if after is None else ("--after", after)))
        assert 1 <= len(page["erasures"]) <= 2
        found += [each["id"] for each in page["erasures"]]
        after = page["after"]
        if after is None:
            break
    _, printed, _ = await said(workplace, database_url, *mine)

    assert found == ids[::-1]
    assert f"There are more: --after {ids[3]}" in printed
    status, _, complaint = await said(workplace, database_url)
    assert (status, "There are 2 organisations" in complaint) == (1, True)


@pytest.mark.parametrize("arguments", [("--most", "0"), ("--most", "1001"), ("--after", "yesterday")])
async def test_what_makes_no_sense_is_named(
    workplace: Workplace, database_url: str, arguments: tuple[str, ...]
) -> None:
    status, printed, complaint = await said(workplace, database_url, *arguments)

    assert (status, printed) == (2, "")
    assert arguments[0] in complaint


async def test_where_nobody_was_erased_it_says_so(workplace: Workplace, database_url: str, world: World) -> None:
    assert world.users
    assert await listed(workplace, database_url) == {"erasures": [], "after": None}
    assert (await said(workplace, database_url))[1] == "Nobody's data was erased.\n"
