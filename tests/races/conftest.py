import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.services.scene import Clock, Scene
from tests.world import World


@pytest.fixture
def clock() -> Clock:
    """A clock that stands until the test moves it on."""
    return Clock()


@pytest.fixture
def scene(engine: AsyncEngine, world: World, clock: Clock) -> Scene:
    """The world at work, by the test's clock."""
    return Scene(engine=engine, world=world, clock=clock)
