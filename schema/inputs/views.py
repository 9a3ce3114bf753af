"""Inputs of mutations on saved views."""

from typing import Any

import orjson
import strawberry
from strawberry.schema.base import BaseSchema

from app.domain.refusals import Invalid
from app.services.views.save_view import SaveView
from schema.ids import optional_key
from schema.inputs.tickets import KEY
from schema.scalars import JSONValue
from schema.sheets.filters import LONGEST_JSON, wanted_of


@strawberry.input(description="A saved view as it is to be: a new one, or one of the viewer's own.")
class SaveViewInput:
    """A saved view as it is to be."""

    id: strawberry.ID | None = strawberry.field(default=None, description="Which is to change; without it, a new one.")
    name: str = strawberry.field(description="1 to 100 characters; no two of one's own alike.")
    filter: JSONValue = strawberry.field(description="A TicketFilter as JSON.")
    order_by: JSONValue | None = strawberry.field(default=None, description="A list of TicketOrder as JSON.")
    shared: bool = strawberry.field(default=False, description="Whether all staff see it; for staff only.")
    expected_version: int | None = strawberry.field(
        default=None, description="Refuse to change it if it has another version."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self, schema: BaseSchema) -> SaveView:
        """Return the command. Raises Invalid for a filter or an order that tickets would not take."""
        given: Any = self.filter
        order: Any = self.order_by
        for name, value in (("filter", given), ("orderBy", order)):
            if len(orjson.dumps(value)) > LONGEST_JSON:
                raise Invalid(field=(name,), problem=f"{name} has at most {LONGEST_JSON} bytes as JSON.")
        wanted_of(schema, {} if given is None else given, order)
        return SaveView(
            id=optional_key("SavedView", self.id, "id"),
            name=self.name,
            filter=given,
            order_by=None if order is None else tuple(order) if isinstance(order, list) else (order,),
            shared=self.shared,
            expected_version=self.expected_version,
            idempotency_key=self.idempotency_key,
        )
