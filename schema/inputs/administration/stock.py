"""Inputs of mutations on parts and their stock."""

from decimal import Decimal
from typing import Any

import strawberry

from app.services.administration.parts import AdjustStock
from app.services.administration.saying import Create, Update
from schema.ids import key_of
from schema.inputs.administration.given import ACTIVE, VERSION, change, creation, given
from schema.inputs.tickets import KEY


@strawberry.input(description="An amount of money.")
class MoneyInput:
    """An amount of money."""

    amount: Decimal = strawberry.field(description="0 to 9,999,999,999.99, with at most two decimals.")
    currency: str = strawberry.field(default="EUR", description="ISO 4217: three capital letters, such as EUR.")


@strawberry.input(description="A new part.")
class CreatePartInput:
    """A new part."""

    part_number: str = strawberry.field(description="1 to 100 characters, no two parts alike.")
    name: str = strawberry.field(description="What it is called; 1 to 200 characters.")
    stock: int = strawberry.field(default=0, description="How many are on the shelf, 0 to 1,000,000.")
    unit_cost: MoneyInput | None = strawberry.field(default=None, description="What one costs.")
    lead_time_days: int | None = strawberry.field(
        default=None, description="In how many days more can be had, 0 to 3650; null: nobody knows."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> Create:
        """Return the command."""
        values = given(self, "part_number", "name", "stock", "lead_time_days")
        return creation(self, {**values, **_cost(self.unit_cost)})


@strawberry.input(description="What a part is to say: what is left out stays, null takes it away where that can be.")
class UpdatePartInput:
    """What a part is to say."""

    id: strawberry.ID = strawberry.field(description="Which part.")
    expected_version: int = strawberry.field(description=VERSION)
    part_number: str | None = strawberry.field(
        default=strawberry.UNSET, description="1 to 100 characters, no two parts alike; not null."
    )
    name: str | None = strawberry.field(default=strawberry.UNSET, description="1 to 200 characters; not null.")
    unit_cost: MoneyInput | None = strawberry.field(default=strawberry.UNSET, description="What one costs.")
    lead_time_days: int | None = strawberry.field(
        default=strawberry.UNSET, description="In how many days more can be had, 0 to 3650; null: nobody knows."
    )
    active: bool | None = strawberry.field(default=strawberry.UNSET, description=ACTIVE)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> Update:
        """Return the command. Raises Invalid for an id of another type."""
        values = given(self, "part_number", "name", "lead_time_days", "active")
        if self.unit_cost is not strawberry.UNSET:
            values |= {"unit_cost": None} if self.unit_cost is None else _cost(self.unit_cost)
        return change(self, "Part", values)


@strawberry.input(description="What came or went of a part (delta), or how many there are (counted): one of the two.")
class AdjustStockInput:
    """What came or went of a part, or how many there are."""

    part_id: strawberry.ID = strawberry.field(description="Which part.")
    delta: int | None = strawberry.field(
        default=None,
        description="How many came, at most 1,000,000; less than 0: went, at most what is there and not reserved; never"
        " 0.",
    )
    counted: int | None = strawberry.field(
        default=None,
        description="How many there are, 0 to 1,000,000; it is warned of when open appointments have reserved more.",
    )
    reason: str = strawberry.field(description="Why; 1 to 500 characters.")
    expected_version: int | None = strawberry.field(
        default=None, description="Refuse if the part has another version: what was counted may be past."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> AdjustStock:
        """Return the command. Raises Invalid for an id of another type."""
        return AdjustStock(
            part_id=key_of("Part", self.part_id, "partId"),
            delta=self.delta,
            counted=self.counted,
            reason=self.reason,
            expected_version=self.expected_version,
            idempotency_key=self.idempotency_key,
        )


def _cost(cost: MoneyInput | None) -> dict[str, Any]:
    return {"currency": "EUR"} if cost is None else {"unit_cost": cost.amount, "currency": cost.currency}
