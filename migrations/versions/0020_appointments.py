"""Appointments: the table of bookings that keeps technicians and bays from being taken twice, and what hangs on it."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TABLES = (
    "appointment_series",
    "appointments",
    "waitlist_entries",
    "bookings",
    "part_reservations",
    "alerts",
)
TYPES = "('ROUTINE_MAINTENANCE', 'DIAGNOSTIC', 'COMPONENT_REPAIR', 'EMERGENCY')"
URGENCIES = "('LOW', 'MEDIUM', 'HIGH', 'CRITICAL')"
OPEN = "('SCHEDULED', 'CONFIRMED', 'IN_PROGRESS')"

UP = (
    "CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA public",
    """
    CREATE TABLE appointment_series (
        organization_id uuid NOT NULL REFERENCES organizations,
        id uuid NOT NULL,
        rrule text NOT NULL,
        time_zone text NOT NULL,
        starts_at timestamptz NOT NULL,
        exceptions date[] DEFAULT '{}' NOT NULL,
        planned_until timestamptz NOT NULL,
        template jsonb NOT NULL CHECK (jsonb_typeof(template) = 'object'),
        shift_minutes integer DEFAULT 0 NOT NULL,
        ended boolean DEFAULT false NOT NULL,
        version integer DEFAULT 1 NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, id)
    )
    """,
    f"""
    CREATE TABLE appointments (
        organization_id uuid NOT NULL,
        id uuid NOT NULL,
        ticket_id uuid NOT NULL,
        assignment_id uuid,
        asset_id uuid,
        customer_id uuid,
        type text NOT NULL CHECK (type IN {TYPES}),
        urgency text NOT NULL CHECK (urgency IN {URGENCIES}),
        status text NOT NULL
            CHECK (status IN ('SCHEDULED', 'CONFIRMED', 'IN_PROGRESS', 'COMPLETED', 'NO_SHOW', 'CANCELLED')),
        location_mode text NOT NULL CHECK (location_mode IN ('ON_SITE', 'AT_FACILITY')),
        facility_id uuid,
        bay_id uuid,
        technician_id uuid NOT NULL,
        starts_at timestamptz NOT NULL,
        ends_at timestamptz NOT NULL CHECK (ends_at > starts_at),
        arrival_until timestamptz NOT NULL CHECK (arrival_until >= starts_at),
        time_zone text NOT NULL,
        lock text DEFAULT 'NONE' NOT NULL CHECK (lock IN ('NONE', 'TIME', 'RESOURCE', 'RESOURCE_AND_TIME')),
        series_id uuid,
        occurrence_at timestamptz,
        request jsonb NOT NULL CHECK (jsonb_typeof(request) = 'object'),
        notes text,
        notify boolean NOT NULL,
        used_recommended_slot boolean NOT NULL,
        invite_sequence integer DEFAULT 0 NOT NULL CHECK (invite_sequence >= 0),
        remind_at timestamptz,
        reminded_at timestamptz,
        confirmed_at timestamptz,
        cancelled_at timestamptz,
        cancellation_reason text,
        cancellation_fee numeric(12, 2) CHECK (cancellation_fee >= 0),
        currency text,
        booked_by uuid,
        version integer DEFAULT 1 NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, id),
        FOREIGN KEY (organization_id, ticket_id) REFERENCES tickets,
        FOREIGN KEY (organization_id, assignment_id) REFERENCES assignments,
        FOREIGN KEY (organization_id, asset_id) REFERENCES assets,
        FOREIGN KEY (organization_id, customer_id) REFERENCES customers,
        FOREIGN KEY (organization_id, facility_id) REFERENCES facilities,
        FOREIGN KEY (organization_id, bay_id) REFERENCES service_bays,
        FOREIGN KEY (organization_id, technician_id) REFERENCES technicians,
        FOREIGN KEY (organization_id, series_id) REFERENCES appointment_series,
        FOREIGN KEY (organization_id, booked_by) REFERENCES users,
        CONSTRAINT a_bay_is_in_a_facility CHECK (
            CASE location_mode WHEN 'ON_SITE' THEN facility_id IS NULL AND bay_id IS NULL
            ELSE facility_id IS NOT NULL AND bay_id IS NOT NULL END),
        CONSTRAINT a_cancellation_has_reason CHECK (
            (status = 'CANCELLED') = (cancelled_at IS NOT NULL AND cancellation_reason IS NOT NULL)),
        CONSTRAINT an_occurrence_is_of_a_series CHECK ((series_id IS NULL) = (occurrence_at IS NULL))
    )
    """,
    f"""
    CREATE UNIQUE INDEX one_open_appointment ON appointments (organization_id, ticket_id) WHERE status IN {OPEN}
    """,
    "CREATE INDEX appointments_by_time ON appointments (organization_id, starts_at, id)",
    "CREATE INDEX appointments_by_technician ON appointments (organization_id, technician_id, starts_at, id)",
    "CREATE INDEX appointments_by_ticket ON appointments (organization_id, ticket_id, starts_at, id)",
    "CREATE INDEX appointments_by_asset ON appointments (organization_id, asset_id, starts_at, id)",
    "CREATE INDEX appointments_by_customer ON appointments (organization_id, customer_id, starts_at, id)",
    """
    CREATE UNIQUE INDEX appointments_by_series ON appointments (organization_id, series_id, occurrence_at)
    WHERE series_id IS NOT NULL
    """,
    "CREATE INDEX appointments_by_assignment ON appointments (organization_id, assignment_id)",
    f"""
    CREATE TABLE waitlist_entries (
        organization_id uuid NOT NULL REFERENCES organizations,
        id uuid NOT NULL,
        customer_id uuid,
        appointment_id uuid,
        joined_by uuid,
        appointment_type text NOT NULL CHECK (appointment_type IN {TYPES}),
        windows jsonb NOT NULL CHECK (jsonb_typeof(windows) = 'array'),
        request jsonb NOT NULL CHECK (jsonb_typeof(request) = 'object'),
        tier_rank smallint NOT NULL CHECK (tier_rank BETWEEN 0 AND 2),
        status text NOT NULL CHECK (status IN ('WAITING', 'OFFERED', 'BOOKED', 'EXPIRED', 'CANCELLED')),
        declined jsonb DEFAULT '[]' NOT NULL CHECK (jsonb_typeof(declined) = 'array'),
        expires_at timestamptz NOT NULL,
        version integer DEFAULT 1 NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, id),
        FOREIGN KEY (organization_id, customer_id) REFERENCES customers,
        FOREIGN KEY (organization_id, appointment_id) REFERENCES appointments,
        FOREIGN KEY (organization_id, joined_by) REFERENCES users
    )
    """,
    """
    CREATE INDEX waitlist_in_order ON waitlist_entries (organization_id, tier_rank, created_at, id)
    WHERE status IN ('WAITING', 'OFFERED')
    """,
    "CREATE INDEX waitlist_by_customer ON waitlist_entries (organization_id, customer_id)",
    """
    CREATE UNIQUE INDEX one_waiting_per_appointment ON waitlist_entries (organization_id, appointment_id)
    WHERE status IN ('WAITING', 'OFFERED') AND appointment_id IS NOT NULL
    """,
    """
    CREATE TABLE bookings (
        organization_id uuid NOT NULL,
        id uuid NOT NULL,
        kind text NOT NULL CHECK (kind IN ('HOLD', 'APPOINTMENT')),
        active boolean NOT NULL,
        technician_id uuid NOT NULL,
        bay_id uuid,
        starts_at timestamptz NOT NULL,
        ends_at timestamptz NOT NULL CHECK (ends_at > starts_at),
        during tstzrange NOT NULL,
        latitude double precision,
        longitude double precision,
        appointment_id uuid,
        waitlist_entry_id uuid,
        held_by uuid,
        customer_id uuid,
        offer jsonb,
        expires_at timestamptz,
        created_at timestamptz NOT NULL,
        released_at timestamptz,
        PRIMARY KEY (organization_id, id),
        FOREIGN KEY (organization_id, technician_id) REFERENCES technicians,
        FOREIGN KEY (organization_id, bay_id) REFERENCES service_bays,
        FOREIGN KEY (organization_id, appointment_id) REFERENCES appointments,
        FOREIGN KEY (organization_id, waitlist_entry_id) REFERENCES waitlist_entries,
        FOREIGN KEY (organization_id, held_by) REFERENCES users,
        CONSTRAINT a_hold_runs_out CHECK (
            CASE kind WHEN 'HOLD' THEN expires_at IS NOT NULL AND offer IS NOT NULL AND appointment_id IS NULL
            ELSE expires_at IS NULL AND appointment_id IS NOT NULL END),
        CONSTRAINT released_or_active CHECK (active = (released_at IS NULL)),
        CONSTRAINT the_buffer_comes_after CHECK (
            lower(during) = starts_at AND upper(during) >= ends_at AND lower_inc(during) AND NOT upper_inc(during)),
        CONSTRAINT no_technician_twice EXCLUDE USING gist
            (organization_id WITH =, technician_id WITH =, during WITH &&) WHERE (active),
        CONSTRAINT no_bay_twice EXCLUDE USING gist
            (organization_id WITH =, bay_id WITH =, during WITH &&) WHERE (active AND bay_id IS NOT NULL)
    )
    """,
    """
    CREATE UNIQUE INDEX one_booking_per_appointment ON bookings (organization_id, appointment_id)
    WHERE active AND appointment_id IS NOT NULL
    """,
    "CREATE INDEX bookings_by_appointment ON bookings (organization_id, appointment_id)",
    "CREATE INDEX bookings_ahead ON bookings (organization_id, ends_at) WHERE active",
    """
    CREATE INDEX bookings_by_waitlist ON bookings (organization_id, waitlist_entry_id)
    WHERE active AND waitlist_entry_id IS NOT NULL
    """,
    """
    CREATE TABLE part_reservations (
        organization_id uuid NOT NULL,
        appointment_id uuid NOT NULL,
        part_id uuid NOT NULL,
        quantity integer NOT NULL CHECK (quantity > 0),
        critical boolean NOT NULL,
        PRIMARY KEY (organization_id, appointment_id, part_id),
        FOREIGN KEY (organization_id, appointment_id) REFERENCES appointments,
        FOREIGN KEY (organization_id, part_id) REFERENCES parts
    )
    """,
    "CREATE INDEX part_reservations_by_part ON part_reservations (organization_id, part_id)",
    """
    CREATE TABLE alerts (
        organization_id uuid NOT NULL REFERENCES organizations,
        alert_id text NOT NULL CHECK (char_length(alert_id) BETWEEN 1 AND 255),
        input_hash bytea NOT NULL,
        ticket_id uuid NOT NULL,
        appointment_id uuid,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, alert_id),
        FOREIGN KEY (organization_id, ticket_id) REFERENCES tickets,
        FOREIGN KEY (organization_id, appointment_id) REFERENCES appointments
    )
    """,
    "COMMENT ON TABLE appointment_series IS 'Appointments that come again by a rule (RFC 5545)'",
    "COMMENT ON COLUMN appointment_series.exceptions IS 'Local days of the rule that have no appointment'",
    "COMMENT ON COLUMN appointment_series.planned_until IS 'Occurrences before it have their appointments'",
    "COMMENT ON COLUMN appointment_series.template IS 'The slot of which every occurrence is a copy at another time'",
    "COMMENT ON COLUMN appointment_series.shift_minutes IS 'By how much all were moved, by the local clock'",
    "COMMENT ON TABLE appointments IS 'Agreed times, each with its ticket, a technician and, at a facility, a bay'",
    "COMMENT ON COLUMN appointments.arrival_until IS 'Until when the technician may come'",
    "COMMENT ON COLUMN appointments.occurrence_at IS 'When the series has it, wherever it was moved to'",
    "COMMENT ON COLUMN appointments.request IS 'What was asked for, to look for another time'",
    "COMMENT ON COLUMN appointments.invite_sequence IS 'SEQUENCE of its invitations (RFC 5546)'",
    "COMMENT ON TABLE waitlist_entries IS 'Customers who would like an earlier time'",
    "COMMENT ON COLUMN waitlist_entries.tier_rank IS '0 fleet, 1 premium, 2 all others: who is asked first'",
    "COMMENT ON COLUMN waitlist_entries.declined IS 'Starts that were offered and not taken'",
    "COMMENT ON TABLE bookings IS 'Time of technicians and bays that is taken or was: rows are released, not moved'",
    "COMMENT ON COLUMN bookings.during IS 'From the start to the end and the pause after it'",
    "COMMENT ON COLUMN bookings.offer IS 'The slot that is held, as it was offered'",
    "COMMENT ON TABLE part_reservations IS 'Stock that open appointments will need'",
    "COMMENT ON TABLE alerts IS 'What monitoring told, and what came of it: once per alert'",
)

DOWN = (*(f"DROP TABLE {table}" for table in reversed(TABLES)),)


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
        rights = "SELECT, INSERT, UPDATE, DELETE" if table == "part_reservations" else "SELECT, INSERT, UPDATE"
        op.execute(f"GRANT {rights} ON {table} TO fieldgraph_app")


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
