"""Who asks, and anything by its id."""

from typing import Annotated, Any
from uuid import UUID

import strawberry

from app.domain.refusals import Invalid
from app.reads import entities
from app.reads.entities import Entity
from app.reads.questions import ByKey, ByKeys, Itself
from schema.fields import asked
from schema.ids import split_id
from schema.types.node import Node
from schema.types.users import Viewer

MOST_IDS = 100

NodeId = Annotated[strawberry.ID, strawberry.argument(description="A global id.")]


@strawberry.type
class NodeQueries:
    """Who asks, and anything by its id."""

    @strawberry.field(description="Who asks, as the server sees them.", metadata={"question": Itself()})
    def viewer(self) -> Viewer:
        """Return the viewer, whose fields ask for themselves."""
        return Viewer()

    @asked("Anything by its id; null: there is none that the viewer may see.")
    def node(self, id: NodeId) -> Node | None:  # noqa: A002  # the argument's name in Relay
        """Ask for the row. Raises Invalid."""
        question: Any = ByKey(*_split(id, "id"))
        return question

    @asked("As many as 100 things by their ids, in that order; null as for node.")
    def nodes(
        self,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="Global ids, at most 100.")],
    ) -> list[Node | None]:
        """Ask for the rows. Raises Invalid."""
        if len(ids) > MOST_IDS:
            raise Invalid(field=("ids",), problem=f"nodes takes at most {MOST_IDS} ids.")
        found = [_split(each, "ids", str(at)) for at, each in enumerate(ids)]
        kinds = tuple(entity.name for entity, _ in found)
        asked_for = tuple(entity for name, entity in entities.NODES.items() if name in kinds)
        question: Any = ByKeys(asked_for, kinds, tuple(key for _, key in found))
        return question


def _split(text: str, *field: str) -> tuple[Entity, UUID]:
    parts = split_id(text)
    entity = None if parts is None else entities.NODES.get(parts[0])
    if parts is None or entity is None:
        raise Invalid(field=field, problem="An id must be a global one that this server gave out.")
    return entity, parts[1]
