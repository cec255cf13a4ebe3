"""The tables of the processes that work on a book: who there is, and who has which duty.

See `store.tables`. With one process they have a row and a few.
"""

from sqlalchemy import JSON, Column, Index, String, Table, Text, text

from store.columns import Instant, metadata

# As in `store.tables`.
DUTY_HELD = text("owner > ''")

nodes = Table(
    "nodes",
    metadata,
    # As claims have it (`store.owner`).
    Column("owner", Text, primary_key=True),
    # A list of texts.
    Column("roles", JSON, nullable=False),
    # Of the program.
    Column("version", String(32), nullable=False),
    Column("since", Instant, nullable=False),
    Column("heard_at", Instant, nullable=False),
    # Of its lines, those that carry no calls, with why.
    Column("lines_down", JSON, nullable=False),
    Index("nodes_by_age", "heard_at"),
)

# What one node does for all; claimed as mails are.
duties = Table(
    "duties",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("due_at", Instant, nullable=False),
    Column("owner", Text, nullable=False),
    Index("duties_held", "owner", sqlite_where=DUTY_HELD, postgresql_where=DUTY_HELD),
)
