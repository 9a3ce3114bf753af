import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.invitations.diary import Diary
from tests.services.scene import Clock, Scene
from tests.world import World


@pytest.fixture
def clock() -> Clock:
    """A clock that stands until the test moves it on."""
    return Clock()


@pytest.fixture
def diary(engine: AsyncEngine, world: World, clock: Clock) -> Diary:
    """No appointments yet, and every way out open."""
    return Diary(scene=Scene(engine=engine, world=world, clock=clock))
