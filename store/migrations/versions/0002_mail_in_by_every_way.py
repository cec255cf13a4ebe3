"""What senders ask of notices (RFC 3461), automatic mail in quarantine, passwords, and fetched mails.

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Microseconds since 1970 in UTC.
INSTANT = sa.BigInteger()


def upgrade() -> None:
    _extend_mails()
    _extend_jobs_and_notices()
    _create_quarantine()
    _create_credentials()
    _create_pickups()


def _extend_mails() -> None:
    # Added as they are and not in a batch, which would copy a table that may have millions of rows.
    for column in (
        sa.Column("envelope_id", sa.Text(), server_default="", nullable=False),
        sa.Column("return_content", sa.String(length=8), server_default="", nullable=False),
        sa.Column("notice_requests", sa.JSON(), nullable=True),
    ):
        op.add_column("mails", column)


def _extend_jobs_and_notices() -> None:
    op.add_column("jobs", sa.Column("addresses", sa.JSON(), nullable=True))
    op.create_index("notices_to", "notices", ["address", "created_at"])


def _create_quarantine() -> None:
    op.create_table(
        "quarantine",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("client_address", sa.Text(), nullable=False),
        sa.Column("helo", sa.Text(), nullable=False),
        sa.Column("return_path", sa.Text(), nullable=False),
        sa.Column("recipients", sa.JSON(), nullable=False),
        sa.Column("envelope_id", sa.Text(), nullable=False),
        sa.Column("return_content", sa.String(length=8), nullable=False),
        sa.Column("notice_requests", sa.JSON(), nullable=True),
        sa.Column("header_from", sa.Text(), nullable=False),
        sa.Column("user_email", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["body"], ["bodies.reference"], name="quarantine_body_of"),
        sa.PrimaryKeyConstraint("id", name="quarantine_key"),
        sa.UniqueConstraint("dedupe_key", name="quarantine_dedupe_key_once"),
    )
    op.create_index("quarantine_by_time", "quarantine", ["at"])


def _create_credentials() -> None:
    op.create_table(
        "credentials",
        sa.Column("user_email", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("set_at", INSTANT, nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("user_email", name="credentials_key"),
    )


def _create_pickups() -> None:
    op.create_table(
        "pickups",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("mail_id", sa.String(length=16), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], name="pickups_mail_id_of"),
        sa.PrimaryKeyConstraint("account", "mailbox", "uidvalidity", "uid", name="pickups_key"),
    )


def downgrade() -> None:
    op.drop_index("notices_to", "notices")
    op.drop_column("jobs", "addresses")
    for table in ("pickups", "credentials", "quarantine"):
        op.drop_table(table)
    for column in ("notice_requests", "return_content", "envelope_id"):
        op.drop_column("mails", column)
