"""Where the examples take place."""

import pytest

from app.demo.places import LEIPZIG, UTRECHT, Region
from app.domain.areas import area


@pytest.mark.parametrize("region", [UTRECHT, LEIPZIG])
def test_each_territory_has_an_area_that_a_client_could_have_drawn(region: Region) -> None:
    assert set(region.areas) == set(region.territories)
    assert all(area(drawn) == drawn for drawn in region.areas.values())
