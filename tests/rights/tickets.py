"""The tickets of a family: one for each stage that a ticket and its job can be at, with all that hangs on them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import Range
from uuid_utils.compat import uuid7

from app.db.tables.appointments import alerts, appointment_series, appointments, bookings, waitlist_entries
from app.db.tables.assignments import assignment_parts, assignments
from app.db.tables.attachments import attachments, file_contents, uploads
from app.db.tables.sla import sla_clocks
from app.db.tables.tickets import comments, ticket_required_parts, ticket_required_skills, tickets
from app.domain.assignments import ACTIVE, AssignmentStatus
from tests.holds import a_wish
from tests.rights.rows import DAY, HOUR, Family, Place, Row

# The ticket's status and its last job's, by the stage.
STAGES = {
    "open": ("OPEN", "CANCELLED"),
    "offered": ("ASSIGNED", "ASSIGNED"),
    "accepted": ("ASSIGNED", "ACCEPTED"),
    "travelling": ("ASSIGNED", "EN_ROUTE"),
    "working": ("IN_PROGRESS", "IN_PROGRESS"),
    "paused": ("IN_PROGRESS", "PAUSED"),
    "resolved": ("RESOLVED", "COMPLETED"),
    "closed": ("CLOSED", "COMPLETED"),
}
_PLACE = {"latitude": 52.1, "longitude": 5.1}


def tickets_of(of: Place, family: Family) -> Iterator[Row]:
    """Yield a family's tickets with their jobs, comments, files, clocks and appointments."""
    for number, (stage, (status, job_status)) in enumerate(STAGES.items()):
        active = AssignmentStatus(job_status) in ACTIVE
        ticket = family.new("Ticket", stage, active=active)
        yield tickets, _ticket(of, family, ticket, stage, status)
        yield ticket_required_skills, {"ticket_id": ticket, "skill_id": of.keys["Skill"], "level": 2}
        yield ticket_required_parts, {"ticket_id": ticket, "part_id": of.keys["Part"], "quantity": 1, "critical": True}
        yield from _clocks(of, ticket)
        before = None
        turns = _FORMER if stage == "closed" else ()
        for turn, (variant, values) in enumerate(turns, 1):
            job = family.new("Assignment", variant)
            yield assignments, _job(of, family, ticket, job, turn, before) | values(of.now)
            before = job
        job = family.new("Assignment", stage, active=active)
        life = _life(of.now, AssignmentStatus(job_status), rated=stage == "closed")
        yield assignments, _job(of, family, ticket, job, len(turns) + 1, before) | life
        used = {"part_id": of.keys["Part"], "part_number": "SEAL-1", "part_name": "Seal", "quantity": 1}
        yield assignment_parts, {"assignment_id": job, "line": 1, **used, "cost": "4.50", "currency": "EUR"}
        yield from _said(of, family, ticket, job, stage)
        if stage in _APPOINTMENTS:
            yield from _appointment(of, family, ticket, job, stage, number)


def _ticket(of: Place, family: Family, ticket: UUID, stage: str, status: str) -> dict[str, Any]:
    ended = stage in {"resolved", "closed"}
    words = {"title": f"Pump of {family.whose}", "description": f"It leaks, says {family.whose}."}
    return {
        "id": ticket,
        "ticket_number": f"TKT-2026-{uuid7().int % 10**6:06d}",
        **words,
        "status": status,
        "priority": "P2",
        "category": "INCIDENT",
        "environment": "PRODUCTION",
        "affected_service": f"Cellar of {family.whose}",
        "tags": ("leak", family.whose),
        "custom_fields": {"floor": family.whose},
        "customer_id": family.customer,
        "asset_id": family.asset,
        "requester_id": family.requester,
        "territory_id": of.keys["Territory"],
        **_PLACE,
        "address": f"Cellar of {family.whose}",
        "escalation_count": 1,
        "escalation_tier_level": 1,
        "resolution_notes": f"Sealed for {family.whose}." if ended else None,
        "resolved_at": of.now - 2 * DAY if ended else None,
        "closed_at": of.now - DAY if stage == "closed" else None,
        "sla_policy_id": of.keys["SlaPolicy"],
        "sla_state": "AT_RISK",
        "sla_due_at": of.now + DAY,
        "sla_due_first": of.now + DAY,
        "sla_due_last": of.now + DAY,
        **of.stamps,
    }


