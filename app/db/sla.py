"""Service levels in SQL: the policy in force, the clocks of tickets, and how their steps are written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.tables.base import Json, Moment, Uuid
from app.db.tables.tickets import NEVER_DUE_COMES_LAST, NEVER_DUE_FALLS_LAST
from app.domain.calendars import WEEKDAYS, BusinessCalendar, Opening
from app.domain.events import plain
from app.domain.promises import Tick
from app.domain.sla import SlaClock, SlaMetric, SlaPolicy, SlaState, SlaTarget, Targets, segments_of, summary, written
from app.domain.tickets import TicketPriority, TicketStatus

_POLICY = """
    p.id AS p_id, p.organization_id AS p_organization_id, p.revision, p.name AS p_name, p.built_in, p.targets,
    p.pause_on, p.warn_at_percent, p.auto_escalate_on_breach, b.id AS b_id, b.name AS b_name, b.time_zone, b.weekly,
    b.holidays
"""
_IN_FORCE = sa.text(
    f"""
    SELECT coalesce(s.sla_enabled, true) AS sla_enabled, {_POLICY}
    FROM organizations AS o
    LEFT JOIN organization_settings AS s ON s.organization_id = o.organization_id
    LEFT JOIN LATERAL (
        SELECT * FROM sla_policies WHERE organization_id = o.organization_id ORDER BY revision DESC LIMIT 1
    ) AS p ON true
    LEFT JOIN business_calendars AS b ON b.organization_id = p.organization_id AND b.id = p.calendar_id
    WHERE o.organization_id = :organization_id
    """  # noqa: S608  # a constant
).bindparams(sa.bindparam("organization_id", type_=Uuid))

_CURRENT = sa.text(
    f"""
    SELECT c.*, t.priority AS t_priority, {_POLICY}
    FROM sla_clocks AS c
    JOIN tickets AS t ON t.organization_id = c.organization_id AND t.id = c.ticket_id
    JOIN sla_policies AS p ON p.organization_id = c.organization_id AND p.id = c.policy_id
    LEFT JOIN business_calendars AS b ON b.organization_id = p.organization_id AND b.id = p.calendar_id
    WHERE c.organization_id = :organization_id AND c.ticket_id = ANY(:ticket_ids) AND c.current
    ORDER BY c.ticket_id, c.metric
    """  # noqa: S608  # a constant
).bindparams(
    sa.bindparam("organization_id", type_=Uuid), sa.bindparam("ticket_ids", type_=sa.ARRAY(Uuid))
)  # fmt: skip

_LOCK = sa.text(
    """
    SELECT 1 FROM tickets WHERE organization_id = :organization_id AND id = ANY(:ticket_ids)
    ORDER BY id FOR NO KEY UPDATE
    """
).bindparams(sa.bindparam("organization_id", type_=Uuid), sa.bindparam("ticket_ids", type_=sa.ARRAY(Uuid)))

_NEXT_BUILT_IN = sa.text(
    """
    INSERT INTO sla_policies (organization_id, id, revision, name, built_in, targets, pause_on, warn_at_percent,
        auto_escalate_on_breach, created_at)
    VALUES (:organization_id, :id, :revision, :name, true, :targets, :pause_on, :warn_at_percent, :auto_escalate, :now)
    ON CONFLICT (organization_id, revision) DO NOTHING
    """
).bindparams(
    sa.bindparam("organization_id", type_=Uuid),
    sa.bindparam("id", type_=Uuid),
    sa.bindparam("targets", type_=Json),
    sa.bindparam("pause_on", type_=sa.ARRAY(sa.Text)),
    sa.bindparam("warn_at_percent", type_=sa.ARRAY(sa.SmallInteger)),
    sa.bindparam("now", type_=Moment),
)

_COLUMNS = tuple(each.name for each in fields(SlaClock))
_TYPES: Mapping[str, str] = {
    **dict.fromkeys(("id", "organization_id", "ticket_id", "policy_id"), "uuid"),
    **dict.fromkeys(("generation", "target_minutes", "version", "warned_percent"), "integer"),
    **dict.fromkeys(("metric", "state"), "text"),
    "segments": "jsonb",
    "current": "boolean",
}
_CHANGING = tuple(
    name for name in _COLUMNS
    if name not in {"id", "organization_id", "ticket_id", "metric", "generation", "policy_id", "target_minutes",
                    "started_at", "created_at"}
)  # fmt: skip
# In the order of the steps: the generation that gives way comes before the one that takes its place.
_SAVE = sa.text(
    f"""
    WITH saved AS (
        INSERT INTO sla_clocks ({", ".join(_COLUMNS)})
        SELECT {", ".join(f"e.{name}" for name in _COLUMNS)}
        FROM jsonb_to_recordset(:clocks) AS e(number integer,
            {", ".join(f"{name} {_TYPES.get(name, 'timestamptz')}" for name in _COLUMNS)})
        ORDER BY e.number
        ON CONFLICT (organization_id, id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _CHANGING)}
    ), told AS (
        INSERT INTO sla_alerts (organization_id, clock_id, percent, created_at)
        SELECT :organization_id, e.clock_id, e.percent, :now
        FROM jsonb_to_recordset(:alerts) AS e(clock_id uuid, percent smallint)
    )
    UPDATE tickets AS t SET sla_policy_id = e.policy_id, sla_state = e.state, sla_due_at = e.due_at,
        sla_due_first = coalesce(e.due_at, timestamptz '{NEVER_DUE_COMES_LAST}'),
        sla_due_last = coalesce(e.due_at, timestamptz '{NEVER_DUE_FALLS_LAST}')
    FROM jsonb_to_recordset(:tickets) AS e(id uuid, policy_id uuid, due_at timestamptz, state text)
    WHERE t.organization_id = :organization_id AND t.id = e.id
    """  # noqa: S608  # made of constants
).bindparams(
    sa.bindparam("organization_id", type_=Uuid),
    sa.bindparam("clocks", type_=Json),
    sa.bindparam("alerts", type_=Json),
    sa.bindparam("tickets", type_=Json),
    sa.bindparam("now", type_=Moment),
)
_BREACH_PERCENT = 100
BUILT_IN = "Standard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """The current clocks of a ticket, the policy it has pinned, and its priority."""

    clocks: tuple[SlaClock, ...]
    policy: SlaPolicy
    priority: TicketPriority


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What has become of a ticket's clocks: the steps they took, and which are current."""

    ticket_id: UUID
    policy: SlaPolicy
    ticks: Sequence[Tick]
    clocks: Sequence[SlaClock]


