"""A field that fails takes with it what it must, and nothing of what others have asked for too."""

import json
from collections import defaultdict

import pytest

from tests.sameness.asking import Asked
from tests.sameness.ground import Ground

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_field_that_fails_leaves_the_same_rows_to_others(ground: Ground) -> None:
    viewer = next(each for each in ground.viewers if each.sees_all)
    listed = await ground.servers.resolve(
        viewer, Asked(query="{ tickets(first: 100) { nodes { id requester { id name } } } }")
    )
    of_one = defaultdict(list)
    for node in json.loads(listed.body)["data"]["tickets"]["nodes"]:
        of_one[node["requester"]["id"]].append(node)
    first, second = next(nodes for nodes in of_one.values() if len(nodes) >= 2)[:2]

    query = """
    query ($first: ID!, $second: ID!) {
      failing: ticket(id: $first) { requester { name customers { name } } comments(first: 101) { totalCount } }
      other: ticket(id: $second) { requester { name customers { name } } }
    }
    """
    asked = Asked(query=query, variables={"first": first["id"], "second": second["id"]})
    for _ in range(10):
        replies = await ground.servers.ask(viewer, asked)
        told = json.loads(replies.ordinary.body)

        assert replies.ordinary.status == 200
        assert not replies.differ
        assert told["data"]["failing"] is None
        assert told["data"]["other"]["requester"]["name"] == second["requester"]["name"]
        assert [each["extensions"]["code"] for each in told["errors"]] == ["BAD_USER_INPUT"]
