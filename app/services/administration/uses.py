"""What uses a row that is to be deleted."""

import sqlalchemy as sa

from app.domain.refusals import Use
from app.services.administration.saying import Kept
from app.services.change import Change

# More are not counted.
_MOST = 1000


async def uses_of(kept: Kept, change: Change, id_: object) -> tuple[Use, ...]:
    """Return which rows name this one, by kind and number; empty: none does."""
    found = []
    for each in kept.uses:
        of = each.by.table.c
        some = (
            sa.select(sa.literal(1))
            .where(of.organization_id == change.actor.organization_id, each.by == id_)
            .limit(_MOST + 1)
            .subquery()
        )
        count = await change.connection.scalar(sa.select(sa.func.count()).select_from(some)) or 0
        if count:
            found.append(Use(kind=each.kind, words=each.words, count=min(count, _MOST), more=count > _MOST))
    return tuple(found)


def used_after_all(kept: Kept, table: str) -> tuple[Use, ...]:
    """Return the uses that a foreign key of this table stands for."""
    return tuple(
        Use(kind=each.kind, words=each.words, count=1, more=True) for each in kept.uses if each.by.table.name == table
    )
