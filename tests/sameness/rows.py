"""The rows of an organisation, table by table in the order in which they can be inserted."""

from collections.abc import Iterator
from itertools import chain
from typing import Any
from uuid import UUID

from app.demo.ids import chance as chance_of
from app.domain.assignments import ACTIVE, AssignmentReason, AssignmentStatus, AssignmentType, DistanceSource
from app.domain.files import KINDS, ScanState
from app.domain.places import AssetKind, CustomerTier
from app.domain.tickets import Environment, TicketCategory, TicketPriority, TicketStatus
from tests.sameness.agreements import agreements_of, supply_of
from tests.sameness.keys import keys_of
from tests.sameness.organisation import PEOPLE, TEAMS, TIERS, Organisation, Row
from tests.sameness.promises import clocks_of, policies_of

Rows = dict[str, list[Row]]

_AREAS = (
    None,
    ({"lat": 0.0, "lon": 1e-07}, {"lat": 1 / 3, "lon": 180.0}, {"lat": 52.09071234567891, "lon": 5.0}),
    tuple({"lat": 40.0 + at % 2, "lon": float(at)} for at in (*range(0, 100, 2), *range(99, 0, -2))),
    ({"lat": -90.0, "lon": -180.0}, {"lat": -90.0, "lon": -0.1}, {"lat": 1e-300, "lon": -123456.789e-3}),
)
_OUTCOMES = {
    AssignmentStatus.COMPLETED: ("SUCCESS",),
    AssignmentStatus.FAILED: ("FAILED", "PARTS_REQUIRED", "CUSTOMER_UNAVAILABLE"),
    AssignmentStatus.ESCALATED: ("ESCALATED",),
}
_ENDED = tuple(status for status in AssignmentStatus if not status.is_active)


def rows_of(of: Organisation, *, tickets: int) -> Rows:
    """Return the organisation's rows by table; its keys are known from then on."""
    rows: Rows = {}

    def add(table: str, **row: Any) -> Row:
        rows.setdefault(table, []).append({"organization_id": of.id, **row})
        return row

    for table, row in chain(_of_company(of), _of_people(of), _of_customers(of), policies_of(of), supply_of(of)):
        add(table, **row)
    for number in range(tickets):
        ticket = add("tickets", **_ticket(of, number))
        for table, row in _of_ticket(of, ticket["id"]):
            add(table, **row)
    for row in _locations(of):
        add("technician_locations", **row)
    for table, row in chain(_files(of, rows), clocks_of(of, rows), agreements_of(of, rows)):
        add(table, **row)
    for row in _views(of):
        add("saved_views", **row)
    for row in keys_of(of):
        add("api_keys", **row)
    return rows


def _of_company(of: Organisation) -> Iterator[tuple[str, Row]]:
    words = of.vocabulary
    yield "organizations", {"name": of.pick(words.lines), "time_zone": "Europe/Amsterdam", **of.stamps()}
    yield (
        "organization_settings",
        {
            "offer_accept_minutes": of.maybe((1, 60)),
            "urgent_accept_minutes": of.maybe((1, 15)),
            "one_job_in_progress": of.chance.random() < 0.5,
            "max_jobs_per_day": of.maybe((1, 6)),
            "hourly_rate": of.maybe(words.prices),
            "currency": of.pick(("EUR", "JPY")),
            **of.stamps(),
        },
    )
    for name in TEAMS:
        yield "teams", {"id": of.new("Team"), "name": name}
    for number in range(4):
        name = f"{words.lines[number % len(words.lines)]} {number}"
        zone = of.pick(("UTC", "Asia/Kolkata"))
        yield "territories", {"id": of.new("Territory"), "name": name, "time_zone": zone, "area": _AREAS[number]}
    for number in range(6):
        yield "skills", {"id": of.new("Skill"), "code": f"S{number}", "name": of.pick(words.lines)}
    for level in TIERS:
        yield (
            "escalation_tiers",
            {
                "level": level,
                "code": f"L{level}",
                "name": of.pick(words.lines),
                "accept_within_minutes": of.maybe((15, 60)),
                "team_id": of.maybe(of.keys["Team"], 0.7),
            },
        )


