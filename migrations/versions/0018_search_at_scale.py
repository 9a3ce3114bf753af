"""Finding tickets by their words, ranked after filters."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

UP = (
    # search_tickets, which ranks every match, stays for releases that still call it.
    """
    CREATE FUNCTION matching_tickets(query tsquery, sees_internal boolean)
    RETURNS TABLE (ticket_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 200
    BEGIN ATOMIC
        SELECT kept.ticket_id
        FROM public.ticket_search AS kept
        WHERE kept.organization_id = (SELECT public.current_organization()) AND kept.staff_words @@ query
            AND (sees_internal OR kept.public_words @@ query);
    END
    """,
    "REVOKE EXECUTE ON FUNCTION matching_tickets(tsquery, boolean) FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION matching_tickets(tsquery, boolean) TO fieldgraph_app",
    # Whoever is to own something must be able to make it, for that moment.
    "GRANT CREATE ON SCHEMA public TO fieldgraph_search",
    "ALTER FUNCTION matching_tickets(tsquery, boolean) OWNER TO fieldgraph_search",
    "REVOKE CREATE ON SCHEMA public FROM fieldgraph_search",
)

DOWN = ("DROP FUNCTION matching_tickets(tsquery, boolean)",)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
