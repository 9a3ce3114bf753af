"""Runs the steps: on the connection that `app.db.migrate` passes in, or as SQL text."""

from alembic import context

from app.db.tables.base import metadata

connection = context.config.attributes.get("connection")

if context.is_offline_mode():
    # Any other style of parameters would double the percent signs of the printed functions.
    context.configure(
        dialect_name="postgresql",
        dialect_opts={"paramstyle": "named"},
        target_metadata=metadata,
        literal_binds=True,
    )
else:
    context.configure(connection=connection, target_metadata=metadata)

with context.begin_transaction():
    context.execute("SET LOCAL lock_timeout = '10s'")
    context.execute("SET LOCAL statement_timeout = '10min'")
    context.run_migrations()
