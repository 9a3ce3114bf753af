"""With the policy taken away the database still keeps organisations apart; without both, the same questions tell."""

from dataclasses import replace

import asyncpg
import pytest

from app.db.embedded.server import EmbeddedServer
from app.domain.people import Role
from tests.database import database
from tests.rights.asking import Ground, freely
from tests.rights.calling import DONE, call, slots_of
from tests.rights.meaning import Meaning, families_with
from tests.rights.probing import probed
from tests.rights.scene import ELSEWHERE, Scene
from tests.rights.table import mutations
from tests.rights.tally import tell
from tests.rights.undoing import undone

pytestmark = pytest.mark.asyncio(loop_scope="module")
_GUARDED = "SELECT c.oid::regclass FROM pg_class AS c WHERE c.relrowsecurity"


async def test_whoever_may_do_everything_still_reads_nothing_of_another_organisation(ground: Ground) -> None:
    async with freely(ground, whose=False) as free:
        told = await probed(free, free.as_role(Role.END_USER))

    tell("questions without the policy", asked=len(told), leaks=sum(map(len, told.values())))
    assert {place: rows for place, rows in told.items() if rows} == {}


async def test_whoever_may_do_everything_still_writes_nothing_of_another_organisation(ground: Ground) -> None:
    wrong, cases = [], 0

    async with freely(ground, whose=False) as free:
        meaning = Meaning(scene=ground.scene, slots=await slots_of(free))
        with undone() as changes:
            for case in (case for case in mutations() if case.of is not None):
                given = meaning.fill(case.input, ELSEWHERE, case.of)
                called = await call(free, free.as_role(Role.END_USER), case, given, whole=True)
                cases += 1
                if called.verdict == DONE or changes.told or ground.foreign.rows_in(called.answer, given):
                    wrong.append(f"{case.title}: {called.verdict}")

    tell("mutations without the policy", called=cases, leaks=len(wrong))
    assert wrong == []


async def test_without_the_policy_what_a_role_may_not_is_done(ground: Ground) -> None:
    # Else what is refused by the table would be refused anyhow.
    refused = []

    async with freely(ground) as free:
        meaning = Meaning(scene=ground.scene, slots=await slots_of(free))
        with undone():
            for case in mutations():
                # What is one's own alone is no question of rights.
                alone = set(case.by.words.values()) == {"asked"}
                if case.of is not None and not alone and "others" in families_with(ground.scene, case.of):
                    given = meaning.fill(case.input, "others", case.of)
                    called = await call(free, free.as_role(Role.END_USER), case, given)
                    if called.verdict != (case.then or DONE):
                        refused.append((case.title, called.verdict))

    assert refused == []


async def test_without_row_level_security_too_the_same_questions_tell_of_it(
    ground: Ground, database_server: EmbeddedServer, settled: tuple[str, Scene]
) -> None:
    async with database(database_server, settled[0]) as url:
        await _let_everybody_in(url)
        async with freely(replace(ground, url=url), whose=False) as free:
            told = await probed(free, free.as_role(Role.END_USER))

    found = sorted(place for place, rows in told.items() if rows)
    tell("questions without the policy and row-level security", asked=len(told), telling=len(found))
    assert {each.kind for each in ground.scene.things.values() if each.whose == ELSEWHERE} <= set(found)
    assert "tickets" in found


async def _let_everybody_in(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for (table,) in await connection.fetch(_GUARDED):
            await connection.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    finally:
        await connection.close()
