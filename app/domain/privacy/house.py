"""What is kept of nobody: the organisation, its stock and rules, and what makes the server run."""

from app.domain.privacy.declaring import Declared, Way, Whose, declared

_STAMPS = "version created_at updated_at"

HOUSE: tuple[Declared, ...] = (
    declared("organizations", "The organisation.", f"id name time_zone {_STAMPS}", kind="Organization", told="tiers"),
    declared(
        "organization_settings",
        "What the organisation has settled.",
        "offer_accept_minutes urgent_accept_minutes one_job_in_progress max_jobs_per_day hourly_rate currency"
        " reopen_window_days sla_enabled max_bookings_per_technician_per_day buffer_minutes hold_minutes"
        " auto_book_critical_alerts auto_book_within_days reminder_hours_before free_cancellation_hours"
        f" late_cancellation_fee waitlist_offer_minutes send_confirmation_email {_STAMPS}",
    ),
    declared("escalation_tiers", "Its lines of support.", f"level code name accept_within_minutes team_id {_STAMPS}"),
    declared("teams", "Who works together.", f"id name active {_STAMPS}", kind="Team"),
    declared(
        "territories",
        "Where it works.",
        f"id name time_zone area area_west area_east area_south area_north active {_STAMPS}",
        kind="Territory",
    ),
    declared("skills", "What its work asks for.", f"id code name active {_STAMPS}", kind="Skill"),
    declared(
        "parts",
        "What is on the shelf.",
        f"id part_number name stock unit_cost currency lead_time_days active {_STAMPS}",
        kind="Part",
        told="quantity needed_by ticket_id appointment_id reason",
    ),
    declared("ticket_counters", "How many tickets a year had.", "year last_number"),
    # Digests and findings tell of bytes, and bytes go with the last attachment that names them.
    declared(
        "file_contents",
        "Bytes that attachments name.",
        "id sha256 size_bytes scan_state finding scanned_at doomed_at erased_at created_at",
    ),
    declared("business_calendars", "When offices are open.", "id name time_zone weekly holidays created_at"),
    declared(
        "sla_policies",
        "What is promised.",
        "id revision name built_in targets pause_on warn_at_percent auto_escalate_on_breach calendar_id created_at",
    ),
    declared("sla_alerts", "What was told of promises.", "clock_id percent created_at"),
    declared("facilities", "Buildings.", f"id name latitude longitude territory_id calendar_id active {_STAMPS}"),
    declared("service_bays", "Places in buildings.", f"id facility_id name active {_STAMPS}"),
    declared("service_bay_skills", "What they are equipped for.", "bay_id skill_id"),
    declared("territory_holidays", "Days on which nobody works.", "territory_id day name"),
    declared("service_types", "What is usual.", f"type duration_minutes urgency auto_book_from {_STAMPS}"),
    declared("service_type_skills", "What it asks for.", "type skill_id level"),
    declared("event_heads", "Where the log ends.", "position recorded_at"),
)

# The log has a rule of its own: fields of `changes` as the register of kinds says, and the address of whoever did it.
LOG = declared(
    "events",
    "What happened, when, by whom and to what.",
    "position id change_id type payload_version kind subject_id version ticket_id assignment_id existed exists_after"
    " technician_before technician_after team_before team_after territory_before territory_after requester_before"
    " requester_after customer_before customer_after territories_before territories_after internal_before"
    " internal_after actor_id source occurred_at recorded_at",
    personal={"changes": (Whose.WORDS, Way.TOMBSTONE), "ip_address": (Whose.USER, Way.NULL)},
)

# No organisation's: what the log is known by, the revision, and timers, which hold keys and times.
OF_THE_SERVER = frozenset(
    {
        "alembic_version",
        "log_identity",
        "pgqueuer",
        "pgqueuer_log",
        "pgqueuer_schedules",
        "pgqueuer_statistics",
        "timer_pickups",
    }
)
