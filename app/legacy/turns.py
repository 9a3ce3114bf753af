"""A ticket of an older platform with its assignments, as turns that obey the rules here."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from app.db.legacy_source import Row
from app.domain.assignments import (
    STATUS_OF_OUTCOME,
    Assignment,
    AssignmentOutcome,
    AssignmentReason,
    AssignmentStatus,
    AssignmentType,
    DistanceSource,
)
from app.domain.tickets import Ticket, TicketStatus
from app.domain.validation import LONGEST_REASON, LONGEST_TEXT, LONGEST_TITLE, MOST_MONEY
from app.legacy.report import Report
from app.legacy.values import hours, kilometres, long_text, money, text_of, tier_of, word_of
from app.legacy.words import JOB_STATUSES, OUTCOMES, REASONS, TYPES

UNSAID = "Not said on the older platform"
_S = AssignmentStatus
_BEST, _WORST = 5, 1
_LONGEST_SECONDS = _MOST_PIECES = 2**31 - 1
_WAITING = {TicketStatus.PENDING_INFO, TicketStatus.PENDING_PARTS}
_FINISHED = {TicketStatus.RESOLVED, TicketStatus.CLOSED}


@dataclass(frozen=True, slots=True, kw_only=True)
class OldTurn:
    """An assignment of an older platform, read as far as it makes sense; `key` is its own there."""

    key: str
    engineer: str
    status: AssignmentStatus
    assigned_at: datetime
    tier_level: int
    row: Row


@dataclass(frozen=True, slots=True, kw_only=True)
class OldPart:
    """A part that was used."""

    number: str
    name: str
    quantity: int
    cost: Decimal | None

    def as_told(self) -> dict[str, object]:
        """Return the part as the log tells of it."""
        return {
            "part_number": self.number,
            "part_name": self.name,
            "quantity": self.quantity,
            "cost": self.cost,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A ticket with its jobs, numbered from 1 without gaps; only the last can be active."""

    ticket: Ticket
    jobs: Sequence[Assignment]

    @property
    def active(self) -> Assignment | None:
        """The job that occupies the ticket."""
        return self.jobs[-1] if self.jobs and self.jobs[-1].is_active else None


def read_turns(rows: Iterable[Row], fallback: datetime, now: datetime, report: Report) -> list[OldTurn]:
    """Return the turns that make sense, in the order of their numbers and then of their moments."""
    found = []
    for row in rows:
        turn = _read_turn(row, fallback, now)
        if isinstance(turn, str):
            report.skip("Assignment", turn, row["id"])
        else:
            found.append(turn)
    numbered = all(isinstance(turn.row.get("assignment_sequence"), int) for turn in found)
    return sorted(
        found,
        key=lambda turn: (turn.row["assignment_sequence"] if numbered else 0, turn.assigned_at, turn.key),
    )


def settle(
    ticket: Ticket,
    turns: Sequence[OldTurn],
    technicians: Mapping[str, UUID],
    *,
    new_id: Callable[[datetime], UUID],
    now: datetime,
    report: Report,
) -> Settled:
    """Return a ticket and its jobs as they agree here, telling the report what had to change."""
    jobs: list[Assignment] = []
    for at, turn in enumerate(turns):
        job = _job(
            ticket,
            turn,
            technicians[turn.engineer],
            id_=new_id(turn.assigned_at),
            sequence=at + 1,
            previous_id=jobs[-1].id if jobs else None,
            reason=_reason(turn, at, turns),
            now=now,
        )
        if job.is_active and at + 1 < len(turns):
            # Were it left open, it would come to life again once a later one is rejected.
            report.change("Assignment", "an earlier turn that was still open ended as REASSIGNED", turn.key)
            job = replace(job, status=_S.REASSIGNED, **_ended(job, turns[at + 1].assigned_at))
        jobs.append(job)
    if jobs and jobs[-1].is_active:
        jobs[-1] = _ended_with_its_ticket(ticket, jobs[-1], now, report, turns[-1].key)
    active = jobs[-1] if jobs and jobs[-1].is_active else None
    status = _status_beside(ticket, active)
    if status is not ticket.status:
        report.change("Ticket", f"{ticket.status} became {status}, to go with its job", ticket.ticket_number)
    escalations = sum(1 for job in jobs if job.status is _S.ESCALATED)
    level = jobs[-1].tier_level if jobs else ticket.escalation_tier_level
    settled = replace(ticket, status=status, escalation_count=escalations, escalation_tier_level=level)
    return Settled(ticket=settled, jobs=jobs)


