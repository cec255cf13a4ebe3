"""What senders ask for of a fax, live blocks and locks, who did what, alerts, and bodies that were purged.

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Microseconds since 1970 in UTC.
INSTANT = sa.BigInteger()
COUNTED = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DIALABLE = sa.text("dialable")
EXPIRING = sa.text("expires_at IS NOT NULL AND finished_at IS NULL")


def upgrade() -> None:
    _extend_jobs()
    op.add_column("bodies", sa.Column("purged_at", INSTANT, nullable=True))
    op.add_column("notices", sa.Column("remark", sa.Text(), server_default="", nullable=False))
    _create_blocks_and_locks()
    _create_audit()
    _create_policies_seen()


def _extend_jobs() -> None:
    # Added as they are and not in a batch, which would copy a table that may have millions of rows.
    for column in (
        sa.Column("recipient_title", sa.Text(), server_default="", nullable=False),
        sa.Column("sender_name", sa.Text(), server_default="", nullable=False),
        sa.Column("priority", sa.Integer(), server_default="1", nullable=False),
        sa.Column("not_before", INSTANT, nullable=True),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.Column("notify", sa.JSON(), nullable=True),
    ):
        op.add_column("jobs", column)
    op.drop_index("jobs_dialable", "jobs")
    _index_dialable("lines", "priority", "due_at", "id", "number", "dialable")
    op.create_index("jobs_expiring", "jobs", ["expires_at"], sqlite_where=EXPIRING, postgresql_where=EXPIRING)


def _index_dialable(*columns: str) -> None:
    op.create_index("jobs_dialable", "jobs", list(columns), sqlite_where=DIALABLE, postgresql_where=DIALABLE)


def _create_blocks_and_locks() -> None:
    for table, key in (("blocks", "pattern"), ("locks", "user_email")):
        op.create_table(
            table,
            sa.Column(key, sa.Text(), nullable=False),
            sa.Column("reason", sa.Text(), nullable=False),
            sa.Column("at", INSTANT, nullable=False),
            sa.Column("by", sa.Text(), nullable=False),
            sa.PrimaryKeyConstraint(key, name=f"{table}_key"),
        )


def _create_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", COUNTED, autoincrement=True, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="audit_key"),
    )
    op.create_index("audit_by_time", "audit", ["at"])
    op.create_index("audit_of", "audit", ["subject", "at"])
    op.create_index("audit_by_action", "audit", ["action", "id"])


def _create_policies_seen() -> None:
    op.create_table(
        "policies_seen",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("in_force_at", INSTANT, nullable=True),
        sa.Column("users", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("digest", name="policies_seen_key"),
    )


def downgrade() -> None:
    for table in ("policies_seen", "audit", "locks", "blocks"):
        op.drop_table(table)
    op.drop_column("notices", "remark")
    op.drop_column("bodies", "purged_at")
    op.drop_index("jobs_expiring", "jobs")
    op.drop_index("jobs_dialable", "jobs")
    _index_dialable("lines", "due_at", "id", "number", "dialable")
    for column in ("notify", "expires_at", "not_before", "priority", "sender_name", "recipient_title"):
        op.drop_column("jobs", column)
