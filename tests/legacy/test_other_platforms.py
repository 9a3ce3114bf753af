from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from app.legacy.importing import NothingToImport
from app.legacy.platforms import Platform
from tests.demo.reading import fetch
from tests.legacy.coming import NOW, Coming
from tests.legacy.old import ASSIGNMENTS, DISPATCH
from tests.services.scene import Scene

TURNS = "assignment.ticket_assignments"


async def turn(coming: Coming, ticket: UUID, technician: UUID, status: str, hours: int) -> None:
    at = NOW - timedelta(days=3) + timedelta(hours=hours)
    await coming.old.insert(
        TURNS, ticket_id=ticket, technician_id=technician, assigned_by=uuid4(), status=status, assigned_at=at,
        accepted_at=at if status == "accepted" else None, rejected_at=at if status == "rejected" else None,
        rejection_reason="Ill" if status == "rejected" else None,
        completed_at=at if status == "completed" else None, created_at=at, updated_at=at,
    )  # fmt: skip


async def test_assignments_alone_get_tickets_that_stand_in(coming: Coming) -> None:
    await coming.old.execute(ASSIGNMENTS)
    rejected, done, technician = uuid4(), uuid4(), uuid4()
    await turn(coming, rejected, technician, "rejected", 1)
    await turn(coming, done, technician, "rejected", 1)
    await turn(coming, done, uuid4(), "completed", 2)

    report = (await coming.all())[Platform.ASSIGNMENTS]

    assert (await coming.ticket(str(rejected)))["status"] == "OPEN"
    assert (await coming.ticket(str(done)))["status"] == "RESOLVED"
    jobs = await coming.jobs(str(done))
    assert [(job["status"], job["reason"]) for job in jobs] == [
        ("REJECTED", "INITIAL"),
        ("COMPLETED", "REJECTION_FOLLOW_UP"),
    ]
    assert report.changed["Ticket", "only its assignments are known, so a ticket stands in"] == 2
    again = (await coming.all())[Platform.ASSIGNMENTS]
    assert (again.known["Ticket"], again.imported["Ticket"]) == (2, 0)


async def test_assignments_join_tickets_that_are_here(coming: Coming) -> None:
    await coming.old.execute(ASSIGNMENTS)
    scene = Scene(engine=coming.engine, world=coming.world)
    free, taken = await scene.ticket(), await scene.ticket()
    await scene.job("ann", taken)
    await turn(coming, free, uuid4(), "accepted", 1)
    await turn(coming, taken, uuid4(), "accepted", 1)

    report = (await coming.all())[Platform.ASSIGNMENTS]

    (status,) = await fetch(coming.url, "SELECT status, version FROM tickets WHERE id = $1", free)
    assert tuple(status) == ("ASSIGNED", 2)
    assert [job["status"] for job in await coming.jobs(str(free))] == ["ACCEPTED"]
    assert report.skipped == {("Ticket", "its ticket has turns here already"): 1}
    told = await fetch(coming.url, "SELECT type FROM events WHERE ticket_id = $1 ORDER BY position", free)
    assert [row["type"] for row in told] == ["TICKET_CREATED", "TICKET_STATUS_CHANGED", "JOB_ASSIGNED"]


async def test_visits_come_with_customers_technicians_and_places(coming: Coming) -> None:
    await coming.old.execute(DISPATCH)
    await coming.old.insert("customers", customerid=5, latitude=52.1, longitude=5.1)
    await coming.old.insert("technicians", technicianid=7, latitude=52.0, longitude=500.0, is_active=False)
    for days, technician in ((30, 7), (0, 8)):
        await coming.old.insert(
            "assignments", cust_id=5, tech_id=technician, distance_km=12.5, assigned_at=NOW - timedelta(days=days)
        )

    report = (await coming.all())[Platform.DISPATCH]

    (customer,) = await fetch(coming.url, "SELECT id, latitude FROM customers WHERE external_id = '5'")
    assert customer["latitude"] == 52.1
    (person,) = await fetch(
        coming.url, "SELECT active, home_latitude FROM technicians WHERE external_id = '7'"
    )  # fmt: skip
    assert tuple(person) == (False, None)
    first, second = await coming.ticket("1"), await coming.ticket("2")
    assert (first["status"], second["status"]) == ("CLOSED", "ASSIGNED")
    assert first["customer_id"] == second["customer_id"] == customer["id"]
    (way,) = await fetch(coming.url, "SELECT DISTINCT distance_km, distance_source, type FROM assignments")
    assert tuple(way) == (12.5, "ROAD", "AUTO")
    assert report.changed == {("Ticket", "whether the visit was made is not known: it counts as made"): 1}


async def test_a_database_without_any_of_the_tables_is_refused(coming: Coming) -> None:
    await coming.old.execute("CREATE TABLE assignments (id int)")

    with pytest.raises(NothingToImport):
        await coming.all()
