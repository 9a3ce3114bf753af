import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from app.db.embedded.server import EmbeddedServer
from tests.database import database, furnished
from tests.rights.asking import Ground, opened, whole_lists
from tests.rights.scene import Scene, set_up


@pytest.fixture(scope="session")
def settled(database_server: EmbeddedServer, database_template: str) -> tuple[str, Scene]:
    """The name of a database with the matrix's world in it, to clone; and the world."""
    return asyncio.run(furnished(database_server, database_template, set_up))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ground(database_server: EmbeddedServer, settled: tuple[str, Scene]) -> AsyncIterator[Ground]:
    """The matrix's world behind a real server; the tests of a file leave it as it was."""
    template, scene = settled
    async with database(database_server, template) as url, opened(url, scene) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lists(ground: Ground) -> dict[str, list[str]]:
    """What each list of the root has with nothing hidden."""
    return await whole_lists(ground)