def _of_people(of: Organisation) -> Iterator[tuple[str, Row]]:
    for name, person in PEOPLE.items():
        of.users[name] = of.new("User")
        yield (
            "users",
            {
                "id": of.users[name],
                "name": of.pick(of.vocabulary.names),
                "email": of.maybe([f"{name}@test.example"], 0.8),
                "roles": tuple(person.roles),
                "active": person.active,
                **of.stamps(),
            },
        )
    for name in (name for name, person in PEOPLE.items() if person.technician):
        yield "technicians", _technician(of, name)
        for skill_id in of.chance.sample(of.keys["Skill"], of.chance.randint(0, 3)):
            yield (
                "technician_skills",
                {
                    "technician_id": of.technicians[name],
                    "skill_id": skill_id,
                    "level": of.chance.randint(1, 5),
                    "expires_on": of.maybe(of.vocabulary.days),
                },
            )
        for territory_id in of.chance.sample(of.keys["Territory"], of.chance.randint(0, 3)):
            yield "technician_territories", {"technician_id": of.technicians[name], "territory_id": territory_id}


def _technician(of: Organisation, name: str) -> Row:
    person = PEOPLE[name]
    of.technicians[name] = of.new("Technician")
    return {
        "id": of.technicians[name],
        "external_id": of.maybe([f"T-{name}"]),
        "user_id": of.users[name],
        "team_id": None if person.team is None else of.keys["Team"][TEAMS.index(person.team)],
        "tier_level": of.pick(TIERS),
        "main_skill_id": of.maybe(of.keys["Skill"]),
        "years_experience": of.maybe((0, 1, 12)),
        "active": person.active,
        **of.stamps(),
    }


def _locations(of: Organisation) -> Iterator[Row]:
    # By a chance of their own, which leaves every other row as it is without them.
    words, chance = of.vocabulary, chance_of(f"locations of {of.name}")
    for technician_id in chance.sample(list(of.technicians.values()), 8):
        yield {
            "technician_id": technician_id,
            "latitude": chance.choice(words.latitudes),
            "longitude": chance.choice(words.longitudes),
            "accuracy_meters": chance.choice((None, 0.0, 4.5, 1e-7, 100_000.0)),
            "heading_degrees": chance.choice((None, 0.0, 1 / 3, 359.99999999999994)),
            "recorded_at": chance.choice(words.moments),
        }


def _files(of: Organisation, rows: Rows) -> Iterator[tuple[str, Row]]:
    # By a chance of their own, which leaves every other row as it is without them.
    words, chance = of.vocabulary, chance_of(f"files of {of.name}")
    for number, comment in enumerate(chance.sample(rows["comments"], min(40, len(rows["comments"])))):
        jobs = [each["id"] for each in rows["assignments"] if each["ticket_id"] == comment["ticket_id"]]
        deleted = chance.random() < 0.1
        state, content_id = chance.choice(list(ScanState)), of.new("FileContent")
        bytes_ = {"size_bytes": chance.choice((1, 2**31 - 1)), "sha256": f"{number:064x}", "scan_state": state}
        yield "file_contents", {"id": content_id, **bytes_, "created_at": chance.choice(words.moments)}
        yield (
            "attachments",
            {
                "id": of.new("Attachment"),
                "ticket_id": comment["ticket_id"],
                "comment_id": chance.choice((None, comment["id"])),
                "assignment_id": chance.choice([None, *jobs]),
                "uploaded_by": chance.choice(list(of.users.values())),
                "file_name": chance.choice(words.lines)[:200] or "a",
                "content_type": chance.choice([each.media_type for each in KINDS.values()]),
                **bytes_,
                "internal": chance.random() < 0.3,
                "content_id": None if deleted else content_id,
                "former_content_id": content_id if deleted else None,
                "deleted_at": chance.choice(words.moments) if deleted else None,
                "version": chance.randint(1, 9),
                "created_at": chance.choice(words.moments),
                "updated_at": chance.choice(words.moments),
            },
        )


def _views(of: Organisation) -> Iterator[Row]:
    # By a chance of their own, too.
    words, chance = of.vocabulary, chance_of(f"views of {of.name}")
    for number, owner_id in enumerate(list(of.users.values()) * 2):
        yield {
            "id": of.new("SavedView"),
            "owner_id": owner_id,
            "name": f"{chance.choice(words.names)[:80]} {number}",
            "filter": chance.choice(({}, {"tags": [chance.choice(words.tags)]}, {"n": [1e-7, 2**53, None, True]})),
            "order_by": chance.choice((None, [], [{"field": "STATUS", "direction": "DESC"}])),
            "shared": chance.random() < 0.4,
            "version": chance.randint(1, 9),
            "created_at": chance.choice(words.moments),
            "updated_at": chance.choice(words.moments),
        }


