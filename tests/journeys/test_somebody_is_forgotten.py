"""A customer asks to be forgotten: an ADMIN looks, ends what runs, and erases; whoever follows reads tombstones."""

from typing import Any

from schema.ids import global_id
from tests.journeys.operations import EVENTS, TICKET_UPDATES
from tests.journeys.stage import Stage, ticket_for
from tests.world import World

WORDS = "Zebulon's pump"


def user(world: World, name: str) -> str:
    """Return the id of the world's user of this name."""
    return global_id("User", world.users[name])


async def test_a_customer_is_forgotten(stage: Stage) -> None:
    admin, customer = await stage.enter("admin"), await stage.enter("customer")
    begin = await admin.latest_cursor()
    ticket = await ticket_for(customer, title=WORDS)
    await customer.do("addComment", ticketId=ticket, body=f"It is {WORDS}.")
    whose: dict[str, Any] = {"userId": user(stage.world, "customer"), "reason": "REQUESTED"}

    refusal = await admin.refused("erasePersonalData", **whose)
    assert (refusal["__typename"], refusal["code"]) == ("StillRunningError", "STILL_RUNNING")
    assert refusal["obstacles"] == [{"kind": "OPEN_TICKETS", "count": 1}]

    await admin.do("transitionTicket", id=ticket, to="CANCELLED")
    looked = await admin.send("erasePersonalData", **whose, dryRun=True)
    assert (looked["changeId"], looked["errors"]) == (None, [])
    counts = {each["table"]: each["rows"] for each in looked["erased"]}
    assert (counts["users"], counts["tickets"]) == (1, 1)

    dispatcher = await stage.enter("dispatcher")
    async with dispatcher.following(TICKET_UPDATES, ticketId=ticket) as stream:
        await stream.ready()
        done = await admin.do("erasePersonalData", **whose, idempotencyKey="forget")
        assert done["erased"] == looked["erased"]
        told = [await stream.next() for _ in range(2)]
    assert {each["type"] for each in told} <= {"TICKET_UPDATED", "COMMENT_UPDATED"}
    assert {each["changeId"] for each in told} == {done["changeId"]}

    page = (await dispatcher.ask(EVENTS, after=begin))["events"]
    assert WORDS not in str(page)
    assert "PERSONAL_DATA_ERASED" in {each["type"] for each in page["events"]}
    repeat = await admin.do("erasePersonalData", **whose, idempotencyKey="forget")
    assert (repeat["changeId"], repeat["erased"]) == (done["changeId"], None)
    error = await customer.complaint(EVENTS, after=begin)
    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    refusal = await dispatcher.refused("addComment", ticketId=ticket, body=f"It was {WORDS}.")
    assert refusal["code"] == "FORBIDDEN"


async def test_whose_data_must_be_said_once(stage: Stage) -> None:
    admin = await stage.enter("admin")
    person = user(stage.world, "customer")

    for values in ({}, {"userId": person, "customerId": global_id("Customer", stage.world.customer_id)}):
        refusal = await admin.refused("erasePersonalData", **values, reason="REQUESTED")
        assert (refusal["code"], refusal["field"]) == ("VALIDATION_FAILED", ["userId"])


async def test_what_others_wrote_is_told_and_goes_along(stage: Stage) -> None:
    admin, dispatcher, stranger = [await stage.enter(name) for name in ("admin", "dispatcher", "stranger")]
    ticket = await ticket_for(stranger, title="A pump")
    added = await dispatcher.do("addComment", ticketId=ticket, body="customer@test.example pays for it")
    comment = added["comment"]["id"]
    whose: dict[str, Any] = {"userId": user(stage.world, "customer"), "reason": "REQUESTED"}

    looked = await admin.send("erasePersonalData", **whose, dryRun=True)
    assert looked["mentions"] == [{"table": "comments", "rows": 1, "ids": [comment]}]
    for wrong, field in (
        ([whose["userId"]], ["alsoIn", "0"]),
        ([ticket, "x"], ["alsoIn", "1"]),
        ([ticket] * 101, ["alsoIn"]),
    ):
        refusal = await admin.refused("erasePersonalData", **whose, alsoIn=wrong)
        assert (refusal["code"], refusal["field"]) == ("VALIDATION_FAILED", field)

    done = await admin.do("erasePersonalData", **whose, alsoIn=[comment, comment])

    assert done["mentions"] == []
    assert {each["table"]: each["rows"] for each in done["erased"]}["comments"] == 1
    found = await dispatcher.ask("query($id: ID!) { node(id: $id) { ... on Comment { body } } }", id=comment)
    assert found["node"] == {"body": "[erased]"}
