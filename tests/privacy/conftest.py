import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.privacy.persona import Filled, fill
from tests.services.scene import Clock, Scene
from tests.world import World


@pytest.fixture
def clock() -> Clock:
    """A clock that stands until the test moves it on."""
    return Clock()


@pytest.fixture
async def filled(engine: AsyncEngine, world: World, clock: Clock) -> Filled:
    """A user, their customer and their technician, who have left traces everywhere."""
    return await fill(Scene(engine=engine, world=world, clock=clock))
