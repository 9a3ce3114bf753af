"""What a command works with: checked settings, logs, a database that answers."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from app.cli.console import busy
from app.db.embedded.lease import leased
from app.db.embedded.server import EmbeddedServer
from app.db.preflight import check_database
from app.logs import configure_logs
from app.settings import Settings, load_settings


def begin(**given: Any) -> Settings:
    """Return the settings, those `given` on the command line first, and turn the logs on."""
    settings = load_settings(**{name: value for name, value in given.items() if value is not None})
    configure_logs(level=settings.log_level, service=settings.service_name, version=settings.service_version)
    return settings


def embedded_server(settings: Settings) -> EmbeddedServer:
    """Return the embedded server of these settings; it need not run."""
    return EmbeddedServer(settings.fieldgraph_home, settings.pg_bin_dir)


@contextmanager
def database_ready(settings: Settings) -> Iterator[Settings]:
    """Give the settings with the address of a database that answers, for the block.

    Where no database is set, the embedded one runs for as long as any process needs it.

    Raises:
        EmbeddedServerError: the embedded server cannot be had.
        DatabaseUnusable: the database that is set cannot be used.
    """
    if settings.database_url is not None:
        for url in {settings.database_url, settings.database_direct_url or settings.database_url}:
            asyncio.run(check_database(url))
        yield settings
        return
    server = embedded_server(settings)
    with ExitStack() as held:
        with busy("Starting PostgreSQL"):
            held.enter_context(leased(server))
        url = server.url()
        # With everything else in one place, timers are carried out there, too.
        runs = settings.run_worker is not False
        yield settings.model_copy(update={"database_url": url, "database_direct_url": url, "run_worker": runs})
