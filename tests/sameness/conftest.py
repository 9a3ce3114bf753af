from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from app.db.embedded.server import EmbeddedServer
from tests.database import database
from tests.sameness.ground import Ground, make_ground


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ground(database_server: EmbeddedServer, database_template: str) -> AsyncIterator[Ground]:
    """A filled database served both ways; the tests of a file only read it."""
    with pytest.MonkeyPatch.context() as patch:
        async with database(database_server, database_template) as url, make_ground(url, patch) as made:
            yield made
