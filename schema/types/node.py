"""What every row shares: a global id, a version, and where a page of rows begins and ends."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import strawberry

from app.reads import questions
from app.reads.pages import Page
from schema.ids import global_id


@strawberry.interface(description="Anything that can be fetched again by its id.")
class Node:
    """Anything with a global id."""

    @strawberry.field(description="Opaque, and unique among all types.", metadata={"question": questions.Identity()})
    def id(self, root: strawberry.Parent[Any]) -> strawberry.ID:
        """Return the global id."""
        return global_id(root.entity.name, root.id)


@strawberry.interface(description="Rows under optimistic concurrency. Send version back as expectedVersion.")
class Versioned:
    """Anything that counts its changes."""

    version: int = strawberry.field(description="Raised by one with every change.")
    created_at: datetime = strawberry.field(description="When the row came to be.")
    updated_at: datetime = strawberry.field(description="When the row last changed.")


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """Where a page stands in its list."""

    has_next_page: bool = strawberry.field(description="There is more behind this page.")
    has_previous_page: bool = strawberry.field(description="There is more before this page.")
    start_cursor: str | None = strawberry.field(description="The first row's cursor; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="The last row's cursor; null on an empty page.")


@strawberry.type(description="An amount of money.")
class Money:
    """An amount of money."""

    amount: Decimal = strawberry.field(description="With two decimals.")
    currency: str = strawberry.field(description="ISO 4217, such as EUR.")


@strawberry.type(description="A time from start to end, which is not part of it.")
class TimeWindow:
    """A time from start to end, which is not part of it."""

    start: datetime = strawberry.field(description="Where it begins.")
    end: datetime = strawberry.field(description="Where it ends.")


@strawberry.type(description="A place on the earth, in degrees (WGS 84).")
class GeoPoint:
    """A place on the earth."""

    lat: float = strawberry.field(description="Latitude, -90 to 90.")
    lon: float = strawberry.field(description="Longitude, -180 to 180.")


@strawberry.type(description="A part of a list.")
class Connection:
    """What every connection shares; the rows are added by each."""

    page_info: PageInfo = strawberry.field(description="Where this page stands in the list.")

    @strawberry.field(
        description="How long the whole list is; counted only when asked for.",
        metadata={"question": questions.Attribute("total_count")},
    )
    async def total_count(self, root: strawberry.Parent[Page]) -> int:
        """Count the whole list."""
        return await root.count()


@strawberry.type(description="A row of a list with its place in it.")
class Edge:
    """What every edge shares; the row is added by each."""

    cursor: str = strawberry.field(description="The row's place; pass it as after or before.")
