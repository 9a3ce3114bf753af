"""The command `fieldgraph`: its sub-commands, and how it ends."""

import sys

import typer

from app.cli.commands import Commands
from app.cli.console import errors
from app.cli.refusals import Refusal
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
    cls=Commands,
    help="Fieldgraph: a GraphQL server that runs field service.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@program.callback()
def _fieldgraph() -> None:
    """Have the commands found by name, though none is registered."""


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