def _job(of: Place, family: Family, ticket: UUID, job: UUID, sequence: int, before: UUID | None) -> dict[str, Any]:
    return {
        "id": job,
        "ticket_id": ticket,
        "technician_id": family.technician,
        "sequence": sequence,
        "previous_id": before,
        "tier_level": 1,
        "reason": "INITIAL",
        "reason_note": f"Nearest, for {family.whose}",
        "type": "MANUAL",
        "assigned_by": family.requester,
        "assigned_at": of.now - 5 * DAY,
        "accept_by": of.now + DAY,
        "distance_km": 7.5,
        "travel_minutes": 12,
        "distance_source": "ROAD",
        **of.stamps,
    }


def _life(now: datetime, status: AssignmentStatus, *, rated: bool) -> dict[str, Any]:
    """Return what a job has by the time that it stands so."""
    reached = [AssignmentStatus.ACCEPTED, AssignmentStatus.EN_ROUTE, AssignmentStatus.IN_PROGRESS]
    steps = ("accepted_at", "en_route_at", "started_at")
    ended = status not in ACTIVE
    done = status is AssignmentStatus.COMPLETED
    passed = 3 if done or status is AssignmentStatus.PAUSED else 1 + reached.index(status) if status in reached else 0
    life: dict[str, Any] = {"status": status, "ended_at": now - 2 * DAY if ended else None}
    life |= {step: now - 4 * DAY + number * HOUR for number, step in enumerate(steps[:passed])}
    if passed == 3:
        life |= {"arrived_at": now - 4 * DAY + HOUR, "worked_seconds": 3600, "paused_seconds": 60}
    if status is AssignmentStatus.PAUSED:
        life["paused_at"] = now - 3 * DAY
    if done:
        life |= {
            "resumed_at": now - 3 * DAY,
            "completed_at": now - 2 * DAY,
            "outcome": "SUCCESS",
            "time_spent_hours": "1.5",
            "diagnosis": "A seal.",
            "actions_taken": "Replaced it.",
            "notes": "Nothing else.",
        }
    if rated:
        life |= {"customer_rating": 5, "customer_feedback": "Quick.", "rated_at": now - DAY}
    if status is AssignmentStatus.CANCELLED:
        life |= {"cancelled_at": now - 2 * DAY, "cancellation_reason": "Not needed."}
    return life


def _rejected(now: datetime) -> dict[str, Any]:
    return {"status": "REJECTED", "rejected_at": now, "rejection_reason": "Too far.", "ended_at": now}


def _escalated(now: datetime) -> dict[str, Any]:
    return {"status": "ESCALATED", "outcome": "ESCALATED", "escalation_reason": "Too hard.", "ended_at": now}


def _expired(now: datetime) -> dict[str, Any]:
    return {"status": "REASSIGNED", "offer_expired_at": now, "ended_at": now}


_FORMER = (("rejected", _rejected), ("escalated", _escalated), ("expired", _expired))


def _clocks(of: Place, ticket: UUID) -> Iterator[Row]:
    # What has ended shows the same whenever it is looked at.
    ran = {"running": True, "start": of.now.isoformat(), "end": of.now.isoformat(), "cause": "CREATED"}
    rested = {**ran, "running": False, "cause": "PENDING_INFO"}
    for metric in ("FIRST_RESPONSE", "RESOLUTION"):
        clock = {"ticket_id": ticket, "metric": metric, "generation": 1, "policy_id": of.keys["SlaPolicy"]}
        moments = {"due_at": of.now + DAY, "breached_at": of.now, "met_at": of.now, "started_at": of.now - DAY}
        life = {"target_minutes": 60, "state": "MET_LATE", "segments": [ran, rested], "current": True, **moments}
        yield sla_clocks, {"id": uuid7(), **clock, **life, **of.stamps}


