"""Whom work is done for."""

from types import MappingProxyType

import sqlalchemy as sa

from app.db.tables.appointments import appointments, waitlist_entries
from app.db.tables.base import Uuid
from app.db.tables.customers import assets, customer_users, customers
from app.db.tables.people import users
from app.db.tables.tickets import tickets
from app.domain.events import Concerned
from app.domain.people import Actor, Role
from app.domain.policy import Action, Standing
from app.services.administration.checking import only, optional_words, place, words
from app.services.administration.keeping import create, delete, update
from app.services.administration.leaving import Changed, came_back, left
from app.services.administration.saying import ACTIVE, Create, Kept, Lines, Mirrored, Row, Said, Update, Used
from app.services.appointments.pausing import pause_waits, resume_waits
from app.services.change import Change
from app.services.deleting import Delete
from app.services.perform import Writer, Written
from app.services.situations import require

LONGEST_NAME = 200
LONGEST_ADDRESS = 500
MOST_USERS = 500


async def _judge(change: Change, before: Row | None, after: Row) -> None:
    """Hold against a change that an ADMIN joins or leaves what it takes an ADMIN for, as with users."""
    was = frozenset(() if before is None else (entry["user_id"] for entry in before["user_ids"]))
    moved = was.symmetric_difference(entry["user_id"] for entry in after["user_ids"])
    if not moved:
        return
    governs = sa.exists().where(
        users.c.organization_id == change.actor.organization_id,
        users.c.id == sa.any_(sa.literal(sorted(moved), sa.ARRAY(Uuid))),
        users.c.roles.op("@>", is_comparison=True)(sa.literal([Role.ADMIN.value], sa.ARRAY(sa.Text))),
    )
    if await change.connection.scalar(sa.select(governs)):
        require(change.actor, Action.MANAGE_ROLES, Standing(), words="change an ADMIN")


async def _follow(change: Change, changed: Changed) -> None:
    """Pause the waits of those who are active no longer, and resume them with their customer."""
    if gone := left(changed):
        await pause_waits(change, gone)
    if back := came_back(changed):
        await resume_waits(change, back)


CUSTOMER = Kept(
    kind="Customer",
    words="customer",
    many="customers",
    table=customers,
    right=Action.MANAGE_PEOPLE,
    said=(
        optional_words("external_id"),
        words("name", longest=LONGEST_NAME),
        Said(name="tier", needed=True),
        *place(),
        optional_words("address", longest=LONGEST_ADDRESS),
        ACTIVE,
    ),
    lines=(
        Lines(
            name="user_ids",
            table=customer_users,
            parent="customer_id",
            columns=("user_id",),
            check=only("userIds", "user_id", most=MOST_USERS),
            points_to=MappingProxyType({"user_id": (users, "user")}),
            mirrored=Mirrored(kind="User", table=users, name="customer_ids"),
        ),
    ),
    alike=MappingProxyType({"customers_organization_id_external_id_key": "external_id"}),
    uses=(
        Used(by=tickets.c.customer_id, kind="Ticket", words="tickets"),
        Used(by=assets.c.customer_id, kind="Asset", words="assets"),
        Used(by=appointments.c.customer_id, kind="Appointment", words="appointments"),
        Used(by=waitlist_entries.c.customer_id, kind="WaitlistEntry", words="waits"),
    ),
    judge=_judge,
    follow=_follow,
    concerns=lambda row: Concerned(customer_id=row["id"], internal=True),
)


async def create_customer(writer: Writer, actor: Actor, command: Create) -> Written:
    """Create a customer. Raises what `create` does; Forbidden also where a MANAGER says that an ADMIN belongs."""
    return await create(CUSTOMER, writer, actor, command)


async def update_customer(writer: Writer, actor: Actor, command: Update) -> Written:
    """Change a customer, or who belongs to them. Waits of one who is made inactive are paused until that ends.

    Guard: as `update`; for waits, as `pause_waits`.

    Raises:
        Forbidden, Invalid, NotFound, StaleVersion: as `update`; or a MANAGER lets an ADMIN join or leave.
    """
    return await update(CUSTOMER, writer, actor, command)


async def delete_customer(writer: Writer, actor: Actor, command: Delete) -> Written:
    """Delete a customer for whom nothing was done and who has nothing. Raises what `delete` does."""
    return await delete(CUSTOMER, writer, actor, command)
