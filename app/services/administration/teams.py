"""Teams of technicians."""

from functools import partial
from types import MappingProxyType

from app.db.tables.organizations import escalation_tiers, teams
from app.db.tables.people import technicians
from app.domain import validation
from app.domain.people import Actor
from app.domain.policy import Action
from app.services.administration.keeping import create, delete, update
from app.services.administration.saying import ACTIVE, Create, Kept, Said, Update, Used
from app.services.deleting import Delete
from app.services.perform import Writer, Written

LONGEST_NAME = 100

TEAM = Kept(
    kind="Team",
    words="team",
    many="teams",
    table=teams,
    right=Action.MANAGE_PEOPLE,
    said=(Said(name="name", needed=True, check=partial(validation.text, field="name", longest=LONGEST_NAME)), ACTIVE),
    alike=MappingProxyType({"teams_organization_id_name_key": "name"}),
    uses=(
        Used(by=technicians.c.team_id, kind="Technician", words="technicians"),
        Used(by=escalation_tiers.c.team_id, kind="EscalationTier", words="tiers"),
    ),
)


async def create_team(writer: Writer, actor: Actor, command: Create) -> Written:
    """Create a team. Raises what `create` does."""
    return await create(TEAM, writer, actor, command)


async def update_team(writer: Writer, actor: Actor, command: Update) -> Written:
    """Change a team. Raises what `update` does."""
    return await update(TEAM, writer, actor, command)


async def delete_team(writer: Writer, actor: Actor, command: Delete) -> Written:
    """Delete a team that has nobody and works no tier. Raises what `delete` does."""
    return await delete(TEAM, writer, actor, command)