def _said(of: Place, family: Family, ticket: UUID, job: UUID, stage: str) -> Iterator[Row]:
    """Yield what is said on a ticket and attached to it, in public and among colleagues; and a file on its way."""
    for internal in (False, True):
        variant = f"{'internal' if internal else 'public'} {stage}"
        comment, content = family.new("Comment", variant), uuid7()
        text = {"body": f"{variant} words of {family.whose}", "internal": internal, "system_generated": False}
        author = {"author_id": family.requester, "edited_at": of.now}
        yield comments, {"id": comment, "ticket_id": ticket, **text, **author, **of.stamps}
        data = {"size_bytes": 5, "sha256": uuid7().hex * 2, "scan_state": "CLEAN"}
        yield file_contents, {"id": content, **data, "created_at": of.now}
        on = {"ticket_id": ticket, "comment_id": comment, "assignment_id": job, "uploaded_by": family.requester}
        named = {"file_name": f"{family.whose}.txt", "content_type": "text/plain", "internal": internal}
        file = family.new("Attachment", variant)
        yield attachments, {"id": file, **on, **named, **data, "content_id": content, **of.stamps}
    if stage == "open":
        wait = {"file_name": "new.txt", "size_bytes": 5, "sha256": "0" * 64, "internal": False}
        until = {"expires_at": of.now + DAY, "created_at": of.now}
        # An upload is known by the id that the attachment will have; whoever began it ends it.
        yield uploads, {"id": family.upload, "ticket_id": ticket, "user_id": family.requester, **wait, **until}


_APPOINTMENTS = {"offered": "SCHEDULED", "accepted": "SCHEDULED", "closed": "CANCELLED"}


def _appointment(of: Place, family: Family, ticket: UUID, job: UUID, stage: str, number: int) -> Iterator[Row]:
    appointment, series = family.new("Appointment", stage), family.new("AppointmentSeries", stage)
    # One has begun already, and can be missed.
    start = of.now - 2 * HOUR if stage == "offered" else of.now + (2 * DAY + number * 2 * HOUR)
    rule = {"rrule": "FREQ=WEEKLY", "time_zone": "UTC", "planned_until": of.now + DAY, "template": a_wish().written()}
    yield appointment_series, {"id": series, "starts_at": start, "exceptions": (of.now.date(),), **rule, **of.stamps}
    status = _APPOINTMENTS[stage]
    gone = status == "CANCELLED"
    fee = {"cancelled_at": of.now, "cancellation_reason": "Rain.", "cancellation_fee": "25.00", "currency": "EUR"}
    yield (
        appointments,
        {
            "id": appointment,
            "ticket_id": ticket,
            "assignment_id": job,
            "asset_id": family.asset,
            "customer_id": family.customer,
            "type": "DIAGNOSTIC",
            "urgency": "MEDIUM",
            "status": status,
            "location_mode": "AT_FACILITY",
            "facility_id": of.keys["Facility"],
            "bay_id": of.keys["ServiceBay"],
            "technician_id": family.technician,
            "starts_at": start,
            "ends_at": start + HOUR,
            "arrival_until": start + HOUR / 2,
            "time_zone": "UTC",
            "series_id": series,
            "occurrence_at": start,
            "request": a_wish().written(),
            "notes": f"Ring, says {family.whose}.",
            "notify": False,
            "remind_at": of.now,
            "reminded_at": of.now,
            "confirmed_at": of.now if gone else None,
            "booked_by": family.requester,
            "used_recommended_slot": True,
            **(fee if gone else {}),
            **of.stamps,
        },
    )
    if not gone:
        booked = {"kind": "APPOINTMENT", "active": True, "technician_id": family.technician, "created_at": of.now}
        during = {"starts_at": start, "ends_at": start + HOUR, "during": Range(start, start + HOUR, bounds="[)")}
        yield bookings, {"id": uuid7(), "appointment_id": appointment, **booked, **during}
    else:
        earlier = {
            "appointment_type": "DIAGNOSTIC",
            "windows": [],
            "request": a_wish().written(),
            "tier_rank": 1,
            "status": "EXPIRED",
        }
        whose = {"customer_id": family.customer, "joined_by": family.requester, "appointment_id": appointment}
        entry = family.new("WaitlistEntry", "over")
        yield waitlist_entries, {"id": entry, **earlier, **whose, "expires_at": of.now, **of.stamps}
    if stage == "accepted":
        alert = {"alert_id": f"Alert of {family.whose}", "input_hash": b"1", "ticket_id": ticket}
        yield alerts, {**alert, "appointment_id": appointment, "created_at": of.now}
