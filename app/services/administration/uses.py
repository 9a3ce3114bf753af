"""What uses a row that is to be deleted."""

from collections.abc import Iterable

import sqlalchemy as sa

from app.domain.refusals import Use
from app.services.administration.saying import Kept, Used
from app.services.change import Change

# More are not counted.
_MOST = 1000


async def uses_of(kept: Kept, change: Change, id_: object) -> tuple[Use, ...]:
    """Return which rows name this one, by kind and number; empty: none does."""
    return await counted_uses(change, kept.uses, id_)


async def counted_uses(change: Change, ways: Iterable[Used], value: object) -> tuple[Use, ...]:
    """Return which rows have the value in one of these columns, by kind and number; empty: none has."""
    found = []
    for each in ways:
        of = each.by.table.c
        some = (
            sa.select(sa.literal(1))
            .where(of.organization_id == change.actor.organization_id, each.by == value)
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
