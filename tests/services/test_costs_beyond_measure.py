"""Parts so dear, or so many, that their cost cannot be noted."""

from decimal import Decimal

import pytest

from app.db.tables.assignments import assignment_parts
from app.db.tables.customers import parts
from app.domain.assignments import AssignmentOutcome
from app.domain.refusals import Invalid
from app.services.assignments.complete_assignment import CompleteAssignment, PartUsed, complete_assignment
from tests.services.scene import Scene


async def test_a_line_that_costs_too_much_names_the_quantity_and_nothing_is_written(scene: Scene) -> None:
    job_id = await scene.started("ann")
    await scene.change(parts, scene.world.part_id, unit_cost=Decimal("9999999.99"))
    command = CompleteAssignment(
        assignment_id=job_id,
        outcome=AssignmentOutcome.SUCCESS,
        time_spent_hours=Decimal(1),
        parts_used=(PartUsed(part_number="SEAL-1", part_name="Seal", quantity=100_000),),
    )

    with pytest.raises(Invalid) as refused:
        await complete_assignment(scene.writer, scene.actor("ann"), command)

    assert refused.value.field == ("partsUsed", "0", "quantity")
    assert await scene.rows(assignment_parts) == []
