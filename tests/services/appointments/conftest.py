import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.services.appointments.workshop import MONDAY, Workshop
from tests.services.scene import Clock
from tests.world import World


@pytest.fixture
async def shop(engine: AsyncEngine, world: World) -> Workshop:
    """A workshop on a Monday morning before work begins, by a clock that stands."""
    shop = Workshop(engine=engine, world=world, clock=Clock(MONDAY))
    await shop.open()
    return shop
