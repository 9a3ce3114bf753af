"""The rows of the matrix's world: what an organisation has for all, and what one family has, table by table."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from app.db.sla import written_targets
from app.db.tables.api_keys import api_keys
from app.db.tables.appointments import bookings, waitlist_entries
from app.db.tables.availability import shift_breaks, shifts, time_off
from app.db.tables.customers import assets, customer_users, customers, parts
from app.db.tables.deliveries import calendar_feeds
from app.db.tables.locations import technician_locations
from app.db.tables.log import event_heads
from app.db.tables.organizations import (
    escalation_tiers,
    organization_settings,
    organizations,
    skills,
    teams,
    territories,
)
from app.db.tables.people import technician_skills, technician_territories, technicians, users
from app.db.tables.sla import business_calendars, sla_policies
from app.db.tables.supply import (
    facilities,
    service_bay_skills,
    service_bays,
    service_type_skills,
    service_types,
    territory_holidays,
)
from app.db.tables.views import saved_views
from app.domain.api_key_texts import BEGINNING
from app.domain.people import ApiKeyScope, Role
from app.domain.sla import DEFAULT_TARGETS
from tests.areas import box
from tests.holds import a_hold, a_wish

Row = tuple[sa.Table, dict[str, Any]]
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
_HOURS_IN_THE_BAY = ("asked", "ours", "job", "others", "elsewhere")
_PLACE = {"latitude": 52.1, "longitude": 5.1}


@dataclass(slots=True, kw_only=True)
class Place:
    """An organisation: its moment, the keys that all of it shares, and what it has by type, variant and key."""

    name: str
    organization_id: UUID
    now: datetime
    keys: dict[str, UUID] = field(default_factory=dict)
    known: list[tuple[str, str, UUID]] = field(default_factory=list)

    @property
    def stamps(self) -> dict[str, datetime]:
        """When rows came to be and last changed."""
        return {"created_at": self.now - 10 * DAY, "updated_at": self.now - 9 * DAY}

    def new(self, kind: str, variant: str = "") -> UUID:
        """Return the key of a new row; without a variant it is the one that others point to."""
        key = uuid7()
        if not variant:
            self.keys[kind] = key
        self.known.append((kind, variant, key))
        return key


@dataclass(slots=True, kw_only=True)
class Family:
    """What hangs together: who asked, for which customer, who does it. `known` is what it has: type, variant, key,
    whether its job is active, and whose it is where that is not the family's."""

    whose: str
    requester: UUID
    technician_user: UUID
    customer: UUID
    # Who belongs to the customer.
    member: UUID | None
    technician: UUID = field(default_factory=uuid7)
    asset: UUID = field(default_factory=uuid7)
    # A file on its way, of whoever asked; it is no row of the schema yet.
    upload: UUID = field(default_factory=uuid7)
    known: list[tuple[str, str, UUID, bool, str]] = field(default_factory=list)

    def note(self, kind: str, variant: str, key: UUID, *, active: bool = False, whose: str | None = None) -> UUID:
        """Remember a row that has an id of its own; return its key."""
        self.known.append((kind, variant, key, active, whose or self.whose))
        return key

    def new(self, kind: str, variant: str = "", *, active: bool = False) -> UUID:
        """Return the key of a new row."""
        return self.note(kind, variant, uuid7(), active=active)


