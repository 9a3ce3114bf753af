"""Users: who may come in, as what, and for which customers."""

from collections.abc import Sequence
from functools import partial
from types import MappingProxyType
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.db import locks
from app.db.tables.api_keys import api_keys
from app.db.tables.appointments import appointments, bookings, waitlist_entries
from app.db.tables.assignments import assignments
from app.db.tables.attachments import attachments, uploads
from app.db.tables.base import Uuid
from app.db.tables.customers import customer_users, customers
from app.db.tables.deliveries import deliveries
from app.db.tables.people import technicians, users
from app.db.tables.tickets import comments, tickets
from app.db.tables.views import saved_views
from app.domain import addresses, validation
from app.domain.events import Concerned
from app.domain.people import Actor, Role
from app.domain.policy import Action, Standing
from app.domain.refusals import Invalid
from app.services.access.api_keys import end_keys
from app.services.administration.keeping import create, delete, expect, locked, require_right, save
from app.services.administration.leaving import Changed, left
from app.services.administration.mirroring import lock_mirrored
from app.services.administration.saying import ACTIVE, Create, Kept, Lines, Mirrored, Row, Said, Update, Used
from app.services.appointments.pausing import withdraw_offers_of
from app.services.change import Change
from app.services.deleting import Delete
from app.services.perform import Writer, Written, perform
from app.services.situations import require

LONGEST_NAME = 200
MOST_CUSTOMERS = 100
_KEYS = sa.ARRAY(Uuid)
_OUTSIDE = frozenset({Role.END_USER})


def checked_roles(values: Sequence[Role]) -> tuple[Role, ...]:
    """Return the roles by rank, each once. Raises Invalid where there is none."""
    if not values:
        raise Invalid(field=("roles",), problem="roles must name at least one; make a user inactive instead.")
    return tuple(role for role in Role if role in set(values))


def checked_customers(values: Sequence[UUID]) -> tuple[Row, ...]:
    """Return lines of customers, each once. Raises Invalid for too many."""
    if len(values) > MOST_CUSTOMERS:
        raise Invalid(field=("customerIds",), problem=f"A user belongs to at most {MOST_CUSTOMERS} customers.")
    return tuple({"customer_id": each} for each in dict.fromkeys(values))


async def _judge(change: Change, before: Row | None, after: Row) -> None:
    """Hold against a change of users what only an ADMIN may do, and what would leave things without anybody."""
    was = frozenset[Role]() if before is None else frozenset(before["roles"])
    roles = frozenset(after["roles"])
    if Role.ADMIN in was:
        require(change.actor, Action.MANAGE_ROLES, Standing(), words="change an ADMIN")
    if roles != was and not (before is None and roles == _OUTSIDE):
        require(change.actor, Action.MANAGE_ROLES, Standing(), words="give or take roles")
    if after["email"] is not None and (before is None or before["email"] != after["email"]):
        await _check_address(change, after)
    if before is not None and was - _OUTSIDE and not roles - _OUTSIDE:
        await _check_works_no_more(change, before["id"])
    if before is not None and _governs(before) and not _governs(after):
        await check_another_governs(change, before["id"], "roles" if Role.ADMIN not in roles else "active")


def _governs(row: Row) -> bool:
    return bool(row["active"]) and Role.ADMIN in row["roles"]


async def _check_address(change: Change, after: Row) -> None:
    """Refuse an address that another user has, however it is spelled.

    Guard: the address's lock; who comes second finds it taken.
    """
    address, of = after["email"].lower(), users.c
    if address in change.free_addresses:
        return
    await locks.lock_email(change.connection, change.actor.organization_id, address)
    taken = sa.exists().where(
        of.organization_id == change.actor.organization_id, sa.func.lower(of.email) == address, of.id != after["id"]
    )
    if await change.connection.scalar(sa.select(taken)):
        raise Invalid(field=("email",), problem="Another user has this email already.")


async def _check_works_no_more(change: Change, user_id: UUID) -> None:
    of = technicians.c
    works = sa.exists().where(
        of.organization_id == change.actor.organization_id, of.user_id == user_id, of.active.is_(True)
    )
    if await change.connection.scalar(sa.select(works)):
        raise Invalid(
            field=("roles",), problem="They are a technician, which takes a role of staff: make that inactive first."
        )


async def check_another_governs(change: Change, user_id: UUID, field: str) -> None:
    """Refuse to leave an organisation without an active ADMIN.

    Guard: the lock of the organisation's administrators: of two who remove each other the second finds nobody left.
    """
    await locks.lock_administrators(change.connection, change.actor.organization_id)
    of = users.c
    other = sa.exists().where(
        of.organization_id == change.actor.organization_id,
        of.active.is_(True),
        of.roles.op("@>", is_comparison=True)(sa.literal([Role.ADMIN.value], sa.ARRAY(sa.Text))),
        of.id != user_id,
    )
    if not await change.connection.scalar(sa.select(other)):
        raise Invalid(field=(field,), problem="They are the last active ADMIN: let another user be one first.")


