"""A manager keeps customers, assets and parts in order; what is said takes effect at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from gql.transport.exceptions import TransportQueryError

from schema.ids import global_id
from tests.journeys.operations import BOARD, BOARD_FILTER, EVENTS, TICKET_UPDATES
from tests.journeys.people import Person, Stream
from tests.journeys.stage import Stage, ticket_for

CUSTOMERS = """
query Customers($search: String, $active: Boolean, $first: Int, $after: String) {
  customers(search: $search, active: $active, first: $first, after: $after) {
    totalCount nodes { name active users { totalCount nodes { name customers { name } } } } pageInfo { endCursor }
  }
}
"""
ASSETS = """
query Assets($search: String, $active: Boolean, $first: Int, $after: String) {
  assets(search: $search, active: $active, first: $first, after: $after) {
    totalCount nodes { name active kind customer { name } } pageInfo { endCursor hasNextPage }
  }
}
"""
PARTS = """
query Parts($search: String, $active: Boolean) {
  parts(search: $search, active: $active) { nodes { partNumber active stock available } }
}
"""


async def names(person: Person, operation: str, field: str = "name", **asked: Any) -> list[str]:
    """Return the names of what a list has."""
    ((page),) = (await person.ask(operation, **asked)).values()
    return [node[field] for node in page["nodes"]]


async def for_a_while(stream: Stream) -> AsyncIterator[dict[str, Any]]:
    """Yield what a stream tells, until it ends or tells nothing more."""
    with suppress(TransportQueryError, StopAsyncIteration, TimeoutError):
        async with asyncio.timeout(5):
            while True:
                yield await stream.next()


async def test_whoever_is_made_to_belong_sees_the_customers_tickets_and_things_from_then_on(stage: Stage) -> None:
    manager, newcomer = await stage.enter("manager"), await stage.enter("stranger")
    mill = (await manager.do("createCustomer", name="Mill", tier="FLEET", externalId="M-1"))["customer"]
    press = await manager.do("createAsset", name="Press", kind="EQUIPMENT", customerId=mill["id"], externalId="P-1")
    await ticket_for(manager, customerId=mill["id"], assetId=press["asset"]["id"])
    assert (await newcomer.ask("{ tickets { totalCount } customers { totalCount } assets { totalCount } }")) == {
        name: {"totalCount": 0} for name in ("tickets", "customers", "assets")
    }

    user = global_id("User", stage.world.users["stranger"])
    joined = (await manager.do("updateCustomer", id=mill["id"], expectedVersion=1, userIds=[user]))["customer"]

    assert (joined["version"], joined["users"]["nodes"]) == (2, [{"id": user}])
    seen = await newcomer.ask("{ tickets { totalCount } customers { nodes { name } } assets { nodes { name } } }")
    assert seen == {
        "tickets": {"totalCount": 1},
        "customers": {"nodes": [{"name": "Mill"}]},
        "assets": {"nodes": [{"name": "Press"}]},
    }
    await manager.do("updateCustomer", id=mill["id"], expectedVersion=2, userIds=[])
    assert (await newcomer.ask("{ tickets { totalCount } }")) == {"tickets": {"totalCount": 0}}


async def test_a_list_from_before_the_other_side_spoke_is_refused(stage: Stage) -> None:
    manager, dispatcher = await stage.enter("manager"), await stage.enter("dispatcher")
    mill = (await manager.do("createCustomer", name="Mill", tier="STANDARD"))["customer"]
    user = global_id("User", stage.world.users["stranger"])

    async with dispatcher.following(BOARD, filter=BOARD_FILTER) as board:
        await board.ready()
        joined = await manager.do("updateUser", id=user, expectedVersion=1, customerIds=[mill["id"]])
        assert {each["recordId"] for each in await board.take(2)} == {user, mill["id"]}
    refusal = await manager.refused("updateCustomer", id=mill["id"], expectedVersion=mill["version"], userIds=[])
    assert (refusal["code"], refusal["currentVersion"]) == ("STALE_VERSION", mill["version"] + 1)
    assert [each["changeId"] for each in refusal["changedSince"]] == [joined["changeId"]]


async def test_who_belongs_to_a_customer_is_seen_by_staff_and_their_own(stage: Stage) -> None:
    manager = await stage.enter("manager")
    (page,) = (await manager.ask(CUSTOMERS, search="harbour")).values()
    belonging = {"totalCount": 1, "nodes": [{"name": "Customer", "customers": [{"name": "Harbour Mills"}]}]}
    assert page["nodes"] == [{"name": "Harbour Mills", "active": True, "users": belonging}]

    for name in ("dispatcher", "ann", "customer"):
        person = await stage.enter(name)
        assert (await person.ask(CUSTOMERS))["customers"] == page, name
    stranger = await stage.enter("stranger")
    assert (await stranger.ask(CUSTOMERS))["customers"]["nodes"] == []
    one = "query One($id: ID!) { node(id: $id) { ... on Customer { users { totalCount } } } }"
    asked = {"id": global_id("Customer", stage.world.customer_id)}
    assert await stranger.ask(one, **asked) == {"node": None}


async def test_lists_are_searched_paged_and_narrowed_to_what_is_active(stage: Stage) -> None:
    manager = await stage.enter("manager")
    for number, name in enumerate(("Press", "Pump", "Crane", "press_2")):
        made = await manager.do("createAsset", name=name, kind="EQUIPMENT", externalId=f"A-{number}")
        if name == "Crane":
            await manager.do("updateAsset", id=made["asset"]["id"], expectedVersion=1, active=False)
    gone = await manager.do("createPart", partNumber="BELT-1", name="Belt", stock=2)
    await manager.do("updatePart", id=gone["part"]["id"], expectedVersion=1, active=False)
    old = await manager.do("createCustomer", name="Closed")
    await manager.do("updateCustomer", id=old["customer"]["id"], expectedVersion=1, active=False)

    assert sorted(await names(manager, ASSETS)) == ["Crane", "Press", "Pump", "press_2"]
    assert sorted(await names(manager, ASSETS, search="PRESS")) == ["Press", "press_2"]
    assert await names(manager, ASSETS, search="s_2") == ["press_2"]
    assert await names(manager, ASSETS, search="a-1") == ["Pump"]
    assert await names(manager, ASSETS, active=False) == ["Crane"]
    assert await names(manager, ASSETS, active=True, search="crane") == []
    assert await names(manager, CUSTOMERS, active=False) == ["Closed"]
    assert await names(manager, CUSTOMERS, active=True) == ["Harbour Mills"]
    assert await names(manager, PARTS, "partNumber", active=False) == ["BELT-1"]
    assert await names(manager, PARTS, "partNumber", active=True, search="e") == ["SEAL-1"]
    first = (await manager.ask(ASSETS, first=3))["assets"]
    rest = (await manager.ask(ASSETS, first=3, after=first["pageInfo"]["endCursor"]))["assets"]
    assert (first["totalCount"], len(first["nodes"]), len(rest["nodes"])) == (4, 3, 1)
    error = await manager.complaint(ASSETS, search="x" * 201)
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_USER_INPUT", ["search"])


async def test_stock_is_adjusted_and_the_board_hears_of_it(stage: Stage) -> None:
    manager, dispatcher = await stage.enter("manager"), await stage.enter("dispatcher")
    cursor = await dispatcher.latest_cursor()
    part = global_id("Part", stage.world.part_id)

    came = await manager.do("adjustStock", partId=part, delta=4, reason="Delivered.")
    assert (came["part"]["stock"], came["part"]["available"], came["part"]["version"]) == (14, 14, 2)
    assert came["warnings"] == []
    few = await manager.refused("adjustStock", partId=part, delta=-15, reason="Gone.")
    assert (few["code"], few["field"]) == ("VALIDATION_FAILED", ["delta"])
    stale = await manager.refused("adjustStock", partId=part, counted=1, reason="Counted.", expectedVersion=1)
    assert (stale["code"], stale["current"]["version"]) == ("STALE_VERSION", 2)

    told = (await dispatcher.ask(EVENTS, after=cursor))["events"]["events"]
    assert [(event["type"], event["recordId"]) for event in told] == [("RECORD_CHANGED", part)]
    refusal = await dispatcher.refused("adjustStock", partId=part, delta=1, reason="Found.")
    assert (refusal["code"], refusal["message"]) == ("FORBIDDEN", "You may not adjust stock.")


async def test_money_and_places_come_back_as_they_were_said(stage: Stage) -> None:
    admin = await stage.enter("admin")

    cost = {"amount": "12.5", "currency": "CHF"}
    part = (await admin.do("createPart", partNumber="B-1", name="Belt", unitCost=cost, leadTimeDays=3))["part"]
    place = {"lat": 52.5, "lon": 4.5}
    made = (await admin.do("createCustomer", name="Mill", location=place, address="Quay 2"))["customer"]

    assert (part["unitCost"], part["leadTimeDays"], part["stock"]) == ({"amount": "12.50", "currency": "CHF"}, 3, 0)
    assert (made["location"], made["address"], made["tier"]) == (place, "Quay 2", "STANDARD")
    cleared = await admin.do("updateCustomer", id=made["id"], expectedVersion=1, location=None, address=None)
    assert (cleared["customer"]["location"], cleared["customer"]["address"]) == (None, None)
    cleared = await admin.do("updatePart", id=part["id"], expectedVersion=1, unitCost=None, leadTimeDays=None)
    assert (cleared["part"]["unitCost"], cleared["part"]["leadTimeDays"]) == (None, None)


async def test_what_is_in_use_says_by_what(stage: Stage) -> None:
    admin = await stage.enter("admin")
    customer = global_id("Customer", stage.world.customer_id)
    await ticket_for(admin, customerId=customer)

    refusal = await admin.refused("deleteCustomer", id=customer)

    assert (refusal["code"], [use["kind"] for use in refusal["uses"]]) == ("IN_USE", ["Ticket"])


async def test_whoever_belongs_no_longer_is_told_nothing_more_on_a_stream_that_is_open(stage: Stage) -> None:
    manager, customer = await stage.enter("manager"), await stage.enter("customer")
    mill = global_id("Customer", stage.world.customer_id)
    ticket = await ticket_for(manager, customerId=mill)

    async with customer.following(TICKET_UPDATES, ticketId=ticket) as stream:
        await stream.ready()
        await manager.do("addComment", ticketId=ticket, body="Seen.")
        assert (await stream.next())["comment"]["body"] == "Seen."
        (page,) = (await manager.ask("{ customers { nodes { version } } }")).values()
        await manager.do("updateCustomer", id=mill, expectedVersion=page["nodes"][0]["version"], userIds=[])
        await manager.do("addComment", ticketId=ticket, body="Not for everybody.")
        told = [message async for message in for_a_while(stream)]

    assert "Not for everybody." not in str(told)
    again = await customer.ask("query Ticket($id: ID!) { ticket(id: $id) { id } }", id=ticket)
    assert again == {"ticket": None}
