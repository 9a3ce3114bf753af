"""A customer's ticket finds its technician by itself, or says why nobody came."""

from tests.journeys.operations import BOARD, BOARD_FILTER, TICKET
from tests.journeys.stage import TITLE, Stage

NEW = {"title": TITLE, "description": "Since Monday.", "category": "INCIDENT", "priority": "P1", "autoDispatch": True}


async def test_the_best_candidate_gets_it_at_once(stage: Stage) -> None:
    customer, dispatcher = await stage.enter("customer"), await stage.enter("dispatcher")
    async with dispatcher.following(BOARD, filter=BOARD_FILTER) as board:
        await board.ready()

        created = await customer.do("createTicket", **NEW)

        types = [(await board.next())["type"] for _ in range(3)]
    assert types == ["JOB_ASSIGNED", "TICKET_CREATED", "TICKET_STATUS_CHANGED"]
    assert (created["ticket"]["status"], created["noCandidate"]) == ("ASSIGNED", None)
    (turn,) = (await dispatcher.ask(TICKET, id=created["ticket"]["id"]))["ticket"]["assignmentHistory"]["nodes"]
    assert (turn["type"], turn["reason"]) == ("AUTO", "AUTO_DISPATCH")


async def test_with_nobody_eligible_it_is_kept_and_says_why(stage: Stage) -> None:
    customer, dispatcher = await stage.enter("customer"), await stage.enter("dispatcher")
    await stage.sql("UPDATE technicians SET active = false WHERE organization_id = :organization RETURNING id")
    async with dispatcher.following(BOARD, filter=BOARD_FILTER) as board:
        await board.ready()

        created = await customer.do("createTicket", **NEW, idempotencyKey="once")

        types = [(await board.next())["type"] for _ in range(3)]
    assert created["ticket"]["status"] == "OPEN"
    assert created["noCandidate"]["code"] == "NO_CANDIDATE"
    assert {each["constraint"]: each["count"] for each in created["noCandidate"]["rejections"]}["INACTIVE"] == 4
    assert types[0] == "TICKET_CREATED"
    assert "DISPATCH_FAILED" in types
    again = await customer.do("createTicket", **NEW, idempotencyKey="once")
    assert (again["ticket"]["id"], again["noCandidate"]) == (created["ticket"]["id"], None)