def resting(job: Assignment) -> Assignment:
    """Return a job in progress as one that rests since it began."""
    return replace(job, status=_S.PAUSED, paused_at=job.started_at or job.assigned_at)


def parts_of(turn: OldTurn, report: Report) -> list[OldPart]:
    """Return the parts that were used."""
    said = turn.row.get("parts_used")
    if isinstance(said, str | bytes):
        try:
            said = orjson.loads(said)
        except orjson.JSONDecodeError:
            said = [said]
    if said is None:
        return []
    found = []
    for each in said if isinstance(said, list) else [said]:
        part = _part(each) if isinstance(each, dict) else None
        if part is None:
            report.skip("Part", "no number or no quantity", turn.key)
        else:
            found.append(part)
    return found


def _read_turn(row: Row, fallback: datetime, now: datetime) -> OldTurn | str:
    engineer = text_of(row.get("engineer_id"))
    if engineer is None:
        return "no engineer"
    status = JOB_STATUSES.get(word_of(row.get("status")))
    if status is None:
        return "unknown status"
    outcome = OUTCOMES.get(word_of(row.get("completion_status")))
    if status is _S.COMPLETED and outcome is not None:
        status = STATUS_OF_OUTCOME[outcome]
    return OldTurn(
        key=str(row["id"]),
        engineer=engineer,
        status=status,
        assigned_at=min(now, row.get("assigned_at") or row.get("created_at") or fallback),
        tier_level=tier_of(row.get("assignment_tier")),
        row=row,
    )


def _job(
    ticket: Ticket,
    turn: OldTurn,
    technician_id: UUID,
    *,
    id_: UUID,
    sequence: int,
    previous_id: UUID | None,
    reason: AssignmentReason,
    now: datetime,
) -> Assignment:
    row, at = turn.row, turn.assigned_at
    distance = kilometres(row.get("distance_km"))
    begun = at if turn.status is _S.IN_PROGRESS else None
    agreed = at if turn.status in {_S.ACCEPTED, _S.IN_PROGRESS} else None
    created = min(now, row.get("created_at") or at)
    job = Assignment(
        id=id_,
        organization_id=ticket.organization_id,
        ticket_id=ticket.id,
        technician_id=technician_id,
        sequence=sequence,
        previous_id=previous_id,
        tier_level=turn.tier_level,
        reason=reason,
        reason_note=long_text(row.get("assignment_reason"), LONGEST_REASON),
        type=TYPES.get(word_of(row.get("assignment_type")), AssignmentType.MANUAL),
        status=turn.status,
        assigned_at=at,
        accepted_at=_not_before(at, row.get("accepted_at"), now) or agreed,
        started_at=_not_before(at, row.get("started_at"), now) or begun,
        created_at=created,
        updated_at=max(created, min(now, row.get("updated_at") or created)),
        time_spent_hours=hours(row.get("time_spent_hours")),
        diagnosis=long_text(row.get("diagnosis"), LONGEST_TEXT),
        actions_taken=long_text(row.get("actions_taken"), LONGEST_TEXT),
        notes=long_text(row.get("notes"), LONGEST_TEXT),
        distance_km=distance,
        distance_source=None if distance is None else DistanceSource.ROAD,
    )
    if turn.status.is_active:
        return job
    return _with_end(job, row, now)


