"""The first book.

Revision: 0001, after none
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Microseconds since 1970 in UTC.
INSTANT = sa.BigInteger()
COUNTED = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

DIALABLE = sa.text("dialable")
IN_CALL = sa.text("state = 'dialling'")
OPEN = sa.text("ended_at IS NULL")
HELD = sa.text("owner > ''")


def upgrade() -> None:
    _create_bodies()
    _create_policies()
    _create_mails()
    _create_jobs()
    _create_documents()
    _create_attempts()
    _create_transitions()
    _create_notices()
    _create_copies()
    _create_refused()


def _create_bodies() -> None:
    op.create_table(
        "bodies",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("octets", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("reference", name="bodies_key"),
    )


def _create_policies() -> None:
    op.create_table(
        "policies",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="policies_key"),
    )


def _create_mails() -> None:
    op.create_table(
        "mails",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("return_path", sa.Text(), nullable=False),
        sa.Column("recipients", sa.JSON(), nullable=False),
        sa.Column("header_from", sa.Text(), nullable=False),
        sa.Column("user_email", sa.Text(), nullable=False),
        sa.Column("proof", sa.JSON(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("thread", sa.JSON(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["body"], ["bodies.reference"], name="mails_body_of"),
        sa.PrimaryKeyConstraint("id", name="mails_key"),
        sa.UniqueConstraint("dedupe_key", name="mails_dedupe_key_once"),
    )
    op.create_index("mails_due", "mails", ["state", "due_at"])
    op.create_index("mails_held", "mails", ["owner"], sqlite_where=HELD, postgresql_where=HELD)


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("mail_id", sa.String(length=16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=True),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("advice", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("subaddress", sa.Text(), nullable=False),
        sa.Column("recipient_name", sa.Text(), nullable=False),
        sa.Column("recipient_company", sa.Text(), nullable=False),
        sa.Column("policy", sa.String(length=64), nullable=True),
        sa.Column("user_email", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("cover_template", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("billing", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("dialable", sa.Boolean(), nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("interruptions", sa.Integer(), nullable=False),
        sa.Column("pages_confirmed", sa.Integer(), nullable=False),
        sa.Column("cancel_requested_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "dialable = (state IN ('queued', 'scheduled', 'waiting'))", name="jobs_dialable_by_state"
        ),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], name="jobs_mail_id_of"),
        sa.ForeignKeyConstraint(["policy"], ["policies.digest"], name="jobs_policy_of"),
        sa.PrimaryKeyConstraint("id", name="jobs_key"),
    )
    op.create_index("jobs_by_number", "jobs", ["number", "created_at"])
    op.create_index("jobs_by_sender", "jobs", ["sender", "created_at"])
    op.create_index("jobs_by_state", "jobs", ["state", "created_at"])
    op.create_index("jobs_by_time", "jobs", ["created_at"])
    op.create_index("jobs_by_user", "jobs", ["user_email", "created_at"])
    op.create_index(
        "jobs_dialable",
        "jobs",
        ["lines", "due_at", "id", "number", "dialable"],
        sqlite_where=DIALABLE,
        postgresql_where=DIALABLE,
    )
    op.create_index("jobs_of_mail", "jobs", ["mail_id", "position"], unique=True)
    op.create_index(
        "one_call_a_number", "jobs", ["number"], unique=True, sqlite_where=IN_CALL, postgresql_where=IN_CALL
    )


def _create_documents() -> None:
    op.create_table(
        "documents",
        sa.Column("job_id", sa.String(length=24), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("resolution", sa.String(length=16), nullable=False),
        sa.Column("pages", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["body"], ["bodies.reference"], name="documents_body_of"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="documents_job_id_of"),
        sa.PrimaryKeyConstraint("job_id", name="documents_key"),
    )


def _create_attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("job_id", sa.String(length=24), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("called", sa.Text(), nullable=False),
        sa.Column("header", sa.Text(), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("leased_until", INSTANT, nullable=False),
        sa.Column("interrupted", sa.Boolean(), nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("status", sa.String(length=32), nullable=True),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("answered_at", INSTANT, nullable=True),
        sa.Column("pages_confirmed", sa.Integer(), nullable=True),
        sa.Column("sip_code", sa.Integer(), nullable=True),
        sa.Column("q850_cause", sa.Integer(), nullable=True),
        sa.Column("t30_code", sa.Integer(), nullable=True),
        sa.Column("t30_result", sa.Text(), nullable=True),
        sa.Column("transport", sa.String(length=16), nullable=True),
        sa.Column("bit_rate", sa.Integer(), nullable=True),
        sa.Column("ecm", sa.Boolean(), nullable=True),
        sa.Column("compression", sa.String(length=16), nullable=True),
        sa.Column("remote_csid", sa.Text(), nullable=True),
        sa.Column("bad_rows", sa.Integer(), nullable=True),
        sa.Column("retransmissions", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="attempts_job_id_of"),
        sa.PrimaryKeyConstraint("id", name="attempts_key"),
    )
    op.create_index("attempts_of_job", "attempts", ["job_id", "number"], unique=True)
    op.create_index("attempts_open", "attempts", ["owner"], sqlite_where=OPEN, postgresql_where=OPEN)


def _create_transitions() -> None:
    op.create_table(
        "transitions",
        sa.Column("id", COUNTED, autoincrement=True, nullable=False),
        sa.Column("job_id", sa.String(length=24), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("name", sa.String(length=24), nullable=False),
        sa.Column("from_state", sa.String(length=16), nullable=True),
        sa.Column("to_state", sa.String(length=16), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="transitions_job_id_of"),
        sa.PrimaryKeyConstraint("id", name="transitions_key"),
    )
    op.create_index("transitions_of_job", "transitions", ["job_id", "id"])


def _create_notices() -> None:
    op.create_table(
        "notices",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("success", sa.Boolean(), nullable=False),
        sa.Column("mail_id", sa.String(length=16), nullable=False),
        sa.Column("job_id", sa.String(length=24), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("delivered_at", INSTANT, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], name="notices_mail_id_of"),
        sa.PrimaryKeyConstraint("id", name="notices_key"),
    )
    op.create_index("notices_due", "notices", ["state", "due_at"])
    op.create_index("notices_held", "notices", ["owner"], sqlite_where=HELD, postgresql_where=HELD)
    op.create_index("notices_of_mail", "notices", ["mail_id"])


def _create_copies() -> None:
    op.create_table(
        "copies",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("job_id", sa.String(length=24), nullable=False),
        sa.Column("archive", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("delivered_at", INSTANT, nullable=True),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="copies_job_id_of"),
        sa.PrimaryKeyConstraint("id", name="copies_key"),
    )
    op.create_index("copies_due", "copies", ["state", "due_at"])
    op.create_index("copies_held", "copies", ["owner"], sqlite_where=HELD, postgresql_where=HELD)
    op.create_index("copies_of_job", "copies", ["job_id"])


def _create_refused() -> None:
    op.create_table(
        "refused",
        sa.Column("id", COUNTED, autoincrement=True, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("client_address", sa.Text(), nullable=False),
        sa.Column("helo", sa.Text(), nullable=False),
        sa.Column("return_path", sa.Text(), nullable=False),
        sa.Column("recipients", sa.JSON(), nullable=False),
        sa.Column("header_from", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="refused_key"),
    )
    op.create_index("refused_by_time", "refused", ["at"])


def downgrade() -> None:
    for table in (
        "refused",
        "copies",
        "notices",
        "transitions",
        "attempts",
        "documents",
        "jobs",
        "mails",
        "policies",
        "bodies",
    ):
        op.drop_table(table)
