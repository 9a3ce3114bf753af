"""Saved views: lists of tickets that somebody wants to see again."""

import strawberry

from app.reads import entities, relations
from schema.fields import record_type, to_one
from schema.scalars import JSONValue
from schema.types.node import Node, Versioned
from schema.types.users import User


@record_type(entities.SAVED_VIEW, "A filter and an order of tickets under a name.")
class SavedView(Node, Versioned):
    """A filter and an order of tickets under a name."""

    name: str = strawberry.field(description="What its owner calls it; no two of theirs alike.")
    filter: JSONValue = strawberry.field(description="A TicketFilter, to be passed to tickets as it is.")
    order_by: JSONValue | None = strawberry.field(
        description="A list of TicketOrder, to be passed to tickets as it is; null: the order is not said."
    )
    shared: bool = strawberry.field(description="All staff see it.")
    owner: User = to_one(relations.VIEW_OWNER, "Whose it is: who may change it.")