def company(of: Place, somebody: UUID, roles: tuple[Role, ...]) -> Iterator[Row]:
    """Yield what an organisation has for all its people, and somebody of it with these roles."""
    of.known.append(("Organization", "", of.organization_id))
    yield organizations, {"name": of.name, "time_zone": "Europe/Amsterdam", **of.stamps}
    settings = {"offer_accept_minutes": 60, "urgent_accept_minutes": 15, "max_jobs_per_day": 90, "hourly_rate": "80.00"}
    booking = {"late_cancellation_fee": "25.00", "max_bookings_per_technician_per_day": 40}
    loose = {"one_job_in_progress": False, "sla_enabled": False}
    yield organization_settings, {**settings, **booking, **loose, **of.stamps}
    yield event_heads, {"recorded_at": of.now - DAY}
    yield teams, {"id": of.new("Team"), "name": f"Team {of.name}"}
    of.keys["Team second"] = of.new("Team", "second")
    yield teams, {"id": of.keys["Team second"], "name": f"Second team {of.name}"}
    yield teams, {"id": of.new("Team", "empty"), "name": f"Third team {of.name}"}
    zone = {"time_zone": "Europe/Amsterdam"}
    area = box(52.0, 5.0, 52.5, 5.5)
    yield territories, {"id": of.new("Territory"), "name": f"Centre {of.name}", "area": area, **zone}
    yield skills, {"id": of.new("Skill"), "code": "PUMPS", "name": f"Pumps {of.name}"}
    yield skills, {"id": of.new("Skill", "unused"), "code": "GATES", "name": f"Gates {of.name}"}
    yield territories, {"id": of.new("Territory", "unused"), "name": f"Outskirts {of.name}", **zone}
    holiday = {"day": of.now.date() + 99 * DAY, "name": f"Feast {of.name}"}
    yield territory_holidays, {"territory_id": of.keys["Territory"], **holiday}
    kind = {"type": "DIAGNOSTIC", "duration_minutes": 60, "urgency": "LOW", "auto_book_from": "NEVER"}
    yield service_types, {**kind, **of.stamps}
    yield service_type_skills, {"type": "DIAGNOSTIC", "skill_id": of.keys["Skill"], "level": 1}
    for level in (1, 2, 3):
        tier = {"level": level, "code": f"L{level}", "name": f"Line {level} {of.name}", "accept_within_minutes": 30}
        yield escalation_tiers, {**tier, "team_id": of.keys["Team"]}
    hours = {"MON": [["09:00", "17:00"]]}
    kept = {
        "name": f"Days {of.name}",
        "time_zone": "UTC",
        "weekly": hours,
        "holidays": (of.now.date(),),
        "created_at": of.now,
    }
    yield business_calendars, {"id": of.new("BusinessCalendar"), **kept}
    promise = {"revision": 1, "name": f"Promises {of.name}", "built_in": False, "pause_on": ("PENDING_INFO",)}
    warned = {"warn_at_percent": (75,), "auto_escalate_on_breach": False, "created_at": of.now}
    targets = {"targets": written_targets(DEFAULT_TARGETS), "calendar_id": of.keys["BusinessCalendar"]}
    yield sla_policies, {"id": of.new("SlaPolicy"), **promise, **warned, **targets}
    yield (
        facilities,
        {
            "id": of.new("Facility"),
            "name": f"Depot {of.name}",
            "territory_id": of.keys["Territory"],
            "calendar_id": of.keys["BusinessCalendar"],
            **_PLACE,
            **of.stamps,
        },
    )
    yield service_bays, {"id": of.new("ServiceBay"), "facility_id": of.keys["Facility"], "name": "Bay 1", **of.stamps}
    yield service_bay_skills, {"bay_id": of.keys["ServiceBay"], "skill_id": of.keys["Skill"]}
    yield facilities, {"id": of.new("Facility", "unused"), "name": f"Shed {of.name}", **of.stamps}
    bay = {"facility_id": of.keys["Facility"], "name": f"Bay 2 {of.name}"}
    yield service_bays, {"id": of.new("ServiceBay", "unused"), **bay, **of.stamps}
    spare = {"part_number": "RING-1", "name": f"Ring {of.name}", "stock": 0, "currency": "EUR"}
    yield parts, {"id": of.new("Part", "unused"), **spare, **of.stamps}
    part = {"part_number": "SEAL-1", "name": f"Seal {of.name}", "stock": 10, "lead_time_days": 3}
    yield parts, {"id": of.new("Part"), **part, "unit_cost": "4.50", "currency": "EUR", **of.stamps}
    mail = f"somebody@{of.name}.example"
    idle = {"name": f"Spare of {of.name}", "roles": (Role.TECHNICIAN,), "email": f"spare@{of.name}.example"}
    yield users, {"id": of.new("User", "staff spare"), **idle, **of.stamps}
    yield users, {"id": somebody, "name": f"Jo of {of.name}", "email": mail, "roles": roles, **of.stamps}


def household(of: Place, family: Family) -> Iterator[Row]:
    """Yield people, customer and hours of a family, and what is agreed with it apart from its tickets."""
    yield from _people(of, family)
    yield from _hours(of, family)
    yield from _agreed(of, family)
    view = {"filter": {}, "order_by": [{"field": "STATUS", "direction": "DESC"}], **of.stamps}
    for variant, shared in (("private", False), ("shared", True)):
        mine = {"owner_id": family.requester, "name": f"{variant} view of {family.whose}", "shared": shared}
        yield saved_views, {"id": family.new("SavedView", variant), **mine, **view}
    number = len(of.known)
    key = {"prefix": f"{BEGINNING}{uuid7().int % 10**10:010}", "hash": uuid7().bytes * 2, "scopes": (ApiKeyScope.READ,)}
    used = {"expires_at": of.now + 30 * DAY, "last_used_at": of.now, "name": f"Key {number} of {family.whose}"}
    of_requester = {"user_id": family.requester, "created_by": family.technician_user}
    yield api_keys, {"id": family.new("ApiKey"), **key, **used, **of_requester, **of.stamps}
    spent = {"prefix": f"{BEGINNING}{uuid7().int % 10**10:010}", "hash": uuid7().bytes * 2, "revoked_at": of.now}
    yield api_keys, {"id": family.new("ApiKey", "revoked"), **key, **used, **of_requester, **spent, **of.stamps}


