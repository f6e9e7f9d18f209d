"""What Alembic runs: the migrations over the connection that it was given."""

from alembic import context

from raabta.registry.schema import all_tables

context.configure(
    connection=context.config.attributes["connection"], target_metadata=all_tables(), render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
