"""What appointments are made of: facilities and bays, holidays, lead times of parts, services, and their rules."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TABLES = (
    "facilities",
    "service_bays",
    "service_bay_skills",
    "territory_holidays",
    "service_types",
    "service_type_skills",
)
# What belongs to something is replaced as a whole.
REPLACED = frozenset({"service_bay_skills", "territory_holidays", "service_type_skills"})
TYPES = "('ROUTINE_MAINTENANCE', 'DIAGNOSTIC', 'COMPONENT_REPAIR', 'EMERGENCY')"
URGENCIES = "('LOW', 'MEDIUM', 'HIGH', 'CRITICAL')"

UP = (
    """
    CREATE TABLE facilities (
        organization_id uuid NOT NULL REFERENCES organizations,
        id uuid DEFAULT uuidv7() NOT NULL,
        name text NOT NULL,
        latitude double precision CHECK (latitude BETWEEN -90 AND 90),
        longitude double precision CHECK (longitude BETWEEN -180 AND 180),
        territory_id uuid,
        calendar_id uuid,
        version integer DEFAULT 1 NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, id),
        FOREIGN KEY (organization_id, territory_id) REFERENCES territories,
        FOREIGN KEY (organization_id, calendar_id) REFERENCES business_calendars,
        CONSTRAINT a_place_has_both CHECK ((latitude IS NULL) = (longitude IS NULL))
    )
    """,
    """
    CREATE TABLE service_bays (
        organization_id uuid NOT NULL,
        id uuid DEFAULT uuidv7() NOT NULL,
        facility_id uuid NOT NULL,
        name text NOT NULL,
        active boolean DEFAULT true NOT NULL,
        version integer DEFAULT 1 NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, id),
        UNIQUE (organization_id, facility_id, name),
        FOREIGN KEY (organization_id, facility_id) REFERENCES facilities
    )
    """,
    """
    CREATE TABLE service_bay_skills (
        organization_id uuid NOT NULL,
        bay_id uuid NOT NULL,
        skill_id uuid NOT NULL,
        PRIMARY KEY (organization_id, bay_id, skill_id),
        FOREIGN KEY (organization_id, bay_id) REFERENCES service_bays,
        FOREIGN KEY (organization_id, skill_id) REFERENCES skills
    )
    """,
    """
    CREATE TABLE territory_holidays (
        organization_id uuid NOT NULL,
        territory_id uuid NOT NULL,
        day date NOT NULL,
        name text NOT NULL,
        PRIMARY KEY (organization_id, territory_id, day),
        FOREIGN KEY (organization_id, territory_id) REFERENCES territories
    )
    """,
    f"""
    CREATE TABLE service_types (
        organization_id uuid NOT NULL REFERENCES organizations,
        type text NOT NULL CHECK (type IN {TYPES}),
        duration_minutes integer CHECK (duration_minutes BETWEEN 1 AND 1440),
        urgency text CHECK (urgency IN {URGENCIES}),
        auto_book_from text CHECK (auto_book_from IN ('LOW', 'MEDIUM', 'HIGH', 'CRITICAL', 'NEVER')),
        version integer DEFAULT 1 NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, type)
    )
    """,
    f"""
    CREATE TABLE service_type_skills (
        organization_id uuid NOT NULL,
        type text NOT NULL CHECK (type IN {TYPES}),
        skill_id uuid NOT NULL,
        level smallint NOT NULL CHECK (level BETWEEN 1 AND 5),
        PRIMARY KEY (organization_id, type, skill_id),
        FOREIGN KEY (organization_id, type) REFERENCES service_types,
        FOREIGN KEY (organization_id, skill_id) REFERENCES skills
    )
    """,
    """
    ALTER TABLE technicians
        ADD COLUMN rating_total integer DEFAULT 0 NOT NULL,
        ADD COLUMN rating_count integer DEFAULT 0 NOT NULL
    """,
    """
    UPDATE technicians AS t SET rating_total = said.total, rating_count = said.count
    FROM (
        SELECT organization_id, technician_id, sum(customer_rating) AS total, count(*) AS count
        FROM assignments WHERE customer_rating IS NOT NULL GROUP BY organization_id, technician_id
    ) AS said
    WHERE t.organization_id = said.organization_id AND t.id = said.technician_id
    """,
    "ALTER TABLE parts ADD COLUMN lead_time_days integer",
    "ALTER TABLE parts ADD CONSTRAINT parts_lead_time_days_check CHECK (lead_time_days BETWEEN 0 AND 3650) NOT VALID",
    """
    ALTER TABLE organization_settings
        ADD COLUMN max_bookings_per_technician_per_day integer,
        ADD COLUMN buffer_minutes integer,
        ADD COLUMN hold_minutes integer,
        ADD COLUMN auto_book_critical_alerts boolean,
        ADD COLUMN auto_book_within_days integer,
        ADD COLUMN reminder_hours_before integer,
        ADD COLUMN free_cancellation_hours integer,
        ADD COLUMN late_cancellation_fee numeric(12, 2),
        ADD COLUMN waitlist_offer_minutes integer,
        ADD COLUMN send_confirmation_email boolean
    """,
    # No row has a value yet: there is nothing to validate.
    """
    ALTER TABLE organization_settings ADD CONSTRAINT appointments_are_ruled_sensibly CHECK (
        max_bookings_per_technician_per_day BETWEEN 1 AND 100
        AND buffer_minutes BETWEEN 0 AND 480
        AND hold_minutes BETWEEN 1 AND 1440
        AND auto_book_within_days BETWEEN 1 AND 60
        AND reminder_hours_before BETWEEN 0 AND 720
        AND free_cancellation_hours BETWEEN 0 AND 720
        AND late_cancellation_fee >= 0
        AND waitlist_offer_minutes BETWEEN 1 AND 1440) NOT VALID
    """,
    "COMMENT ON TABLE facilities IS 'Buildings with service bays'",
    "COMMENT ON COLUMN facilities.calendar_id IS 'When it is open; null: always'",
    "COMMENT ON TABLE service_bays IS 'Where one piece of work at a time is done in a facility'",
    "COMMENT ON TABLE service_bay_skills IS 'What a bay is equipped for'",
    "COMMENT ON TABLE territory_holidays IS 'Days on which nobody works in a territory, but for who is on call'",
    "COMMENT ON TABLE service_types IS 'What an organisation has settled of a kind of service; null: as usual'",
    "COMMENT ON COLUMN service_types.auto_book_from IS 'Alerts of this severity and above are booked at once'",
    "COMMENT ON TABLE service_type_skills IS 'What a kind of service asks of technicians and bays'",
    "COMMENT ON COLUMN technicians.rating_total IS 'The sum of what requesters said of their jobs, 1 to 5 each'",
    "COMMENT ON COLUMN parts.lead_time_days IS 'In how many days more can be had; null: nobody knows'",
    "COMMENT ON COLUMN organization_settings.buffer_minutes IS 'Minutes between bookings; null: as the server says'",
)

DOWN = (
    "ALTER TABLE organization_settings DROP CONSTRAINT appointments_are_ruled_sensibly",
    """
    ALTER TABLE organization_settings
        DROP COLUMN max_bookings_per_technician_per_day,
        DROP COLUMN buffer_minutes,
        DROP COLUMN hold_minutes,
        DROP COLUMN auto_book_critical_alerts,
        DROP COLUMN auto_book_within_days,
        DROP COLUMN reminder_hours_before,
        DROP COLUMN free_cancellation_hours,
        DROP COLUMN late_cancellation_fee,
        DROP COLUMN waitlist_offer_minutes,
        DROP COLUMN send_confirmation_email
    """,
    "ALTER TABLE parts DROP COLUMN lead_time_days",
    "ALTER TABLE technicians DROP COLUMN rating_total, DROP COLUMN rating_count",
    *(f"DROP TABLE {table}" for table in reversed(TABLES)),
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"""
            CREATE POLICY own_organization ON {table} TO fieldgraph_app
            USING (organization_id = (SELECT current_organization()))
            """
        )
        rights = "SELECT, INSERT, UPDATE, DELETE" if table in REPLACED else "SELECT, INSERT, UPDATE"
        op.execute(f"GRANT {rights} ON {table} TO fieldgraph_app")


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
