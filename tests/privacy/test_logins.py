"""Erasing on a server of one's own, where the login is no superuser and may create no roles."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from app.db.engine import open_engine
from app.domain.privacy.declaring import TOMBSTONE
from app.domain.tickets import TicketStatus
from app.services.tickets.transition_ticket import TransitionTicket, transition_ticket
from tests.db.logins import external_login
from tests.privacy.persona import Filled
from tests.services.scene import Scene
from tests.world import make_world


@pytest.fixture(params=[True, False], ids=["creates roles", "creates none"])
def external_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a database whose owner is a plain login."""
    with external_login(may_create_roles=request.param) as url:
        yield url


async def test_a_plain_login_erases_by_the_function_and_in_no_other_way(external_url: str) -> None:
    engine = open_engine(external_url, size=4)
    try:
        scene = Scene(engine=engine, world=await make_world(engine))
        ticket_id = await scene.ticket("customer", title="Quartermain's pump")
        command = TransitionTicket(ticket_id=ticket_id, to=TicketStatus.CANCELLED)
        await transition_ticket(scene.writer, scene.actor("admin"), command)
        filled = Filled(scene=scene, ticket_id=ticket_id, job_id=ticket_id, comment_id=ticket_id)

        await filled.erase_user()

        created = (await scene.events())[0]
        assert {each.new for each in created.changes if each.field == "title"} == {TOMBSTONE}
        for role in ("NONE", "fieldgraph_erasure"):
            async with engine.connect() as connection:
                await connection.execute(sa.text(f"SET ROLE {role}"))
                with pytest.raises(DBAPIError, match="events are immutable"):
                    await connection.execute(sa.text("UPDATE events SET changes = '[]'"))
                await connection.execute(sa.text("RESET ROLE"))
    finally:
        await engine.dispose()
