"""Erasing what is personal: the log's one exception, with a role of its own, and what keeps the erased erased."""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

PERSONAL_FIELDS = {
    "Appointment": "cancellation_reason notes request",
    "AppointmentSeries": "template",
    "Asset": "external_id name",
    "Assignment": "actions_taken cancellation_reason customer_feedback diagnosis"
    " escalation_reason notes reason_note rejection_reason",
    "Attachment": "file_name",
    "Comment": "body",
    "Customer": "address external_id latitude longitude name",
    "SavedView": "filter name order_by",
    "SlotHold": "latitude longitude offer",
    "Technician": "external_id home_latitude home_longitude years_experience",
    "Ticket": "address affected_service custom_fields description latitude longitude resolution_notes tags title",
    "TimeOff": "reason",
    "User": "email name",
    "WaitlistEntry": "declined request windows",
}
TOMBSTONE = "'\"[erased]\"'::jsonb"
FIELDS = " ".join(f"WHEN '{kind}' THEN string_to_array('{names}', ' ')" for kind, names in PERSONAL_FIELDS.items())
OWNED = ("erase_events(uuid, uuid[], text[], bigint)", "erase_addresses(uuid, bigint, bigint)")

UP = (
    """
    CREATE TABLE erasures (
        organization_id uuid NOT NULL REFERENCES organizations,
        id uuid NOT NULL,
        kind text NOT NULL CHECK (kind IN ('USER', 'TECHNICIAN', 'CUSTOMER')),
        subject_id uuid NOT NULL,
        reason text NOT NULL CHECK (reason IN ('REQUESTED', 'CONSENT_WITHDRAWN', 'NO_LONGER_NEEDED', 'UNLAWFUL')),
        change_id uuid NOT NULL,
        erased_by uuid,
        erased_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, id)
    )
    """,
    "CREATE INDEX erasures_by_subject ON erasures (organization_id, subject_id)",
    "COMMENT ON TABLE erasures IS 'Whose data was erased, by key; after a restore it is erased anew'",
    "ALTER TABLE erasures ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE erasures FORCE ROW LEVEL SECURITY",
    """
    CREATE POLICY own_organization ON erasures TO fieldgraph_app
    USING (organization_id = (SELECT current_organization()))
    """,
    "GRANT SELECT, INSERT ON erasures TO fieldgraph_app",
    """
    DO $$
    BEGIN
        -- A login that may not create roles is refused even where the role is there already.
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'fieldgraph_erasure') THEN
            CREATE ROLE fieldgraph_erasure NOLOGIN;
        END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL;
    END
    $$
    """,
    """
    DO $$
    BEGIN
        IF NOT pg_has_role(current_user, 'fieldgraph_erasure', 'SET') THEN
            GRANT fieldgraph_erasure TO CURRENT_USER WITH INHERIT FALSE, SET TRUE;
        END IF;
    END
    $$
    """,
    "GRANT USAGE ON SCHEMA public TO fieldgraph_erasure",
    "GRANT SELECT ON events, erasures TO fieldgraph_erasure",
    "GRANT UPDATE (changes, ip_address) ON events TO fieldgraph_erasure",
    """
    CREATE POLICY erased_by_request ON events TO fieldgraph_erasure
    USING (organization_id = (SELECT current_organization()))
    """,
    """
    CREATE POLICY erased_by_request ON erasures FOR SELECT TO fieldgraph_erasure
    USING (organization_id = (SELECT current_organization()))
    """,
    f"""
    CREATE FUNCTION personal_fields(kind text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE kind {FIELDS} ELSE ARRAY[]::text[] END
    """,
    f"""
    CREATE FUNCTION erased_change(kind text, change jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN change ->> 'field' = ANY (personal_fields(kind)) THEN change || jsonb_build_object(
        'old', CASE coalesce(change -> 'old', 'null') WHEN 'null' THEN 'null' ELSE {TOMBSTONE} END,
        'new', CASE coalesce(change -> 'new', 'null') WHEN 'null' THEN 'null' ELSE {TOMBSTONE} END)
        ELSE change END
    """,
    """
    CREATE FUNCTION erased_changes(kind text, changes jsonb, fields text[]) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (
        SELECT coalesce(jsonb_agg(
            CASE WHEN fields IS NULL OR told.change ->> 'field' = ANY (fields) THEN erased_change(kind, told.change)
            ELSE told.change END ORDER BY told.place), '[]')
        FROM jsonb_array_elements(changes) WITH ORDINALITY AS told (change, place)
    )
    """,
    """
    CREATE OR REPLACE FUNCTION refuse_change_of_events() RETURNS trigger
    LANGUAGE plpgsql AS $$
    BEGIN
        -- Within the functions of erasures alone these two differ so: nobody can become the role and do the like.
        IF tg_op = 'UPDATE' AND current_user = 'fieldgraph_erasure' AND current_setting('role') = 'fieldgraph_app' THEN
            RETURN NULL;
        END IF;
        RAISE EXCEPTION 'events are immutable: % refused', tg_op USING ERRCODE = 'restrict_violation';
    END
    $$
    """,
    """
    CREATE FUNCTION refuse_more_than_erasing() RETURNS trigger
    LANGUAGE plpgsql AS $$
    DECLARE
        personal CONSTANT text[] := ARRAY['changes', 'ip_address'];
    BEGIN
        IF to_jsonb(NEW) - personal IS DISTINCT FROM to_jsonb(OLD) - personal
            OR (NEW.ip_address IS NOT NULL AND NEW.ip_address IS DISTINCT FROM OLD.ip_address)
            OR EXISTS (
                SELECT FROM jsonb_array_elements(OLD.changes) WITH ORDINALITY AS was (change, place)
                FULL JOIN jsonb_array_elements(NEW.changes) WITH ORDINALITY AS becomes (change, place) USING (place)
                WHERE becomes.change IS DISTINCT FROM was.change
                    AND becomes.change IS DISTINCT FROM public.erased_change(OLD.kind, was.change)) THEN
            RAISE EXCEPTION 'events are immutable: only what is personal may be erased'
            USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END
    $$
    """,
    """
    CREATE TRIGGER events_only_lose_what_is_personal BEFORE UPDATE ON events
    FOR EACH ROW EXECUTE FUNCTION refuse_more_than_erasing()
    """,
    # Who erases has noted whom, why and for whom within the same transaction.
    """
    CREATE FUNCTION is_being_erased(person uuid) RETURNS boolean LANGUAGE sql STABLE
    RETURN EXISTS (
        SELECT FROM erasures AS noted
        WHERE noted.organization_id = (SELECT current_organization()) AND noted.subject_id = person
            AND noted.xmin = pg_current_xact_id()::xid
    )
    """,
    """
    CREATE FUNCTION erase_events(person uuid, subjects uuid[], fields text[], after bigint) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        erased bigint;
    BEGIN
        IF NOT public.is_being_erased(person) THEN
            RAISE EXCEPTION 'nobody is being erased who has this key' USING ERRCODE = 'insufficient_privilege';
        END IF;
        UPDATE public.events AS told SET changes = public.erased_changes(told.kind, told.changes, fields)
        WHERE told.organization_id = (SELECT public.current_organization()) AND told.subject_id = ANY (subjects)
            AND told.position > after
            AND told.changes <> public.erased_changes(told.kind, told.changes, fields);
        GET DIAGNOSTICS erased = ROW_COUNT;
        RETURN erased;
    END
    $$
    """,
    """
    CREATE FUNCTION erase_addresses(person uuid, after bigint, until bigint) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        erased bigint;
    BEGIN
        IF NOT public.is_being_erased(person) THEN
            RAISE EXCEPTION 'nobody is being erased who has this key' USING ERRCODE = 'insufficient_privilege';
        END IF;
        UPDATE public.events AS told SET ip_address = NULL
        WHERE told.organization_id = (SELECT public.current_organization()) AND told.actor_id = person
            AND told.position > after AND told.position <= until AND told.ip_address IS NOT NULL;
        GET DIAGNOSTICS erased = ROW_COUNT;
        RETURN erased;
    END
    $$
    """,
    *(f"REVOKE EXECUTE ON FUNCTION {name} FROM PUBLIC" for name in OWNED),
    *(f"GRANT EXECUTE ON FUNCTION {name} TO fieldgraph_app" for name in OWNED),
    # Whoever is to own something must be able to make it, for that moment.
    "GRANT CREATE ON SCHEMA public TO fieldgraph_erasure",
    *(f"ALTER FUNCTION {name} OWNER TO fieldgraph_erasure" for name in OWNED),
    "REVOKE CREATE ON SCHEMA public FROM fieldgraph_erasure",
    f"""
    CREATE FUNCTION tells_personal(kind text, changes jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN EXISTS (
        SELECT FROM jsonb_array_elements(changes) AS told (change)
        WHERE told.change ->> 'field' = ANY (personal_fields(kind))
            AND (coalesce(told.change -> 'old', 'null') NOT IN ('null', {TOMBSTONE})
                OR coalesce(told.change -> 'new', 'null') NOT IN ('null', {TOMBSTONE}))
    )
    """,
    # After the head's lock, and with eyes of its own: an erasure that was committed meanwhile is seen.
    """
    CREATE FUNCTION refuse_words_of_the_erased() RETURNS trigger
    LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM come JOIN public.erasures AS noted ON noted.organization_id = come.organization_id
            WHERE noted.subject_id = come.actor_id OR (
                noted.subject_id IN (come.subject_id, come.requester_before, come.requester_after,
                    come.customer_before, come.customer_after, come.technician_before, come.technician_after)
                AND public.tells_personal(come.kind, come.changes))
        ) THEN
            RAISE EXCEPTION 'whoever was erased stays so'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'the_erased_stay_erased';
        END IF;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER the_erased_stay_erased AFTER INSERT ON events REFERENCING NEW TABLE AS come
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_words_of_the_erased()
    """,
    # For rows of which the log tells nothing. Named to come after the foreign keys' own, which wait for an erasure.
    """
    CREATE FUNCTION refuse_rows_of_the_erased() RETURNS trigger
    LANGUAGE plpgsql AS $$
    DECLARE
        whose CONSTANT jsonb := to_jsonb(NEW);
    BEGIN
        IF EXISTS (
            SELECT FROM public.erasures AS noted
            LEFT JOIN public.tickets AS ticket ON ticket.organization_id = noted.organization_id
                AND ticket.id = (whose ->> 'ticket_id')::uuid
            WHERE noted.organization_id = NEW.organization_id
                AND noted.subject_id IN ((whose ->> 'user_id')::uuid, (whose ->> 'technician_id')::uuid,
                    ticket.requester_id, ticket.customer_id)
        ) THEN
            RAISE EXCEPTION 'whoever was erased stays so'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'the_erased_stay_erased';
        END IF;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER the_erased_stay_erased AFTER INSERT OR UPDATE ON technician_locations
    FOR EACH ROW EXECUTE FUNCTION refuse_rows_of_the_erased()
    """,
    """
    CREATE TRIGGER the_erased_stay_erased AFTER INSERT ON uploads
    FOR EACH ROW EXECUTE FUNCTION refuse_rows_of_the_erased()
    """,
    """
    CREATE TRIGGER the_erased_stay_erased AFTER INSERT OR UPDATE ON calendar_connections
    FOR EACH ROW WHEN (NEW.sealed_token IS NOT NULL) EXECUTE FUNCTION refuse_rows_of_the_erased()
    """,
)

