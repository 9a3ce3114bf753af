"""What the application may do to the rows of each table, beside reading and adding to them."""

TIMERS = frozenset({"pgqueuer", "pgqueuer_log", "pgqueuer_schedules", "pgqueuer_statistics", "timer_pickups"})
NO_TENANTS = frozenset({"alembic_version", "log_identity", *TIMERS})
# What a ticket asks for is replaced as a whole; answers to repeats are forgotten in time; views are given up. The log
# has told of all. Reserved parts are given back; what bays and services need, and holidays, are replaced too.
REPLACED = {
    "ticket_required_skills",
    "ticket_required_parts",
    "idempotency_results",
    "saved_views",
    "part_reservations",
    "service_bay_skills",
    "service_type_skills",
    "territory_holidays",
}
# What an organisation keeps of itself goes where nothing uses it; where somebody was, and their calendar, go with them.
KEPT = {
    "teams",
    "territories",
    "skills",
    "escalation_tiers",
    "users",
    "technicians",
    "technician_skills",
    "technician_territories",
    "customers",
    "customer_users",
    "assets",
    "parts",
    "facilities",
    "service_bays",
    "service_types",
    "shifts",
    "shift_breaks",
    "time_off",
    "queue_versions",
    "technician_locations",
    "calendar_feeds",
}
SYSTEM_READS = frozenset({"events", "event_heads", "sla_clocks", "assignments"})
# What is pinned or was told is only added to.
ADDED_TO = frozenset({"events", "business_calendars", "sla_policies", "sla_alerts", "erasures"})
# Workers look for what is due in all organisations at once.
OF_ALL = frozenset({"index sla_clocks_to_check", "index sla_clocks_open", "index assignments_open"})
# What a key is known by never changes.
CHANGED_IN_PART = frozenset({"api_keys"})
