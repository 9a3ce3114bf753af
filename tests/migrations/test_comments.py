import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

SAID = sa.text(
    """
    SELECT a.attname AS name, col_description(a.attrelid, a.attnum) AS words FROM pg_attribute a
    WHERE a.attrelid = 'assignments'::regclass AND a.attnum > 0 AND NOT a.attisdropped
    """
)
TOLD = {"sequence", "tier_level", "reason", "status", "outcome", "rejection_reason", "escalation_reason"}


async def test_the_table_of_assignments_explains_itself(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        words = {row.name: row.words for row in await connection.execute(SAID)}
        about = await connection.scalar(sa.text("SELECT obj_description('assignments'::regclass)"))

    assert about == "Each technician's turn at a ticket, in order and for ever"
    assert {*TOLD, "time_spent_hours", "notes"} <= {name for name, said in words.items() if said}
