"""Alembic's entry point: one online migration with the engine that the service has opened, all of it or nothing."""

from alembic import context

from integrations.storage.tables import ApiKey

# Processes that start together migrate one after the other: the second finds its work done.
_LOCKS = {"postgresql": "SELECT pg_advisory_xact_lock(7219401)", "sqlite": "BEGIN IMMEDIATE"}

engine = context.config.attributes["engine"]
with engine.begin() as connection:
    connection.exec_driver_sql(_LOCKS[connection.dialect.name])
    context.configure(connection=connection, target_metadata=ApiKey.metadata, render_as_batch=True)
    context.run_migrations()
