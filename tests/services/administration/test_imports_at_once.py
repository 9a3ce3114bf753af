"""Files that are taken in at once, by several and beside the mutations: nothing twice, nobody hangs."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.db import locks
from app.db.tables.customers import customers
from app.db.tables.people import technicians as _technicians
from app.db.tables.people import users
from app.db.transaction import transaction
from app.domain.refusals import Invalid
from app.services.administration import drafting
from app.services.administration.customers import create_customer
from app.services.administration.saying import Create, Update
from app.services.administration.technicians import update_technician
from app.services.administration.users import create_user
from app.services.imports import finding, importing
from app.services.imports.customers import CUSTOMERS
from app.services.imports.importing import ImportLines, done_of, import_lines
from app.services.imports.lines import Line, Outcome
from app.services.imports.technicians import TECHNICIANS
from app.services.perform import Written
from tests.services.scene import Scene

MANY = 60


def customers_of(numbers: Any, name: str = "Mill") -> ImportLines:
    return ImportLines(
        lines=tuple(
            Line(number=at, values={"external_id": f"C-{number}", "name": f"{name} {number}"})
            for at, number in enumerate(numbers, start=2)
        )
    )


def people_of(numbers: Any, spelled: Any = str) -> ImportLines:
    return ImportLines(
        lines=tuple(
            Line(number=at, values={"email": spelled(f"t{number}@test.example"), "name": f"T {number}"})
            for at, number in enumerate(numbers, start=2)
        )
    )


async def test_the_same_rows_by_several_files_are_there_once(scene: Scene) -> None:
    there = len(await scene.rows(customers))
    orders = [range(MANY), reversed(range(MANY)), range(MANY), reversed(range(MANY))]

    answers = await asyncio.gather(
        *(import_lines(scene.writer, scene.actor("admin"), CUSTOMERS, customers_of(list(each))) for each in orders)
    )

    assert len(await scene.rows(customers)) == there + MANY
    found = [{each.outcome for each in done_of(answer)} for answer in answers]
    assert sorted(map(str, found)) == sorted(map(str, [{Outcome.CREATED}, *[{Outcome.UNCHANGED}] * 3]))


async def test_people_by_several_files_are_there_once_however_they_are_spelled(scene: Scene) -> None:
    there = len(await scene.rows(users))
    spellings = (str, str.upper, str.title, str)
    orders = [list(range(MANY)), list(reversed(range(MANY))), list(range(MANY)), list(reversed(range(MANY)))]

    answers = await asyncio.gather(
        *(
            import_lines(scene.writer, scene.actor("admin"), TECHNICIANS, people_of(order, spelled))
            for order, spelled in zip(orders, spellings, strict=True)
        )
    )

    assert len(await scene.rows(users)) == there + MANY
    assert sum(each.outcome is Outcome.CREATED for answer in answers for each in done_of(answer)) == MANY


async def test_without_the_lock_of_addresses_some_are_there_twice(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unlocked(*_asked: Any) -> None:
        # Both have looked before either writes.
        await asyncio.sleep(0.3)

    monkeypatch.setattr(locks, "lock_all_emails", unlocked)
    there = len(await scene.rows(users))
    await asyncio.gather(
        *(
            import_lines(scene.writer, scene.actor("admin"), TECHNICIANS, people_of(range(5), spelled))
            for spelled in (str, str.upper)
        )
    )
    assert len(await scene.rows(users)) == there + 10


async def test_a_user_who_is_made_meanwhile_keeps_the_address_alone(scene: Scene) -> None:
    there = len(await scene.rows(users))
    asked = [{"name": "U", "email": f"T{n}@test.example", "roles": ["DISPATCHER"]} for n in range(MANY)]
    made = [create_user(scene.writer, scene.actor("admin"), Create(values=values)) for values in asked]
    answers = await asyncio.gather(
        import_lines(scene.writer, scene.actor("admin"), TECHNICIANS, people_of(range(MANY))),
        *made,
        return_exceptions=True,
    )
    assert not [each for each in answers if not isinstance(each, Written | Invalid)]
    assert isinstance(answers[0], Written)
    assert len(await scene.rows(users)) == there + MANY


async def test_what_comes_meanwhile_is_seen_by_another_try(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    command = Create(values={"external_id": "C-1", "name": "First", "tier": "FLEET"})
    drafted = drafting.draft_new
    made: list[UUID] = []

    async def draft_and_be_overtaken(*asked: Any) -> Any:
        draft = await drafted(*asked)
        if not made:
            made.append(draft.after["id"])
            await create_customer(scene.writer, scene.actor("manager"), command)
        return draft

    monkeypatch.setattr("app.services.imports.saying.draft_new", draft_and_be_overtaken)
    written = await import_lines(scene.writer, scene.actor("admin"), CUSTOMERS, customers_of([1]))

    assert [each.outcome for each in done_of(written)] == [Outcome.UPDATED]
    (row,) = await scene.rows(customers, customers.c.external_id == "C-1")
    assert (row.name, row.tier, row.version) == ("Mill 1", "FLEET", 2)


async def test_without_another_try_it_is_refused(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "_TRIES", 1)
    with pytest.raises(Invalid):
        await test_what_comes_meanwhile_is_seen_by_another_try(scene, monkeypatch)


async def test_mutations_on_the_same_rows_come_before_or_after(scene: Scene) -> None:
    names = [name for name in scene.world.technicians for _ in range(10)]
    lines = ImportLines(
        lines=tuple(
            Line(number=at, values={"id": scene.world.technicians[name], "name": f"{name} B.", "active": False})
            for at, name in enumerate(reversed(list(scene.world.technicians)), start=2)
        )
    )

    async def toggled(name: str, active: bool) -> Written:
        rows = await scene.rows(_technicians, _technicians.c.id == scene.world.technicians[name])
        asked = Update(id=rows[0].id, expected_version=rows[0].version, values={"active": active})
        return await update_technician(scene.writer, scene.actor("manager"), asked)

    imports = [import_lines(scene.writer, scene.actor("admin"), TECHNICIANS, lines) for _ in range(3)]
    answers = await asyncio.gather(
        *imports, *(toggled(name, bool(at % 2)) for at, name in enumerate(names)), return_exceptions=True
    )
    assert [type(each) for each in answers[:3]] == [Written] * 3
    assert {type(each).__name__ for each in answers[3:]} <= {"Written", "StaleVersion"}
    assert {row.name for row in await scene.rows(users)} >= {f"{name} B." for name in scene.world.technicians}


async def change_one_beside_another(scene: Scene) -> Any:
    """Let a file name a row that somebody else is about to change; return the row."""
    await import_lines(scene.writer, scene.actor("admin"), CUSTOMERS, customers_of([1]))
    async with transaction(scene.engine, scene.world.organization_id) as connection:
        another = sa.update(customers).where(customers.c.external_id == "C-1").values(name="Another", version=2)
        await connection.execute(another)
        waiting = asyncio.create_task(
            import_lines(scene.writer, scene.actor("admin"), CUSTOMERS, customers_of([1], "Windmill"))
        )
        done, _ = await asyncio.wait([waiting], timeout=0.4)
        assert not done
    await waiting
    (row,) = await scene.rows(customers, customers.c.external_id == "C-1")
    return row


async def test_a_file_waits_for_whoever_has_a_row_and_reads_it_then(scene: Scene) -> None:
    row = await change_one_beside_another(scene)
    assert (row.name, row.version) == ("Windmill 1", 3)


async def test_without_the_rows_locks_a_version_is_there_twice(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    rows_of = drafting.rows_of

    async def unlocked(kept: Any, change: Any, ids: Any, **_lock: Any) -> Any:
        return await rows_of(kept, change, ids, lock=None)

    monkeypatch.setattr(finding, "rows_of", unlocked)
    assert (await change_one_beside_another(scene)).version == 2
