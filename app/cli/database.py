"""`fieldgraph database`: the embedded PostgreSQL by itself."""

import typer

from app.cli.console import busy, results
from app.cli.refusals import Refusal
from app.cli.workplace import begin, embedded_server
from app.db.embedded.lease import keep, release
from app.db.embedded.server import EmbeddedServer

NOT_RUNNING = 3

database = typer.Typer(help="The embedded PostgreSQL.", no_args_is_help=True)


class ServerElsewhere(Refusal):
    """The settings name a database of the user's, which is not ours to start or stop."""

    def __init__(self) -> None:
        super().__init__("A database of your own is set (DATABASE_URL or DB_*): the embedded one is not used.")


@database.command()
def start() -> None:
    """Start it and let it run until `stop`."""
    server = _server()
    with busy("Starting PostgreSQL"):
        started = keep(server)
    results.print("Started." if started else "Already running.")


@database.command()
def stop() -> None:
    """Stop it, also under a server that uses it."""
    server = _server()
    with busy("Stopping PostgreSQL"):
        stopped = release(server)
    results.print("Stopped." if stopped else "Was not running.")


@database.command()
def status() -> None:
    """Say whether it runs, and where its files are; ends with status 3 if it does not run."""
    found = _server().status()
    state = "stopped" if found.pid is None else f"running, process {found.pid}"
    version = f"PostgreSQL {found.version}" if found.version else "no data yet"
    results.print(f"state: {state}\nversion: {version}\ndata: {found.data}\nlog: {found.log}")
    if found.pid is None:
        raise typer.Exit(NOT_RUNNING)


@database.command()
def url() -> None:
    """Print its address, for psql and other clients."""
    results.print(_server().url())


def _server() -> EmbeddedServer:
    settings = begin()
    if not settings.embedded:
        raise ServerElsewhere
    return embedded_server(settings)