async def policy_in_force(
    connection: AsyncConnection, organization_id: UUID, defaults: Targets, now: datetime
) -> SlaPolicy | None:
    """Return what is promised for new tickets, None for nothing.

    An organisation that has settled nothing itself promises what the server's settings say: a version
    is added when these have changed. Guard: the revision's unique key; who comes second takes the first's.
    """
    values = {"organization_id": organization_id}
    while True:
        row = (await connection.execute(_IN_FORCE, values)).mappings().one()
        if not row["sla_enabled"]:
            return None
        policy = None if row["p_id"] is None else policy_of(dict(row))
        if policy is not None and (not row["built_in"] or policy.targets == defaults):
            return policy
        following = SlaPolicy(id=uuid4(), organization_id=organization_id, name=BUILT_IN, targets=defaults)
        await connection.execute(
            _NEXT_BUILT_IN,
            {
                **values,
                "id": following.id,
                "revision": (row["revision"] or 0) + 1,
                "name": following.name,
                "targets": written_targets(following.targets),
                "pause_on": [each.value for each in following.pause_on],
                "warn_at_percent": list(following.warn_at_percent),
                "auto_escalate": following.auto_escalate_on_breach,
                "now": now,
            },
        )


async def promised(
    connection: AsyncConnection, organization_id: UUID, ticket_ids: Iterable[UUID]
) -> dict[UUID, Promised]:
    """Return what was promised for each of these tickets; those without clocks are left out."""
    found: dict[UUID, Promised] = {}
    values = {"organization_id": organization_id, "ticket_ids": list(ticket_ids)}
    for row in (await connection.execute(_CURRENT, values)).mappings():
        clock, known = clock_of(dict(row)), found.get(row["ticket_id"])
        if known is None:
            priority = TicketPriority(row["t_priority"])
            found[clock.ticket_id] = Promised(clocks=(clock,), policy=policy_of(dict(row)), priority=priority)
        else:
            found[clock.ticket_id] = Promised(
                clocks=(*known.clocks, clock), policy=known.policy, priority=known.priority
            )
    return found


async def lock_tickets(connection: AsyncConnection, organization_id: UUID, ticket_ids: Iterable[UUID]) -> None:
    """Lock these tickets, by id."""
    await connection.execute(_LOCK, {"organization_id": organization_id, "ticket_ids": list(ticket_ids)})


