import asyncio
import gc
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from copy import deepcopy

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.embedded.server import EmbeddedServer
from app.db.engine import open_engine
from tests.certificates import trust_nobody_else
from tests.cli.command import Workplace
from tests.database import close_folder, database, furnished, migrated_template, open_folder, running_server
from tests.folders import new_folder
from tests.world import World, make_world

# How fast values are made depends on what else the machine does, which no test is about. On CI the
# same values each time: what they find must be found where the change was made.
settings.register_profile(
    "house", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
settings.load_profile("house")


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def pytest_configure(config: pytest.Config) -> None:
    if not _is_worker(config):
        trust_nobody_else(open_folder() / "authority.pem")


def pytest_unconfigure(config: pytest.Config) -> None:
    if not _is_worker(config):
        close_folder()


def pytest_collection_finish() -> None:
    # What was imported and collected stays to the end, and the collector need not look at it again and again.
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def database_server() -> EmbeddedServer:
    """The server of this run, shared by all workers."""
    return running_server()


@pytest.fixture(scope="session")
def database_template(database_server: EmbeddedServer) -> str:
    """The name of a migrated database without rows; nothing may connect to it."""
    return migrated_template(database_server)


@pytest.fixture(scope="session")
def inhabited(database_server: EmbeddedServer, database_template: str) -> tuple[str, World]:
    """The name of a database with a small organisation in it, to clone; and the organisation."""
    return asyncio.run(furnished(database_server, database_template, make_world))


@pytest.fixture
async def database_url(
    request: pytest.FixtureRequest,
    database_server: EmbeddedServer,
    database_template: str,
    inhabited: tuple[str, World],
) -> AsyncIterator[str]:
    """The address of a migrated database of the test's own, with its `world` in it; its login is a superuser."""
    template, _ = inhabited
    async with database(database_server, template if "world" in request.fixturenames else database_template) as url:
        yield url


@pytest.fixture
async def empty_database_url(database_server: EmbeddedServer) -> AsyncIterator[str]:
    """The address of a database of the test's own that has no schema yet."""
    async with database(database_server) as url:
        yield url


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """Connections to the test's own database, at most 20."""
    opened = open_engine(database_url, size=20)
    yield opened
    await opened.dispose()


@pytest.fixture
def world(database_url: str, inhabited: tuple[str, World]) -> World:  # noqa: ARG001 - it is in that database
    """A small organisation in the test's own database; inserted once, and the same for all tests of a worker."""
    return deepcopy(inhabited[1])


@pytest.fixture
def workplace() -> Iterator[Workplace]:
    """An empty working directory with nothing set; what was started there is stopped after."""
    # Not pytest's own folder: that one is private, so root's server would put its data elsewhere.
    folder = new_folder("fg-cli-")
    place = Workplace(folder)
    yield place
    place.end()
    shutil.rmtree(folder)