async def _follow(change: Change, changed: Changed) -> None:
    """Take back what is offered of technicians whose users are out."""
    if gone := left(changed):
        of = technicians.c
        query = sa.select(of.id).where(
            of.organization_id == change.actor.organization_id, of.user_id == sa.any_(sa.literal(gone, _KEYS))
        )
        await withdraw_offers_of(change, (await change.connection.scalars(query)).all())


async def _part(change: Change, row: Row) -> None:
    if Role.ADMIN in row["roles"]:
        require(change.actor, Action.MANAGE_ROLES, Standing(), words="delete an ADMIN")
    if _governs(row):
        await check_another_governs(change, row["id"], "id")


USER = Kept(
    kind="User",
    words="user",
    many="users",
    table=users,
    right=Action.MANAGE_PEOPLE,
    said=(
        Said(name="name", needed=True, check=partial(validation.text, field="name", longest=LONGEST_NAME)),
        Said(name="email", check=addresses.email),
        Said(name="roles", needed=True, check=checked_roles),
        ACTIVE,
        # No client says it: it follows from being made inactive.
        Said(name="tokens_revoked_at"),
    ),
    lines=(
        Lines(
            name="customer_ids",
            table=customer_users,
            parent="user_id",
            columns=("customer_id",),
            check=checked_customers,
            points_to=MappingProxyType({"customer_id": (customers, "customer")}),
            mirrored=Mirrored(
                kind="Customer",
                table=customers,
                name="user_ids",
                concerns=lambda row: Concerned(customer_id=row["id"], internal=True),
            ),
        ),
    ),
    alike=MappingProxyType({"users_organization_id_email_key": "email"}),
    uses=(
        Used(by=technicians.c.user_id, kind="Technician", words="technicians"),
        Used(by=tickets.c.requester_id, kind="Ticket", words="tickets they asked for"),
        Used(by=comments.c.author_id, kind="Comment", words="comments"),
        Used(by=assignments.c.assigned_by, kind="Assignment", words="jobs they gave out"),
        Used(by=uploads.c.user_id, kind="Attachment", words="uploads"),
        Used(by=attachments.c.uploaded_by, kind="Attachment", words="files"),
        Used(by=api_keys.c.user_id, kind="ApiKey", words="API keys"),
        Used(by=api_keys.c.created_by, kind="ApiKey", words="API keys they made"),
        Used(by=saved_views.c.owner_id, kind="SavedView", words="saved views"),
        Used(by=appointments.c.booked_by, kind="Appointment", words="appointments they booked"),
        Used(by=waitlist_entries.c.joined_by, kind="WaitlistEntry", words="waits they began"),
        Used(by=bookings.c.held_by, kind="SlotHold", words="slots they held"),
        Used(by=deliveries.c.user_id, kind="Appointment", words="letters about appointments"),
    ),
    judge=_judge,
    part=_part,
    follow=_follow,
)


async def create_user(writer: Writer, actor: Actor, command: Create) -> Written:
    """Create a user: with the role END_USER alone as a MANAGER, with any as an ADMIN.

    Guard: as `create`; the address's lock.

    Raises:
        Forbidden, Invalid, NotFound: as `create`; or a MANAGER gives other roles.
    """
    return await create(USER, writer, actor, command)


async def update_user(writer: Writer, actor: Actor, command: Update) -> Written:
    """Change a user; whoever is made inactive is out at once, with every token and key issued until then.

    Guard: as `update`; the lock of the organisation's keys; the address's lock; that of its administrators.

    Raises:
        Forbidden, Invalid, NotFound, StaleVersion: as `update`; a MANAGER changes roles or an ADMIN; it is the last
            active ADMIN.
    """

    async def work(change: Change) -> dict[str, UUID]:
        require_right(USER, change)
        values: dict[str, Any] = dict(command.values)
        if values.get("active") is False:
            await locks.lock_api_keys(change.connection, change.actor.organization_id)
        await lock_mirrored(USER, change, values)
        before = await locked(USER, change, command.id)
        expect(USER, before, command.expected_version)
        leaves = before["active"] and values.get("active") is False
        if leaves:
            revoked_at = before["tokens_revoked_at"]
            values["tokens_revoked_at"] = change.now if revoked_at is None else max(change.now, revoked_at)
        await save(USER, change, before, values)
        if leaves:
            await end_keys(change, command.id)
        return {"user": command.id}

    return await perform(writer, actor, "updateUser", command, work)


async def delete_user(writer: Writer, actor: Actor, command: Delete) -> Written:
    """Delete a user whom nothing names.

    Guard: as `delete`; the lock of the organisation's administrators.

    Raises:
        Forbidden, NotFound, StaleVersion, InUse: as `delete`; or a MANAGER deletes an ADMIN.
        Invalid: they are the last active ADMIN.
    """
    return await delete(USER, writer, actor, command)
