"""What a variable is worth when a request does not give it: its own default, not the argument's."""

from typing import Any

import pytest

from schema.build import executable
from schema.execution.documents import Documents

_PAGE = "query ($size: Int%s) { tickets(first: $size) { nodes { customer { name } } } }"

_BOARD = """{ dispatchBoard(filter: {from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z"}) {
  rows { technician { id } queue%s { items { assignment { ticket { id } } } } }
  unassigned { id }
} }"""


@pytest.mark.parametrize(
    ("query", "variables", "price"),
    [
        (_PAGE % "", {}, 41),
        (_PAGE % "", {"size": 100}, 201),
        (_PAGE % " = 100", {}, 201),
        (_PAGE % " = 100", {"size": 1}, 3),
        # The board, 50 lanes with a technician and a queue of 20 jobs at tickets, and 100 tickets.
        (_BOARD % "", {}, 1 + 50 * (1 + 1 + 1 + 20 * 3) + 100),
        (_BOARD % "(first: 5)", {}, 1 + 50 * (1 + 1 + 1 + 5 * 3) + 100),
        (f"query ($id: ID = {'1' * 5000}) {{ ticket(id: $id) {{ id }} }}", {}, 1),
        ('query ($ids: [ID!]! = ["a", "b", "c"]) { nodes(ids: $ids) { id } }', {}, 3),
    ],
)
def test_an_operation_costs_what_its_variables_come_out_as(query: str, variables: dict[str, Any], price: int) -> None:
    operation = Documents(executable()).read(query).chosen(None)

    assert operation is not None
    assert operation.price(variables) == price
