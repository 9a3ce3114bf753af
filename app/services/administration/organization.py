"""What an organisation settles about itself as a whole: its name, settings, tiers and kinds of service.

All of it has one version, the organisation's: whoever settles something says which one they have read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.assignments import assignments
from app.db.tables.organizations import (
    escalation_tiers,
    organization_settings,
    organizations,
    skills,
    teams,
)
from app.db.tables.people import technicians
from app.db.tables.supply import service_type_skills, service_types
from app.db.tables.tickets import tickets
from app.domain import validation
from app.domain.appointments import AppointmentType
from app.domain.events import Concerned, EventType, FieldChange, NewEvent, plain
from app.domain.organizations import HORIZON_DAYS
from app.domain.people import Actor
from app.domain.policy import Action, Standing
from app.domain.refusals import InUse, Invalid, StaleVersion
from app.services.administration.checking import amount, at_most, currency, number, words, zone
from app.services.administration.saying import Row, Said, Used, camel
from app.services.administration.uses import counted_uses
from app.services.change import Change
from app.services.naming import check_exists
from app.services.perform import Writer, Written, perform
from app.services.situations import require

KIND = "Organization"
LONGEST_CODE = 50
MOST_TIERS = 20
MOST_LEVEL = 100
LONGEST_MINUTES = 43_200
LONGEST_DAYS = 3650
MOST_SKILLS = 20

_ORGANIZATION = (words("name", longest=200), zone())
_SETTINGS: tuple[Said, ...] = (
    number("offer_accept_minutes", least=1, most=LONGEST_MINUTES),
    number("urgent_accept_minutes", least=1, most=LONGEST_MINUTES),
    Said(name="one_job_in_progress", needed=True),
    number("max_jobs_per_day", least=1, most=1000),
    amount("hourly_rate", "hourlyRate"),
    currency("currency"),
    number("reopen_window_days", least=0, most=LONGEST_DAYS, needed=True),
    Said(name="sla_enabled", needed=True),
    number("max_bookings_per_technician_per_day", least=1, most=100),
    number("buffer_minutes", least=0, most=480),
    number("hold_minutes", least=1, most=1440),
    Said(name="auto_book_critical_alerts"),
    number("auto_book_within_days", least=1, most=HORIZON_DAYS),
    number("reminder_hours_before", least=0, most=720),
    number("free_cancellation_hours", least=0, most=720),
    amount("late_cancellation_fee", "lateCancellationFee"),
    number("waitlist_offer_minutes", least=1, most=1440),
    Said(name="send_confirmation_email"),
)
_TIER: tuple[Said, ...] = (
    number("level", least=1, most=MOST_LEVEL, needed=True),
    words("code", longest=LONGEST_CODE),
    words("name"),
    number("accept_within_minutes", least=1, most=LONGEST_MINUTES),
    Said(name="team_id", points_to=(teams, "team")),
)
_USES_OF_TIER = (
    Used(by=technicians.c.tier_level, kind="Technician", words="technicians"),
    Used(by=tickets.c.escalation_tier_level, kind="Ticket", words="tickets"),
    Used(by=assignments.c.tier_level, kind="Assignment", words="jobs"),
)
_SERVICE: tuple[Said, ...] = (
    number("duration_minutes", least=1, most=1440),
    Said(name="urgency"),
    Said(name="auto_book_from"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """What is to be so from now on, by column: what is not named stays."""

    expected_version: int
    values: Row
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleTiers:
    """All tiers, each a mapping of its columns."""

    expected_version: int
    tiers: tuple[Row, ...]
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleServiceType:
    """What is usual for a kind of service, by column; `skills` are all it asks for, where they are named."""

    type: AppointmentType
    expected_version: int
    values: Row
    skills: tuple[Row, ...] | None = None
    idempotency_key: str | None = None


async def update_organization(writer: Writer, actor: Actor, command: Settle) -> Written:
    """Give the organisation another name or time zone. Ids: organization.

    Guard: the organisation's row lock, as for all that is settled here.

    Raises:
        Forbidden: the actor may not settle it.
        Invalid: a value makes no sense.
        StaleVersion: something else was settled since the client has read it.
    """

    async def work(change: Change) -> dict[str, UUID]:
        before = await _locked(change, command.expected_version)
        clean = await _clean(change, _ORGANIZATION, command.values)
        await _settled(change, before, _differences(before, clean), clean)
        return _ids(change)

    return await perform(writer, actor, "updateOrganization", command, work)


async def update_organization_settings(writer: Writer, actor: Actor, command: Settle) -> Written:
    """Settle how work is done and time is booked. Ids: organization. Raises what `update_organization` does."""

    async def work(change: Change) -> dict[str, UUID]:
        before = await _locked(change, command.expected_version)
        clean = await _clean(change, _SETTINGS, command.values)
        of, mine = organization_settings, organization_settings.c.organization_id == change.actor.organization_id
        row = (await change.connection.execute(sa.select(of).where(mine))).mappings().one_or_none()
        stamps = {"created_at": change.now, "updated_at": change.now}
        if row is None:
            key = {"organization_id": change.actor.organization_id}
            row = (
                (await change.connection.execute(sa.insert(of).values(**key, **stamps).returning(of))).mappings().one()
            )
        told = _differences(dict(row), clean)
        if told:
            again = {**clean, "version": row["version"] + 1, "updated_at": max(change.now, row["updated_at"])}
            await change.connection.execute(sa.update(of).where(mine).values(**again))
        await _settled(change, before, told)
        return _ids(change)

    return await perform(writer, actor, "updateOrganizationSettings", command, work)


async def update_escalation_tiers(writer: Writer, actor: Actor, command: SettleTiers) -> Written:
    """Settle which tiers there are; tickets begin at the lowest. Ids: organization.

    Raises:
        InUse: a tier that would go has technicians, tickets or jobs.
        NotFound: a team is not there.
        Whatever `update_organization` does.
    """

    async def work(change: Change) -> dict[str, UUID]:
        before = await _locked(change, command.expected_version)
        if not command.tiers:
            raise Invalid(field=("tiers",), problem="There must be a tier; tickets begin at the lowest.")
        found = await _tiers(change)
        known = {tier["level"]: tier for tier in found}
        tiers = [
            await _clean(change, _TIER, tier, "tiers", str(at), before=known.get(tier["level"]))
            for at, tier in enumerate(command.tiers)
        ]
        for key in ("level", "code"):
            at_most("tiers", tiers, MOST_TIERS, key)
        wanted = sorted(tiers, key=lambda tier: tier["level"])
        if found != wanted:
            await _replace_tiers(change, found, wanted)
            await _settled(change, before, (FieldChange(field="tiers", old=plain(found), new=plain(wanted)),))
        return _ids(change)

    return await perform(writer, actor, "updateEscalationTiers", command, work)


async def update_service_type(writer: Writer, actor: Actor, command: SettleServiceType) -> Written:
    """Settle what is usual for a kind of service; null: as everywhere. Ids: organization.

    Raises:
        NotFound: a skill is not there.
        Whatever `update_organization` does.
    """

    async def work(change: Change) -> dict[str, UUID]:
        before = await _locked(change, command.expected_version)
        clean = await _clean(change, _SERVICE, command.values)
        known, asked = await _service_type(change, command.type)
        after = {**known, **clean}
        skills_ = asked if command.skills is None else await _needed(change, command.skills, asked)
        if after != known or skills_ != asked:
            await _write_service_type(change, command.type, after, skills_)
            told = FieldChange(
                field=f"service_types.{command.type}",
                old=plain({**known, "skills": asked}),
                new=plain({**after, "skills": skills_}),
            )
            await _settled(change, before, (told,))
        return _ids(change)

    return await perform(writer, actor, "updateServiceType", command, work)


async def _locked(change: Change, expected_version: int) -> Row:
    require(change.actor, Action.MANAGE_SETTINGS, Standing(), words="settle anything about the organisation")
    mine = organizations.c.organization_id == change.actor.organization_id
    query = sa.select(organizations).where(mine).with_for_update(key_share=True)
    row: Row = dict((await change.connection.execute(query)).mappings().one())
    if row["version"] != expected_version:
        raise StaleVersion(
            field=("expectedVersion",), kind=KIND, id=row["id"], expected=expected_version, current=row["version"]
        )
    return row


async def _settled(change: Change, before: Row, told: Sequence[FieldChange], values: Row | None = None) -> None:
    """Raise the organisation's version and tell what was settled; nothing is done where nothing was."""
    if not told:
        return
    version = before["version"] + 1
    written = {**(values or {}), "version": version, "updated_at": max(change.now, before["updated_at"])}
    mine = organizations.c.organization_id == change.actor.organization_id
    await change.connection.execute(sa.update(organizations).where(mine).values(**written))
    change.tell(
        NewEvent(
            type=EventType.RECORD_CHANGED,
            kind=KIND,
            id=before["id"],
            version=version,
            occurred_at=change.now,
            before=Concerned(internal=True),
            after=Concerned(internal=True),
            changes=tuple(told),
        )
    )


