"""Shifts, time off and who works where: phones are told of their own, boards of who has a lane on them."""

from random import Random
from typing import Any

import pytest

from schema.ids import global_id
from tests.journeys.boards import narrowed
from tests.journeys.operations import EVENTS
from tests.journeys.people import Person, Stream
from tests.journeys.stage import Stage, job_for, ticket_for

NAMES = ("ann", "bob", "cleo", "dan")
_DAY = 'schedule(from: "2026-03-01T00:00:00Z", to: "2026-03-29T00:00:00Z")'
_LANE = f"id {_DAY} {{ __typename ... on Node {{ id }} }}"
LANES = """
query Lanes($filter: BoardFilter!) { dispatchBoard(filter: $filter) {
  rows { technician { id } entries { __typename ... on Node { id } } } eventCursor
} }
"""
FOLLOW = f"""
subscription Follow($filter: BoardFilter!, $after: EventCursor) {{
  dispatchBoard(filter: $filter, after: $after) {{
    __typename
    ... on DomainEvent {{ type changes {{ field new }} }}
    ... on JobEvent {{ assignmentId }}
    ... on AppointmentEvent {{ appointmentId }}
    ... on TechnicianEvent {{ technicianId }}
    ... on RecordEvent {{ recordId record {{
      __typename id
      ... on Shift {{ technician {{ id }} }}
      ... on TimeOff {{ technician {{ id }} reason }}
      ... on Technician {{ {_LANE} }}
    }} }}
    ... on RemovedFromView {{ id cause }}
  }}
}}
"""
OWN = """
subscription Own($technicianId: ID) {
  jobUpdates(technicianId: $technicianId) { __typename ... on RecordEvent { recordId type changes { field new } } }
}
"""
MARCH = {"from": "2026-03-01T00:00:00Z", "to": "2026-03-29T00:00:00Z"}


def hours(day: int, month: int = 3) -> dict[str, str]:
    """Return nine to five on a day of the year."""
    return {"startsAt": f"2026-{month:02}-{day:02}T09:00:00Z", "endsAt": f"2026-{month:02}-{day:02}T17:00:00Z"}


async def what(stream: Stream) -> str:
    """Return of which row the next message tells, as an event, or as what left the board with an exclamation mark."""
    message = await stream.next()
    if message["__typename"] == "RemovedFromView":
        return f"{message['id']}!"
    return str(message["recordId"])


async def move(manager: Person, stage: Stage, name: str, **values: Any) -> None:
    """Change where somebody works, or with whom."""
    id_ = stage.technician(name)
    found = await manager.ask("query One($id: ID!) { technician(id: $id) { version } }", id=id_)
    await manager.do("updateTechnician", id=id_, expectedVersion=found["technician"]["version"], **values)


async def test_technicians_are_told_of_their_own_time_and_of_nobody_elses(stage: Stage) -> None:
    manager, dispatcher = await stage.enter("manager"), await stage.enter("dispatcher")
    people = {name: await stage.enter(name) for name in ("ann", "bob", "cleo")}
    ann, since = stage.technician("ann"), await manager.latest_cursor()

    async with (
        people["ann"].following(OWN) as own,
        people["bob"].following(OWN) as others,
        dispatcher.following(OWN, technicianId=ann) as seen,
    ):
        for stream in (own, others, seen):
            await stream.ready()
        shift = (await manager.do("createShift", technicianId=ann, **hours(2)))["shift"]["id"]
        off = (await manager.do("createTimeOff", technicianId=ann, **hours(3), reason="Leave"))["timeOff"]["id"]
        await manager.do("updateShift", id=shift, expectedVersion=1, onCall=True)
        await manager.do("deleteTimeOff", id=off, expectedVersion=1)
        await people["ann"].do("setAvailability", availability="ON_BREAK", reason="Lunch")
        bobs = (await manager.do("createShift", technicianId=stage.technician("bob"), **hours(4)))["shift"]["id"]

        told = await own.take(5)
        assert [each["recordId"] for each in told[:4]] == [shift, off, shift, off]
        assert {each["__typename"] for each in told} == {"RecordEvent"}
        assert told[4]["type"] == "TECHNICIAN_AVAILABILITY_CHANGED"
        reasons = [change["new"] for each in told for change in each["changes"] if change["field"] == "reason"]
        assert reasons == ["Leave", "Lunch"]
        assert [each["recordId"] for each in await seen.take(5)] == [each["recordId"] for each in told]
        # Nothing came before it.
        assert await what(others) == bobs

    for name, mine in (("ann", told), ("bob", [{"recordId": bobs}]), ("cleo", [])):
        logged = (await people[name].ask(EVENTS, after=since))["events"]["events"]
        assert [each["recordId"] for each in logged] == [each["recordId"] for each in mine]
    customer = await stage.enter("customer")
    assert (await customer.ask(EVENTS, after=since))["events"]["events"] == []


