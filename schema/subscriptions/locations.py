"""Following where technicians are."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, cast

import strawberry

from resolvers import locations
from schema.fields import Info
from schema.inputs.filters import TechnicianFilter
from schema.types.locations import TechnicianLocation


@strawberry.type
class LocationSubscriptions:
    """Following where technicians are."""

    @strawberry.subscription(
        description=(
            "Where technicians are: first everybody who ever reported, then whoever moves. Only the newest of each;"
            " what was in between, or while nobody listened, is not told. DISPATCHER and up."
        )
    )
    async def technician_locations(
        self,
        info: Info,
        filter: Annotated[TechnicianFilter | None, strawberry.argument(description="Whose; without it, all.")] = None,  # noqa: A002  # the argument's name in the schema
        min_interval_seconds: Annotated[
            int | None, strawberry.argument(description="Each technician at most once in so many seconds, 1 to 300.")
        ] = locations.USUAL_SECONDS,
    ) -> AsyncGenerator[TechnicianLocation, None]:
        """Follow where technicians are."""
        wanted = None if filter is None else filter.wanted()
        async with aclosing(locations.watch(info.context, wanted, min_interval_seconds)) as told:
            async for each in told:
                # A record stands for the type, as everywhere.
                yield cast("TechnicianLocation", each)