async def _clean(
    change: Change, said: Sequence[Said], values: Row, *path: str, before: Row | None = None
) -> dict[str, Any]:
    """Return the clean values of these fields; what they newly name is there and active. Raises Invalid, NotFound."""
    clean: dict[str, Any] = {}
    for each in said:
        if each.name not in values:
            continue
        value, field = values[each.name], (*path, camel(each.name))
        if value is None and each.needed:
            raise Invalid(field=field, problem=f"{field[-1]} must not be null; leave it out to keep it.")
        try:
            clean[each.name] = None if value is None else each.check(value)
        except Invalid as wrong:
            raise Invalid(field=(*path, *(wrong.field or ())), problem=wrong.problem) from None
        if each.points_to is not None and (before is None or before[each.name] != clean[each.name]):
            await check_exists(change, each.points_to[0], ".".join(field), each.points_to[1], clean[each.name])
    return clean


def _differences(before: Mapping[str, Any], after: Row) -> tuple[FieldChange, ...]:
    return tuple(
        FieldChange(field=name, old=plain(before[name]), new=plain(value))
        for name, value in after.items()
        if before[name] != value
    )


def _ids(change: Change) -> dict[str, UUID]:
    return {"organization": change.actor.organization_id}


async def _tiers(change: Change) -> list[dict[str, Any]]:
    of = escalation_tiers.c
    query = sa.select(*(of[each.name] for each in _TIER)).where(of.organization_id == change.actor.organization_id)
    return [dict(row) for row in (await change.connection.execute(query.order_by(of.level))).mappings()]


