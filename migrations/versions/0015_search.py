"""Finding tickets by their words."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# Of what is said on a ticket the newest so many characters are found: a vector has room for a megabyte.
MOST_TALK = 100_000
PUNCTUATION = "!\"#$%&''()*+,-./:;<=>?@[\\]^_`{|}~"
WORDS = "'public.fieldgraph'::regconfig"

TALK = f"""
    SELECT left(string_agg(said.body, ' ' ORDER BY said.created_at DESC, said.id DESC)
            FILTER (WHERE NOT said.internal), {MOST_TALK}) AS heard,
        left(string_agg(said.body, ' ' ORDER BY said.created_at DESC, said.id DESC), {MOST_TALK}) AS said
    FROM public.comments AS said
    WHERE said.organization_id = ticket.organization_id AND said.ticket_id = ticket.id AND said.deleted_at IS NULL
"""

UP = (
    "CREATE EXTENSION IF NOT EXISTS unaccent SCHEMA public",
    "CREATE EXTENSION IF NOT EXISTS btree_gin SCHEMA public",
    "CREATE TEXT SEARCH CONFIGURATION fieldgraph (COPY = pg_catalog.simple)",
    """
    ALTER TEXT SEARCH CONFIGURATION fieldgraph ALTER MAPPING FOR hword, hword_part, word, numword, numhword
    WITH public.unaccent, pg_catalog.simple
    """,
    f"""
    CREATE FUNCTION search_text(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN translate(value, '{PUNCTUATION}', repeat(' ', 32))
    """,
    f"""
    CREATE FUNCTION ticket_words(title text, description text, talk text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN setweight(to_tsvector({WORDS}, search_text(title)), 'A')
        || setweight(to_tsvector({WORDS}, search_text(description)), 'B')
        || setweight(to_tsvector({WORDS}, search_text(coalesce(talk, ''))), 'C')
    """,
    f"""
    CREATE FUNCTION search_query(value text) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (
        SELECT CASE WHEN numnode(words) = 0 THEN words ELSE (words::text || ':*')::tsquery END
        FROM (SELECT plainto_tsquery({WORDS}, search_text(value)) AS words) AS plain
    )
    """,
    """
    CREATE TABLE ticket_search (
        organization_id uuid NOT NULL,
        ticket_id uuid NOT NULL,
        public_words tsvector NOT NULL,
        staff_words tsvector NOT NULL,
        PRIMARY KEY (organization_id, ticket_id),
        FOREIGN KEY (organization_id, ticket_id) REFERENCES tickets
    )
    """,
    "COMMENT ON TABLE ticket_search IS 'The words of each ticket and of what is said on it, kept by triggers'",
    "COMMENT ON COLUMN ticket_search.public_words IS 'Without those of internal comments'",
    """
    CREATE INDEX ticket_search_by_words ON ticket_search USING gin (organization_id, staff_words)
    WITH (fastupdate = off)
    """,
    "ALTER TABLE ticket_search ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE ticket_search FORCE ROW LEVEL SECURITY",
    """
    CREATE POLICY own_organization ON ticket_search TO fieldgraph_app
    USING (organization_id = (SELECT current_organization()))
    """,
    "GRANT SELECT, INSERT, UPDATE ON ticket_search TO fieldgraph_app",
    # Matching words is not leakproof, so that under a policy no index would serve it: the function below names
    # the organisation itself, and runs as a role that may read this table and nothing else.
    """
    DO $$
    BEGIN
        -- A login that may not create roles is refused even where the role is there already.
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'fieldgraph_search') THEN
            CREATE ROLE fieldgraph_search NOLOGIN;
        END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL;
    END
    $$
    """,
    """
    DO $$
    BEGIN
        IF NOT pg_has_role(current_user, 'fieldgraph_search', 'SET') THEN
            GRANT fieldgraph_search TO CURRENT_USER WITH INHERIT FALSE, SET TRUE;
        END IF;
    END
    $$
    """,
    "GRANT USAGE ON SCHEMA public TO fieldgraph_search",
    "GRANT SELECT ON ticket_search TO fieldgraph_search",
    "CREATE POLICY found_by_words ON ticket_search FOR SELECT TO fieldgraph_search USING (true)",
    """
    CREATE FUNCTION search_tickets(query tsquery, sees_internal boolean)
    RETURNS TABLE (ticket_id uuid, relevance bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 200
    BEGIN ATOMIC
        SELECT kept.ticket_id, round(1000000 * ts_rank_cd(
            CASE WHEN sees_internal THEN kept.staff_words ELSE kept.public_words END, query, 1))::bigint
        FROM public.ticket_search AS kept
        WHERE kept.organization_id = (SELECT public.current_organization()) AND kept.staff_words @@ query
            AND (sees_internal OR kept.public_words @@ query);
    END
    """,
    "REVOKE EXECUTE ON FUNCTION search_tickets(tsquery, boolean) FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION search_tickets(tsquery, boolean) TO fieldgraph_app",
    # Whoever is to own something must be able to make it, for that moment.
    "GRANT CREATE ON SCHEMA public TO fieldgraph_search",
    "ALTER FUNCTION search_tickets(tsquery, boolean) OWNER TO fieldgraph_search",
    "REVOKE CREATE ON SCHEMA public FROM fieldgraph_search",
    f"""
    CREATE FUNCTION ticket_snippet(organization uuid, ticket uuid, query tsquery, sees_internal boolean)
    RETURNS text LANGUAGE sql STABLE
    RETURN (
        SELECT replace(replace(replace(replace(replace(replace(replace(
            ts_headline({WORDS}, translate(part.words, E'\\uE000\\uE001', ''), part.any_word,
                E'StartSel=\\uE000, StopSel=\\uE001, MaxFragments=2, MaxWords=18, MinWords=8, FragmentDelimiter=" … "'),
            '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;'), '''', '&#39;'),
            E'\\uE000', '<mark>'), E'\\uE001', '</mark>')
        FROM (
            SELECT each.words, each.place, asked.any_word,
                ts_rank(to_tsvector({WORDS}, search_text(each.words)), asked.any_word) AS fits
            FROM (SELECT replace(query::text, ' & ', ' | ')::tsquery AS any_word) AS asked,
                LATERAL (
                    SELECT t.description AS words, 1::bigint AS place FROM public.tickets AS t
                    WHERE t.organization_id = organization AND t.id = ticket
                    UNION ALL
                    SELECT c.body, 1 + row_number() OVER (ORDER BY c.created_at DESC, c.id DESC)
                    FROM public.comments AS c
                    WHERE c.organization_id = organization AND c.ticket_id = ticket AND c.deleted_at IS NULL
                        AND (sees_internal OR NOT c.internal)
                    UNION ALL
                    SELECT t.title, 1000000 FROM public.tickets AS t
                    WHERE t.organization_id = organization AND t.id = ticket
                ) AS each
            WHERE to_tsvector({WORDS}, search_text(each.words)) @@ asked.any_word
        ) AS part
        ORDER BY part.fits DESC, part.place LIMIT 1
    )
    """,
    """
    CREATE FUNCTION keep_words_of_tickets() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO public.ticket_search (organization_id, ticket_id, public_words, staff_words)
        SELECT ticket.organization_id, ticket.id, ticket.words, ticket.words FROM (
            SELECT organization_id, id, public.ticket_words(title, description, NULL) AS words FROM come
        ) AS ticket;
        RETURN NULL;
    END
    $$
    """,
    f"""
    CREATE FUNCTION renew_words(organization uuid, wanted uuid[]) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        -- Whoever else writes on the ticket has ended then, and the next statement sees what they said.
        PERFORM FROM public.ticket_search WHERE organization_id = organization AND ticket_id = ANY (wanted)
        ORDER BY ticket_id FOR UPDATE;
        UPDATE public.ticket_search AS kept SET
            public_words = public.ticket_words(ticket.title, ticket.description, talk.heard),
            staff_words = public.ticket_words(ticket.title, ticket.description, talk.said)
        FROM public.tickets AS ticket, LATERAL ({TALK}) AS talk
        WHERE kept.organization_id = organization AND kept.ticket_id = ANY (wanted)
            AND ticket.organization_id = kept.organization_id AND ticket.id = kept.ticket_id;
    END
    $$
    """,
    """
    CREATE FUNCTION keep_words_of_a_ticket() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM public.renew_words(NEW.organization_id, ARRAY[NEW.id]);
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE FUNCTION keep_words_of_comments() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM public.renew_words(said.organization_id, array_agg(DISTINCT said.ticket_id))
        FROM come AS said GROUP BY said.organization_id;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE FUNCTION keep_words_of_a_comment() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM public.renew_words(NEW.organization_id, ARRAY[NEW.ticket_id]);
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER words_of_new_tickets AFTER INSERT ON tickets REFERENCING NEW TABLE AS come
    FOR EACH STATEMENT EXECUTE FUNCTION keep_words_of_tickets()
    """,
    """
    CREATE TRIGGER words_of_changed_tickets AFTER UPDATE OF title, description ON tickets
    FOR EACH ROW WHEN ((OLD.title, OLD.description) IS DISTINCT FROM (NEW.title, NEW.description))
    EXECUTE FUNCTION keep_words_of_a_ticket()
    """,
    """
    CREATE TRIGGER words_of_new_comments AFTER INSERT ON comments REFERENCING NEW TABLE AS come
    FOR EACH STATEMENT EXECUTE FUNCTION keep_words_of_comments()
    """,
    """
    CREATE TRIGGER words_of_changed_comments AFTER UPDATE OF body, internal, deleted_at ON comments
    FOR EACH ROW EXECUTE FUNCTION keep_words_of_a_comment()
    """,
    # Each organisation in turn, because the policies hold here too.
    f"""
    DO $$
    DECLARE
        organizations uuid[];
        each uuid;
        before text := current_setting('app.organization_id', true);
    BEGIN
        SET LOCAL ROLE fieldgraph_system;
        SELECT coalesce(array_agg(organization_id), ARRAY[]::uuid[]) INTO organizations FROM public.event_heads;
        RESET ROLE;
        FOREACH each IN ARRAY organizations LOOP
            PERFORM set_config('app.organization_id', each::text, true);
            INSERT INTO public.ticket_search (organization_id, ticket_id, public_words, staff_words)
            SELECT ticket.organization_id, ticket.id,
                public.ticket_words(ticket.title, ticket.description, talk.heard),
                public.ticket_words(ticket.title, ticket.description, talk.said)
            FROM public.tickets AS ticket, LATERAL ({TALK}) AS talk
            WHERE ticket.organization_id = each;
        END LOOP;
        PERFORM set_config('app.organization_id', coalesce(before, ''), true);
    END
    $$
    """,
)

DOWN = (
    "DROP TRIGGER words_of_changed_comments ON comments",
    "DROP TRIGGER words_of_new_comments ON comments",
    "DROP TRIGGER words_of_changed_tickets ON tickets",
    "DROP TRIGGER words_of_new_tickets ON tickets",
    "DROP FUNCTION keep_words_of_a_comment()",
    "DROP FUNCTION keep_words_of_comments()",
    "DROP FUNCTION keep_words_of_a_ticket()",
    "DROP FUNCTION renew_words(uuid, uuid[])",
    "DROP FUNCTION keep_words_of_tickets()",
    "DROP FUNCTION ticket_snippet(uuid, uuid, tsquery, boolean)",
    "DROP FUNCTION search_tickets(tsquery, boolean)",
    "DROP TABLE ticket_search",
    "DROP FUNCTION search_query(text)",
    "DROP FUNCTION ticket_words(text, text, text)",
    "DROP FUNCTION search_text(text)",
    "DROP TEXT SEARCH CONFIGURATION fieldgraph",
    "REVOKE USAGE ON SCHEMA public FROM fieldgraph_search",
    # The extensions stay: others may have made them, and use them.
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
