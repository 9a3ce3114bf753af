"""The log: heads, events that cannot be changed, and the answers kept for repeated requests."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

UP = (
    """
    CREATE TABLE log_identity (
        singleton boolean DEFAULT true PRIMARY KEY CHECK (singleton),
        epoch uuid NOT NULL,
        cursor_key bytea NOT NULL CHECK (length(cursor_key) >= 32)
    )
    """,
    """
    INSERT INTO log_identity (epoch, cursor_key)
    VALUES (gen_random_uuid(), uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
        || uuid_send(gen_random_uuid()))
    """,
    """
    CREATE TABLE event_heads (
        organization_id uuid PRIMARY KEY REFERENCES organizations,
        position bigint DEFAULT 0 NOT NULL CHECK (position >= 0),
        recorded_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE events (
        organization_id uuid NOT NULL,
        position bigint NOT NULL CHECK (position >= 1),
        id uuid DEFAULT uuidv7() NOT NULL,
        change_id uuid NOT NULL,
        type text NOT NULL CHECK (type <> ''),
        payload_version smallint NOT NULL,
        kind text NOT NULL CHECK (kind <> ''),
        subject_id uuid NOT NULL,
        version integer NOT NULL,
        ticket_id uuid,
        assignment_id uuid,
        existed boolean NOT NULL,
        exists_after boolean NOT NULL,
        technician_before uuid,
        technician_after uuid,
        team_before uuid,
        team_after uuid,
        territory_before uuid,
        territory_after uuid,
        requester_before uuid,
        requester_after uuid,
        customer_before uuid,
        customer_after uuid,
        internal_before boolean NOT NULL,
        internal_after boolean NOT NULL,
        changes jsonb NOT NULL CHECK (jsonb_typeof(changes) = 'array'),
        actor_id uuid,
        source text NOT NULL CHECK (source IN ('WEB', 'MOBILE', 'API', 'SYSTEM', 'INTEGRATION')),
        ip_address inet,
        occurred_at timestamptz NOT NULL,
        recorded_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, position),
        UNIQUE (organization_id, id)
    )
    """,
    "CREATE INDEX events_by_ticket ON events (organization_id, ticket_id, position)",
    "CREATE INDEX events_by_time ON events (organization_id, recorded_at, position)",
    "CREATE INDEX events_by_subject ON events (organization_id, subject_id, version)",
    """
    CREATE FUNCTION refuse_change_of_events() RETURNS trigger
    LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'events are immutable: % refused', tg_op USING ERRCODE = 'restrict_violation';
    END
    $$
    """,
    """
    CREATE TRIGGER events_are_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_events()
    """,
    """
    CREATE FUNCTION refuse_head_going_back() RETURNS trigger
    LANGUAGE plpgsql AS $$
    BEGIN
        IF tg_op = 'DELETE' OR NEW.position < OLD.position OR NEW.recorded_at < OLD.recorded_at THEN
            RAISE EXCEPTION 'the head of a log never goes back' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END
    $$
    """,
    """
    CREATE TRIGGER heads_only_advance BEFORE UPDATE OR DELETE ON event_heads
    FOR EACH ROW EXECUTE FUNCTION refuse_head_going_back()
    """,
    """
    CREATE TABLE idempotency_results (
        organization_id uuid NOT NULL REFERENCES organizations,
        actor_id uuid NOT NULL,
        mutation text NOT NULL,
        key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
        input_hash bytea NOT NULL,
        change_id uuid NOT NULL,
        position bigint NOT NULL,
        result jsonb NOT NULL,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, actor_id, mutation, key)
    )
    """,
    "CREATE INDEX idempotency_results_by_age ON idempotency_results (organization_id, created_at)",
    "COMMENT ON TABLE events IS 'Append-only; one row per changed row and change, gapless per organisation'",
)

DOWN = (
    "DROP TABLE idempotency_results",
    "DROP TABLE events",
    "DROP TABLE event_heads",
    "DROP TABLE log_identity",
    "DROP FUNCTION refuse_head_going_back()",
    "DROP FUNCTION refuse_change_of_events()",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
