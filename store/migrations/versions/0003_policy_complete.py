"""What senders ask for, live facts, who did what, alerts, purged bodies, what is searched and counted.

Revision: 0003, after 0002
"""

import json

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
HELD = sa.text("owner > ''")
ALERTS = sa.text("topic > ''")
REFERRED_TO = (
    ("mails_with_body", "mails", "body"),
    ("documents_with_body", "documents", "body"),
    ("quarantine_with_body", "quarantine", "body"),
    ("jobs_under_policy", "jobs", "policy"),
    ("pickups_of_mail", "pickups", "mail_id"),
)
RESENT = sa.text("resend_of > ''")
REFERENCED = sa.text("reference > ''")
BUSY = sa.text("status = 'BUSY'")
FINISHED = sa.text("finished_at IS NOT NULL")
COUNTED_OF_JOBS = (
    *("created_at", "department", "state", "status", "number"),
    *("pages_confirmed", "first_call_at", "finished_at", "not_before"),
)
SEARCHED = (
    ("jobs_counted", COUNTED_OF_JOBS, None),
    ("jobs_by_status", ("status", "created_at"), None),
    (
        "jobs_by_department",
        (
            "department",
            "created_at",
            "id",
            "state",
            "pages_confirmed",
            "first_call_at",
            "finished_at",
            "not_before",
        ),
        None,
    ),
    ("jobs_by_end", ("finished_at", "id"), FINISHED),
    ("jobs_by_reference", ("reference",), REFERENCED),
    ("jobs_resent", ("resend_of",), RESENT),
)
NOTICE_INDEXES = ("notices_due", "notices_held", "notices_of_mail", "notices_to")


def upgrade() -> None:
    _extend_jobs()
    _prepare_searches()
    op.add_column("bodies", sa.Column("purged_at", INSTANT, nullable=True))
    _remake_notices()
    about = ["topic", "address", "created_at"]
    op.create_index("alerts_about", "notices", about, sqlite_where=ALERTS, postgresql_where=ALERTS)
    _index_what_is_referred_to()
    _create_blocks_and_locks()
    _create_audit()
    _create_policies_seen()
    _create_days()
    _create_setup_codes()


def _extend_jobs() -> None:
    # Added as they are and not in a batch, which would copy a table that may have millions of rows.
    for column in (
        sa.Column("recipient_title", sa.Text(), server_default="", nullable=False),
        sa.Column("sender_name", sa.Text(), server_default="", nullable=False),
        sa.Column("priority", sa.Integer(), server_default="1", nullable=False),
        sa.Column("not_before", INSTANT, nullable=True),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.Column("notify", sa.JSON(), nullable=True),
        sa.Column("quotes_nothing", sa.Boolean(), server_default="0", nullable=False),
    ):
        op.add_column("jobs", column)
    op.drop_index("jobs_dialable", "jobs")
    _index_dialable("lines", "priority", "due_at", "id", "number", "dialable")
    op.create_index("jobs_expiring", "jobs", ["expires_at"], sqlite_where=EXPIRING, postgresql_where=EXPIRING)


def _prepare_searches() -> None:
    for column in (
        sa.Column("department", sa.Text(), server_default="", nullable=False),
        sa.Column("pages", sa.Integer(), server_default="0", nullable=False),
        sa.Column("first_call_at", INSTANT, nullable=True),
        sa.Column("resend_of", sa.String(length=24), server_default="", nullable=False),
    ):
        op.add_column("jobs", column)
    _fill_in_what_is_counted()
    op.drop_index("jobs_by_time", "jobs")
    for name, columns, condition in SEARCHED:
        op.create_index(name, "jobs", list(columns), sqlite_where=condition, postgresql_where=condition)
    busy = ["started_at", "called", "job_id"]
    op.create_index("attempts_busy", "attempts", busy, sqlite_where=BUSY, postgresql_where=BUSY)


