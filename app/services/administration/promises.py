"""What is promised, and by which hours it counts: versions that are never changed, only followed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.db.sla import written_targets, written_weekly
from app.db.tables.sla import business_calendars, sla_policies
from app.domain import validation
from app.domain.calendars import WEEKDAYS
from app.domain.events import Concerned, EventType, FieldChange, NewEvent, plain
from app.domain.people import Actor
from app.domain.policy import Action, Standing
from app.domain.refusals import Invalid, NotFound
from app.domain.sla import SlaMetric, SlaTarget
from app.domain.tickets import OPEN, TicketPriority, TicketStatus
from app.services.administration.calendar_versions import check_holds, lock_promises
from app.services.administration.checking import LONGEST_NAME, zone
from app.services.administration.facilities import FACILITY, facilities_with_calendar
from app.services.administration.keeping import locked, save
from app.services.change import Change
from app.services.perform import Writer, Written, perform
from app.services.situations import require

MOST_HOLIDAYS = 400
MOST_OPENINGS = 10
MOST_WARNINGS = 10
LONGEST_MINUTES = 525_600
_DAY_MINUTES = 1440
# The least by which one moment is after another.
_NEXT = timedelta(microseconds=1)
_WORDS = "settle what is promised"

Opening = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveBusinessCalendar:
    """Opening hours by weekday, in minutes of the day, [start, end); what goes by this name goes by it from now on."""

    name: str
    time_zone: str
    weekly: Mapping[str, tuple[Opening, ...]]
    holidays: tuple[date, ...] = ()
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveSlaPolicy:
    """Minutes by priority and metric, when clocks stand and warn, and by which calendar they count; None: always."""

    name: str
    targets: Mapping[TicketPriority, Mapping[SlaMetric, int]]
    pause_on: tuple[TicketStatus, ...]
    warn_at_percent: tuple[int, ...]
    auto_escalate_on_breach: bool = False
    calendar_id: UUID | None = None
    idempotency_key: str | None = None


async def save_business_calendar(writer: Writer, actor: Actor, command: SaveBusinessCalendar) -> Written:
    """Add a version of a calendar. Ids: business_calendar.

    Facilities that are open by the one of this name, and the policy in force if it counts by that, follow it;
    tickets keep what they were promised.

    Guard: the organisation's row lock, so that versions follow one another.

    Raises:
        Forbidden: the actor may not settle what is promised.
        Invalid: a value makes no sense.
    """

    async def work(change: Change) -> dict[str, UUID]:
        await _alone(change)
        row = {
            "id": change.new_id(),
            "name": validation.text(command.name, "name", longest=LONGEST_NAME),
            "time_zone": zone().check(command.time_zone),
            "weekly": _weekly(command.weekly),
            "holidays": _holidays(command.holidays),
        }
        before = await _newest_calendar(change, row["name"])
        if before is not None and all(before[name] == row[name] for name in row if name != "id"):
            return {"business_calendar": before["id"]}
        # Whoever waited for the lock began before the version that it follows, and still comes after it.
        created_at = change.now if before is None else max(change.now, before["created_at"] + _NEXT)
        await change.connection.execute(
            sa.insert(business_calendars).values(
                organization_id=change.actor.organization_id, created_at=created_at, **row
            )
        )
        change.tell(_came(change, "BusinessCalendar", row))
        if before is not None:
            await _follow(change, before["id"], row["id"])
        return {"business_calendar": row["id"]}

    return await perform(writer, actor, "saveBusinessCalendar", command, work)


async def save_sla_policy(writer: Writer, actor: Actor, command: SaveSlaPolicy) -> Written:
    """Add a version of what is promised to new tickets from now on; others keep theirs. Ids: sla_policy.

    Guard: the organisation's row lock, so that versions follow one another.

    Raises:
        Forbidden: the actor may not settle what is promised.
        Invalid: a value makes no sense, or the calendar has a newer version.
        NotFound: there is no such calendar.
    """

    async def work(change: Change) -> dict[str, UUID]:
        await _alone(change)
        row = {
            "name": validation.text(command.name, "name", longest=LONGEST_NAME),
            "targets": _targets(command.targets),
            "pause_on": _pauses(command.pause_on),
            "warn_at_percent": _warnings(command.warn_at_percent),
            "auto_escalate_on_breach": command.auto_escalate_on_breach,
            "calendar_id": command.calendar_id,
        }
        if command.calendar_id is not None:
            await _expect_calendar(change, command.calendar_id)
        before = await _policy_in_force(change)
        if before is not None and not before["built_in"] and all(before[name] == value for name, value in row.items()):
            return {"sla_policy": before["id"]}
        return {"sla_policy": await _next_policy(change, before, row)}

    return await perform(writer, actor, "saveSlaPolicy", command, work)


async def _alone(change: Change) -> None:
    require(change.actor, Action.MANAGE_SETTINGS, Standing(), words=_WORDS)
    await lock_promises(change)


async def _newest_calendar(change: Change, name: str) -> Mapping[str, Any] | None:
    of = business_calendars.c
    query = sa.select(business_calendars).where(of.organization_id == change.actor.organization_id, of.name == name)
    query = query.order_by(of.created_at.desc(), of.id.desc()).limit(1)
    row = (await change.connection.execute(query)).mappings().one_or_none()
    return None if row is None else dict(row)


async def _follow(change: Change, before: UUID, after: UUID) -> None:
    """Let what goes by one version of a calendar go by the next one."""
    for facility_id in await facilities_with_calendar(change, before):
        facility = await locked(FACILITY, change, facility_id)
        await save(FACILITY, change, facility, {"calendar_id": after})
    policy = await _policy_in_force(change)
    if policy is not None and policy["calendar_id"] == before:
        kept = ("name", "targets", "pause_on", "warn_at_percent", "auto_escalate_on_breach")
        await _next_policy(change, policy, {**{name: policy[name] for name in kept}, "calendar_id": after})


async def _policy_in_force(change: Change) -> Mapping[str, Any] | None:
    of = sla_policies.c
    query = sa.select(sla_policies).where(of.organization_id == change.actor.organization_id)
    row = (await change.connection.execute(query.order_by(of.revision.desc()).limit(1))).mappings().one_or_none()
    return None if row is None else dict(row)


async def _next_policy(change: Change, before: Mapping[str, Any] | None, row: Mapping[str, Any]) -> UUID:
    id_ = change.new_id()
    revision = 1 if before is None else before["revision"] + 1
    await change.connection.execute(
        sa.insert(sla_policies).values(
            organization_id=change.actor.organization_id,
            id=id_,
            revision=revision,
            built_in=False,
            created_at=change.now,
            **row,
        )
    )
    change.tell(_came(change, "SlaPolicy", {"id": id_, "revision": revision, **row}))
    return id_


async def _expect_calendar(change: Change, calendar_id: UUID) -> None:
    of = business_calendars.c
    query = sa.select(of.id).where(of.organization_id == change.actor.organization_id, of.id == calendar_id)
    if await change.connection.scalar(query) is None:
        raise NotFound(field=("calendarId",), kind="business calendar")
    await check_holds(change, calendar_id)


def _came(change: Change, kind: str, row: Mapping[str, Any]) -> NewEvent:
    return NewEvent(
        type=EventType.RECORD_CHANGED,
        kind=kind,
        id=row["id"],
        version=1,
        occurred_at=change.now,
        after=Concerned(internal=True),
        changes=tuple(
            FieldChange(field=name, old=None, new=plain(value)) for name, value in row.items() if name != "id"
        ),
    )


def _weekly(weekly: Mapping[str, Sequence[Opening]]) -> dict[str, list[list[str]]]:
    """Return the hours as they are kept: each within a day, in order, none within another."""
    for day, openings in weekly.items():
        path = ("weekly",)
        if len(openings) > MOST_OPENINGS:
            raise Invalid(field=path, problem=f"{day} has more than {MOST_OPENINGS} openings.")
        over = 0
        for at, (start, end) in enumerate(openings):
            if not 0 <= start < end <= _DAY_MINUTES:
                problem = (
                    f"Opening {at + 1} of {day} must begin before it ends, within the day; 24:00 is the day's end."
                )
                raise Invalid(field=path, problem=problem)
            if at and start < over:
                raise Invalid(field=path, problem=f"The openings of {day} must be in order and not overlap.")
            over = end
    if not any(weekly.values()):
        raise Invalid(field=("weekly",), problem="There must be an opening on some day.")
    return written_weekly([weekly.get(day, ()) for day in WEEKDAYS])


def _holidays(days: Sequence[date]) -> tuple[date, ...]:
    if len(days) > MOST_HOLIDAYS:
        raise Invalid(field=("holidays",), problem=f"holidays has at most {MOST_HOLIDAYS} entries.")
    return tuple(sorted(set(days)))


def _targets(targets: Mapping[TicketPriority, Mapping[SlaMetric, int]]) -> dict[str, dict[str, int]]:
    missing = [priority.value for priority in TicketPriority if priority not in targets]
    if missing:
        raise Invalid(field=("targets",), problem=f"targets must have one for {', '.join(missing)} too.")
    found: dict[TicketPriority, SlaTarget] = {}
    for priority in TicketPriority:
        response, resolution = (
            targets[priority][metric] for metric in (SlaMetric.FIRST_RESPONSE, SlaMetric.RESOLUTION)
        )
        validation.number(response, ("targets", priority.value, "responseMinutes"), least=1, most=LONGEST_MINUTES)
        validation.number(resolution, ("targets", priority.value, "resolutionMinutes"), least=1, most=LONGEST_MINUTES)
        found[priority] = SlaTarget(response_minutes=response, resolution_minutes=resolution)
    return written_targets(found)


def _pauses(statuses: Sequence[TicketStatus]) -> tuple[TicketStatus, ...]:
    wrong = [status.value for status in statuses if status not in OPEN]
    if wrong:
        raise Invalid(field=("pauseOn",), problem=f"A clock cannot stand at {', '.join(wrong)}: it has ended there.")
    return tuple(status for status in TicketStatus if status in statuses)


def _warnings(percents: Sequence[int]) -> tuple[int, ...]:
    if len(percents) > MOST_WARNINGS:
        raise Invalid(field=("warnAtPercent",), problem=f"warnAtPercent has at most {MOST_WARNINGS} entries.")
    for percent in percents:
        validation.number(percent, ("warnAtPercent",), least=1, most=99)
    return tuple(sorted(set(percents)))