async def test_a_board_of_a_territory_is_told_of_the_time_of_who_works_there(stage: Stage) -> None:
    manager, dispatcher = await stage.enter("manager"), await stage.enter("dispatcher")
    edge = (await manager.do("createTerritory", name="Edge", timeZone="Europe/Amsterdam"))["territory"]["id"]
    centre, north = global_id("Territory", stage.world.territory_id), global_id("Team", stage.world.teams["north"])
    ann, bob = stage.technician("ann"), stage.technician("bob")
    await move(manager, stage, "ann", territoryIds=[centre])
    await move(manager, stage, "bob", territoryIds=[edge])

    async with (
        dispatcher.following(FOLLOW, filter={**MARCH, "territoryIds": [centre]}) as of_centre,
        dispatcher.following(FOLLOW, filter={**MARCH, "territoryIds": [edge]}) as of_edge,
        dispatcher.following(FOLLOW, filter={**MARCH, "teamIds": [north], "territoryIds": [edge]}) as of_both,
    ):
        for stream in (of_centre, of_edge, of_both):
            await stream.ready()
        anns = (await manager.do("createShift", technicianId=ann, **hours(2)))["shift"]["id"]
        bobs = (await manager.do("createTimeOff", technicianId=bob, **hours(2)))["timeOff"]["id"]
        # Of another month, and then moved into this one, and out of it.
        later = (await manager.do("createShift", technicianId=ann, **hours(2, month=5)))["shift"]["id"]
        await manager.do("updateShift", id=later, expectedVersion=1, **hours(20))
        await manager.do("updateShift", id=later, expectedVersion=2, **hours(3, month=5))
        assert [await what(of_centre) for _ in range(3)] == [anns, later, f"{later}!"]
        assert await what(of_edge) == bobs

        # Ann moves, and with her what becomes of her time.
        await move(manager, stage, "ann", territoryIds=[edge])
        await manager.do("deleteShift", id=anns, expectedVersion=1)
        for stream in (of_edge, of_both):
            assert [await what(stream) for _ in range(2)] == [ann, anns]
        assert await what(of_centre) == f"{ann}!"
        await move(manager, stage, "ann", teamId=None)
        assert await what(of_both) == f"{ann}!"
        assert await what(of_edge) == ann
        await move(manager, stage, "ann", territoryIds=[])
        assert await what(of_edge) == f"{ann}!"
        # Nothing else was told.
        await move(manager, stage, "cleo", territoryIds=[centre, edge])
        for stream in (of_centre, of_edge, of_both):
            assert await what(stream) == stage.technician("cleo")


async def test_who_has_a_job_in_a_territory_stands_on_its_board_as_if_they_worked_there(stage: Stage) -> None:
    manager, dispatcher, bob = await stage.enter("manager"), await stage.enter("dispatcher"), await stage.enter("bob")
    centre, whom = global_id("Territory", stage.world.territory_id), stage.technician("bob")
    job = await job_for(dispatcher, stage, "bob", await ticket_for(dispatcher, territoryId=centre))
    other = await job_for(dispatcher, stage, "bob")
    await move(manager, stage, "bob", territoryIds=[centre])

    async with dispatcher.following(FOLLOW, filter={**MARCH, "territoryIds": [centre]}) as board:
        await board.ready()
        # The lane stays while the job does.
        await move(manager, stage, "bob", territoryIds=[])
        assert await what(board) == whom
        shift = (await manager.do("createShift", technicianId=whom, **hours(2)))["shift"]["id"]
        assert await what(board) == shift
        queue = (await bob.ask("{ technicianQueue { version } }"))["technicianQueue"]["version"]
        await bob.do("reorderQueue", technicianId=whom, expectedVersion=queue, orderedAssignmentIds=[other, job])
        assert (await board.next())["technicianId"] == whom
        await bob.do("rejectAssignment", assignmentId=job, rejectionReason="Ill.")
        assert [(await board.next())["__typename"] for _ in range(2)] == ["JobEvent", "TicketEvent"]
        await manager.do("updateShift", id=shift, expectedVersion=1, onCall=True)
        await move(manager, stage, "cleo", territoryIds=[centre])
        assert await what(board) == stage.technician("cleo")