def _of_customers(of: Organisation) -> Iterator[tuple[str, Row]]:
    # By chances of their own, which leave every other row as it is without them.
    words, present = of.vocabulary, chance_of(f"what {of.name} still has")
    for number in range(5):
        yield (
            "customers",
            {
                "id": of.new("Customer"),
                "external_id": of.maybe([f"C-{number}"]),
                "name": of.pick(words.names),
                "tier": of.pick(list(CustomerTier)),
                "latitude": of.maybe(words.latitudes, 0.8),
                "longitude": of.maybe(words.longitudes, 0.8),
                "address": of.maybe(words.texts, 0.8),
                "active": present.random() < 0.7,
                **of.stamps(),
            },
        )
    customers = of.keys["Customer"]
    for name, person in PEOPLE.items():
        for number in person.customers:
            yield "customer_users", {"customer_id": customers[number], "user_id": of.users[name]}
    for number in range(10):
        yield (
            "assets",
            {
                "id": of.new("Asset"),
                "external_id": of.maybe([f"A-{number}"]),
                "kind": of.pick(list(AssetKind)),
                "name": of.pick(words.lines),
                "customer_id": of.maybe(customers[:4], 0.8),
                "active": present.random() < 0.7,
                **of.stamps(),
            },
        )
    lead_times = chance_of(f"lead times of {of.name}")
    for number in range(6):
        yield (
            "parts",
            {
                "id": of.new("Part"),
                "part_number": f"P-{number}",
                "name": of.pick(words.lines),
                "stock": of.pick((-3, 0, 1, 2, 2_147_483_647)),
                "unit_cost": of.maybe(words.prices, 0.8),
                "currency": of.pick(("EUR", "JPY")),
                "lead_time_days": lead_times.choice((None, 0, 5, 3650)),
                "active": present.random() < 0.7,
                **of.stamps(),
            },
        )


def _ticket(of: Organisation, number: int) -> Row:
    words = of.vocabulary
    located = of.chance.random() < 0.7
    of.numbers.append(f"TKT-2026-{number + 1:06d}")
    return {
        "id": of.new("Ticket"),
        "ticket_number": of.numbers[-1],
        "title": of.pick(words.lines),
        "description": of.pick(words.texts),
        "status": of.pick(list(TicketStatus)),
        "priority": of.pick(list(TicketPriority)),
        "category": of.pick(list(TicketCategory)),
        "environment": of.maybe(list(Environment)),
        "affected_service": of.maybe(words.lines),
        "tags": tuple(of.pick(words.tags) for _ in range(of.pick((0, 0, 1, 2, 3)))),
        "document": of.maybe(words.documents, 0.8),
        "customer_id": of.maybe(of.keys["Customer"], 0.8),
        "asset_id": of.maybe(of.keys["Asset"]),
        "requester_id": of.users[of.pick(("customer", "colleague", "elsewhere", "stranger", "dispatcher", "gus"))],
        "territory_id": of.maybe(of.keys["Territory"]),
        "latitude": of.pick(words.latitudes) if located else None,
        "longitude": of.pick(words.longitudes) if located else None,
        "address": of.maybe(words.texts),
        "escalation_count": of.chance.randint(0, 3),
        "escalation_tier_level": of.maybe(TIERS),
        "resolution_notes": of.maybe(words.texts),
        "resolved_at": of.maybe(words.moments, 0.4),
        "closed_at": of.maybe(words.moments, 0.3),
        "deleted_at": of.maybe(words.moments, 0.08),
        # Filled in with the clocks.
        **dict.fromkeys(("sla_policy_id", "sla_state", "sla_due_at", "sla_due_first", "sla_due_last")),
        **of.stamps(),
    }


def _of_ticket(of: Organisation, ticket_id: UUID) -> Iterator[tuple[str, Row]]:
    for skill_id in of.chance.sample(of.keys["Skill"], of.pick((0, 0, 1, 3))):
        level = of.chance.randint(1, 5)
        yield "ticket_required_skills", {"ticket_id": ticket_id, "skill_id": skill_id, "level": level}
    for part_id in of.chance.sample(of.keys["Part"], of.pick((0, 0, 1, 3))):
        needed = {"quantity": of.chance.randint(1, 3), "critical": of.chance.random() < 0.5}
        yield "ticket_required_parts", {"ticket_id": ticket_id, "part_id": part_id, **needed}
    turns = of.pick((0, 1, 1, 2, 4))
    previous_id = None
    for sequence in range(1, turns + 1):
        active = sequence == turns and of.chance.random() < 0.6
        job = _job(of, ticket_id, sequence, of.pick(ACTIVE if active else _ENDED))
        yield "assignments", {**job, "previous_id": previous_id}
        previous_id = job["id"]
        for line in range(1, of.pick((0, 0, 1, 3)) + 1):
            yield "assignment_parts", _used(of, job["id"], line)
    for _ in range(of.pick((0, 1, 3, 6))):
        yield "comments", _comment(of, ticket_id)


