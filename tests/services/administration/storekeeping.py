"""Short ways to customers, assets and parts, as a manager keeps them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.customers import assets, customers, parts
from app.domain.people import Actor
from app.services.administration.assets import create_asset, delete_asset, update_asset
from app.services.administration.customers import create_customer, delete_customer, update_customer
from app.services.administration.parts import AdjustStock, adjust_stock, create_part, delete_part, update_part
from app.services.administration.saying import Create, Update
from app.services.deleting import Delete
from app.services.perform import Writer, Written
from tests.services.scene import Scene


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """How rows of a kind are kept: their table, the services, and what a plain one says."""

    name: str
    table: sa.Table
    plain: dict[str, Any]
    # The field that no two may have alike, and what it is called in the input.
    unique: tuple[str, str]
    create: Callable[[Writer, Actor, Create], Awaitable[Written]]
    update: Callable[[Writer, Actor, Update], Awaitable[Written]]
    delete: Callable[[Writer, Actor, Delete], Awaitable[Written]]

    async def new(self, scene: Scene, by: str = "manager", key: str | None = None, **values: Any) -> UUID:
        """Create a plain row with some values; return its key."""
        command = Create(values={**self.plain, **values}, idempotency_key=key)
        return (await self.create(scene.writer, scene.actor(by), command)).ids[self.name]

    async def change(
        self, scene: Scene, id_: UUID, by: str = "manager", version: int | None = None, **values: Any
    ) -> Written:
        """Change a row, by the version that it has unless another one is named."""
        expected = version if version is not None else (await scene.row(self.table, id_)).version
        return await self.update(
            scene.writer, scene.actor(by), Update(id=id_, expected_version=expected, values=values)
        )

    async def remove(self, scene: Scene, id_: UUID, by: str = "manager", version: int | None = None) -> Written:
        """Delete a row."""
        return await self.delete(scene.writer, scene.actor(by), Delete(id=id_, expected_version=version))


CUSTOMERS = Keeping(
    name="customer",
    table=customers,
    plain={"name": "Delta Cold Store", "tier": "STANDARD"},
    unique=("external_id", "externalId"),
    create=create_customer,
    update=update_customer,
    delete=delete_customer,
)
ASSETS = Keeping(
    name="asset",
    table=assets,
    plain={"name": "Press", "kind": "EQUIPMENT"},
    unique=("external_id", "externalId"),
    create=create_asset,
    update=update_asset,
    delete=delete_asset,
)
PARTS = Keeping(
    name="part",
    table=parts,
    plain={"part_number": "BELT-1", "name": "Belt", "stock": 3, "currency": "EUR"},
    unique=("part_number", "partNumber"),
    create=create_part,
    update=update_part,
    delete=delete_part,
)
KEEPINGS = {each.name: each for each in (CUSTOMERS, ASSETS, PARTS)}


async def adjust(scene: Scene, part_id: UUID | None = None, by: str = "manager", **values: Any) -> Written:
    """Adjust the stock of a part, of the world's unless one is named."""
    command = AdjustStock(**{"part_id": part_id or scene.world.part_id, "reason": "Counted.", **values})
    return await adjust_stock(scene.writer, scene.actor(by), command)


async def stock(scene: Scene, part_id: UUID | None = None) -> int:
    """Return how many of a part are on the shelf."""
    found: int = (await scene.row(parts, part_id or scene.world.part_id)).stock
    return found
