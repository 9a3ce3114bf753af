import os
import shutil
from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.embedded.server import EmbeddedServer
from app.db.engine import open_engine
from tests.cli.command import Workplace
from tests.database import close_folder, database, migrated_template, open_folder, running_server
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
        open_folder()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not _is_worker(config):
        close_folder()


@pytest.fixture(scope="session")
def database_server() -> EmbeddedServer:
    """The server of this run, shared by all workers."""
    return running_server()


@pytest.fixture(scope="session")
def database_template(database_server: EmbeddedServer) -> str:
    """The name of a migrated database without rows; nothing may connect to it."""
    return migrated_template(database_server)


@pytest.fixture
async def database_url(database_server: EmbeddedServer, database_template: str) -> AsyncIterator[str]:
    """The address of a migrated database of the test's own; its login is a superuser."""
    async with database(database_server, database_template) as url:
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
async def world(engine: AsyncEngine) -> World:
    """A small organisation in the test's own database."""
    return await make_world(engine)


@pytest.fixture
def workplace() -> Iterator[Workplace]:
    """An empty working directory with nothing set; what was started there is stopped after."""
    # Not pytest's own folder: that one is private, so root's server would put its data elsewhere.
    folder = new_folder("fg-cli-")
    place = Workplace(folder)
    yield place
    place.end()
    shutil.rmtree(folder)
