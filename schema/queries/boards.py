"""The dispatch board."""

from typing import Annotated, Any

import strawberry

from resolvers import boards
from schema.fields import asked
from schema.inputs.board import BoardFilter
from schema.types.boards import DispatchBoard


@strawberry.type
class BoardQueries:
    """The dispatch board."""

    @asked("A dispatch board; DISPATCHER and up. Its subscription tells what becomes of it.")
    def dispatch_board(
        self,
        filter: Annotated[BoardFilter, strawberry.argument(description="What the board shows.")],  # noqa: A002  # the argument's name in the schema
    ) -> DispatchBoard:
        """Ask for the board. Raises Invalid."""
        question: Any = boards.board(filter.wanted())
        return question
