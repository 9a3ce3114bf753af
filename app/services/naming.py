"""What a change names must be there."""

from uuid import UUID

import sqlalchemy as sa

from app.domain.refusals import Invalid, NotFound
from app.services.change import Change


async def check_exists(
    change: Change, table: sa.Table, path: str, kind: str, id_: UUID | None, *, past: bool = False
) -> None:
    """Refuse an id that names nothing of the organisation's, or what is no longer active, unless the `past` will do.

    Raises:
        NotFound: there is nothing of this id.
        Invalid: it is not active, so that nothing new can name it.
    """
    if id_ is None or (table.name, id_) in change.present:
        return
    stands = table.c.active if "active" in table.c else sa.true()
    query = sa.select(stands).where(table.c.organization_id == change.actor.organization_id, table.c.id == id_)
    active = await change.connection.scalar(query)
    field = tuple(path.split("."))
    if active is None:
        raise NotFound(field=field, kind=kind)
    if not active and not past:
        raise no_longer_active(field, kind)
    change.present.add((table.name, id_))


def no_longer_active(field: tuple[str, ...], kind: str) -> Invalid:
    """Return the refusal of what nothing new can name."""
    return Invalid(field=field, problem=f"This {kind} is no longer active; name one that is.")