def _with_end(job: Assignment, row: Row, now: datetime) -> Assignment:
    said = row.get("completed_at") or row.get("rejected_at") or row.get("updated_at") or job.assigned_at
    ended = _ended(job, min(said, now))
    at = ended["ended_at"]
    match job.status:
        case _S.COMPLETED:
            rating = row.get("customer_rating")
            rated = isinstance(rating, int) and _WORST <= rating <= _BEST
            return replace(
                job,
                **ended,
                completed_at=at,
                outcome=AssignmentOutcome.SUCCESS,
                customer_rating=rating if rated else None,
                customer_feedback=long_text(row.get("customer_feedback"), LONGEST_REASON) if rated else None,
                rated_at=at if rated else None,
            )
        case _S.FAILED:
            outcome = OUTCOMES.get(word_of(row.get("completion_status")))
            fits = outcome is not None and STATUS_OF_OUTCOME[outcome] is _S.FAILED
            return replace(job, **ended, completed_at=at, outcome=outcome if fits else AssignmentOutcome.FAILED)
        case _S.ESCALATED:
            why = long_text(row.get("escalation_reason"), LONGEST_REASON) or UNSAID
            outcome = AssignmentOutcome.ESCALATED
            return replace(job, **ended, completed_at=at, outcome=outcome, escalation_reason=why)
        case _S.REJECTED:
            why = long_text(row.get("rejection_reason"), LONGEST_REASON) or UNSAID
            return replace(job, **ended, rejected_at=at, rejection_reason=why)
        case _:
            return replace(job, **ended, cancelled_at=at)


def _ended_with_its_ticket(
    ticket: Ticket, job: Assignment, now: datetime, report: Report, key: str
) -> Assignment:  # fmt: skip
    """Return the job, ended if its ticket was finished without it."""
    if ticket.status in _FINISHED:
        report.change("Assignment", "still open at a finished ticket: it ended as COMPLETED with it", key)
        at = ticket.resolved_at or ticket.updated_at
        return _with_end(replace(job, status=_S.COMPLETED), {"completed_at": at}, now)
    if ticket.status is TicketStatus.CANCELLED:
        report.change("Assignment", "still open at a cancelled ticket: it ended as CANCELLED with it", key)
        return _with_end(replace(job, status=_S.CANCELLED), {"completed_at": ticket.updated_at}, now)
    return job


def _ended(job: Assignment, at: datetime) -> dict[str, Any]:
    """Return the fields of a job that ended then, and not before it began."""
    ended_at = max(job.assigned_at, job.started_at or job.assigned_at, at)
    worked = None
    if job.started_at is not None:
        worked = min(_LONGEST_SECONDS, int((ended_at - job.started_at).total_seconds()))
    return {"ended_at": ended_at, "worked_seconds": worked}


def _not_before(least: datetime, at: datetime | None, most: datetime) -> datetime | None:
    return None if at is None else max(least, min(at, most))


def _reason(turn: OldTurn, at: int, turns: Sequence[OldTurn]) -> AssignmentReason:
    if at == 0:
        return AssignmentReason.INITIAL
    before = turns[at - 1].status
    said = word_of(turn.row.get("assignment_reason")).split(" ", 1)[0]
    if before is _S.ESCALATED or REASONS.get(said) is AssignmentReason.ESCALATION:
        return AssignmentReason.ESCALATION
    return AssignmentReason.REJECTION_FOLLOW_UP if before is _S.REJECTED else AssignmentReason.REASSIGNMENT


def _status_beside(ticket: Ticket, job: Assignment | None) -> TicketStatus:
    """Return the status in which a ticket goes with its active job, or with none."""
    status = ticket.status
    if job is None:
        return TicketStatus.OPEN if status is TicketStatus.ASSIGNED else status
    if status in _WAITING and job.status is not _S.IN_PROGRESS:
        return status
    if job.status in {_S.IN_PROGRESS, _S.PAUSED}:
        return TicketStatus.IN_PROGRESS
    return TicketStatus.ASSIGNED


def _part(said: Mapping[str, Any]) -> OldPart | None:
    number = long_text(said.get("part_number"), LONGEST_TITLE)
    quantity = said.get("quantity")
    if number is None or not isinstance(quantity, int) or not 0 < quantity <= _MOST_PIECES:
        return None
    name = long_text(said.get("part_name"), LONGEST_TITLE) or number
    return OldPart(number=number, name=name, quantity=quantity, cost=money(said.get("cost"), MOST_MONEY))
