"""Service levels: what is promised, the clocks that measure it, and what they have told."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TABLES = ("business_calendars", "sla_policies", "sla_clocks", "sla_alerts")
# Versions are pinned and alerts were given: none is ever changed.
KEPT = frozenset({"business_calendars", "sla_policies", "sla_alerts"})

UP = (
    """
    CREATE TABLE business_calendars (
        organization_id uuid NOT NULL REFERENCES organizations,
        id uuid DEFAULT uuidv7() NOT NULL,
        name text NOT NULL,
        time_zone text NOT NULL,
        weekly jsonb NOT NULL,
        holidays date[] DEFAULT '{}' NOT NULL,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, id)
    )
    """,
    """
    CREATE TABLE sla_policies (
        organization_id uuid NOT NULL REFERENCES organizations,
        id uuid DEFAULT uuidv7() NOT NULL,
        revision integer NOT NULL CHECK (revision >= 1),
        name text NOT NULL,
        built_in boolean NOT NULL,
        targets jsonb NOT NULL CHECK (jsonb_exists_all(targets, ARRAY['P1', 'P2', 'P3', 'P4'])),
        pause_on text[] NOT NULL
            CHECK (pause_on <@ ARRAY['NEW', 'OPEN', 'ASSIGNED', 'IN_PROGRESS', 'PENDING_INFO', 'PENDING_PARTS',
                'ESCALATED', 'RESOLVED', 'CLOSED', 'REOPENED', 'CANCELLED']),
        warn_at_percent smallint[] NOT NULL CHECK (0 < ALL (warn_at_percent) AND 100 > ALL (warn_at_percent)),
        auto_escalate_on_breach boolean NOT NULL,
        calendar_id uuid,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, id),
        UNIQUE (organization_id, revision),
        FOREIGN KEY (organization_id, calendar_id) REFERENCES business_calendars
    )
    """,
    """
    CREATE TABLE sla_clocks (
        organization_id uuid NOT NULL,
        id uuid NOT NULL,
        ticket_id uuid NOT NULL,
        metric text NOT NULL CHECK (metric IN ('FIRST_RESPONSE', 'RESOLUTION')),
        generation integer NOT NULL CHECK (generation >= 1),
        policy_id uuid NOT NULL,
        target_minutes integer NOT NULL CHECK (target_minutes >= 1),
        state text NOT NULL
            CHECK (state IN ('RUNNING', 'PAUSED', 'AT_RISK', 'BREACHED', 'MET', 'MET_LATE', 'CANCELLED')),
        started_at timestamptz NOT NULL,
        due_at timestamptz,
        segments jsonb NOT NULL,
        warned_percent smallint,
        breached_at timestamptz,
        met_at timestamptz,
        current boolean NOT NULL,
        next_check_at timestamptz,
        version integer DEFAULT 1 NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, id),
        UNIQUE (organization_id, ticket_id, metric, generation),
        FOREIGN KEY (organization_id, ticket_id) REFERENCES tickets,
        FOREIGN KEY (organization_id, policy_id) REFERENCES sla_policies,
        CONSTRAINT only_open_clocks_are_looked_at CHECK (
            next_check_at IS NULL OR (current AND state IN ('RUNNING', 'AT_RISK', 'BREACHED')))
    )
    """,
    """
    CREATE TABLE sla_alerts (
        organization_id uuid NOT NULL,
        clock_id uuid NOT NULL,
        percent smallint NOT NULL CHECK (percent BETWEEN 1 AND 100),
        created_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, clock_id, percent),
        FOREIGN KEY (organization_id, clock_id) REFERENCES sla_clocks
    )
    """,
    """
    CREATE UNIQUE INDEX one_current_clock ON sla_clocks (organization_id, ticket_id, metric) WHERE current
    """,
    "CREATE INDEX sla_clocks_to_check ON sla_clocks (next_check_at) WHERE next_check_at IS NOT NULL",
    """
    ALTER TABLE organization_settings ADD COLUMN sla_enabled boolean DEFAULT true NOT NULL
    """,
    """
    ALTER TABLE tickets
        ADD COLUMN sla_policy_id uuid,
        ADD COLUMN sla_due_at timestamptz,
        ADD COLUMN sla_state text,
        ADD COLUMN sla_due_first timestamptz DEFAULT '9999-01-01 00:00:00+00' NOT NULL,
        ADD COLUMN sla_due_last timestamptz DEFAULT '1000-01-01 00:00:00+00' NOT NULL
    """,
    """
    ALTER TABLE tickets ADD CONSTRAINT tickets_sla_state_check CHECK (sla_state IN
        ('RUNNING', 'PAUSED', 'AT_RISK', 'BREACHED', 'MET', 'MET_LATE', 'CANCELLED')) NOT VALID
    """,
    # Of the tickets that are there none has a state, and none is due: nothing needs to be validated.
    """
    ALTER TABLE tickets ADD CONSTRAINT what_is_never_due_comes_last CHECK (
        sla_due_first = coalesce(sla_due_at, timestamptz '9999-01-01 00:00:00+00')
        AND sla_due_last = coalesce(sla_due_at, timestamptz '1000-01-01 00:00:00+00')) NOT VALID
    """,
    """
    CREATE INDEX tickets_by_due ON tickets (organization_id, sla_due_first, id) WHERE deleted_at IS NULL
    """,
    """
    CREATE INDEX tickets_alarming ON tickets (organization_id, sla_due_first, id)
    WHERE sla_state IN ('AT_RISK', 'BREACHED') AND deleted_at IS NULL
    """,
    "COMMENT ON TABLE business_calendars IS 'Versions of calendars: never changed, only followed'",
    'COMMENT ON COLUMN business_calendars.weekly IS \'Opening hours by weekday: {"MON": [["09:00", "17:00"]]}\'',
    "COMMENT ON TABLE sla_policies IS 'Versions of what is promised: the highest revision is in force'",
    "COMMENT ON COLUMN sla_policies.built_in IS 'It follows the settings of the server'",
    'COMMENT ON COLUMN sla_policies.targets IS \'Minutes by priority: {"P1": {"response": 60, "resolution": 240}}\'',
    "COMMENT ON TABLE sla_clocks IS 'Each generation of each clock of a ticket'",
    "COMMENT ON COLUMN sla_clocks.segments IS 'The stretches in which it ran or stood, and why each began'",
    "COMMENT ON COLUMN sla_clocks.next_check_at IS 'When a warning or the breach is to be told'",
    "COMMENT ON TABLE sla_alerts IS 'Warnings and breaches (100) that were told, each once'",
    "COMMENT ON COLUMN organization_settings.sla_enabled IS 'New tickets get clocks'",
    "COMMENT ON COLUMN tickets.sla_due_at IS 'When the first of its open clocks is due'",
    "COMMENT ON COLUMN tickets.sla_due_first IS 'For orders that rise: what is never due comes last'",
    "COMMENT ON COLUMN tickets.sla_due_last IS 'For orders that fall: what is never due comes last'",
    "COMMENT ON COLUMN tickets.sla_state IS 'The worst of its open clocks; closed, how they ended'",
)

DOWN = (
    "ALTER TABLE tickets DROP CONSTRAINT what_is_never_due_comes_last",
    "ALTER TABLE tickets DROP COLUMN sla_due_first, DROP COLUMN sla_due_last",
    "ALTER TABLE tickets DROP COLUMN sla_policy_id, DROP COLUMN sla_due_at, DROP COLUMN sla_state",
    "ALTER TABLE organization_settings DROP COLUMN sla_enabled",
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
        rights = "SELECT, INSERT" if table in KEPT else "SELECT, INSERT, UPDATE"
        op.execute(f"GRANT {rights} ON {table} TO fieldgraph_app")
    op.execute("GRANT SELECT (organization_id, ticket_id, next_check_at) ON sla_clocks TO fieldgraph_system")
    op.execute(
        """
        CREATE POLICY every_organization ON sla_clocks FOR SELECT TO fieldgraph_system
        USING (next_check_at IS NOT NULL)
        """
    )


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
