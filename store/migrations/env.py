"""What Alembic runs the revisions in: the connection and the transaction of `store.migrations.migrate`."""

from alembic import context

from store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot alter a table in place; a batch rebuilds it.
    render_as_batch=True,
    # One transaction around all revisions: a book is never between two versions.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
