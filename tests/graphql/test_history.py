"""What happened to a ticket: field by field, narrowed, paged, and for each viewer what they may know."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.embedded.server import EmbeddedServer
from app.db.engine import open_engine
from app.domain.tickets import TicketPriority
from app.reads.history import IN_ORDER, HistoryFilter, load_history
from app.reads.orders import read_cursor
from app.reads.pages import Placed
from app.reads.reader import Reader
from app.services.assignments.reject_assignment import RejectAssignment, reject_assignment
from app.services.comments.add_comment import AddComment, add_comment
from app.services.comments.delete_comment import delete_comment
from app.services.comments.update_comment import UpdateComment, update_comment
from app.services.deleting import Delete
from app.services.tickets.update_ticket import UpdateTicket, update_ticket
from schema.ids import global_id
from tests.database import database
from tests.services.scene import MORNING, Clock, Scene
from tests.serving import Served, serving, token
from tests.world import World, make_world

pytestmark = pytest.mark.asyncio(loop_scope="module")

HISTORY = """
query History($id: ID!, $first: Int, $after: String, $types: [EventType!], $filter: AuditFilter) {
  ticket(id: $id) {
    history(first: $first, after: $after, types: $types, filter: $filter) {
      totalCount
      pageInfo { hasNextPage hasPreviousPage endCursor }
      edges { cursor node {
        id type field oldValue newValue actor { name } source ipAddress metadata occurredAt recordedAt } }
    }
  }
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A ticket with a past, served."""

    engine: AsyncEngine
    scene: Scene
    other: World
    served: Served
    ticket_id: UUID

    @property
    def world(self) -> World:
        """The ticket's organisation."""
        return self.scene.world

    async def answer(self, who: str, ticket_id: UUID | None = None, **variables: Any) -> dict[str, Any]:
        """Return the whole response."""
        key = global_id("Ticket", ticket_id or self.ticket_id)
        return await self.served.ask(token(self.world, who), HISTORY, {"id": key, "first": 100, **variables})

    async def page(self, who: str, **variables: Any) -> Any:
        """Return the page of the history."""
        answer = await self.answer(who, **variables)
        assert "errors" not in answer, answer
        return answer["data"]["ticket"]["history"]

    async def entries(self, who: str, **variables: Any) -> list[dict[str, Any]]:
        """Return the entries, of which there must be as many as are counted."""
        page = await self.page(who, **variables)
        found = [edge["node"] for edge in page["edges"]]
        assert page["totalCount"] == len(found)
        return found

    async def fields(self, who: str, **variables: Any) -> list[tuple[str, str | None]]:
        """Return the types and fields of the entries."""
        return [(each["type"], each["field"]) for each in await self.entries(who, **variables)]


async def _live(scene: Scene, clock: Clock) -> UUID:
    """Give a ticket a past: told from an address, said in public and among staff, taken back, moved."""
    ticket_id = await scene.ticket("customer", address="Mill 1", priority=TicketPriority.P3)
    dispatcher = replace(scene.actor("dispatcher"), ip_address="192.0.2.7")
    clock.pass_by(hours=1)
    urgent = UpdateTicket(
        ticket_id=ticket_id, expected_version=1, given=("priority", "title"), priority=TicketPriority.P1, title="Flood"
    )
    await update_ticket(scene.writer, dispatcher, urgent)
    clock.pass_by(hours=1)
    said = await add_comment(scene.writer, scene.actor("ann"), AddComment(ticket_id=ticket_id, body="On my way."))
    secret = AddComment(ticket_id=ticket_id, body="They never pay.", internal=True)
    await add_comment(scene.writer, scene.actor("ann"), secret)
    await update_comment(
        scene.writer, scene.actor("ann"), UpdateComment(id=said.ids["comment"], body="Late.", expected_version=1)
    )
    await delete_comment(scene.writer, scene.actor("ann"), Delete(id=said.ids["comment"]))
    clock.pass_by(hours=1)
    await scene.assign(ticket_id, "ann")
    return ticket_id


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ground(database_server: EmbeddedServer, database_template: str) -> AsyncIterator[Ground]:
    async with database(database_server, database_template) as url:
        engine = open_engine(url, size=3)
        world, other = await make_world(engine), await make_world(engine, "Elsewhere")
        clock = Clock()
        scene = Scene(engine=engine, world=world, clock=clock)
        ticket_id = await _live(scene, clock)
        async with serving(url) as served:
            yield Ground(engine=engine, scene=scene, other=other, served=served, ticket_id=ticket_id)
        await engine.dispose()


async def test_each_changed_field_is_told_with_its_values_who_when_and_from_where(ground: Ground) -> None:
    entries = await ground.entries("admin", types=["TICKET_PRIORITY_CHANGED", "TICKET_UPDATED"])

    told = {each["field"]: each for each in entries}
    assert set(told) == {"priority", "title"}
    assert (told["priority"]["oldValue"], told["priority"]["newValue"]) == ("P3", "P1")
    assert told["title"]["newValue"] == "Flood"
    assert {each["actor"]["name"] for each in entries} == {"Dispatcher"}
    assert {each["ipAddress"] for each in entries} == {"192.0.2.7"}
    assert {each["occurredAt"] for each in entries} == {"2026-05-04T09:00:00.000000Z"}
    assert all(each["recordedAt"] >= each["occurredAt"] for each in entries)
    assert {each["metadata"]["subjectId"] for each in entries} == {global_id("Ticket", ground.ticket_id)}
    assert {each["metadata"]["subjectVersion"] for each in entries} == {2}


async def test_it_begins_with_the_creation_and_holds_what_happened_to_comments_and_jobs(ground: Ground) -> None:
    fields = await ground.fields("admin")
    entries = await ground.entries("admin")

    assert fields[0][0] == "TICKET_CREATED"
    assert {"COMMENT_ADDED", "COMMENT_UPDATED", "COMMENT_DELETED", "JOB_ASSIGNED"} <= {type_ for type_, _ in fields}
    assert [each["recordedAt"] for each in entries] == sorted(each["recordedAt"] for each in entries)
    assert len({each["id"] for each in entries}) == len(entries)


@pytest.mark.parametrize(("who", "shown"), [("admin", True), ("manager", True), ("lead", False), ("customer", False)])
async def test_addresses_of_clients_are_for_management(ground: Ground, who: str, shown: bool) -> None:
    entries = await ground.entries(who, types=["TICKET_PRIORITY_CHANGED", "TICKET_UPDATED"])

    assert {each["ipAddress"] for each in entries} == ({"192.0.2.7"} if shown else {None})


async def test_what_is_internal_is_not_there_for_customers_nor_counted_nor_felt_in_paging(ground: Ground) -> None:
    staff = await ground.entries("bob", types=["COMMENT_ADDED"], filter={"fields": ["body"]})
    customer = await ground.entries("customer", types=["COMMENT_ADDED"], filter={"fields": ["body"]})
    pages, after = [], None
    while True:
        page = await ground.page("customer", first=1, after=after, types=["COMMENT_ADDED"])
        pages.append([edge["node"]["field"] for edge in page["edges"]])
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break

    assert [each["newValue"] for each in staff] == [None, "They never pay."]
    assert len(customer) == 1
    assert "never pay" not in str(await ground.answer("customer"))
    assert all(len(each) == 1 for each in pages)


async def test_what_was_taken_back_is_for_management_to_read(ground: Ground) -> None:
    wanted = {"fields": ["body"]}
    admin = await ground.entries("admin", types=["COMMENT_ADDED", "COMMENT_UPDATED"], filter=wanted)
    others = [await ground.answer(who) for who in ("dispatcher", "ann", "customer")]

    assert [(each["oldValue"], each["newValue"]) for each in admin if each["type"] == "COMMENT_UPDATED"] == [
        ("On my way.", "Late.")
    ]
    assert "On my way." in [each["newValue"] for each in admin]
    assert all("On my way." not in str(each) and "Late." not in str(each) for each in others)


async def test_where_to_go_is_told_to_whoever_goes_there_or_asked(ground: Ground) -> None:
    told = {who: await ground.fields(who, filter={"fields": ["address"]}) for who in ("customer", "dispatcher", "bob")}

    # A creation that concerns no technician yet shows its place to none.
    assert told == {
        "customer": [("TICKET_CREATED", "address")],
        "dispatcher": [("TICKET_CREATED", "address")],
        "bob": [],
    }


async def test_whoever_has_the_job_is_told_that_the_place_has_changed(ground: Ground) -> None:
    ticket_id = await ground.scene.ticket(address="Mill 1")
    given = await ground.scene.assign(ticket_id, "ann")
    moved = UpdateTicket(ticket_id=ticket_id, expected_version=2, given=("address",), address="Mill 2")
    await update_ticket(ground.scene.writer, ground.scene.actor("dispatcher"), moved)
    wanted = {"ticket_id": ticket_id, "types": ["TICKET_UPDATED"], "filter": {"fields": ["address"]}}

    of_ann = await ground.entries("ann", **wanted)
    await reject_assignment(
        ground.scene.writer,
        ground.scene.actor("ann"),
        RejectAssignment(assignment_id=given.ids["assignment"], rejection_reason="Too far."),
    )

    assert [(each["oldValue"], each["newValue"]) for each in of_ann] == [("Mill 1", "Mill 2")]
    assert await ground.entries("ann", **wanted) == []


async def test_a_ticket_out_of_sight_has_no_history(ground: Ground) -> None:
    stranger = await ground.answer("stranger")
    elsewhere = await ground.served.ask(
        token(ground.other, "admin"), HISTORY, {"id": global_id("Ticket", ground.ticket_id)}
    )

    assert stranger["data"] == elsewhere["data"] == {"ticket": None}


async def test_filters_narrow_together(ground: Ground) -> None:
    dispatcher = {"eq": global_id("User", ground.world.users["dispatcher"])}
    first_hour = {"lt": (MORNING + timedelta(minutes=30)).isoformat()}
    later = {"gte": (MORNING + timedelta(minutes=30)).isoformat()}

    by_dispatcher = await ground.fields("admin", filter={"actorId": dispatcher})
    created = await ground.fields("admin", filter={"occurredAt": first_hour})
    both = await ground.fields(
        "admin", types=["TICKET_PRIORITY_CHANGED"], filter={"actorId": dispatcher, "occurredAt": first_hour}
    )
    recorded = await ground.entries("admin", filter={"recordedAt": later})
    status = await ground.entries("admin", filter={"fields": ["status", "technician"]})
    whole = await ground.entries("admin")

    assert {type_ for type_, _ in created} == {"TICKET_CREATED"}
    assert {type_ for type_, _ in by_dispatcher} >= {"TICKET_PRIORITY_CHANGED", "JOB_ASSIGNED"}
    assert "TICKET_CREATED" not in {type_ for type_, _ in by_dispatcher}
    assert both == []
    assert len(recorded) + len(created) == len(whole)
    assert {each["field"] for each in status} == {"status", "technician"}
    assert [each for each in whole if each["field"] in {"status", "technician"}] == status


@pytest.mark.parametrize(
    ("variables", "field"),
    [
        ({"after": "nonsense"}, ["after"]),
        ({"after": "AQAAAAA="}, ["after"]),
        ({"first": -1}, ["first"]),
        ({"first": 101}, ["first"]),
        ({"types": ["TICKET_CREATED"] * 101}, ["types"]),
        ({"filter": {"fields": ["a'; --"]}}, ["filter", "fields"]),
        ({"filter": {"fields": ["nul\x00"]}}, ["filter", "fields"]),
        ({"filter": {"fields": ["status"] * 101}}, ["filter", "fields"]),
        ({"filter": {"actorId": {"eq": global_id("Ticket", UUID(int=1))}}}, ["filter", "actorId", "eq"]),
        ({"filter": {"actorId": {"in": [global_id("User", UUID(int=1))] * 101}}}, ["filter", "actorId", "in"]),
    ],
)
async def test_what_makes_no_sense_is_refused_by_name(
    ground: Ground, variables: dict[str, Any], field: list[str]
) -> None:
    answer = await ground.answer("admin", **variables)

    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["extensions"]["field"] == field


async def test_nothing_asked_for_finds_nothing(ground: Ground) -> None:
    assert await ground.entries("admin", types=[]) == []
    assert await ground.entries("admin", filter={"fields": []}) == []
    assert await ground.entries("admin", filter={"fields": ["noSuchField"]}) == []
    page = await ground.page("admin", first=0)
    assert (page["edges"], page["pageInfo"]["hasNextPage"]) == ([], True)


@pytest.mark.parametrize("size", [1, 3, 7])
async def test_pages_join_without_gap_or_repeat_though_events_come_in_between(ground: Ground, size: int) -> None:
    ticket_id = await _live(ground.scene, Clock(at=MORNING + timedelta(days=1)))
    before = (await ground.answer("admin", ticket_id))["data"]["ticket"]["history"]["edges"]
    found: list[Any] = []
    after = None
    for turn in range(200):
        answer = await ground.answer("admin", ticket_id, first=size, after=after)
        page = answer["data"]["ticket"]["history"]
        found += page["edges"]
        after = page["pageInfo"]["endCursor"]
        if turn == 0:
            command = AddComment(ticket_id=ticket_id, body="Still here.")
            await add_comment(ground.scene.writer, ground.scene.actor("bob"), command)
        if not page["pageInfo"]["hasNextPage"]:
            break

    assert found[: len(before)] == before
    assert [each["node"]["newValue"] for each in found[len(before) :] if each["node"]["field"] == "body"] == [
        "Still here."
    ]
    places = [read_cursor(IN_ORDER, each["cursor"]) for each in found]
    assert places == sorted(set(places))


async def test_the_histories_of_many_tickets_are_one_statement(ground: Ground) -> None:
    tickets = [ground.ticket_id, *[await ground.scene.ticket() for _ in range(5)]]
    reader = Reader(ground.engine, ground.scene.actor("admin"))

    pages = await load_history(reader, HistoryFilter(), Placed(20), tickets)

    assert reader.statements == 1
    assert [len(pages[each].edges) > 0 for each in tickets] == [True] * 6
    await reader.close()
