"""Lets every change be written and then undone, so that each case finds the same world."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, NoReturn

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.transaction import transaction
from app.services import perform


@dataclass(slots=True)
class Changes:
    """How many events were told."""

    told: int = 0


_TOLD = sa.text("SELECT count(*) FROM events WHERE xmin = pg_current_xact_id()::xid")


class _Undone(Exception):
    pass


@contextmanager
def undone() -> Iterator[Changes]:
    """Roll every change back where it would be committed, until the block ends."""
    changes = Changes()

    @asynccontextmanager
    async def undoing(*given: Any, **named: Any) -> AsyncIterator[AsyncConnection]:
        with suppress(_Undone):
            async with transaction(*given, **named) as connection:
                yield connection
                await note(connection)

    async def note(connection: AsyncConnection) -> NoReturn:
        # What is checked at the end only must not be what lets it pass.
        await connection.execute(sa.text("SET CONSTRAINTS ALL IMMEDIATE"))
        changes.told += (await connection.execute(_TOLD)).scalar_one()
        raise _Undone

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(perform, "transaction", undoing)
        yield changes
