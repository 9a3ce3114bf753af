"""What a variable is worth when a request does not give it: its own default, not the argument's."""

from typing import Any

import pytest

from schema.build import executable
from schema.execution.documents import Documents

_PAGE = "query ($size: Int%s) { tickets(first: $size) { nodes { customer { name } } } }"


@pytest.mark.parametrize(
    ("query", "variables", "price"),
    [
        (_PAGE % "", {}, 41),
        (_PAGE % "", {"size": 100}, 201),
        (_PAGE % " = 100", {}, 201),
        (_PAGE % " = 100", {"size": 1}, 3),
        (f"query ($id: ID = {'1' * 5000}) {{ ticket(id: $id) {{ id }} }}", {}, 1),
        ('query ($ids: [ID!]! = ["a", "b", "c"]) { nodes(ids: $ids) { id } }', {}, 3),
    ],
)
def test_an_operation_costs_what_its_variables_come_out_as(query: str, variables: dict[str, Any], price: int) -> None:
    operation = Documents(executable()).read(query).chosen(None)

    assert operation is not None
    assert operation.price(variables) == price
