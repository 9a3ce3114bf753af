"""What is wrong on purpose in the compiled statements is found, and told by an operation with little else in it."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa

from app.reads.orders import Order, Term
from app.reads.relations import Relation
from app.reads.selection import Spelling
from app.reads.statement import spelling, writer
from app.reads.statement.standpoints import OnRow, Value
from tests.sameness.asking import Asked
from tests.sameness.ground import Ground
from tests.sameness.operations import Operations
from tests.sameness.viewers import Viewer

pytestmark = pytest.mark.asyncio(loop_scope="module")

_MOST = 400
_LONGEST = 30

Break = Callable[[pytest.MonkeyPatch], None]


def _spelled(word: Spelling, wrong: Callable[[Any], list[Any]]) -> Break:
    def change(patch: pytest.MonkeyPatch) -> None:
        spellings: Mapping[Spelling, Any] = {**spelling._SPELLINGS, word: wrong}
        patch.setattr(spelling, "_SPELLINGS", spellings)

    return change


def _backwards(patch: pytest.MonkeyPatch) -> None:
    """Let the lists that relations lead to run the wrong way."""
    ordered = writer._ordered

    def turned(relation: Relation) -> Order:
        return Order(tuple(Term(each.column, each.kind, not each.descending) for each in ordered(relation).terms))

    patch.setattr(writer, "_ordered", turned)


def _unmasked(patch: pytest.MonkeyPatch) -> None:
    """Forget who may see which column."""

    def value(self: OnRow, name: str) -> Value:
        return Value(self.table.c[name], nullable=True)

    patch.setattr(OnRow, "value", value)


def _unfiltered(patch: pytest.MonkeyPatch) -> None:
    """Forget who may see which row that a relation leads to."""

    def seen(_self: Any, _relation: Relation, target: Any, _here: Any) -> list[Any]:
        return [target.c.organization_id == sa.bindparam("organization_id")]

    patch.setattr(writer.Writer, "_seen", seen)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(_spelled(Spelling.MOMENT, lambda value: ['"', sa.cast(value, sa.Text), '"']), id="moments"),
        pytest.param(_spelled(Spelling.DECIMAL, lambda value: [sa.cast(value, sa.Text)]), id="decimals"),
        pytest.param(_spelled(Spelling.FLOAT, lambda value: [sa.cast(value, sa.Text)]), id="floats"),
        pytest.param(_spelled(Spelling.TEXT, lambda value: ['"', value, '"']), id="texts"),
        pytest.param(_spelled(Spelling.JSON, lambda value: [sa.func.jsonb_pretty(value)]), id="documents"),
        pytest.param(_backwards, id="orders"),
        pytest.param(_unmasked, id="what is masked"),
        pytest.param(_unfiltered, id="rows out of sight"),
    ],
)
async def test_a_wrong_statement_is_found(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, wrong: Break
) -> None:
    wrong(monkeypatch)
    found = await _first_difference(ground, request.node.name)

    assert found is not None
    told = await ground.explain(*found, lambda _asked, _replies, differ: differ)
    assert len(told.splitlines()) <= _LONGEST


async def _first_difference(ground: Ground, seed: str) -> tuple[Viewer, Asked] | None:
    """Ask until two answers differ. With another seed, because what has been compiled is remembered."""
    operations = Operations(ground.schema, ground.stock, Random(seed))
    for number in range(_MOST):
        viewer = ground.viewers[(number * 7) % len(ground.viewers)]
        asked = operations.write(viewer)
        if (await ground.compare(viewer, asked))[1]:
            return viewer, asked
    return None
