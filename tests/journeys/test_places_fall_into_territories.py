"""A manager draws where a territory lies; what customers report there is on its board by itself."""

from typing import Any

from tests.journeys.boards import LOAD, narrowed
from tests.journeys.operations import BOARD
from tests.journeys.people import Person
from tests.journeys.stage import Stage, ticket_for

AREA = [{"lat": 51.5, "lon": 4.5}, {"lat": 51.5, "lon": 6.0}, {"lat": 53.0, "lon": 6.0}, {"lat": 52.5, "lon": 4.5}]
INSIDE, OUTSIDE = {"lat": 52.0, "lon": 5.0}, {"lat": 48.0, "lon": 5.0}
WHERE = "query Where($id: ID!) { ticket(id: $id) { version territory { name area { lon lat } } } }"
CHANGES = """
query Changes($after: EventCursor!) { events(after: $after) { events { ... on RecordEvent { recordId changes {
  field old new } } } } }
"""


async def where(person: Person, ticket: str) -> dict[str, Any]:
    found: dict[str, Any] = (await person.ask(WHERE, id=ticket))["ticket"]
    return found


async def test_what_customers_report_is_on_the_board_of_the_territory_where_it_lies(stage: Stage) -> None:
    manager, dispatcher, customer = [await stage.enter(name) for name in ("manager", "dispatcher", "customer")]
    cursor = await manager.latest_cursor()
    drawn = await manager.do("createTerritory", name="West", timeZone="Europe/Amsterdam", area=[*AREA, AREA[0]])
    territory = drawn["territory"]
    assert territory["area"] == AREA
    (told,) = (await manager.ask(CHANGES, after=cursor))["events"]["events"]
    assert {"field": "area", "old": None, "new": AREA} in told["changes"]
    board = narrowed(territoryIds=[territory["id"]])

    async with dispatcher.following(BOARD, filter=board) as stream:
        await stream.ready()
        ticket = await ticket_for(customer, location=INSIDE)
        message = await stream.next()
        elsewhere = await ticket_for(customer, location=OUTSIDE)
        kept_out = await ticket_for(customer, location=INSIDE, territoryId=None)
        moved = await dispatcher.do("updateTicket", id=ticket, expectedVersion=1, location=OUTSIDE)
        gone = await stream.next()

    assert (message["type"], message["ticket"]["id"]) == ("TICKET_CREATED", ticket)
    assert (gone["__typename"], gone["id"]) == ("RemovedFromView", ticket)
    assert await where(customer, elsewhere) == {"version": 1, "territory": None}
    assert await where(customer, kept_out) == {"version": 1, "territory": None}
    put_back = await dispatcher.do(
        "updateTicket", id=ticket, expectedVersion=moved["ticket"]["version"], territoryId=territory["id"]
    )
    assert put_back["ticket"]["version"] == 3
    shown = (await dispatcher.ask(LOAD, filter=board))["dispatchBoard"]["unassigned"]
    assert [each["id"] for each in shown] == [ticket]
    corners = [{"lon": corner["lon"], "lat": corner["lat"]} for corner in AREA]
    assert await where(customer, ticket) == {"version": 3, "territory": {"name": "West", "area": corners}}


async def test_an_area_that_makes_no_sense_is_refused_by_its_corner(stage: Stage) -> None:
    manager = await stage.enter("manager")
    bow_tie = [AREA[0], AREA[2], AREA[1], AREA[3]]

    refusal = await manager.refused("createTerritory", name="West", timeZone="UTC", area=bow_tie)

    assert (refusal["code"], refusal["field"]) == ("VALIDATION_FAILED", ["area", "2"])
    assert "area.0" in refusal["message"]
    beyond = await manager.refused("createTerritory", name="West", timeZone="UTC", area=[*AREA, {"lat": 91, "lon": 5}])
    assert beyond["field"] == ["area", "4", "lat"]
