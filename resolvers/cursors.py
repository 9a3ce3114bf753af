"""Event cursors of what an operation has read."""

from uuid import UUID

from app.db.log import head
from resolvers.context import Operation


async def present(operation: Operation) -> str:
    """Return the cursor of the log's head in the operation's look at the database."""

    async def heads(_keys: object) -> dict[UUID, int]:
        organization_id = operation.actor.organization_id
        return {organization_id: await operation.reader.run(head, organization_id)}

    position: int = await operation.loaders.by("head", heads, operation.actor.organization_id)
    return operation.cursor(position)
