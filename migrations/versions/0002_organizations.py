"""Organisations, how they are divided, their people, customers and parts."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE organizations (
        organization_id uuid DEFAULT uuidv7() PRIMARY KEY,
        id uuid GENERATED ALWAYS AS (organization_id) STORED NOT NULL,
        name text NOT NULL CHECK (name <> ''),
        time_zone text NOT NULL,
        version integer DEFAULT 1 NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE teams (
        organization_id uuid NOT NULL REFERENCES organizations,
        id uuid DEFAULT uuidv7() NOT NULL,
        name text NOT NULL CHECK (name <> ''),
        PRIMARY KEY (organization_id, id),
        UNIQUE (organization_id, name)
    )
    """,
    """
    CREATE TABLE territories (
        organization_id uuid NOT NULL REFERENCES organizations,
        id uuid DEFAULT uuidv7() NOT NULL,
        name text NOT NULL CHECK (name <> ''),
        time_zone text NOT NULL,
        PRIMARY KEY (organization_id, id),
        UNIQUE (organization_id, name)
    )
    """,
    """
    CREATE TABLE skills (
        organization_id uuid NOT NULL REFERENCES organizations,
        id uuid DEFAULT uuidv7() NOT NULL,
        code text NOT NULL CHECK (code <> ''),
        name text NOT NULL CHECK (name <> ''),
        PRIMARY KEY (organization_id, id),
        UNIQUE (organization_id, code)
    )
    """,
    """
    CREATE TABLE escalation_tiers (
        organization_id uuid NOT NULL REFERENCES organizations,
        level smallint NOT NULL CHECK (level >= 1),
        code text NOT NULL CHECK (code <> ''),
        name text NOT NULL CHECK (name <> ''),
        accept_within_minutes integer CHECK (accept_within_minutes > 0),
        team_id uuid,
        PRIMARY KEY (organization_id, level),
        UNIQUE (organization_id, code),
        FOREIGN KEY (organization_id, team_id) REFERENCES teams
    )
    """,
    """
    CREATE TABLE users (
        organization_id uuid NOT NULL REFERENCES organizations,
        id uuid DEFAULT uuidv7() NOT NULL,
        name text NOT NULL CHECK (name <> ''),
        email text,
        roles text[] NOT NULL CHECK (roles <@ ARRAY[
            'END_USER', 'TECHNICIAN', 'SENIOR_TECHNICIAN', 'DISPATCHER', 'TEAM_LEAD', 'MANAGER', 'ADMIN']),
        active boolean DEFAULT true NOT NULL,
        version integer DEFAULT 1 NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, id),
        UNIQUE (organization_id, email)
    )
    """,
    """
    CREATE TABLE technicians (
        organization_id uuid NOT NULL,
        id uuid DEFAULT uuidv7() NOT NULL,
        external_id text,
        user_id uuid NOT NULL,
        team_id uuid,
        tier_level smallint NOT NULL,
        main_skill_id uuid,
        years_experience smallint CHECK (years_experience >= 0),
        home_latitude double precision CHECK (home_latitude BETWEEN -90 AND 90),
        home_longitude double precision CHECK (home_longitude BETWEEN -180 AND 180),
        active boolean DEFAULT true NOT NULL,
        version integer DEFAULT 1 NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, id),
        UNIQUE (organization_id, user_id),
        UNIQUE (organization_id, external_id),
        FOREIGN KEY (organization_id, user_id) REFERENCES users,
        FOREIGN KEY (organization_id, team_id) REFERENCES teams,
        FOREIGN KEY (organization_id, tier_level) REFERENCES escalation_tiers,
        FOREIGN KEY (organization_id, main_skill_id) REFERENCES skills
    )
    """,
    """
    CREATE TABLE technician_skills (
        organization_id uuid NOT NULL,
        technician_id uuid NOT NULL,
        skill_id uuid NOT NULL,
        level smallint NOT NULL CHECK (level BETWEEN 1 AND 5),
        expires_on date,
        PRIMARY KEY (organization_id, technician_id, skill_id),
        FOREIGN KEY (organization_id, technician_id) REFERENCES technicians,
        FOREIGN KEY (organization_id, skill_id) REFERENCES skills
    )
    """,
    """
    CREATE TABLE technician_territories (
        organization_id uuid NOT NULL,
        technician_id uuid NOT NULL,
        territory_id uuid NOT NULL,
        PRIMARY KEY (organization_id, technician_id, territory_id),
        FOREIGN KEY (organization_id, technician_id) REFERENCES technicians,
        FOREIGN KEY (organization_id, territory_id) REFERENCES territories
    )
    """,
    """
    CREATE TABLE customers (
        organization_id uuid NOT NULL REFERENCES organizations,
        id uuid DEFAULT uuidv7() NOT NULL,
        external_id text,
        name text NOT NULL CHECK (name <> ''),
        tier text NOT NULL CHECK (tier IN ('STANDARD', 'PREMIUM', 'FLEET')),
        latitude double precision CHECK (latitude BETWEEN -90 AND 90),
        longitude double precision CHECK (longitude BETWEEN -180 AND 180),
        address text,
        version integer DEFAULT 1 NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, id),
        UNIQUE (organization_id, external_id)
    )
    """,
    """
    CREATE TABLE customer_users (
        organization_id uuid NOT NULL,
        customer_id uuid NOT NULL,
        user_id uuid NOT NULL,
        PRIMARY KEY (organization_id, customer_id, user_id),
        FOREIGN KEY (organization_id, customer_id) REFERENCES customers,
        FOREIGN KEY (organization_id, user_id) REFERENCES users
    )
    """,
    """
    CREATE TABLE assets (
        organization_id uuid NOT NULL REFERENCES organizations,
        id uuid DEFAULT uuidv7() NOT NULL,
        external_id text,
        kind text NOT NULL CHECK (kind IN ('VEHICLE', 'EQUIPMENT', 'SYSTEM')),
        name text NOT NULL CHECK (name <> ''),
        customer_id uuid,
        version integer DEFAULT 1 NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, id),
        UNIQUE (organization_id, external_id),
        FOREIGN KEY (organization_id, customer_id) REFERENCES customers
    )
    """,
    """
    CREATE TABLE parts (
        organization_id uuid NOT NULL REFERENCES organizations,
        id uuid DEFAULT uuidv7() NOT NULL,
        part_number text NOT NULL CHECK (part_number <> ''),
        name text NOT NULL CHECK (name <> ''),
        stock integer NOT NULL,
        unit_cost numeric(12, 2) CHECK (unit_cost >= 0),
        currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        version integer DEFAULT 1 NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, id),
        UNIQUE (organization_id, part_number)
    )
    """,
)

INDEXES = (
    "CREATE INDEX customer_users_by_user ON customer_users (organization_id, user_id)",
    "CREATE INDEX technicians_by_tier ON technicians (organization_id, tier_level) WHERE active",
    "CREATE INDEX technicians_by_team ON technicians (organization_id, team_id)",
    "CREATE INDEX assets_by_customer ON assets (organization_id, customer_id)",
    "CREATE INDEX technician_skills_by_skill ON technician_skills (organization_id, skill_id)",
    """
    CREATE INDEX technician_territories_by_territory ON technician_territories (organization_id, territory_id)
    """,
)

NAMES = (
    "parts",
    "assets",
    "customer_users",
    "customers",
    "technician_territories",
    "technician_skills",
    "technicians",
    "users",
    "escalation_tiers",
    "skills",
    "territories",
    "teams",
    "organizations",
)


def upgrade() -> None:
    for statement in (*TABLES, *INDEXES):
        op.execute(statement)
    op.execute(
        "COMMENT ON COLUMN parts.stock IS 'What is on the shelf; negative when technicians used more than was counted'"
    )


def downgrade() -> None:
    for name in NAMES:
        op.execute(f"DROP TABLE {name}")
