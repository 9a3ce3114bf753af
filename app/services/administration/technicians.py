"""Technicians: who goes out, what they can do and where."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.appointments import appointments, bookings
from app.db.tables.assignments import assignments
from app.db.tables.availability import queue_versions, shift_breaks, shifts, time_off
from app.db.tables.deliveries import calendar_connections, calendar_feeds, deliveries
from app.db.tables.locations import technician_locations
from app.db.tables.organizations import escalation_tiers, skills, teams, territories
from app.db.tables.people import technician_skills, technician_territories, technicians, users
from app.domain import validation
from app.domain.events import Concerned
from app.domain.lanes import NOWHERE, Lane
from app.domain.people import Actor, Role
from app.domain.policy import Action
from app.domain.refusals import Invalid, NotFound
from app.services.administration.keeping import delete, expect, insert, locked, require_right, save
from app.services.administration.leaving import Changed, left
from app.services.administration.mirroring import lock_mirrored
from app.services.administration.occupied import warn_of_work
from app.services.administration.saying import ACTIVE, Kept, Lines, Row, Said, Update, Used
from app.services.administration.users import USER
from app.services.appointments.pausing import withdraw_offers_of
from app.services.change import Change
from app.services.deleting import Delete
from app.services.lanes import lanes_of
from app.services.perform import Writer, Written, perform

LONGEST_EXTERNAL_ID = 100
MOST_SKILLS = 100
MOST_TERRITORIES = 100
MOST_YEARS = 80
_LEVELS = (1, 5)


def _checked_skills(values: Sequence[Row]) -> tuple[Row, ...]:
    if len(values) > MOST_SKILLS:
        raise Invalid(field=("skills",), problem=f"A technician has at most {MOST_SKILLS} skills.")
    seen: set[UUID] = set()
    for number, each in enumerate(values):
        where = ("skills", str(number))
        validation.number(each["level"], (*where, "level"), least=_LEVELS[0], most=_LEVELS[1])
        if each["skill_id"] in seen:
            raise Invalid(field=(*where, "skillId"), problem="Each skill is named once.")
        seen.add(each["skill_id"])
    return tuple(values)


def _checked_territories(values: Sequence[UUID]) -> tuple[Row, ...]:
    if len(values) > MOST_TERRITORIES:
        raise Invalid(field=("territoryIds",), problem=f"A technician works in at most {MOST_TERRITORIES} territories.")
    return tuple({"territory_id": each} for each in dict.fromkeys(values))


async def _judge(change: Change, before: Row | None, after: Row) -> None:
    """Hold against a technician a tier that is not there, and a user who does not work here."""
    if before is None or before["tier_level"] != after["tier_level"]:
        await _check_tier(change, after["tier_level"])
    if after["active"] and not (before is not None and before["active"]):
        await _check_works_here(change, after["user_id"])


async def _check_tier(change: Change, level: int) -> None:
    if level in change.tier_levels:
        return
    of = escalation_tiers.c
    known = sa.exists().where(of.organization_id == change.actor.organization_id, of.level == level)
    if not await change.connection.scalar(sa.select(known)):
        raise NotFound(field=("tierLevel",), kind="tier")


async def _check_works_here(change: Change, user_id: UUID) -> None:
    """Refuse a technician whose user is a customer's alone. Guard: the user's row, which stays as it is meanwhile."""
    held = change.rows.get((users.name, user_id))
    roles = await _roles_of(change, user_id) if held is None else held["roles"]
    if roles is None:
        # They were deleted since they were looked for.
        raise NotFound(field=("userId",), kind="user")
    if not set(roles) - {Role.END_USER}:
        raise Invalid(
            field=("userId",), problem="A technician's user needs a role of staff: an ADMIN gives them TECHNICIAN."
        )


async def _roles_of(change: Change, user_id: UUID) -> Sequence[Role] | None:
    mine = (users.c.organization_id == change.actor.organization_id, users.c.id == user_id)
    found: Sequence[Role] | None = await change.connection.scalar(
        sa.select(users.c.roles).where(*mine).with_for_update(read=True)
    )
    return found


async def _part(change: Change, row: Row) -> None:
    mine = sa.select(shifts.c.id).where(
        shifts.c.organization_id == change.actor.organization_id, shifts.c.technician_id == row["id"]
    )
    breaks = shift_breaks.c
    await change.connection.execute(
        sa.delete(shift_breaks).where(breaks.organization_id == change.actor.organization_id, breaks.shift_id.in_(mine))
    )


async def _follow(change: Change, changed: Changed) -> None:
    if gone := left(changed):
        await withdraw_offers_of(change, gone)


async def _lane_beside(change: Change, rows: Sequence[Row]) -> Mapping[UUID, Row]:
    """Return in which territories technicians have jobs."""
    lanes = await lanes_of(change, (row["id"] for row in rows))
    return {row["id"]: {"busy_in": lanes.get(row["id"], NOWHERE).busy_in} for row in rows}


def _concerns(row: Row) -> Concerned:
    works_in = frozenset(entry["territory_id"] for entry in row["territory_ids"])
    return Lane(team_id=row["team_id"], works_in=works_in, busy_in=row["busy_in"]).concerned(row["id"])


TECHNICIAN = Kept(
    kind="Technician",
    words="technician",
    many="technicians",
    table=technicians,
    right=Action.MANAGE_PEOPLE,
    said=(
        Said(name="user_id", needed=True, points_to=(users, "user")),
        Said(
            name="external_id",
            check=partial(validation.text, field="externalId", longest=LONGEST_EXTERNAL_ID),
        ),
        Said(name="team_id", points_to=(teams, "team")),
        Said(
            name="tier_level",
            needed=True,
            check=partial(validation.number, field=("tierLevel",), least=1, most=32_767),
        ),
        Said(name="main_skill_id", points_to=(skills, "skill")),
        Said(
            name="years_experience",
            check=partial(validation.number, field=("yearsExperience",), least=0, most=MOST_YEARS),
        ),
        Said(name="home_latitude"),
        Said(name="home_longitude"),
        ACTIVE,
    ),
    lines=(
        Lines(
            name="skills",
            table=technician_skills,
            parent="technician_id",
            columns=("skill_id", "level", "expires_on"),
            check=_checked_skills,
            points_to=MappingProxyType({"skill_id": (skills, "skill")}),
        ),
        Lines(
            name="territory_ids",
            table=technician_territories,
            parent="technician_id",
            columns=("territory_id",),
            check=_checked_territories,
            points_to=MappingProxyType({"territory_id": (territories, "territory")}),
        ),
    ),
    alike=MappingProxyType(
        {
            "technicians_organization_id_user_id_key": "user_id",
            "technicians_organization_id_external_id_key": "external_id",
        }
    ),
    uses=(
        Used(by=assignments.c.technician_id, kind="Assignment", words="jobs"),
        Used(by=appointments.c.technician_id, kind="Appointment", words="appointments"),
        Used(by=bookings.c.technician_id, kind="SlotHold", words="slots that were held"),
        Used(by=deliveries.c.technician_id, kind="Appointment", words="entries in their calendar"),
        Used(by=calendar_connections.c.technician_id, kind="CalendarConnection", words="connected calendars"),
    ),
    belongings=(
        shifts.c.technician_id,
        time_off.c.technician_id,
        queue_versions.c.technician_id,
        technician_locations.c.technician_id,
        calendar_feeds.c.technician_id,
    ),
    judge=_judge,
    part=_part,
    follow=_follow,
    beside=_lane_beside,
    concerns=_concerns,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTechnician:
    """What a new technician is to say, by column, and what their new user is, unless it names one that is there."""

    values: Row
    user: Row | None = None
    idempotency_key: str | None = None


async def create_technician(writer: Writer, actor: Actor, command: CreateTechnician) -> Written:
    """Make a user a technician: one that is there, or, as an ADMIN, a new one with the role TECHNICIAN or others.

    Guard: the unique constraints and foreign keys; the user's row, read while it cannot change.

    Raises:
        Forbidden: the actor may not keep technicians, or not give roles.
        Invalid: a value is wrong, another's already, or both or neither user is named.
        NotFound: it names something that is not there.
    """

    async def work(change: Change) -> dict[str, UUID]:
        require_right(TECHNICIAN, change)
        values: dict[str, Any] = dict(command.values)
        if (command.user is None) == (values.get("user_id") is None):
            raise Invalid(field=("userId",), problem="Name either userId or user.")
        if command.user is not None:
            await lock_mirrored(USER, change, command.user)
            values["user_id"] = await _new_user(change, command.user)
        return {"technician": (await insert(TECHNICIAN, change, values))["id"]}

    return await perform(writer, actor, "createTechnician", command, work)


async def _new_user(change: Change, values: Row) -> UUID:
    try:
        user_id: UUID = (await insert(USER, change, values))["id"]
    except (Invalid, NotFound) as refusal:
        refusal.field = ("user", *(refusal.field or ()))
        raise
    return user_id


async def update_technician(writer: Writer, actor: Actor, command: Update) -> Written:
    """Change a technician. Whoever is made inactive keeps what they have, and the warnings tell of it.

    Guard: as `update`; the user's row, read while it cannot change.

    Raises:
        Forbidden, Invalid, NotFound, StaleVersion: as `update`.
    """

    async def work(change: Change) -> dict[str, UUID]:
        require_right(TECHNICIAN, change)
        before = await locked(TECHNICIAN, change, command.id)
        expect(TECHNICIAN, before, command.expected_version)
        after = await save(TECHNICIAN, change, before, command.values)
        if before["active"] and not after["active"]:
            await warn_of_work(change, command.id)
        return {"technician": command.id}

    return await perform(writer, actor, "updateTechnician", command, work)


async def delete_technician(writer: Writer, actor: Actor, command: Delete) -> Written:
    """Delete a technician who never had work, with their shifts and time off.

    Guard: as `delete`.

    Raises:
        Forbidden, NotFound, StaleVersion, InUse: as `delete`.
    """
    return await delete(TECHNICIAN, writer, actor, command)