def _fill_in_what_is_counted() -> None:
    """Of the jobs that are there: their pages, their first calls, and their departments."""
    connection = op.get_bind()
    if connection.execute(sa.text("SELECT id FROM jobs ORDER BY id LIMIT 1")).first() is None:
        return
    op.execute(
        "UPDATE jobs SET first_call_at ="
        " (SELECT min(started_at) FROM attempts WHERE attempts.job_id = jobs.id),"
        " pages = coalesce("
        "(SELECT json_array_length(documents.pages) FROM documents WHERE documents.job_id = jobs.id), 0)"
    )
    fill_in = sa.text("UPDATE jobs SET department = :department WHERE policy = :digest")
    for digest, policy in connection.execute(sa.text("SELECT digest, policy FROM policies")).all():
        if departments := json.loads(policy).get("departments"):
            connection.execute(fill_in, {"department": " › ".join(departments), "digest": digest})


def _index_dialable(*columns: str) -> None:
    op.create_index("jobs_dialable", "jobs", list(columns), sqlite_where=DIALABLE, postgresql_where=DIALABLE)


def _remake_notices(*, alerts: bool = True) -> None:
    """Let notices be about no mail. SQLite changes no column in place: the rows are copied.

    Args:
        alerts: false on the way back, where alerts are left out.
    """
    for name in NOTICE_INDEXES:
        op.drop_index(name, "notices")
    if op.get_bind().dialect.name == "postgresql":  # there the names of constraints are those of indexes too
        for constraint in ("notices_mail_id_of", "notices_key"):
            op.drop_constraint(constraint, "notices")
    op.rename_table("notices", "notices_before")
    op.create_table(
        "notices",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("success", sa.Boolean(), nullable=False),
        sa.Column("mail_id", sa.String(length=16), nullable=alerts),
        sa.Column("job_id", sa.String(length=24), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("delivered_at", INSTANT, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        *(_alert_columns() if alerts else ()),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], name="notices_mail_id_of"),
        sa.PrimaryKeyConstraint("id", name="notices_key"),
    )
    columns = (
        "id, kind, success, mail_id, job_id, address, state, tries, created_at, due_at, delivered_at, "
        "last_error, owner"
    )
    op.execute(
        f"INSERT INTO notices ({columns}) SELECT {columns} FROM notices_before"  # noqa: S608 - names of ours
        " WHERE kind <> 'alert'"
    )
    op.drop_table("notices_before")
    op.create_index("notices_due", "notices", ["state", "due_at"])
    op.create_index("notices_held", "notices", ["owner"], sqlite_where=HELD, postgresql_where=HELD)
    op.create_index("notices_of_mail", "notices", ["mail_id"])
    op.create_index("notices_to", "notices", ["address", "created_at"])


def _alert_columns() -> tuple[sa.Column[str] | sa.Column[int], ...]:
    return (
        sa.Column("topic", sa.Text(), server_default="", nullable=False),
        sa.Column("remark", sa.Text(), server_default="", nullable=False),
        sa.Column("repeats", sa.Integer(), server_default="0", nullable=False),
    )


def _index_what_is_referred_to() -> None:
    for name, table, column in REFERRED_TO:
        op.create_index(name, table, [column])


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


def _create_setup_codes() -> None:
    op.create_table(
        "setup_codes",
        sa.Column("user_email", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("set_at", INSTANT, nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("user_email", name="setup_codes_key"),
    )


def _create_days() -> None:
    counted = ("faxes", "sent", "failed", "cancelled", "pages")
    op.create_table(
        "days",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in counted),
        sa.PrimaryKeyConstraint("day", "department", name="days_key"),
    )


def downgrade() -> None:
    for table in ("days", "setup_codes", "policies_seen", "audit", "locks", "blocks"):
        op.drop_table(table)
    for name, table, _ in REFERRED_TO:
        op.drop_index(name, table)
    op.drop_index("alerts_about", "notices")
    _remake_notices(alerts=False)
    op.drop_index("attempts_busy", "attempts")
    for name, _, _ in SEARCHED:
        op.drop_index(name, "jobs")
    op.create_index("jobs_by_time", "jobs", ["created_at"])
    op.drop_column("bodies", "purged_at")
    op.execute("UPDATE mails SET state = 'answered' WHERE state = 'purged'")  # which 0002 does not know
    op.drop_index("jobs_expiring", "jobs")
    op.drop_index("jobs_dialable", "jobs")
    _index_dialable("lines", "due_at", "id", "number", "dialable")
    for column in (
        *("resend_of", "first_call_at", "pages", "department"),
        *("quotes_nothing", "notify", "expires_at", "not_before"),
        *("priority", "sender_name", "recipient_title"),
    ):
        op.drop_column("jobs", column)
