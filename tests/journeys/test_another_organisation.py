"""What belongs to another organisation is not there: for every id, in every place that takes one."""

from dataclasses import dataclass
from typing import Any

import pytest
from gql.transport.exceptions import TransportQueryError
from uuid_utils.compat import uuid7

from app.db.tables.appointments import bookings
from app.db.tables.customers import assets
from app.db.transaction import transaction
from schema.ids import global_id
from tests.holds import a_hold
from tests.journeys.files import attach
from tests.journeys.naming import HOURS, MUTATIONS_BY_ID, NAMELESS, NEW_TICKET, OPENING
from tests.journeys.operations import BOARD, BOARD_FILTER, EVENTS, JOBS, MUTATIONS, TICKET_UPDATES
from tests.journeys.people import Person
from tests.journeys.stage import Stage, key, ticket_for
from tests.services.agreed_rows import agree_on_everything
from tests.world import BEFORE, make_world

AGREED = {
    "Facility": "facilities",
    "ServiceBay": "service_bays",
    "Appointment": "appointments",
    "AppointmentSeries": "appointment_series",
    "WaitlistEntry": "waitlist_entries",
    "ApiKey": "api_keys",
}


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another organisation, with one of everything; `ids` by type, and two of its people."""

    ids: dict[str, str]
    dispatcher: Person
    admin: Person
    ticket_number: str


@pytest.fixture
async def elsewhere(stage: Stage) -> Elsewhere:
    """Another organisation in the same database, served by the same server."""
    other = await make_world(stage.engine, "Elsewhere")
    dispatcher, admin = [await stage.enter(name, world=other) for name in ("dispatcher", "admin")]
    asset_id = uuid7()
    async with transaction(stage.engine, other.organization_id) as connection:
        await connection.execute(
            assets.insert().values(
                organization_id=other.organization_id,
                id=asset_id,
                kind="EQUIPMENT",
                name="Press",
                external_id="ELSEWHERE",
                customer_id=other.customer_id,
                created_at=BEFORE,
                updated_at=BEFORE,
            )
        )
    ids: dict[str, str] = {
        "Organization": global_id("Organization", other.organization_id),
        "Team": global_id("Team", other.teams["north"]),
        "Territory": global_id("Territory", other.territory_id),
        "Skill": global_id("Skill", other.skill_id),
        "User": global_id("User", other.users["dispatcher"]),
        "Technician": global_id("Technician", other.technicians["ann"]),
        "Customer": global_id("Customer", other.customer_id),
        "Asset": global_id("Asset", asset_id),
        "Part": global_id("Part", other.part_id),
    }
    ids["Ticket"] = await ticket_for(dispatcher, customerId=ids["Customer"], assetId=ids["Asset"])
    said = await dispatcher.do("addComment", ticketId=ids["Ticket"], body="Ours.")
    ids["Comment"] = said["comment"]["id"]
    ids["Attachment"] = await attach(stage, dispatcher, ids["Ticket"], "ours.txt", b"Ours.")
    view = await dispatcher.do("saveView", name="Ours", filter={}, shared=True)
    ids["SavedView"] = view["savedView"]["id"]
    given = await dispatcher.do("assignTicket", ticketId=ids["Ticket"], technicianId=ids["Technician"])
    ids["Assignment"] = given["assignment"]["id"]
    async with transaction(stage.engine, other.organization_id) as connection:
        await agree_on_everything(connection, other, key(ids["Ticket"]))
        hold = a_hold(uuid7(), other.technicians["bob"], BEFORE, held_by=other.users["dispatcher"])
        await connection.execute(bookings.insert().values(organization_id=other.organization_id, **hold))
    ids["SlotHold"] = global_id("SlotHold", hold["id"])
    for kind, table in AGREED.items():
        (row,) = await stage.sql(f"SELECT id FROM {table} WHERE organization_id = :organization", world=other)  # noqa: S608  # names of constants
        ids[kind] = global_id(kind, row["id"])
    found = await stage.sql("SELECT ticket_number FROM tickets WHERE id = :id", world=other, id=key(ids["Ticket"]))
    hours = {"technicianId": ids["Technician"], **HOURS}
    manager = await stage.enter("manager", world=other)
    ids["Shift"] = (await manager.do("createShift", **hours))["shift"]["id"]
    ids["TimeOff"] = (await manager.do("createTimeOff", **hours))["timeOff"]["id"]
    calendar = await manager.do("saveBusinessCalendar", name="Ours", timeZone="UTC", weekly=[OPENING])
    ids["BusinessCalendar"] = calendar["businessCalendar"]["id"]
    return Elsewhere(ids, dispatcher, admin, found[0]["ticket_number"])


NODES = "query Nodes($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"


async def test_its_ids_name_nothing_though_its_own_people_see_them_all(stage: Stage, elsewhere: Elsewhere) -> None:
    ids = list(elsewhere.ids.values())
    own = (await elsewhere.admin.ask(NODES, ids=ids))["nodes"]
    assert [node["__typename"] for node in own] == list(elsewhere.ids)

    for name in ("dispatcher", "admin", "ann", "customer"):
        person = await stage.enter(name)
        assert (await person.ask(NODES, ids=ids))["nodes"] == [None] * len(ids), name
        for id_ in ids:
            assert await person.ask("query Node($id: ID!) { node(id: $id) { id } }", id=id_) == {"node": None}


async def test_queries_by_id_or_number_find_nothing(stage: Stage, elsewhere: Elsewhere) -> None:
    admin = await stage.enter("admin")

    for kind in ("ticket", "assignment", "technician"):
        query = f"query One($id: ID!) {{ {kind}(id: $id) {{ id }} }}"
        assert await admin.ask(query, id=elsewhere.ids[kind.capitalize()]) == {kind: None}
    number = "query Number($number: String!) { ticket(ticketNumber: $number) { id } }"
    assert await admin.ask(number, number=elsewhere.ticket_number) == {"ticket": None}


async def test_its_technicians_queue_is_not_found(stage: Stage, elsewhere: Elsewhere) -> None:
    admin = await stage.enter("admin")

    error = await admin.complaint(
        "query Queue($id: ID!) { technicianQueue(technicianId: $id) { totalCount } }", id=elsewhere.ids["Technician"]
    )

    assert error["extensions"]["code"] == "NOT_FOUND"
    assert error["extensions"]["field"] == ["technicianId"]


FILTERS = [
    ("tickets", "TicketFilter", {"assigneeId": "Technician"}),
    ("tickets", "TicketFilter", {"teamId": "Team"}),
    ("tickets", "TicketFilter", {"customerId": "Customer"}),
    ("tickets", "TicketFilter", {"assetId": "Asset"}),
    ("tickets", "TicketFilter", {"territoryId": "Territory"}),
    ("assignments", "AssignmentFilter", {"technicianId": "Technician"}),
    ("assignments", "AssignmentFilter", {"ticketId": "Ticket"}),
]


async def test_filters_by_its_ids_give_empty_lists(stage: Stage, elsewhere: Elsewhere) -> None:
    admin = await stage.enter("admin")
    await ticket_for(admin)

    for field, kind, narrowing in FILTERS:
        query = f"query L($filter: {kind}) {{ {field}(filter: $filter) {{ totalCount nodes {{ id }} }} }}"
        wanted = {name: {"eq": elsewhere.ids[of]} for name, of in narrowing.items()}
        assert await admin.ask(query, filter=wanted) == {field: {"totalCount": 0, "nodes": []}}, narrowing
    query = "query L($filter: TechnicianFilter) { technicians(filter: $filter) { totalCount nodes { id } } }"
    for name, of in (("ids", "Technician"), ("skillIds", "Skill"), ("territoryIds", "Territory")):
        found = await admin.ask(query, filter={name: [elsewhere.ids[of]]})
        assert found == {"technicians": {"totalCount": 0, "nodes": []}}, name


async def test_lists_without_a_filter_hold_nothing_of_it(stage: Stage, elsewhere: Elsewhere) -> None:
    admin = await stage.enter("admin")
    ticket = await ticket_for(admin)

    found = await admin.ask("{ tickets { nodes { id } } assignments { totalCount } technicians { nodes { id } } }")
    kept = await admin.ask("{ customers { nodes { id } } assets { nodes { id } } parts { nodes { id } } }")

    assert [node["id"] for node in found["tickets"]["nodes"]] == [ticket]
    assert found["assignments"]["totalCount"] == 0
    assert elsewhere.ids["Technician"] not in {node["id"] for node in found["technicians"]["nodes"]}
    own = {node["id"] for page in kept.values() for node in page["nodes"]}
    assert own == {global_id("Customer", stage.world.customer_id), global_id("Part", stage.world.part_id)}


async def test_no_mutation_knows_its_ids(stage: Stage, elsewhere: Elsewhere) -> None:
    admin = await stage.enter("admin")
    own, assigned = await ticket_for(admin), await ticket_for(admin)
    given = await admin.do("assignTicket", ticketId=assigned, technicianId=stage.technician("ann"))
    meant = {f"*{kind}": id_ for kind, id_ in elsewhere.ids.items()}
    meant |= {"own": own, "assigned": assigned, "ann": stage.technician("ann")}
    meant["job"] = given["assignment"]["id"]
    before = await admin.latest_cursor(), await elsewhere.dispatcher.latest_cursor()

    # A token names nothing of another organisation, and many at once are told one by one.
    others = {"bulkUpdateTickets", "bookAppointments", "holdSlot"}
    assert {mutation for mutation, _, _ in MUTATIONS_BY_ID} | others | NAMELESS == set(MUTATIONS)
    for mutation, values, field in MUTATIONS_BY_ID:
        refusal = await admin.refused(mutation, **_filled(values, meant))
        assert (refusal["__typename"], refusal["code"]) == ("NotFoundError", "NOT_FOUND"), (mutation, refusal)
        assert refusal["field"] == field

    assert (await admin.latest_cursor(), await elsewhere.dispatcher.latest_cursor()) == before


async def test_among_many_its_tickets_are_not_there(stage: Stage, elsewhere: Elsewhere) -> None:
    admin = await stage.enter("admin")
    own, before = await ticket_for(admin), await elsewhere.dispatcher.latest_cursor()

    done = await admin.do("bulkUpdateTickets", ids=[elsewhere.ids["Ticket"], own], addTags=["mine"])

    first, second = done["results"]
    assert ([error["code"] for error in first["errors"]], second["ok"]) == (["NOT_FOUND"], True)
    assert await elsewhere.dispatcher.latest_cursor() == before


async def test_a_technician_is_not_told_that_it_is_forbidden_either(stage: Stage, elsewhere: Elsewhere) -> None:
    ann, customer = await stage.enter("ann"), await stage.enter("customer")

    refusal = await ann.refused("acceptAssignment", assignmentId=elsewhere.ids["Assignment"])
    assert refusal["code"] == "NOT_FOUND"
    refusal = await customer.refused("addComment", ticketId=elsewhere.ids["Ticket"], body="Hello.")
    assert refusal["code"] == "NOT_FOUND"


async def test_its_tickets_and_technicians_cannot_be_followed(stage: Stage, elsewhere: Elsewhere) -> None:
    admin = await stage.enter("admin")

    for operation, variables in (
        (TICKET_UPDATES, {"ticketId": elsewhere.ids["Ticket"]}),
        (JOBS, {"technicianId": elsewhere.ids["Technician"]}),
    ):
        async with admin.following(operation, **variables) as stream:
            with pytest.raises(TransportQueryError) as refused:
                await stream.next()
        (error,) = refused.value.errors or []
        assert error["extensions"]["code"] == "NOT_FOUND"


async def test_a_board_and_the_log_tell_nothing_of_it(stage: Stage, elsewhere: Elsewhere) -> None:
    admin = await stage.enter("admin")
    cursor = await admin.latest_cursor()
    narrow = {**BOARD_FILTER, "technicianIds": [elsewhere.ids["Technician"]]}

    async with (
        admin.following(BOARD, filter=BOARD_FILTER, after=cursor) as board,
        admin.following(BOARD, filter=narrow) as narrowed,
    ):
        await board.ready()
        await narrowed.ready()
        await elsewhere.dispatcher.do("addComment", ticketId=elsewhere.ids["Ticket"], body="Still ours.")
        mine = await admin.do("createTicket", **NEW_TICKET)
        assert (await board.next())["changeId"] == mine["changeId"]
        assert (await narrowed.next())["changeId"] == mine["changeId"]

    page = (await admin.ask(EVENTS, after=cursor))["events"]
    assert [event["changeId"] for event in page["events"]] == [mine["changeId"]]


def _filled(values: Any, meant: dict[str, str]) -> Any:
    """Return the values with names of ids replaced by the ids."""
    if isinstance(values, dict):
        return {name: _filled(value, meant) for name, value in values.items()}
    if isinstance(values, list):
        return [_filled(value, meant) for value in values]
    return meant.get(values, values)
