"""`fieldgraph migrate`: brings the database to the schema of this release."""

import sys
from typing import Annotated

import typer

from app.cli.console import busy
from app.cli.refusals import Refusal
from app.cli.workplace import begin, database_ready
from app.db.migrate import downgrade, statements, upgrade
from app.settings import Settings


def migrate(
    sql: Annotated[bool, typer.Option("--sql", help="Print the SQL of all steps; no database is used.")] = False,
    down_to: Annotated[str | None, typer.Option(help="Undo the steps after this revision.")] = None,
) -> None:
    """Bring the database to the newest schema, or back to an older one."""
    if sql:
        sys.stdout.write(statements())
        return
    with database_ready(begin()) as settings:
        if down_to is None:
            bring_up(settings)
        else:
            with busy(f"Going back to {down_to}"):
                downgrade(direct_url(settings), down_to)


def bring_up(settings: Settings) -> None:
    """Run the migrations that the database lacks."""
    with busy("Migrating"):
        upgrade(direct_url(settings))


def direct_url(settings: Settings) -> str:
    """Return the address of the database without a pooler between."""
    url = settings.database_direct_url or settings.database_url
    if url is None:
        raise Refusal("No database is set.")
    return url
