"""Every field of every row: as each role, of one's own, of others', and of another organisation's."""

import pytest

from app.domain.people import Role
from schema.execution.answers import Way
from tests.rights.asking import Ground, freely, row_types
from tests.rights.looking import Looking
from tests.rights.scene import ELSEWHERE
from tests.rights.selecting import asked_of
from tests.rights.table import table
from tests.rights.tally import tell
from tests.sameness.asking import noted_ways

pytestmark = pytest.mark.asyncio(loop_scope="module")
# Deleted comments are shown to nobody, and a queue that is asked for without a date has none.
NEVER_THERE = {"Comment.deletedAt", "TechnicianQueue.date"}


async def test_each_role_sees_of_every_row_what_the_table_says(ground: Ground) -> None:
    looking = Looking(schema=ground.schema, scene=ground.scene, table=table())
    async with freely(ground) as free:
        whole_rows = await free.rows(ground.scene.token(), ground.scene.here_ids)

    with pytest.MonkeyPatch.context() as patch:
        ways = noted_ways(patch)
        for role in Role:
            told = await ground.rows(ground.as_role(role), ground.scene.here_ids)
            for id_, whole in whole_rows.items():
                looking.look(role, ground.scene.things[id_], whole, told[id_])
            assert ground.foreign.rows_in(told) == set(), role

    asked = {each for kind in row_types(ground.schema) for each in asked_of(ground.schema, kind)}
    counts = {"seen": looking.seen.total(), "hidden": looking.hidden.total(), "wrong": len(looking.wrong)}
    tell("fields of rows", fields=len(asked), rows=len(whole_rows), roles=len(Role), **counts)
    assert looking.wrong == []
    # Rows are read by plans and field by field, and hidden both ways.
    assert set(ways) == set(Way)
    # What nobody was shown a value of was not looked at.
    assert asked - looking.seen.keys() == NEVER_THERE
    narrower = {f"{name}.{each}" for name, kind in table().kinds.items() for each in kind.narrower}
    assert (narrower & asked) - looking.hidden.keys() == set()


async def test_a_server_that_hides_nothing_is_found_out(ground: Ground) -> None:
    looking = Looking(schema=ground.schema, scene=ground.scene, table=table())

    async with freely(ground) as free:
        whole_rows = await free.rows(ground.scene.token(), ground.scene.here_ids)
    for id_, whole in whole_rows.items():
        looking.look(Role.END_USER, ground.scene.things[id_], whole, whole)

    found = " ".join(looking.wrong)
    for hidden in (
        "Ticket of Ticket open of others is to be hidden",
        "Comment of Comment internal open of asked is to be hidden",
        "Part.unitCost of Part ",
        "Technician.home of Technician ",
        "PartUsage.cost of Assignment resolved of asked is to be hidden",
        "AuditEntry.ipAddress of Ticket working of asked is to be hidden",
        "CommentConnection.totalCount of Ticket open of asked",
    ):
        assert hidden in found, hidden


async def test_no_role_sees_a_row_of_another_organisation(ground: Ground) -> None:
    ids = ground.scene.elsewhere_ids

    for role in Role:
        told = await ground.rows(ground.as_role(role), ids)
        assert set(told.values()) == {None}, role

    own = await ground.rows(ground.scene.token_elsewhere(), ids)
    kinds = {ground.scene.things[id_].kind for id_, row in own.items() if row is not None}
    assert kinds == {each.kind for each in ground.scene.things.values() if each.whose == ELSEWHERE}
