"""Who asks, and anything by its id."""

from typing import Annotated, Any

import strawberry

from app.domain.refusals import Invalid
from app.reads import entities
from resolvers.context import Operation
from schema.enums import Role
from schema.fields import Info
from schema.ids import split_id
from schema.types.node import Node
from schema.types.users import Viewer

MOST_IDS = 100

NodeId = Annotated[strawberry.ID, strawberry.argument(description="A global id.")]


@strawberry.type
class NodeQueries:
    """Who asks, and anything by its id."""

    @strawberry.field(description="Who asks, as the server sees them.")
    async def viewer(self, info: Info) -> Viewer:
        """Return the viewer."""
        operation = info.context
        actor, loaders = operation.actor, operation.loaders
        user: Any = await loaders.row(entities.USER, actor.user_id)
        organization: Any = await loaders.row(entities.ORGANIZATION, actor.organization_id)
        technician: Any = None
        if actor.technician_id is not None:
            technician = await loaders.row(entities.TECHNICIAN, actor.technician_id)
        roles = [role for role in Role if role in actor.roles]
        return Viewer(user=user, organization=organization, roles=roles, technician=technician)

    @strawberry.field(description="Anything by its id; null: there is none that the viewer may see.")
    async def node(self, info: Info, id: NodeId) -> Node | None:  # noqa: A002  # the argument's name in Relay
        """Return the row."""
        return await _node(info.context, id, "id")

    @strawberry.field(description="As many as 100 things by their ids, in that order; null as for node.")
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="Global ids, at most 100.")],
    ) -> list[Node | None]:
        """Return the rows."""
        if len(ids) > MOST_IDS:
            raise Invalid(field=("ids",), problem=f"nodes takes at most {MOST_IDS} ids.")
        return [await _node(info.context, each, "ids", str(at)) for at, each in enumerate(ids)]


async def _node(operation: Operation, text: str, *field: str) -> Any:
    parts = split_id(text)
    entity = None if parts is None else entities.NODES.get(parts[0])
    if parts is None or entity is None:
        raise Invalid(field=field, problem="An id must be a global one that this server gave out.")
    return await operation.loaders.row(entity, parts[1])
