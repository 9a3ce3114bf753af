"""Who has become another person is one from the answer on, at the process that answered; others hear of it later."""

import pytest

from app.auth.actors import Actors
from app.domain.events import Event
from schema.ids import global_id
from schema.mutations import writing
from tests.journeys.stage import Stage, ticket_for

TICKETS = "{ tickets { totalCount } }"


@pytest.fixture(autouse=True)
def deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what is known of people hear nothing from the log, which comes a moment later."""

    def forget(_actors: Actors, _event: Event) -> None:
        pass

    monkeypatch.setattr(Actors, "forget", forget)


async def seen_before_and_after(stage: Stage) -> list[int]:
    """Return how many tickets somebody sees: before they belong to a customer, then, and when they do no more."""
    manager, stranger = await stage.enter("manager"), await stage.enter("stranger")
    mill = (await manager.do("createCustomer", name="Mill", tier="FLEET"))["customer"]
    await ticket_for(manager, customerId=mill["id"])
    seen = [await stranger.ask(TICKETS)]
    for version, members in ((1, [global_id("User", stage.world.users["stranger"])]), (2, [])):
        await manager.do("updateCustomer", id=mill["id"], expectedVersion=version, userIds=members)
        seen.append(await stranger.ask(TICKETS))
    return [each["tickets"]["totalCount"] for each in seen]


async def test_whoever_belongs_to_a_customer_sees_its_tickets_from_the_answer_on_and_no_longer(stage: Stage) -> None:
    assert await seen_before_and_after(stage) == [0, 1, 0]


async def test_without_being_forgotten_at_once_they_would_stay_who_they_were(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "CHANGES_WHO_ONE_IS", frozenset())

    assert await seen_before_and_after(stage) == [0, 0, 0]