async def save(connection: AsyncConnection, organization_id: UUID, kept: Sequence[Kept], now: datetime) -> None:
    """Write the clocks' steps, and what their tickets show of them.

    Guard: the tickets' row locks, under which the clocks were read. A warning or breach that was told
    before violates a unique key, and nothing is written.
    """
    # Only the last of a clock's steps is written, in the place of its first.
    last: dict[UUID, SlaClock] = {}
    for each in kept:
        last |= {tick.after.id: tick.after for tick in each.ticks}
    alerts = [alert for each in kept for tick in each.ticks if (alert := _alert(tick)) is not None]
    await connection.execute(
        _SAVE,
        {
            "organization_id": organization_id,
            "clocks": [_row(number, clock) for number, clock in enumerate(last.values())],
            "alerts": alerts,
            "tickets": [_shown(each) for each in kept],
            "now": now,
        },
    )


def _alert(tick: Tick) -> dict[str, Any] | None:
    before, after = tick.before, tick.after
    if after.breached_at is not None and (before is None or before.breached_at is None):
        return {"clock_id": str(after.id), "percent": _BREACH_PERCENT}
    if after.warned_percent != (None if before is None else before.warned_percent):
        return {"clock_id": str(after.id), "percent": after.warned_percent}
    return None


def _row(number: int, clock: SlaClock) -> dict[str, Any]:
    values = {name: plain(getattr(clock, name)) for name in _COLUMNS if name != "segments"}
    return {"number": number, **values, "segments": written(clock.segments)}


def _shown(kept: Kept) -> dict[str, Any]:
    state, due_at = summary(kept.clocks)
    return {"id": str(kept.ticket_id), "policy_id": str(kept.policy.id), "due_at": plain(due_at), "state": plain(state)}


def clock_of(row: Mapping[str, Any]) -> SlaClock:
    """Build a clock from a row of its table."""
    values = {name: row[name] for name in _COLUMNS if name != "segments"}
    return SlaClock(
        **{**values, "metric": SlaMetric(row["metric"]), "state": SlaState(row["state"])},
        segments=segments_of(row["segments"]),
    )


def policy_of(row: Mapping[str, Any]) -> SlaPolicy:
    """Build a policy from its own and its calendar's columns."""
    return SlaPolicy(
        id=row["p_id"],
        organization_id=row["p_organization_id"],
        name=row["p_name"],
        targets=targets_of(row["targets"]),
        pause_on=tuple(map(TicketStatus, row["pause_on"])),
        warn_at_percent=tuple(row["warn_at_percent"]),
        auto_escalate_on_breach=row["auto_escalate_on_breach"],
        calendar=None
        if row["b_id"] is None
        else calendar_of(row["b_id"], row["b_name"], row["time_zone"], row["weekly"], row["holidays"]),
    )


def calendar_of(
    id_: UUID, name: str, time_zone: str, weekly: Mapping[str, Any], holidays: Iterable[Any]
) -> BusinessCalendar:
    """Build a calendar from its columns."""
    return BusinessCalendar(
        id=id_,
        name=name,
        time_zone=time_zone,
        weekly=tuple(tuple(_opening(*each) for each in weekly.get(day, ())) for day in WEEKDAYS),
        holidays=frozenset(holidays),
    )


def written_weekly(weekly: Sequence[Sequence[Opening]]) -> dict[str, list[list[str]]]:
    """Spell opening hours as they are kept: {"MON": [["09:00", "17:00"]]}."""
    return {
        day: [[_spelled(opens), _spelled(closes)] for opens, closes in openings]
        for day, openings in zip(WEEKDAYS, weekly, strict=True)
        if openings
    }


def targets_of(written: Mapping[str, Mapping[str, int]]) -> Targets:
    """Read targets as they are kept."""
    return {
        TicketPriority(word): SlaTarget(response_minutes=each["response"], resolution_minutes=each["resolution"])
        for word, each in sorted(written.items())
    }


def written_targets(targets: Targets) -> dict[str, dict[str, int]]:
    """Spell targets as they are kept: {"P1": {"response": 60, "resolution": 240}}."""
    return {
        priority.value: {"response": each.response_minutes, "resolution": each.resolution_minutes}
        for priority, each in targets.items()
    }


def _opening(opens: str, closes: str) -> Opening:
    return _minutes(opens), _minutes(closes)


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _spelled(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
