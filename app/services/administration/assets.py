"""What work is done on."""

from types import MappingProxyType

from app.db.tables.appointments import appointments
from app.db.tables.customers import assets, customers
from app.db.tables.tickets import tickets
from app.domain.events import Concerned
from app.domain.people import Actor
from app.domain.policy import Action
from app.services.administration.checking import optional_words, words
from app.services.administration.keeping import create, delete, update
from app.services.administration.saying import ACTIVE, Create, Kept, Said, Update, Used
from app.services.deleting import Delete
from app.services.perform import Writer, Written

LONGEST_NAME = 200

ASSET = Kept(
    kind="Asset",
    words="asset",
    many="assets",
    table=assets,
    right=Action.MANAGE_PEOPLE,
    said=(
        optional_words("external_id"),
        Said(name="kind", needed=True),
        words("name", longest=LONGEST_NAME),
        Said(name="customer_id", points_to=(customers, "customer")),
        ACTIVE,
    ),
    alike=MappingProxyType({"assets_organization_id_external_id_key": "external_id"}),
    uses=(
        Used(by=tickets.c.asset_id, kind="Ticket", words="tickets"),
        Used(by=appointments.c.asset_id, kind="Appointment", words="appointments"),
    ),
    concerns=lambda row: Concerned(customer_id=row["customer_id"], internal=True),
)


async def create_asset(writer: Writer, actor: Actor, command: Create) -> Written:
    """Create an asset. Raises what `create` does."""
    return await create(ASSET, writer, actor, command)


async def update_asset(writer: Writer, actor: Actor, command: Update) -> Written:
    """Change an asset. Raises what `update` does."""
    return await update(ASSET, writer, actor, command)


async def delete_asset(writer: Writer, actor: Actor, command: Delete) -> Written:
    """Delete an asset on which nothing was done. Raises what `delete` does."""
    return await delete(ASSET, writer, actor, command)