def _job(of: Organisation, ticket_id: UUID, sequence: int, status: AssignmentStatus) -> Row:
    words = of.vocabulary
    rejected, escalated = status is AssignmentStatus.REJECTED, status is AssignmentStatus.ESCALATED
    stamps = ("accept_by", "en_route_at", "arrived_at", "paused_at", "resumed_at", "completed_at", "cancelled_at")
    expired = status in {AssignmentStatus.REASSIGNED, AssignmentStatus.CANCELLED} and of.chance.random() < 0.5
    rated = status is AssignmentStatus.COMPLETED and of.chance.random() < 0.5
    far = of.chance.random() < 0.5
    return {
        "id": of.new("Assignment"),
        "ticket_id": ticket_id,
        "technician_id": of.pick(list(of.technicians.values())),
        "sequence": sequence,
        "tier_level": of.pick(TIERS),
        "reason": of.pick(list(AssignmentReason)),
        "reason_note": of.maybe(words.lines),
        "type": of.pick(list(AssignmentType)),
        "status": status,
        "assigned_by": of.maybe(list(of.users.values())),
        "assigned_at": of.moment(),
        **{name: of.maybe(words.moments, 0.4) for name in stamps},
        "accepted_at": None if expired else of.maybe(words.moments, 0.4),
        "ended_at": None if status in ACTIVE else of.moment(),
        "paused_seconds": of.chance.choice((0, 0, 600, 2**31 - 1)),
        "worked_seconds": of.maybe((0, 5400, 2**31 - 1)),
        "offer_expired_at": of.moment() if expired else None,
        "cancellation_reason": of.maybe(words.texts, 0.2),
        "customer_rating": of.chance.randint(1, 5) if rated else None,
        "customer_feedback": of.maybe(words.texts, 0.2),
        "rated_at": of.moment() if rated else None,
        "distance_km": of.chance.choice((0.0, 0.5, 12.25, 1e-7, 20015.08)) if far else None,
        "travel_minutes": of.maybe((0, 17, 600)),
        "distance_source": of.pick(list(DistanceSource)) if far else None,
        "pin": of.maybe((1, 2, 3), 0.3) if status in ACTIVE else None,
        "started_at": of.moment() if status is AssignmentStatus.IN_PROGRESS else of.maybe(words.moments, 0.3),
        "rejected_at": of.moment() if rejected else None,
        "rejection_reason": of.pick(words.texts) if rejected else None,
        "outcome": of.pick(_OUTCOMES[status]) if status in _OUTCOMES else None,
        "escalation_reason": of.pick(words.texts) if escalated else None,
        "time_spent_hours": of.maybe(words.hours),
        "diagnosis": of.maybe(words.texts),
        "actions_taken": of.maybe(words.texts),
        "notes": of.maybe(words.texts),
        **of.stamps(),
    }


def _used(of: Organisation, assignment_id: UUID, line: int) -> Row:
    return {
        "assignment_id": assignment_id,
        "line": line,
        "part_id": of.maybe(of.keys["Part"]),
        "part_number": of.pick(of.vocabulary.lines),
        "part_name": of.pick(of.vocabulary.lines),
        "quantity": of.chance.randint(1, 3),
        "cost": of.maybe(of.vocabulary.prices),
        "currency": of.maybe(("EUR", "JPY")),
    }


def _comment(of: Organisation, ticket_id: UUID) -> Row:
    by_server = of.chance.random() < 0.2
    return {
        "id": of.new("Comment"),
        "ticket_id": ticket_id,
        "author_id": None if by_server else of.pick(list(of.users.values())),
        "body": of.pick(of.vocabulary.texts),
        "internal": of.chance.random() < 0.4,
        "system_generated": by_server,
        "edited_at": of.maybe(of.vocabulary.moments, 0.3),
        "deleted_at": of.maybe(of.vocabulary.moments, 0.1),
        **of.stamps(),
    }
