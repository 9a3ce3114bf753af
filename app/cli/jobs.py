"""`fieldgraph jobs`: what waits, what is being done, and what was set aside, to be tried again or dropped."""

import asyncio
from typing import Annotated

import typer
from rich.table import Table

from app.cli.console import results
from app.cli.refusals import Refusal
from app.cli.workplace import begin, database_ready
from app.db.engine import open_engine
from app.db.timers import looking
from app.db.transaction import Mode, system_transaction
from app.settings import Settings

_MOST = 100
_WORDS = {"queued": "waiting", "picked": "under way", "failed": "set aside"}


class NoSuchJob(Refusal):
    """No job of this id was set aside."""

    def __init__(self, id_: int) -> None:
        super().__init__(f"No job {id_} was set aside.")


def jobs(
    retry: Annotated[int | None, typer.Option(help="Try the job of this id again, which was set aside.")] = None,
    drop: Annotated[int | None, typer.Option(help="Forget the job of this id, which was set aside.")] = None,
) -> None:
    """Show what is to be done by itself, and what could not be."""
    with database_ready(begin()) as ready:
        asyncio.run(_show(ready, retry, drop))


async def _show(settings: Settings, retry: int | None, drop: int | None) -> None:
    if settings.database_url is None:
        raise ValueError("there is no database address")
    engine = open_engine(settings.database_url, size=1)
    try:
        async with system_transaction(engine, mode=Mode.WRITE) as connection:
            for id_, change in ((retry, looking.try_again), (drop, looking.drop)):
                if id_ is not None and not await change(connection, id_):
                    raise NoSuchJob(id_)
            counts = await looking.counted(connection)
            found = await looking.listed(connection, most=_MOST)
    finally:
        await engine.dispose()
    told = ", ".join(f"{counts.get(status, 0)} {word}" for status, word in _WORDS.items())
    results.print(told)
    if found:
        results.print(_table(found))


def _table(found: list[looking.ListedTimer]) -> Table:
    table = Table("id", "kind", "status", "due", "attempts", "organisation", "subject", "last error")
    for each in found:
        table.add_row(
            str(each.id),
            each.kind,
            _WORDS.get(each.status, each.status),
            f"{each.due_at:%Y-%m-%d %H:%M:%S}",
            str(each.attempts),
            str(each.organization_id),
            str(each.subject_id),
            each.reason or "",
        )
    return table
