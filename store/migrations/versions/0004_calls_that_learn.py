"""Calls that go on at a page, what calls have taught, lines that are held, nodes, and each department's turn.

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Microseconds since 1970 in UTC.
INSTANT = sa.BigInteger()
COUNTED = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DIALABLE = sa.text("dialable")
IN_CALL = sa.text("state = 'dialling'")


def _create_purges() -> None:
    counted = ("mails", "documents", "records")
    op.create_table(
        "purges",
        sa.Column("id", COUNTED, autoincrement=True, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("rule", sa.String(length=32), nullable=False),
        sa.Column("kept", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in counted),
        sa.Column("octets", sa.BigInteger(), nullable=False),
        sa.Column("longest", sa.BigInteger(), nullable=False),
        sa.Column("wiped", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="purges_key"),
    )
    op.create_index("purges_of_run", "purges", ["at", "rule", "kept"], unique=True)
    unwiped = sa.text("NOT wiped")
    op.create_index("purges_unwiped", "purges", ["at"], sqlite_where=unwiped, postgresql_where=unwiped)


def _create_nodes() -> None:
    op.create_table(
        "nodes",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("heard_at", INSTANT, nullable=False),
        sa.Column("lines_down", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("owner", name="nodes_key"),
    )
    op.create_index("nodes_by_age", "nodes", ["heard_at"])
    op.create_table(
        "duties",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="duties_key"),
    )
    held = sa.text("owner > ''")
    op.create_index("duties_held", "duties", ["owner"], sqlite_where=held, postgresql_where=held)


def upgrade() -> None:
    _index_dialable("lines", "priority", "department", "due_at", "id", "number", "dialable")
    op.add_column("bodies", sa.Column("sha256", sa.String(length=64), server_default="", nullable=False))
    op.add_column("attempts", sa.Column("first_page", sa.Integer(), server_default="0", nullable=False))
    op.add_column(
        "attempts", sa.Column("shares_call_of", sa.String(length=32), server_default="", nullable=False)
    )
    op.add_column("jobs", sa.Column("call_place", sa.Integer(), server_default="0", nullable=False))
    _index_calls("number", "call_place")
    op.add_column("attempts", sa.Column("remote_finest", sa.String(length=16), nullable=True))
    op.add_column("attempts", sa.Column("transcript", sa.Text(), nullable=True))
    op.create_table(
        "destinations",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("finest", sa.String(length=16), nullable=False),
        sa.Column("max_rate", sa.Integer(), nullable=True),
        sa.Column("transport", sa.String(length=16), nullable=False),
        sa.Column("learned_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("number", name="destinations_key"),
    )
    op.create_index("destinations_by_age", "destinations", ["learned_at"])
    _create_purges()
    _create_nodes()
    op.create_table(
        "held_lines",
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("line", name="held_lines_key"),
    )
    op.create_table(
        "writers",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="writers_key"),
    )


def _index_dialable(*columns: str) -> None:
    op.drop_index("jobs_dialable", "jobs")
    op.create_index("jobs_dialable", "jobs", list(columns), sqlite_where=DIALABLE, postgresql_where=DIALABLE)


def _index_calls(*columns: str) -> None:
    op.drop_index("one_call_a_number", "jobs")
    op.create_index(
        "one_call_a_number",
        "jobs",
        list(columns),
        unique=True,
        sqlite_where=IN_CALL,
        postgresql_where=IN_CALL,
    )


def downgrade() -> None:
    _index_calls("number")
    op.drop_column("jobs", "call_place")
    _index_dialable("lines", "priority", "due_at", "id", "number", "dialable")
    op.drop_table("duties")
    op.drop_table("nodes")
    op.drop_table("writers")
    op.drop_table("held_lines")
    op.drop_table("destinations")
    for column in ("transcript", "remote_finest"):
        op.drop_column("attempts", column)
    for column in ("shares_call_of", "first_page"):
        op.drop_column("attempts", column)
    op.drop_table("purges")
    op.drop_column("bodies", "sha256")
