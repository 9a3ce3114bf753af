"""Where nothing may stay in a session, compiled statements answer the same, each in a transaction of its own."""

from random import Random

import pytest

from schema.execution.answers import Way
from tests.sameness.ground import make_ground
from tests.sameness.operations import Operations


async def test_operations_are_answered_alike_behind_a_pooler(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Another spelling of the same address says that the first one leads to a pooler.
    direct = f"{database_url}{'&' if '?' in database_url else '?'}sslmode=disable"
    async with make_ground(database_url, monkeypatch, database_direct_url=direct) as ground:
        operations = Operations(ground.schema, ground.stock, Random(12))
        ways = []
        for number in range(120):
            # One after the other of both organisations, on the same connection.
            viewer = ground.viewers[number * len(ground.viewers) // 2 % len(ground.viewers) + number // 2 % 20]
            asked = operations.write(viewer)
            replies, differ = await ground.compare(viewer, asked)
            ways.append(replies.way)
            if differ:
                pytest.fail(await ground.explain(viewer, asked, lambda _asked, _replies, differs: differs))

    assert ways.count(Way.PLAN) >= 50
