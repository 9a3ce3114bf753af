"""Random operations over the whole schema are answered alike by compiled statements and by resolvers.

`make sameness` asks 2,000; the environment says how many and from which seed.
"""

import os
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
from tests.sameness.tally import FAILED, Tally
from tests.sameness.viewers import Viewer

pytestmark = pytest.mark.asyncio(loop_scope="module")

_COUNT = int(os.environ.get("SAMENESS_OPERATIONS", "420"))
_SEED = int(os.environ.get("SAMENESS_SEED", "20261210"))
# Enough for chance to have come to every field often.
_MANY = 2000
_MOST_EXPLAINED = 3


async def test_random_operations_are_answered_alike(ground: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    operations = Operations(ground.schema, ground.stock, Random(_SEED))
    tally = Tally(ground.schema, Plans(schema()), Documents(executable()))
    found: list[str] = []
    for number in range(_COUNT):
        viewer = ground.viewers[number % len(ground.viewers)]
        asked = operations.write(viewer)
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
    assert tally.executed == _COUNT
    assert tally.planned >= 0.95
    assert tally.nested >= 0.4
    assert tally.seldom(20 if _COUNT >= _MANY else 1) == []
    assert {viewer.name for viewer in ground.viewers} <= tally.viewers.keys()
