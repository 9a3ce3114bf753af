"""The command `fieldgraph`: its sub-commands, and how it ends."""

import sys

import typer

from app.cli.calendar import calendar
from app.cli.check import check
from app.cli.console import errors
from app.cli.database import database
from app.cli.demo import demo
from app.cli.diagrams import diagrams
from app.cli.explain import explain
from app.cli.jobs import jobs
from app.cli.legacy import import_legacy, rollback_legacy
from app.cli.migrate import migrate
from app.cli.organizations import organization
from app.cli.refusals import Refusal
from app.cli.schema import schema
from app.cli.serve import serve
from app.cli.settings import settings
from app.cli.start_clocks import start_clocks
from app.cli.tables import tables
from app.cli.token import token
from app.cli.worker import worker
from app.db.embedded.refusals import EmbeddedServerError
from app.db.migrate import MayNotMigrate
from app.db.preflight import DatabaseUnusable
from app.integrations.bus_drivers import BusDriverMissing
from app.integrations.file_stores import StorageDriverMissing
from app.integrations.trace_collectors import TracingLibraryMissing
from app.settings import SettingsError

_FOR_PEOPLE = (
    Refusal,
    SettingsError,
    EmbeddedServerError,
    DatabaseUnusable,
    MayNotMigrate,
    BusDriverMissing,
    StorageDriverMissing,
    TracingLibraryMissing,
)

program = typer.Typer(
    help="Fieldgraph: a GraphQL server that runs field service.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
program.command()(serve)
program.command()(worker)
program.command()(jobs)
program.command()(migrate)
program.command()(check)
program.command()(demo)
program.command()(import_legacy)
program.command()(rollback_legacy)
program.command()(start_clocks)
program.command()(token)
program.command()(schema)
program.command()(settings)
program.command()(diagrams)
program.command()(tables)
program.command()(explain)
program.add_typer(organization, name="organization")
program.add_typer(database, name="database")
program.add_typer(calendar, name="calendar")


def main() -> None:
    """Run the command of this process's arguments.

    What the user can put right ends with a sentence on standard error and status 1; anything else
    is a defect and shows where it happened.
    """
    try:
        program()
    except _FOR_PEOPLE as error:
        for line in str(error).splitlines():
            errors.print(f"fieldgraph: {line}", style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(1)
