"""Random operations over the whole schema are answered alike by compiled statements and by resolvers.

`make sameness` asks 2,000; the environment says how many and from which seed.
"""

import os
from collections.abc import Iterator
from contextlib import nullcontext
from random import Random

import pytest

from schema.build import executable, schema
from schema.execution.answers import Way
from schema.execution.documents import Documents
from schema.execution.planning import Plans
from tests.sameness.asking import Asked, Replies
from tests.sameness.ground import Ground
from tests.sameness.operations import Operations
from tests.sameness.steps import selected_fields
from tests.sameness.tally import FAILED, Tally
from tests.sameness.viewers import Viewer

pytestmark = pytest.mark.asyncio(loop_scope="module")

_COUNT = int(os.environ.get("SAMENESS_OPERATIONS", "420"))
_SEED = int(os.environ.get("SAMENESS_SEED", "20261210"))
# Enough for chance to have come to every field often.
_MANY = 2000
# How many times that number chance may write to come to every field.
_MORE = 5
_MOST_EXPLAINED = 3
# Each field is asked for so often at least, where chance is given the time.
_OFTEN = 20 if _COUNT >= _MANY else 1


def drawn(ground: Ground, tally: Tally) -> Iterator[tuple[Viewer, Asked]]:
    """Yield operations that chance writes, and beyond their number only those with a field that was seldom asked for.

    Chance comes late to a few of so many fields; drawing an operation takes a fraction of what asking for it does.
    """
    operations = Operations(ground.schema, ground.stock, Random(_SEED))
    for number in range(_COUNT * _MORE):
        viewer = ground.viewers[number % len(ground.viewers)]
        asked = operations.write(viewer)
        if number < _COUNT:
            yield viewer, asked
        elif not (seldom := tally.seldom(_OFTEN)):
            return
        elif any(name in seldom for name, _ in selected_fields(ground.schema, asked)):
            yield viewer, asked


async def test_random_operations_are_answered_alike(ground: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally(ground.schema, Plans(schema()), Documents(executable()))
    found: list[str] = []
    for viewer, asked in drawn(ground, tally):
        replies, differ = await ground.compare(viewer, asked)
        tally.count(viewer, asked, replies)

        def wrong(asked: Asked, replies: Replies, differ: bool, viewer: Viewer = viewer) -> bool:
            return differ or (replies.way is Way.ORDINARY and tally.reason(viewer, asked, replies) == FAILED)

        if wrong(asked, replies, differ):
            told = len(found) < _MOST_EXPLAINED
            found.append(await ground.explain(viewer, asked, wrong) if told else asked.query)

    with capsys.disabled() if _COUNT >= _MANY else nullcontext():
        print(f"\nseed {_SEED}\n{tally.report()}")  # noqa: T201  # the figures are what a long run is for
    if found:
        pytest.fail("\n\n".join(found), pytrace=False)
    assert tally.executed == tally.levels.total() >= _COUNT
    assert tally.planned >= 0.95
    assert tally.nested >= 0.4
    assert tally.seldom(_OFTEN) == []
    assert {viewer.name for viewer in ground.viewers} <= tally.viewers.keys()
