"""The loaders of one look at the database; a new look gets new ones, so nothing stale is served."""

from asyncio import CancelledError, Future, shield
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Any

from aiodataloader import DataLoader

from app.reads import batches
from app.reads.entities import Entity
from app.reads.pages import Page, Placed
from app.reads.reader import Reader
from app.reads.record import Record
from app.reads.relations import Relation

Batch = Callable[[Sequence[Any]], Awaitable[Mapping[Any, Any]]]


class Loaders:
    """Loads rows and pages by key through one reader; equal questions are asked once."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._made: dict[Any, DataLoader[Any, Any]] = {}

    async def row(self, entity: Entity, key: Any) -> Record | None:
        """Return the row with this key, None when the viewer sees none."""
        found: Record | None = await self._load(
            entity, lambda keys: batches.load_by_key(self.reader, entity, keys), key
        )
        return found

    async def one(self, relation: Relation, parent: Any) -> Record | None:
        """Return the row that the parent points to, None when it points nowhere or out of sight."""
        key = getattr(parent, relation.parent_column)
        return None if key is None else await self.found(relation, key)

    async def found(self, relation: Relation, key: Any) -> Record | None:
        """Return the row that a parent's value points to, None when there is none in sight."""
        found: Record | None = await self._load(
            relation, lambda keys: batches.load_one(self.reader, relation, keys), key
        )
        return found

    async def computed(self, row: Record, expression: batches.Expression) -> Any:
        """Return what is computed from a row."""
        entity = row.entity
        return await self._load(
            (entity, expression),
            lambda keys: batches.load_computed(self.reader, entity, expression, keys),
            row[entity.key or "id"],
        )

    async def many(self, relation: Relation, parent: Any, asked: Placed | None = None) -> Page:
        """Return a page of the parent's rows; the whole list without a window."""
        return await self.all_of(relation, getattr(parent, relation.parent_column), asked)

    async def all_of(self, relation: Relation, key: Any, asked: Placed | None = None) -> Page:
        """Return a page of the rows that a parent's value leads to; the whole list without a window."""
        page: Page = await self._load(
            (relation, asked),
            lambda keys: batches.load_many(self.reader, relation, asked, keys, lambda key: self._count(relation, key)),
            key,
        )
        return page

    async def by(self, name: Hashable, batch: Batch, key: Any) -> Any:
        """Ask a batch function of another kind, known by its name."""
        return await self._load(name, batch, key)

    async def _count(self, relation: Relation, key: Any) -> int:
        total: int = await self._load(
            (relation, "count"), lambda keys: batches.count_many(self.reader, relation, keys), key
        )
        return total

    async def _load(self, name: Any, batch: Batch, key: Any) -> Any:
        """Wait for an answer; a field that is given up does not take it away from others that asked the same."""
        answer = self._loader(name, batch).load(key)
        try:
            return await shield(answer)
        except CancelledError:
            answer.add_done_callback(_unheard)
            raise

    def _loader(self, name: Any, batch: Batch) -> DataLoader[Any, Any]:
        loader = self._made.get(name)
        if loader is None:

            async def load(keys: list[Any]) -> list[Any]:
                found = await batch(keys)
                return [found.get(key) for key in keys]

            loader = self._made[name] = DataLoader(load)
        return loader


def _unheard(answer: "Future[Any]") -> None:
    """Look at an answer that nobody may be waiting for any more, so that its error is no news."""
    if not answer.cancelled():
        answer.exception()
