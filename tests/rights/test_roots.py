"""Every field of the root: as each role, of one's own, of others', and of another organisation's."""

from typing import Any

import pytest

from app.domain.people import Role
from tests.rights.asking import Ground
from tests.rights.leaking import told_of
from tests.rights.meaning import NOBODY, Meaning, families_with
from tests.rights.roots import ids_in, query
from tests.rights.scene import ALL, ELSEWHERE
from tests.rights.table import Root, queries, table

pytestmark = pytest.mark.asyncio(loop_scope="module")
FOUND = [root for root in queries() if root.finds not in {None, "any"}]
LISTED = [root for root in queries() if root.lists is not None]
SHOWN = [root for root in queries() if root.shows is not None]


@pytest.mark.parametrize("root", FOUND, ids=lambda root: root.name)
async def test_one_row_is_found_by_whoever_sees_it(ground: Ground, root: Root) -> None:
    kind = root.finds or ""
    document = query(root.name, ["id"], ids_alone=True)

    for role in Role:
        for whose in (*families_with(ground.scene, kind), ELSEWHERE):
            thing = ground.scene.things[ground.scene.id_of(whose, kind)]
            answer = await ground.ask(ground.as_role(role), document, {"id": thing.id})
            wanted = {"id": thing.id} if table().sees(role, thing) else None
            assert answer["data"] == {root.name: wanted}, (role, whose)


@pytest.mark.parametrize("root", LISTED, ids=lambda root: root.name)
async def test_a_list_holds_what_its_reader_sees_and_counts_no_more(
    ground: Ground, lists: dict[str, list[str]], root: Root
) -> None:
    for role in Role:
        told = await ground.listed(ground.as_role(role), root)
        wanted = [id_ for id_ in lists[root.name] if table().sees(role, ground.scene.things[id_])]
        if root.only is not None:
            wanted = [id_ for id_ in wanted if ground.scene.things[id_].whose == root.only]
        assert ids_in(told) == wanted, role
        if isinstance(told, dict):
            assert (told["totalCount"], len(told["edges"])) == (len(wanted), len(wanted)), role


@pytest.mark.parametrize("root", SHOWN, ids=lambda root: root.name)
async def test_what_is_no_row_is_shown_to_whoever_may_see_it(ground: Ground, root: Root) -> None:
    meaning = Meaning(scene=ground.scene, cursor=ground.cursor)
    document = query(root.name, list(root.given))

    for role in Role:
        for whose in [ALL] if root.of is None else [*families_with(ground.scene, root.of), ELSEWHERE, NOBODY]:
            sent = meaning.fill(root.given, whose, root.of)
            answer = await ground.ask(ground.as_role(role), document, sent)
            assert told_of(answer) == _wanted(ground, root, role, whose), (role, whose, answer)
            assert ground.foreign.rows_in(answer, sent) == set()


async def test_the_other_organisations_own_people_are_told_of_their_rows(ground: Ground) -> None:
    for root in (root for root in LISTED if root.only is None):
        assert ground.foreign.rows_in(await ground.listed(ground.scene.token_elsewhere(), root)), root.name


def _wanted(ground: Ground, root: Root, role: Role, whose: str) -> list[Any]:
    if whose in {ELSEWHERE, NOBODY}:
        return ["FORBIDDEN" if root.first and not root.by.covers(role, ALL, active=False) else "NOT_FOUND"]
    thing = None if root.of is None else ground.scene.things[ground.scene.id_of(whose, root.of)]
    if root.by.covers(role, whose, active=thing is not None and thing.active):
        return []
    return ["FORBIDDEN" if root.first or thing is None or table().sees(role, thing) else "NOT_FOUND"]
