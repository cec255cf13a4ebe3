"""What each host's clocks showed.

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Microseconds since 1970 in UTC.
INSTANT = sa.BigInteger()


def upgrade() -> None:
    op.create_table(
        "clocks",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("time", INSTANT, nullable=False),
        sa.Column("clock", INSTANT, nullable=False),
        sa.Column("uptime", sa.BigInteger(), nullable=False),
        sa.Column("doubted_for", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("host", name="clocks_key"),
    )


def downgrade() -> None:
    op.drop_table("clocks")
