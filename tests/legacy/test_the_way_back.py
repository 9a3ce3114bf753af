import pytest

from app.legacy.rollback import NothingToRollBack
from app.services.assignments.cancel_assignment import CancelAssignment, cancel_assignment
from app.services.assignments.reassign_ticket import ReassignTicket, reassign_ticket
from tests.demo.reading import fingerprints
from tests.legacy.coming import Coming
from tests.services.scene import Scene

NO_COLUMNS = """
    ALTER TABLE service_tickets DROP COLUMN assigned_engineer_id, DROP COLUMN assigned_engineer_name,
        DROP COLUMN assignment_tier, DROP COLUMN assignment_tier_name
"""


async def test_every_old_column_is_restored_exactly(coming: Coming) -> None:
    await coming.old.ticket_platform(tickets=300)
    before = await coming.old.inline()
    await coming.tickets()
    await coming.old.execute(NO_COLUMNS)

    watched = await coming.back(dry=True)
    done = await coming.back()

    assert await coming.old.inline() == before
    assert (done.tickets, done.gone, done.changed) == (300, 0, watched.changed)
    assert done.changed == sum(1 for row in before if row[1] is not None)
    assert (await coming.back()).changed == 0


async def test_a_comparison_writes_nothing(coming: Coming) -> None:
    await coming.old.ticket_platform(tickets=30)
    await coming.tickets()
    await coming.old.execute("UPDATE service_tickets SET assigned_engineer_name = NULL")
    before = await coming.old.inline()

    found = await coming.back(dry=True)

    assert found.changed == 27
    assert await coming.old.inline() == before


async def test_the_import_comes_out_the_same_after_the_way_back(coming: Coming) -> None:
    await coming.old.ticket_platform(tickets=60)
    await coming.tickets()
    before = await fingerprints(coming.url)
    await coming.old.execute(NO_COLUMNS)
    await coming.back()

    await coming.tickets()

    assert await fingerprints(coming.url) == before


async def test_whoever_has_the_ticket_now_is_written_back_with_name_and_tier(coming: Coming) -> None:
    await coming.old.ticket_platform()
    for key in ("moved", "given back"):
        await coming.old.insert(
            "service_tickets", id=key, title="Pump", status="open", assigned_engineer_id="E1",
            assigned_engineer_name="Ada", assignment_tier=1, assignment_tier_name="OEM",
        )  # fmt: skip
    await coming.old.insert("service_tickets", id="nobody's", title="Pump", status="open")
    await coming.tickets()
    scene = Scene(engine=coming.engine, world=coming.world)
    (moved,), (given,) = await coming.jobs("moved"), await coming.jobs("given back")
    command = ReassignTicket(
        assignment_id=moved["id"], technician_id=coming.world.technicians["bob"], reason_note="nearer"
    )
    await reassign_ticket(scene.writer, scene.actor("dispatcher"), command)
    cancelled = CancelAssignment(assignment_id=given["id"], reason="not needed")
    await cancel_assignment(scene.writer, scene.actor("dispatcher"), cancelled)

    done = await coming.back()

    rows = {row[0]: row[1:5] for row in await coming.old.inline()}
    bob = str(coming.world.technicians["bob"])
    assert rows["moved"] == (bob, "Bob", 1, "Line 1")
    assert rows["given back"] == (None, None, None, None)
    assert rows["nobody's"] == (None, None, None, None)
    assert done.changed == 2


async def test_tickets_that_are_gone_there_are_told(coming: Coming) -> None:
    await coming.old.ticket_platform(tickets=10)
    await coming.tickets()
    await coming.old.execute("DELETE FROM service_tickets WHERE id < '00000004'")

    done = await coming.back()

    assert (done.tickets, done.gone, done.changed) == (10, 3, 0)


async def test_without_an_import_there_is_no_way_back(coming: Coming) -> None:
    await coming.old.ticket_platform(tickets=3)

    with pytest.raises(NothingToRollBack):
        await coming.back()
