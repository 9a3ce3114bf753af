"""Tickets, what they require, their numbers and their comments."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STATUSES = (
    "ARRAY['NEW', 'OPEN', 'ASSIGNED', 'IN_PROGRESS', 'PENDING_INFO', 'PENDING_PARTS', 'ESCALATED',"
    " 'RESOLVED', 'CLOSED', 'REOPENED', 'CANCELLED']"
)

UP = (
    f"""
    CREATE FUNCTION ticket_status_rank(status text) RETURNS smallint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN array_position({STATUSES}, status)
    """,
    """
    CREATE TABLE tickets (
        organization_id uuid NOT NULL REFERENCES organizations,
        id uuid DEFAULT uuidv7() NOT NULL,
        ticket_number text NOT NULL,
        title text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
        description text NOT NULL CHECK (length(description) <= 20000),
        status text NOT NULL CHECK (ticket_status_rank(status) IS NOT NULL),
        status_rank smallint GENERATED ALWAYS AS (ticket_status_rank(status)) STORED,
        priority text NOT NULL CHECK (priority IN ('P1', 'P2', 'P3', 'P4')),
        category text NOT NULL CHECK (category IN ('INCIDENT', 'SERVICE_REQUEST', 'CHANGE_REQUEST',
            'PROBLEM', 'MAINTENANCE', 'INSTALLATION', 'INSPECTION')),
        environment text CHECK (environment IN ('PRODUCTION', 'STAGING', 'DEVELOPMENT', 'OTHER')),
        affected_service text,
        tags text[] DEFAULT '{}' NOT NULL,
        custom_fields jsonb,
        customer_id uuid,
        asset_id uuid,
        requester_id uuid NOT NULL,
        territory_id uuid,
        latitude double precision CHECK (latitude BETWEEN -90 AND 90),
        longitude double precision CHECK (longitude BETWEEN -180 AND 180),
        address text,
        escalation_count integer DEFAULT 0 NOT NULL CHECK (escalation_count >= 0),
        escalation_tier_level smallint,
        resolution_notes text,
        resolved_at timestamptz,
        closed_at timestamptz,
        deleted_at timestamptz,
        version integer DEFAULT 1 NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, id),
        UNIQUE (organization_id, ticket_number),
        CHECK ((latitude IS NULL) = (longitude IS NULL)),
        FOREIGN KEY (organization_id, customer_id) REFERENCES customers,
        FOREIGN KEY (organization_id, asset_id) REFERENCES assets,
        FOREIGN KEY (organization_id, requester_id) REFERENCES users,
        FOREIGN KEY (organization_id, territory_id) REFERENCES territories,
        FOREIGN KEY (organization_id, escalation_tier_level) REFERENCES escalation_tiers
    )
    """,
    """
    CREATE TABLE ticket_required_skills (
        organization_id uuid NOT NULL,
        ticket_id uuid NOT NULL,
        skill_id uuid NOT NULL,
        level smallint NOT NULL CHECK (level BETWEEN 1 AND 5),
        PRIMARY KEY (organization_id, ticket_id, skill_id),
        FOREIGN KEY (organization_id, ticket_id) REFERENCES tickets,
        FOREIGN KEY (organization_id, skill_id) REFERENCES skills
    )
    """,
    """
    CREATE TABLE ticket_required_parts (
        organization_id uuid NOT NULL,
        ticket_id uuid NOT NULL,
        part_id uuid NOT NULL,
        quantity integer NOT NULL CHECK (quantity > 0),
        critical boolean NOT NULL,
        PRIMARY KEY (organization_id, ticket_id, part_id),
        FOREIGN KEY (organization_id, ticket_id) REFERENCES tickets,
        FOREIGN KEY (organization_id, part_id) REFERENCES parts
    )
    """,
    """
    CREATE TABLE ticket_counters (
        organization_id uuid NOT NULL REFERENCES organizations,
        year smallint NOT NULL,
        last_number integer NOT NULL,
        PRIMARY KEY (organization_id, year)
    )
    """,
    """
    CREATE TABLE comments (
        organization_id uuid NOT NULL,
        id uuid DEFAULT uuidv7() NOT NULL,
        ticket_id uuid NOT NULL,
        author_id uuid,
        body text NOT NULL CHECK (length(body) BETWEEN 1 AND 20000),
        internal boolean NOT NULL,
        system_generated boolean NOT NULL,
        edited_at timestamptz,
        deleted_at timestamptz,
        version integer DEFAULT 1 NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, id),
        CHECK (system_generated OR author_id IS NOT NULL),
        FOREIGN KEY (organization_id, ticket_id) REFERENCES tickets,
        FOREIGN KEY (organization_id, author_id) REFERENCES users
    )
    """,
    "CREATE INDEX tickets_by_creation ON tickets (organization_id, created_at, id)",
    "CREATE INDEX tickets_by_update ON tickets (organization_id, updated_at, id)",
    "CREATE INDEX tickets_by_priority ON tickets (organization_id, priority, id)",
    "CREATE INDEX tickets_by_status ON tickets (organization_id, status_rank, id)",
    "CREATE INDEX tickets_at_status ON tickets (organization_id, status, created_at, id)",
    "CREATE INDEX tickets_by_requester ON tickets (organization_id, requester_id, created_at, id)",
    "CREATE INDEX tickets_by_customer ON tickets (organization_id, customer_id, created_at, id)",
    "CREATE INDEX tickets_by_asset ON tickets (organization_id, asset_id)",
    "CREATE INDEX tickets_by_territory ON tickets (organization_id, territory_id, created_at, id)",
    "CREATE INDEX comments_by_ticket ON comments (organization_id, ticket_id, created_at, id)",
)

DOWN = (
    "DROP TABLE comments",
    "DROP TABLE ticket_counters",
    "DROP TABLE ticket_required_parts",
    "DROP TABLE ticket_required_skills",
    "DROP TABLE tickets",
    "DROP FUNCTION ticket_status_rank(text)",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