class Lanes:
    """What a client keeps of a board: whose lanes are on it, and what of their time is in each."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.lanes = {row["technician"]["id"]: {each["id"] for each in row["entries"]} for row in rows}

    def apply(self, message: dict[str, Any]) -> None:
        """Change the board as a message says."""
        if message["__typename"] == "RemovedFromView":
            self._forget(message["id"])
            return
        record = message["record"]
        if record is None:
            self._forget(message["recordId"])
        elif record["__typename"] == "Technician":
            self.lanes[record["id"]] = {each["id"] for each in record["schedule"]}
        elif record["__typename"] in {"Shift", "TimeOff"}:
            self.lanes[record["technician"]["id"]].add(record["id"])

    def _forget(self, id_: str) -> None:
        self.lanes.pop(id_, None)
        for entries in self.lanes.values():
            entries.discard(id_)


@pytest.mark.parametrize("seed", range(2))
async def test_whatever_changes_a_followed_board_becomes_what_it_is_anew(stage: Stage, seed: int) -> None:
    manager, dispatcher, chance = await stage.enter("manager"), await stage.enter("dispatcher"), Random(seed)
    edge = (await manager.do("createTerritory", name="Edge", timeZone="Europe/Amsterdam"))["territory"]["id"]
    places = [global_id("Territory", stage.world.territory_id), edge]
    teams = [global_id("Team", stage.world.teams[name]) for name in ("north", "south")]
    filters = [
        {**MARCH, "territoryIds": places[:1]},
        {**MARCH, "teamIds": teams[:1]},
        {**MARCH, "teamIds": teams[1:], "territoryIds": places[1:]},
        narrowed(**MARCH),
    ]
    made: list[tuple[str, str]] = []
    for turn in range(40):
        if turn == 10:
            loaded = [(await dispatcher.ask(LANES, filter=each))["dispatchBoard"] for each in filters]
        name, deed = chance.choice(NAMES), chance.choice(("move", "team", "shift", "off", "gone"))
        match deed:
            case "move":
                await move(manager, stage, name, territoryIds=chance.sample(places, chance.randint(0, 2)))
            case "team":
                await move(manager, stage, name, teamId=chance.choice([*teams, None]))
            case "gone" if made:
                mutation, id_ = made.pop(chance.randrange(len(made)))
                await manager.do(mutation, id=id_, expectedVersion=1)
            case "off":
                off = await manager.do("createTimeOff", technicianId=stage.technician(name), **hours(1 + turn % 28))
                made.append(("deleteTimeOff", off["timeOff"]["id"]))
            case _:
                # Of no day are there two.
                at = hours(1 + turn % 28, month=3 + turn // 28)
                shift = await manager.do("createShift", technicianId=stage.technician(name), **at)
                made.append(("deleteShift", shift["shift"]["id"]))
    # Something that every board shows, to end with.
    await move(manager, stage, "cleo", territoryIds=places, teamId=teams[0], yearsExperience=1)
    await move(manager, stage, "cleo", teamId=teams[1], yearsExperience=2)

    removed = 0
    for filter_, board in zip(filters, loaded, strict=True):
        kept = Lanes(board["rows"])
        async with dispatcher.following(FOLLOW, filter=filter_, after=board["eventCursor"]) as stream:
            while (message := await stream.next())["__typename"] != "StreamReady":
                kept.apply(message)
                removed += message["__typename"] == "RemovedFromView"
        anew = (await dispatcher.ask(LANES, filter=filter_))["dispatchBoard"]["rows"]
        assert kept.lanes == Lanes(anew).lanes
    assert removed > 0
