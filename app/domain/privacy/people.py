"""What is kept of users, technicians and customers themselves."""

from app.domain.privacy.declaring import Declared, Root, Way, Whose, by, declared, shown_by

_STAMPS = "version created_at updated_at"

PEOPLE: tuple[Declared, ...] = (
    declared(
        "users",
        "Who may log in, as what, and how they are reached.",
        f"id roles active tokens_revoked_at {_STAMPS}",
        by("id", Root.USER),
        personal={"name": (Whose.USER, Way.TOMBSTONE), "email": (Whose.USER, Way.NULL)},
        kind="User",
    ),
    declared(
        "technicians",
        "Who goes out, from where, and what for.",
        f"id user_id team_id tier_level main_skill_id active rating_total rating_count {_STAMPS}",
        by("id", Root.TECHNICIAN),
        personal={
            "external_id": (Whose.TECHNICIAN, Way.NULL),
            "years_experience": (Whose.TECHNICIAN, Way.NULL),
            "home_latitude": (Whose.TECHNICIAN, Way.NULL),
            "home_longitude": (Whose.TECHNICIAN, Way.NULL),
        },
        kind="Technician",
        told="skills territory_ids",
    ),
    declared(
        "technician_skills",
        "What a technician can do.",
        "technician_id skill_id level expires_on",
        by("technician_id", Root.TECHNICIAN),
    ),
    declared(
        "technician_territories",
        "Where a technician works.",
        "technician_id territory_id",
        by("technician_id", Root.TECHNICIAN),
    ),
    declared(
        "technician_locations",
        "Where a technician was last.",
        "technician_id",
        by("technician_id", Root.TECHNICIAN),
        personal=dict.fromkeys(
            ("latitude", "longitude", "accuracy_meters", "heading_degrees", "recorded_at"), (Whose.TECHNICIAN, Way.ROW)
        ),
    ),
    declared(
        "shifts",
        "When a technician works.",
        f"id technician_id starts_at ends_at on_call {_STAMPS}",
        by("technician_id", Root.TECHNICIAN),
        kind="Shift",
        told="breaks",
    ),
    declared("shift_breaks", "When a technician rests.", "shift_id starts_at ends_at"),
    declared(
        "time_off",
        "When a technician is away.",
        f"id technician_id starts_at ends_at availability said {_STAMPS}",
        by("technician_id", Root.TECHNICIAN),
        personal={"reason": (Whose.WORDS, Way.NULL)},
        kind="TimeOff",
    ),
    declared(
        "queue_versions",
        "How often a technician's queue changed.",
        "technician_id version",
        by("technician_id", Root.TECHNICIAN),
        kind="TechnicianQueue",
        told="pinned",
    ),
    declared(
        "calendar_connections",
        "Leave to write into a technician's calendar.",
        f"technician_id provider {_STAMPS}",
        by("technician_id", Root.TECHNICIAN),
        personal={
            "calendar_id": (Whose.TECHNICIAN, Way.TOMBSTONE),
            "sealed_token": (Whose.TECHNICIAN, Way.NULL),
            "broken_because": (Whose.WORDS, Way.NULL),
        },
    ),
    declared(
        "calendar_feeds",
        "Which address of a technician's calendar is good.",
        "technician_id generation updated_at",
        by("technician_id", Root.TECHNICIAN),
    ),
    declared(
        "customers",
        "Whom the work is for, and where they are.",
        f"id tier active {_STAMPS}",
        by("id", Root.CUSTOMER),
        personal={
            "external_id": (Whose.CUSTOMER, Way.NULL),
            "name": (Whose.CUSTOMER, Way.TOMBSTONE),
            "latitude": (Whose.CUSTOMER, Way.NULL),
            "longitude": (Whose.CUSTOMER, Way.NULL),
            "address": (Whose.CUSTOMER, Way.NULL),
        },
        kind="Customer",
        told="user_ids",
    ),
    declared(
        "customer_users",
        "Who acts for which customer.",
        "customer_id user_id",
        by("customer_id", Root.CUSTOMER),
        by("user_id", Root.USER),
    ),
    declared(
        "assets",
        "What of the customer's is worked on.",
        f"id kind customer_id active {_STAMPS}",
        by("customer_id", Root.CUSTOMER),
        personal={"external_id": (Whose.CUSTOMER, Way.NULL), "name": (Whose.WORDS, Way.TOMBSTONE)},
        kind="Asset",
    ),
    declared(
        "api_keys",
        "Programs that come in as somebody; an ADMIN gives each its name.",
        f"id name prefix hash scopes user_id created_by expires_at last_used_at revoked_at {_STAMPS}",
        shown_by("user_id", Root.USER),
        shown_by("created_by", Root.USER),
        kind="ApiKey",
    ),
    declared(
        "saved_views",
        "Lists of tickets that somebody wants to see again.",
        f"id owner_id shared {_STAMPS}",
        by("owner_id", Root.USER),
        personal={
            "name": (Whose.WORDS, Way.ROW),
            "filter": (Whose.WORDS, Way.ROW),
            "order_by": (Whose.WORDS, Way.ROW),
        },
        kind="SavedView",
    ),
    declared(
        "idempotency_results",
        "What a request was answered, for its repeats, for 7 days.",
        "actor_id mutation change_id position created_at",
        by("actor_id", Root.USER),
        personal={
            "key": (Whose.USER, Way.ROW),
            "input_hash": (Whose.USER, Way.ROW),
            "result": (Whose.USER, Way.ROW),
        },
    ),
    declared(
        "legacy_rows",
        "Under which key an older platform knew a row, and its columns there.",
        "source kind legacy_key id",
        *(by("id", root) for root in (Root.USER, Root.TECHNICIAN, Root.CUSTOMER, Root.TICKET, Root.JOB)),
        personal={"kept": (Whose.WORDS, Way.NULL)},
    ),
    declared(
        "erasures",
        "Whose data was erased, when and why.",
        "id kind subject_id reason change_id erased_by erased_at",
        *(shown_by("subject_id", root) for root in (Root.USER, Root.TECHNICIAN, Root.CUSTOMER)),
    ),
)
