"""The two roles that every statement runs as, and the setting that names the organisation.

`fieldgraph_app` sees the rows of one organisation, `fieldgraph_system` the logs of all. The login
that migrates may become either; nobody can log in as them. Roles belong to the whole cluster, so
another database of it may have made them already.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    for role in ("fieldgraph_app", "fieldgraph_system"):
        op.execute(
            f"""
            DO $$
            BEGIN
                -- A login that may not create roles is refused even where the role is there already.
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
                    CREATE ROLE {role} NOLOGIN;
                END IF;
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END
            $$
            """
        )
        op.execute(
            f"""
            DO $$
            BEGIN
                IF NOT pg_has_role(current_user, '{role}', 'SET') THEN
                    GRANT {role} TO CURRENT_USER WITH SET TRUE;
                END IF;
            END
            $$
            """
        )
    op.execute("GRANT USAGE ON SCHEMA public TO fieldgraph_app, fieldgraph_system")
    op.execute(
        """
        CREATE FUNCTION current_organization() RETURNS uuid
        LANGUAGE sql STABLE PARALLEL SAFE
        RETURN nullif(current_setting('app.organization_id', true), '')::uuid
        """
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION current_organization()")
    op.execute("REVOKE USAGE ON SCHEMA public FROM fieldgraph_app, fieldgraph_system")
