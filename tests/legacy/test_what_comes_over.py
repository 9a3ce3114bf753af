from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.demo.reading import fetch, fingerprints
from tests.demo.replay import replayed, stored
from tests.legacy.coming import NOW, Coming

AT = datetime(2026, 5, 1, 9, tzinfo=UTC).replace(tzinfo=None)
LATER = datetime(2026, 5, 1, 12, tzinfo=UTC).replace(tzinfo=None)
FAR = datetime(2199, 1, 1, tzinfo=UTC).replace(tzinfo=None)


def aware(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "job", "ticket"),
    [
        ("resolved", "COMPLETED", "RESOLVED"),
        ("closed", "COMPLETED", "CLOSED"),
        ("assigned", "IN_PROGRESS", "IN_PROGRESS"),
        ("in_progress", "IN_PROGRESS", "IN_PROGRESS"),
        ("new", "ASSIGNED", "ASSIGNED"),
        ("open", "ASSIGNED", "ASSIGNED"),
        ("pending", "ASSIGNED", "PENDING_INFO"),
        ("escalated", "ASSIGNED", "ASSIGNED"),
        ("cancelled", "CANCELLED", "CANCELLED"),
    ],
)
async def test_a_carried_engineer_becomes_the_first_turn(coming: Coming, status: str, job: str, ticket: str) -> None:
    await coming.old.ticket_platform()
    await coming.old.insert(
        "service_tickets", id="17", title="Pump leaks", status=status, assigned_engineer_id="E1",
        assigned_engineer_name="Ada", assignment_tier=2, assignment_tier_name="Dealer", assigned_at=AT,
        resolved_at=LATER if status in {"resolved", "closed"} else None, created_at=AT, updated_at=LATER,
    )  # fmt: skip

    report = await coming.tickets()

    (found,) = await coming.jobs("17")
    assert (found["engineer"], found["status"], found["sequence"], found["reason"]) == ("E1", job, 1, "INITIAL")
    assert (found["tier_level"], found["assigned_at"], found["accepted_at"]) == (2, aware(AT), aware(AT))
    assert found["completed_at"] == (aware(LATER) if job == "COMPLETED" else None)
    assert (await coming.ticket("17"))["status"] == ticket
    assert report.imported == {"Ticket": 1, "Assignment": 1, "Technician": 1}


async def test_nobody_is_made_of_no_engineer_and_nothing_comes_twice(coming: Coming) -> None:
    await coming.old.ticket_platform()
    for key, engineer in (("1", None), ("2", ""), ("3", "E1"), ("4", "E1")):
        await coming.old.insert(
            "service_tickets", id=key, title="Pump", status="resolved", assigned_engineer_id=engineer, created_at=AT
        )
    turn = {"assigned_at": AT, "created_at": AT, "status": "completed", "completion_status": "success"}
    await coming.old.insert("engineer_assignments", ticket_id="3", engineer_id="E1", **turn)
    await coming.old.insert("engineer_assignments", ticket_id="4", engineer_id="E2", **turn)

    await coming.tickets()

    assert [len(await coming.jobs(key)) for key in "1234"] == [0, 0, 1, 2]
    assert {row["engineer"] for row in await coming.jobs("4")} == {"E1", "E2"}


async def test_everything_a_turn_says_comes_over(coming: Coming) -> None:
    await coming.old.ticket_platform()
    await coming.old.insert("service_tickets", id="17", title="Pump", status="resolved", created_at=AT)
    await coming.old.insert(
        "engineer_assignments", ticket_id="17", engineer_id="E1", equipment_id="EQ-9", assignment_sequence=1,
        assignment_tier=1, assignment_type="auto", status="completed", assigned_at=AT, started_at=AT,
        completed_at=LATER, completion_status="success", time_spent_hours=Decimal("2.50"), diagnosis="A seal",
        actions_taken="Changed it", notes="Wet", customer_rating=5, customer_feedback="Good",
        parts_used='[{"part_number": "S-1", "part_name": "Seal", "quantity": 2, "cost": 7.25}, {"quantity": 1}]',
        created_at=AT, updated_at=LATER,
    )  # fmt: skip

    report = await coming.tickets()

    (job,) = await fetch(coming.url, "SELECT * FROM assignments")
    assert (job["type"], job["outcome"], job["time_spent_hours"]) == ("AUTO", "SUCCESS", Decimal("2.50"))
    assert (job["diagnosis"], job["actions_taken"], job["notes"]) == ("A seal", "Changed it", "Wet")
    assert (job["customer_rating"], job["customer_feedback"], job["worked_seconds"]) == (5, "Good", 3 * 3600)
    (part,) = await fetch(coming.url, "SELECT part_number, part_name, quantity, cost FROM assignment_parts")
    assert tuple(part) == ("S-1", "Seal", 2, Decimal("7.25"))
    (asset,) = await fetch(
        coming.url, "SELECT external_id, kind FROM assets WHERE id = $1", (await coming.ticket("17"))["asset_id"]
    )
    assert tuple(asset) == ("EQ-9", "EQUIPMENT")
    assert report.skipped == {("Part", "no number or no quantity"): 1}
    assert report.ignored == {"service_tickets": ("customer_name",), "engineer_assignments": ("assigned_by",)}


