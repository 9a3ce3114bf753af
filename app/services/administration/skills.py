"""What technicians can be good at."""

from functools import partial
from types import MappingProxyType

from app.db.tables.organizations import skills
from app.db.tables.people import technician_skills, technicians
from app.db.tables.supply import service_bay_skills, service_type_skills
from app.db.tables.tickets import ticket_required_skills
from app.domain import validation
from app.domain.people import Actor
from app.domain.policy import Action
from app.services.administration.keeping import create, delete, update
from app.services.administration.saying import ACTIVE, Create, Kept, Said, Update, Used
from app.services.deleting import Delete
from app.services.perform import Writer, Written

LONGEST_CODE = 50
LONGEST_NAME = 100

SKILL = Kept(
    kind="Skill",
    words="skill",
    many="skills",
    table=skills,
    right=Action.MANAGE_SETTINGS,
    said=(
        Said(name="code", needed=True, check=partial(validation.text, field="code", longest=LONGEST_CODE)),
        Said(name="name", needed=True, check=partial(validation.text, field="name", longest=LONGEST_NAME)),
        ACTIVE,
    ),
    alike=MappingProxyType({"skills_organization_id_code_key": "code"}),
    uses=(
        Used(by=technicians.c.main_skill_id, kind="Technician", words="technicians as their main skill"),
        Used(by=technician_skills.c.skill_id, kind="Technician", words="technicians"),
        Used(by=ticket_required_skills.c.skill_id, kind="Ticket", words="tickets"),
        Used(by=service_bay_skills.c.skill_id, kind="ServiceBay", words="service bays"),
        Used(by=service_type_skills.c.skill_id, kind="ServiceType", words="kinds of service"),
    ),
)


async def create_skill(writer: Writer, actor: Actor, command: Create) -> Written:
    """Create a skill. Raises what `create` does."""
    return await create(SKILL, writer, actor, command)


async def update_skill(writer: Writer, actor: Actor, command: Update) -> Written:
    """Change a skill. Raises what `update` does."""
    return await update(SKILL, writer, actor, command)


async def delete_skill(writer: Writer, actor: Actor, command: Delete) -> Written:
    """Delete a skill that nobody has and nothing asks for. Raises what `delete` does."""
    return await delete(SKILL, writer, actor, command)
