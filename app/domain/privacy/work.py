"""What is kept of the work: tickets and what hangs on them, as somebody wrote it or is written of."""

from app.domain.privacy.declaring import Declared, Root, Way, Whose, by, declared, partly_by, shown_by

_STAMPS = "version created_at updated_at"
_WORDS = (Whose.WORDS, Way.TOMBSTONE)
_PLACE = (Whose.CUSTOMER, Way.NULL)

WORK: tuple[Declared, ...] = (
    declared(
        "tickets",
        "What needs doing, where and for whom.",
        "id ticket_number status status_rank priority category environment customer_id asset_id requester_id"
        " territory_id escalation_count escalation_tier_level resolved_at closed_at deleted_at sla_policy_id sla_due_at"
        f" sla_state sla_due_first sla_due_last {_STAMPS}",
        by("requester_id", Root.USER),
        by("customer_id", Root.CUSTOMER),
        # What whoever resolves a ticket reports of the job is told of the ticket too.
        partly_by("id", Root.RESOLVED, "resolution_notes"),
        personal={
            "title": _WORDS,
            "description": _WORDS,
            "affected_service": _WORDS,
            "tags": (Whose.WORDS, Way.EMPTY),
            "custom_fields": (Whose.WORDS, Way.NULL),
            "latitude": _PLACE,
            "longitude": _PLACE,
            "address": _PLACE,
            "resolution_notes": _WORDS,
        },
        kind="Ticket",
        told="required_skills required_parts rejections",
    ),
    declared(
        "ticket_required_skills",
        "What whoever does it must be able to do.",
        "ticket_id skill_id level",
        by("ticket_id", Root.TICKET),
    ),
    declared(
        "ticket_required_parts",
        "What is needed for it.",
        "ticket_id part_id quantity critical",
        by("ticket_id", Root.TICKET),
    ),
    declared(
        "ticket_search",
        "The words by which a ticket is found.",
        "ticket_id",
        by("ticket_id", Root.TICKET),
        personal={"public_words": (Whose.WORDS, Way.FOLLOWS), "staff_words": (Whose.WORDS, Way.FOLLOWS)},
    ),
    declared(
        "comments",
        "What was said on a ticket.",
        f"id ticket_id author_id internal system_generated edited_at deleted_at {_STAMPS}",
        by("ticket_id", Root.TICKET),
        by("author_id", Root.USER),
        personal={"body": _WORDS},
        kind="Comment",
    ),
    declared(
        "assignments",
        "Whose turn it was, and what came of it.",
        "id ticket_id technician_id sequence previous_id tier_level reason type status status_rank assigned_by"
        " assigned_at accept_by accepted_at rejected_at en_route_at arrived_at started_at paused_at resumed_at"
        " completed_at cancelled_at ended_at paused_seconds worked_seconds offer_expired_at outcome time_spent_hours"
        f" customer_rating rated_at distance_km travel_minutes distance_source pin {_STAMPS}",
        by("ticket_id", Root.TICKET),
        by("technician_id", Root.TECHNICIAN),
        shown_by("assigned_by", Root.USER),
        personal=dict.fromkeys(
            (
                "reason_note",
                "rejection_reason",
                "cancellation_reason",
                "escalation_reason",
                "diagnosis",
                "actions_taken",
                "notes",
                "customer_feedback",
            ),
            _WORDS,
        ),
        kind="Assignment",
        told="parts_used attachments",
    ),
    declared(
        "assignment_parts",
        "What was used up.",
        "assignment_id line part_id part_number part_name quantity cost currency",
        by("assignment_id", Root.JOB),
    ),
    declared(
        "uploads",
        "Files that were announced.",
        "id ticket_id comment_id user_id size_bytes sha256 internal expires_at attempt_id attempted_at finished_at"
        " created_at",
        by("ticket_id", Root.TICKET),
        by("user_id", Root.USER),
        personal={"file_name": _WORDS},
    ),
    declared(
        "attachments",
        "Files of a ticket.",
        "id ticket_id comment_id assignment_id uploaded_by content_type size_bytes sha256 internal scan_state"
        f" former_content_id deleted_at {_STAMPS}",
        by("ticket_id", Root.TICKET),
        by("uploaded_by", Root.USER),
        personal={"file_name": _WORDS, "content_id": (Whose.WORDS, Way.BYTES)},
        kind="Attachment",
    ),
    declared(
        "sla_clocks",
        "By when something was promised.",
        "id ticket_id metric generation policy_id target_minutes state started_at due_at segments warned_percent"
        f" breached_at met_at current next_check_at {_STAMPS}",
        by("ticket_id", Root.TICKET),
        kind="SlaClock",
    ),
    declared(
        "alerts",
        "What monitoring told.",
        "alert_id input_hash ticket_id appointment_id created_at",
        by("ticket_id", Root.TICKET),
    ),
    declared(
        "appointments",
        "What was agreed, when and with whom.",
        "id ticket_id assignment_id asset_id customer_id type urgency status location_mode facility_id bay_id"
        " technician_id starts_at ends_at arrival_until time_zone lock series_id occurrence_at notify"
        " used_recommended_slot invite_sequence remind_at reminded_at confirmed_at cancelled_at cancellation_fee"
        f" currency booked_by {_STAMPS}",
        by("id", Root.APPOINTMENT),
        shown_by("technician_id", Root.TECHNICIAN),
        shown_by("booked_by", Root.USER),
        personal={
            "request": (Whose.CUSTOMER, Way.EMPTY),
            "notes": _WORDS,
            "cancellation_reason": _WORDS,
        },
        kind="Appointment",
    ),
    declared(
        "appointment_series",
        "What was agreed to come again.",
        f"id rrule time_zone starts_at exceptions planned_until shift_minutes ended {_STAMPS}",
        by("id", Root.SERIES),
        personal={"template": (Whose.WORDS, Way.EMPTY)},
        kind="AppointmentSeries",
    ),
    declared(
        "bookings",
        "Whose time was taken, and where.",
        "id kind active technician_id bay_id starts_at ends_at during appointment_id waitlist_entry_id held_by"
        " customer_id expires_at created_at released_at",
        by("appointment_id", Root.APPOINTMENT),
        by("customer_id", Root.CUSTOMER),
        by("held_by", Root.USER),
        shown_by("technician_id", Root.TECHNICIAN),
        personal={"latitude": _PLACE, "longitude": _PLACE, "offer": (Whose.CUSTOMER, Way.EMPTY)},
        kind="SlotHold",
    ),
    declared(
        "part_reservations",
        "What an appointment needs.",
        "appointment_id part_id quantity critical",
        by("appointment_id", Root.APPOINTMENT),
    ),
    declared(
        "waitlist_entries",
        "Who would like an earlier time.",
        f"id customer_id appointment_id joined_by appointment_type tier_rank status expires_at paused_at {_STAMPS}",
        by("appointment_id", Root.APPOINTMENT),
        by("customer_id", Root.CUSTOMER),
        by("joined_by", Root.USER),
        personal={
            "windows": (Whose.CUSTOMER, Way.EMPTY),
            "request": (Whose.CUSTOMER, Way.EMPTY),
            "declined": (Whose.CUSTOMER, Way.EMPTY),
        },
        kind="WaitlistEntry",
    ),
    declared(
        "deliveries",
        "What was sent about an appointment.",
        "id appointment_id channel user_id technician_id purpose sequence state attempts due_at claimed_at sent_at"
        " created_at updated_at",
        by("appointment_id", Root.APPOINTMENT),
        by("user_id", Root.USER),
        by("technician_id", Root.TECHNICIAN),
        personal={"last_error": (Whose.WORDS, Way.NULL), "external_id": (Whose.USER, Way.NULL)},
    ),
)