def _people(of: Place, family: Family) -> Iterator[Row]:
    name, keys = family.whose, of.keys
    strangers = [(family.requester, Role.END_USER, name, "customer")] if name != "asked" else []
    if name != "job":
        strangers.append((family.technician_user, Role.TECHNICIAN, "others", "staff"))
    for key, role, whose, variant in strangers:
        family.note("User", variant, key, whose=name if name == "elsewhere" else whose)
        mail = f"{key.hex}@{name}.example"
        yield users, {"id": key, "name": f"{variant} of {name}", "email": mail, "roles": (role,), **of.stamps}
    if name == "asked":
        family.note("User", "staff", family.requester)
    works = {
        "external_id": f"T-{name}",
        "team_id": keys["Team" if name != "others" else "Team second"],
        "tier_level": 1,
        "main_skill_id": keys["Skill"],
    }
    home = {"home_latitude": 52.0, "home_longitude": 5.0, "years_experience": 7, "rating_total": 9, "rating_count": 2}
    row = {"user_id": family.technician_user, **works, **home, **of.stamps}
    yield technicians, {"id": family.note("Technician", "", family.technician, active=True), **row}
    skilled = {"skill_id": keys["Skill"], "level": 5, "expires_on": (of.now + 400 * DAY).date()}
    yield technician_skills, {"technician_id": family.technician, **skilled}
    yield technician_territories, {"technician_id": family.technician, "territory_id": keys["Territory"]}
    seen = {"accuracy_meters": 4.5, "heading_degrees": 90.0, "recorded_at": of.now - HOUR}
    yield technician_locations, {"technician_id": family.technician, **_PLACE, **seen}
    yield calendar_feeds, {"technician_id": family.technician, "generation": 0, "updated_at": of.now}
    kept = {"external_id": f"C-{name}", "name": f"Customer of {name}", "tier": "PREMIUM", "address": f"Quay {name}"}
    yield customers, {"id": family.note("Customer", "", family.customer, active=True), **kept, **_PLACE, **of.stamps}
    # Of the customer jo asked for, jo is none.
    for member in {family.member, family.requester if name != "asked" else None} - {None}:
        yield customer_users, {"customer_id": family.customer, "user_id": member}
    thing = {"kind": "EQUIPMENT", "external_id": f"A-{name}", "name": f"Press of {name}"}
    yield assets, {"id": family.note("Asset", "", family.asset), **thing, "customer_id": family.customer, **of.stamps}


def _hours(of: Place, family: Family) -> Iterator[Row]:
    mine = {"technician_id": family.technician}
    day = of.now.replace(hour=0, minute=0, second=0, microsecond=0)
    for ahead in range(1, 15):
        shift = family.new("Shift", "" if ahead == 1 else "later")
        # Everybody is at work at the moment.
        start = of.now - 2 * HOUR if ahead == 1 else day + ahead * DAY + 5 * HOUR
        yield shifts, {"id": shift, **mine, "starts_at": start, "ends_at": start + 16 * HOUR, **of.stamps}
        if ahead == 1:
            yield shift_breaks, {"shift_id": shift, "starts_at": start + 4 * HOUR, "ends_at": start + 5 * HOUR}
    away = {"starts_at": day + 20 * DAY, "ends_at": day + 21 * DAY, "reason": f"Dentist of {family.whose}"}
    yield time_off, {"id": family.new("TimeOff"), **mine, **away, **of.stamps}


def _agreed(of: Place, family: Family) -> Iterator[Row]:
    offered: dict[str, Any] = {"held_by": family.requester, "customer_id": family.customer, "expires_at": of.now + HOUR}
    soon = of.now.replace(hour=8, minute=0, second=0, microsecond=0) + 3 * DAY
    yield bookings, a_hold(family.new("SlotHold"), family.technician, soon, **offered)
    waits = {"customer_id": family.customer, "joined_by": family.requester, "appointment_type": "DIAGNOSTIC"}
    times = [[(of.now + DAY).isoformat(), (of.now + 2 * DAY).isoformat()]]
    wait = {
        "windows": times,
        "request": a_wish().written(),
        "tier_rank": 1,
        "status": "WAITING",
        "expires_at": of.now + 9 * DAY,
    }
    paused = {**wait, "paused_at": of.now}
    yield waitlist_entries, {"id": family.new("WaitlistEntry", "waiting"), **waits, **paused, **of.stamps}
    entry = family.new("WaitlistEntry", "offered")
    yield waitlist_entries, {"id": entry, **waits, **wait, "status": "OFFERED", **of.stamps}
    bay: dict[str, Any] = {"bay_id": of.keys["ServiceBay"], "waitlist_entry_id": entry}
    # There is one bay, and nobody is held in it twice.
    later = soon + (2 + 2 * _HOURS_IN_THE_BAY.index(family.whose)) * HOUR
    yield bookings, a_hold(family.new("SlotHold", "offered"), family.technician, later, **bay, **offered)