async def _replace_tiers(
    change: Change, found: Sequence[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]]
) -> None:
    of, organization_id = escalation_tiers.c, change.actor.organization_id
    before = {tier["level"]: tier for tier in found}
    for level in sorted(before.keys() - {tier["level"] for tier in wanted}):
        uses = await counted_uses(change, _USES_OF_TIER, level)
        if uses:
            raise InUse(field=("tiers",), kind=f"tier {level}", uses=uses)
        gone = sa.delete(escalation_tiers).where(of.organization_id == organization_id, of.level == level)
        await change.connection.execute(gone)
    # Codes may change places: those that change give theirs up first.
    changed = [tier for tier in wanted if tier["level"] in before and tier != before[tier["level"]]]
    for tier in changed:
        mine = (of.organization_id == organization_id, of.level == tier["level"])
        await change.connection.execute(
            sa.update(escalation_tiers).where(*mine).values(code=f"{tier['level']}\u0001 gives way")
        )
    for tier in changed:
        mine = (of.organization_id == organization_id, of.level == tier["level"])
        again = {**tier, "version": of.version + 1, "updated_at": change.now}
        await change.connection.execute(sa.update(escalation_tiers).where(*mine).values(**again))
    stamps = {"organization_id": organization_id, "created_at": change.now, "updated_at": change.now}
    new = [{"accept_within_minutes": None, "team_id": None, **tier, **stamps} for tier in wanted]
    new = [tier for tier in new if tier["level"] not in before]
    if new:
        await change.connection.execute(sa.insert(escalation_tiers), new)


async def _service_type(change: Change, type_: AppointmentType) -> tuple[dict[str, Any], list[Row]]:
    organization_id = change.actor.organization_id
    of, needs = service_types.c, service_type_skills.c
    query = sa.select(*(of[each.name] for each in _SERVICE)).where(
        of.organization_id == organization_id, of.type == type_
    )
    row = (await change.connection.execute(query)).mappings().one_or_none()
    known = {each.name: None for each in _SERVICE} if row is None else dict(row)
    asked = sa.select(needs.skill_id, needs.level).where(needs.organization_id == organization_id, needs.type == type_)
    rows = (await change.connection.execute(asked.order_by(needs.skill_id))).mappings()
    return known, [dict(each) for each in rows]


async def _needed(change: Change, given: Sequence[Row], before: Sequence[Row]) -> list[Row]:
    at_most("skills", given, MOST_SKILLS, "skill_id")
    known = {each["skill_id"] for each in before}
    for at, each in enumerate(given):
        validation.number(each["level"], ("skills", str(at), "level"), least=1, most=5)
        if each["skill_id"] not in known:
            await check_exists(change, skills, f"skills.{at}.skillId", "skill", each["skill_id"])
    return sorted((dict(each) for each in given), key=lambda each: each["skill_id"])


async def _write_service_type(change: Change, type_: AppointmentType, values: Row, needed: Sequence[Row]) -> None:
    key = {"organization_id": change.actor.organization_id, "type": type_}
    of, needs = service_types.c, service_type_skills.c
    there = (of.organization_id == key["organization_id"], of.type == type_)
    again = {**values, "version": of.version + 1, "updated_at": change.now}
    done = await change.connection.execute(sa.update(service_types).where(*there).values(**again))
    if not done.rowcount:
        stamps = {"created_at": change.now, "updated_at": change.now}
        await change.connection.execute(sa.insert(service_types).values(**key, **values, **stamps))
    await change.connection.execute(
        sa.delete(service_type_skills).where(needs.organization_id == key["organization_id"], needs.type == type_)
    )
    if needed:
        await change.connection.execute(sa.insert(service_type_skills), [{**key, **each} for each in needed])