DOWN = (
    "DROP TRIGGER the_erased_stay_erased ON calendar_connections",
    "DROP TRIGGER the_erased_stay_erased ON uploads",
    "DROP TRIGGER the_erased_stay_erased ON technician_locations",
    "DROP TRIGGER the_erased_stay_erased ON events",
    "DROP TRIGGER events_only_lose_what_is_personal ON events",
    "DROP FUNCTION refuse_rows_of_the_erased()",
    "DROP FUNCTION refuse_words_of_the_erased()",
    "DROP FUNCTION refuse_more_than_erasing()",
    *(f"DROP FUNCTION {name}" for name in OWNED),
    "DROP FUNCTION is_being_erased(uuid)",
    "DROP FUNCTION tells_personal(text, jsonb)",
    "DROP FUNCTION erased_changes(text, jsonb, text[])",
    "DROP FUNCTION erased_change(text, jsonb)",
    "DROP FUNCTION personal_fields(text)",
    """
    CREATE OR REPLACE FUNCTION refuse_change_of_events() RETURNS trigger
    LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'events are immutable: % refused', tg_op USING ERRCODE = 'restrict_violation';
    END
    $$
    """,
    "DROP POLICY erased_by_request ON erasures",
    "DROP POLICY erased_by_request ON events",
    "REVOKE ALL ON events FROM fieldgraph_erasure",
    "REVOKE USAGE ON SCHEMA public FROM fieldgraph_erasure",
    "DROP TABLE erasures",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
