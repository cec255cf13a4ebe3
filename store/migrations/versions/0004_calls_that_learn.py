"""Calls that go on at a page, what calls have taught about a number, and lines that somebody holds.

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


def upgrade() -> None:
    op.add_column("attempts", sa.Column("first_page", sa.Integer(), server_default="0", nullable=False))
    op.add_column("attempts", sa.Column("remote_finest", sa.String(length=16), nullable=True))
    # Of attempts that ended before: not known.
    op.execute("UPDATE attempts SET remote_finest = '' WHERE ended_at IS NOT NULL")
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
    op.create_table(
        "held_lines",
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("line", name="held_lines_key"),
    )


def downgrade() -> None:
    op.drop_table("held_lines")
    op.drop_table("destinations")
    op.drop_column("attempts", "remote_finest")
    op.drop_column("attempts", "first_page")
