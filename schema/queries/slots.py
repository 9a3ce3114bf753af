"""Slots: which times could be booked."""

from typing import Annotated

import strawberry

from resolvers import slots
from schema.fields import Info
from schema.inputs.appointments import SlotSearchInput
from schema.types.slots import SlotSearchResult, result


@strawberry.type
class SlotQueries:
    """Which times could be booked."""

    @strawberry.field(
        description="The best times to be booked for a piece of work, and why there are no others. Customers ask for"
        " their own. Equal questions have equal answers as long as nothing changes.",
        metadata={"ordinary": "the planning of the domain finds them"},
    )
    async def available_slots(
        self,
        info: Info,
        input: Annotated[SlotSearchInput, strawberry.argument(description="What for, and when it would suit.")],  # noqa: A002  # the argument's name in the schema
    ) -> SlotSearchResult:
        """Return the slots."""
        searched = await slots.look(info.context, input.question(), input.limit)
        return result(info.context.cursor(searched.position), searched)