async def test_turns_are_numbered_without_gaps_and_only_the_last_is_open(coming: Coming) -> None:
    await coming.old.ticket_platform()
    await coming.old.insert("service_tickets", id="17", title="Pump", status="assigned", created_at=AT)
    rows = [
        (1, "E1", "assigned", None),
        (3, "E2", "rejected", None),
        (7, "E3", "accepted", "Escalation from previous tier"),
    ]
    for number, engineer, status, reason in rows:
        await coming.old.insert(
            "engineer_assignments", ticket_id="17", engineer_id=engineer, assignment_sequence=number, status=status,
            assignment_reason=reason, assigned_at=AT, created_at=AT,
        )  # fmt: skip

    report = await coming.tickets()

    told = [(job["engineer"], job["sequence"], job["status"], job["reason"]) for job in await coming.jobs("17")]
    assert told == [
        ("E1", 1, "REASSIGNED", "INITIAL"),
        ("E2", 2, "REJECTED", "REASSIGNMENT"),
        ("E3", 3, "ACCEPTED", "ESCALATION"),
    ]
    assert report.changed["Assignment", "an earlier turn that was still open ended as REASSIGNED"] == 1


async def test_a_job_left_open_at_a_finished_ticket_ends_with_it(coming: Coming) -> None:
    await coming.old.ticket_platform()
    await coming.old.insert(
        "service_tickets", id="17", title="Pump", status="closed", created_at=AT, resolved_at=LATER
    )  # fmt: skip
    await coming.old.insert("engineer_assignments", ticket_id="17", engineer_id="E1", status="accepted", assigned_at=AT)

    await coming.tickets()

    (job,) = await coming.jobs("17")
    assert (job["status"], job["completed_at"]) == ("COMPLETED", aware(LATER))
    assert (await coming.ticket("17"))["status"] == "CLOSED"


async def test_of_an_engineers_jobs_in_progress_all_but_one_rest(coming: Coming) -> None:
    await coming.old.ticket_platform()
    for key in "123":
        await coming.old.insert(
            "service_tickets", id=key, title="Pump", status="in_progress", assigned_engineer_id="E1",
            assigned_at=AT, created_at=AT,
        )  # fmt: skip

    await coming.tickets(batch=1)

    statuses = [job["status"] for key in "123" for job in await coming.jobs(key)]
    assert statuses == ["IN_PROGRESS", "PAUSED", "PAUSED"]
    view = await fetch(coming.url, "SELECT status, engineer_id FROM current_ticket_assignments")
    assert [row["status"] for row in view] == ["in_progress"] * 3


async def test_values_that_fit_nowhere_are_told_and_do_not_stop_the_rest(coming: Coming) -> None:
    await coming.old.ticket_platform()
    await coming.old.insert(
        "service_tickets", id="1", ticket_number="TKT-2026-000001", title="x" * 5000, status="dreaming",
        priority="whatever", category="etc", assigned_engineer_id="E1", assignment_tier=-5,
        assigned_at=FAR, created_at=FAR, updated_at=AT,
    )  # fmt: skip
    await coming.old.insert("service_tickets", id="2", ticket_number="TKT-2026-000001", status="open")
    await coming.old.insert("service_tickets", id="3", ticket_number="#77", title="  ", status=None)
    await coming.old.insert("engineer_assignments", ticket_id="2", engineer_id=None, status="assigned")
    await coming.old.insert("engineer_assignments", ticket_id="2", engineer_id="E2", status="asleep")
    await coming.old.insert("engineer_assignments", ticket_id="gone", engineer_id="E2", status="assigned")

    report = await coming.tickets()

    first, second, third = [await coming.ticket(key) for key in "123"]
    assert (first["status"], first["priority"], first["category"]) == ("ASSIGNED", "P3", "SERVICE_REQUEST")
    assert (len(first["title"]), first["created_at"]) == (200, NOW)
    assert (first["ticket_number"], second["ticket_number"]) == ("TKT-2026-000001", "TKT-2026-000002")
    assert (second["title"], third["title"], third["status"]) == ("Ticket 2", "Ticket 3", "OPEN")
    assert report.skipped == {
        ("Assignment", "no engineer"): 1,
        ("Assignment", "unknown status"): 1,
        ("Assignment", "its ticket is not there"): 1,
    }
    assert report.changed["Ticket", "unknown status became OPEN"] == 1
    assert report.changed["Ticket", "its number does not fit or is another's: it has a new one"] == 2


