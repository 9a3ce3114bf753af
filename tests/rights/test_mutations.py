"""Every mutation: as each role, on what is one's own, on others', and on another organisation's."""

from collections import Counter
from collections.abc import Iterator

import pytest

from app.domain.people import Role
from tests.rights.asking import Ground
from tests.rights.calling import DONE, call, comparable, expected, slots_of
from tests.rights.meaning import NOBODY, Meaning, families_with
from tests.rights.scene import ALL, ELSEWHERE
from tests.rights.table import Case, mutations, table
from tests.rights.tally import tell
from tests.rights.undoing import undone

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_each_role_may_do_what_the_table_says(ground: Ground) -> None:
    meaning = Meaning(scene=ground.scene, slots=await slots_of(ground))
    wrong, verdicts = [], Counter[str]()

    with undone() as changes:
        for case, whose, role in _cases(ground):
            before = changes.told
            given = meaning.fill(case.input, whose, case.of)
            called = await call(ground, ground.as_role(role), case, given)
            wanted = expected(table(), meaning, case, role, whose)
            verdicts[wanted] += 1
            if called.verdict != wanted:
                wrong.append(f"{role}: {case.title} of {whose} is to be {wanted}, and is {called.verdict}")
            elif wanted != DONE and changes.told > before:
                wrong.append(f"{role}: {case.title} of {whose} was refused, and told of")

    tell("mutations", cases=sum(verdicts.values()), **verdicts)
    assert wrong == []


async def test_what_another_organisation_has_is_as_if_it_were_not_there(ground: Ground) -> None:
    meaning = Meaning(scene=ground.scene, slots=await slots_of(ground))
    wrong, cases = [], 0

    with undone() as changes:
        for case in (case for case in mutations() if case.of is not None):
            for role in Role:
                cases += 1
                token, before = ground.as_role(role), changes.told
                sent, nobodys = (meaning.fill(case.input, whose, case.of) for whose in (ELSEWHERE, NOBODY))
                called = await call(ground, token, case, sent, whole=True)
                missing = await call(ground, token, case, nobodys, whole=True)
                if comparable(called, sent) != comparable(missing, nobodys):
                    wrong.append(f"{role}: {case.title} is told apart from what nobody has: {called.verdict}")
                if called.verdict == DONE or changes.told > before:
                    wrong.append(f"{role}: {case.title} was done")
                if ground.foreign.rows_in(called.answer, sent):
                    wrong.append(f"{role}: {case.title} tells {ground.foreign.rows_in(called.answer, sent)}")

    tell("mutations of another organisation's", cases=cases, leaks=len(wrong))
    assert wrong == []


async def test_its_own_admin_may_do_all_that_an_admin_may(ground: Ground) -> None:
    # Else what is refused above might be refused because it makes no sense.
    meaning = Meaning(scene=ground.scene, slots=await slots_of(ground))
    refused = []

    with undone():
        for case in mutations():
            if case.of is not None and case.by.covers(Role.ADMIN, ALL, active=False):
                given = meaning.fill(case.input, ELSEWHERE, case.of)
                called = await call(ground, ground.scene.token_elsewhere(), case, given)
                if called.verdict != (case.then or DONE) and ".technician" not in str(case.input):
                    refused.append(f"{case.title}: {called.verdict}")

    assert refused == []


def _cases(ground: Ground) -> Iterator[tuple[Case, str, Role]]:
    for case in mutations():
        for whose in [ALL] if case.of is None else families_with(ground.scene, case.of):
            for role in Role:
                yield case, whose, role
