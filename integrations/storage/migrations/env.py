"""Alembic's entry point: one online migration with the engine that the service has opened."""

from alembic import context

from integrations.storage.tables import ApiKey

engine = context.config.attributes["engine"]
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=ApiKey.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