async def test_a_technician_who_is_here_under_the_same_key_is_taken(coming: Coming) -> None:
    await coming.old.ticket_platform()
    await coming.old.insert(
        "service_tickets", id="17", title="Pump", status="open", assigned_engineer_id="T-ann", created_at=AT
    )
    await fetch(
        coming.url, "UPDATE technicians SET external_id = 'T-ann' WHERE id = $1", coming.world.technicians["ann"]
    )

    report = await coming.tickets()

    (row,) = await fetch(coming.url, "SELECT technician_id FROM assignments")
    assert row["technician_id"] == coming.world.technicians["ann"]
    assert (report.known["Technician"], report.imported["Technician"]) == (1, 0)


async def test_the_log_tells_of_everything_that_came(coming: Coming) -> None:
    await coming.old.ticket_platform(tickets=200)

    await coming.tickets()

    for kind, table in (("Ticket", "tickets"), ("Assignment", "assignments")):
        told, rows = await replayed(coming.url, kind), await stored(coming.url, table)
        assert len(rows) > 150
        assert {key: {name: told[key].get(name) for name in row} for key, row in rows.items()} == rows
    people = await fetch(coming.url, "SELECT kind, count(*) FROM events WHERE type = 'RECORD_CHANGED' GROUP BY 1")
    assert {"Technician", "User"} <= {row["kind"] for row in people}
    gaps = await fetch(coming.url, "SELECT max(position) - count(*) AS gaps FROM events")
    assert gaps[0]["gaps"] == 0


async def test_other_organisations_see_nothing_of_it(coming: Coming) -> None:
    await coming.old.ticket_platform(tickets=20)

    await coming.tickets()

    owners = await fetch(coming.url, "SELECT DISTINCT organization_id FROM legacy_rows")
    assert [row["organization_id"] for row in owners] == [coming.world.organization_id]
    async with coming.engine.connect() as connection:
        await connection.exec_driver_sql("SET ROLE fieldgraph_app")
        for table in ("legacy_rows", "current_ticket_assignments"):
            assert (await connection.exec_driver_sql(f"SELECT count(*) FROM {table}")).scalar() == 0  # noqa: S608  # names from above


async def test_a_dry_run_says_the_same_and_writes_nothing(coming: Coming) -> None:
    await coming.old.ticket_platform(tickets=300)
    await coming.old.execute("UPDATE service_tickets SET ticket_number = 'TKT-2024-000001' WHERE id < '00000005'")
    before = await fingerprints(coming.url)

    foretold = await coming.all(dry=True)

    assert await fingerprints(coming.url) == before
    assert foretold == await coming.all()


async def test_a_ticket_without_a_date_gets_a_number_that_nobody_has(coming: Coming) -> None:
    await fetch(
        coming.url,
        "INSERT INTO ticket_counters (organization_id, year, last_number) VALUES ($1, 2024, 1)",
        coming.world.organization_id,
    )
    await fetch(
        coming.url,
        "INSERT INTO tickets (organization_id, ticket_number, title, description, status, priority, category,"
        " requester_id, created_at, updated_at) SELECT $1, 'TKT-2024-000001', 'Here', '', 'OPEN', 'P3', 'INCIDENT', id,"
        " now(), now() FROM users WHERE organization_id = $1 LIMIT 1",
        coming.world.organization_id,
    )
    await coming.old.ticket_platform()
    when = datetime(2024, 3, 1, tzinfo=UTC).replace(tzinfo=None)
    await coming.old.insert(
        "service_tickets", id="17", title="Pump", status="open", assigned_engineer_id="E1", assigned_at=when
    )

    await coming.tickets()

    assert (await coming.ticket("17"))["ticket_number"] == "TKT-2024-000002"


async def test_a_queue_that_gets_a_job_has_another_version_and_its_team_is_told(coming: Coming) -> None:
    ann = coming.world.technicians["ann"]
    await fetch(coming.url, "UPDATE technicians SET external_id = 'T-ann' WHERE id = $1", ann)
    await coming.old.ticket_platform()
    await coming.old.insert(
        "service_tickets", id="17", title="Pump", status="open", assigned_engineer_id="T-ann", created_at=AT
    )

    await coming.tickets()

    (queue,) = await fetch(coming.url, "SELECT version FROM queue_versions WHERE technician_id = $1", ann)
    assert queue["version"] == 1
    told = await fetch(coming.url, "SELECT team_after FROM events WHERE kind IN ('Ticket', 'Assignment')")
    assert [row["team_after"] for row in told] == [coming.world.teams["north"]] * 2
