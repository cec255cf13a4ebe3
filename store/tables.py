"""The tables of the book, in SQLAlchemy Core and in nothing that PostgreSQL lacks.

Here are those of a fax's way; `store.administration_tables`, `store.upkeep_tables` and `store.node_tables`
have the others, and `metadata` has all of them. A row that can be claimed (a mail, a notice, a copy) has two
columns for it: `due_at`, the time from which it may be claimed, and `owner`, the process that has it. A claim
moves `due_at` to the end of its lease, so one index answers both what is due and what came back because its
owner let the lease end.

A change here is a revision in `store/migrations/versions`, and a name in `store.version`.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)

from store import administration_tables, node_tables, upkeep_tables  # noqa: F401 - so that the catalogue is whole
from store.columns import Counted, Instant, OptionalJson
from store.columns import metadata as metadata  # noqa: PLC0414 - who needs every table takes it from here

# Conditions of partial indexes. A query uses such an index only if it states the same condition in the same
# words, so both take it from here.
DIALABLE = text("dialable")
IN_CALL = text("state = 'dialling'")
OPEN = text("ended_at IS NULL")
HELD = text("owner > ''")
EXPIRING = text("expires_at IS NOT NULL AND finished_at IS NULL")
ALERTS = text("topic > ''")
RESENT = text("resend_of > ''")
REFERENCED = text("reference > ''")
BUSY = text("status = 'BUSY'")
FINISHED = text("finished_at IS NOT NULL")

bodies = Table(
    "bodies",
    metadata,
    Column("reference", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    # NULL where the octets lie outside the book.
    Column("octets", LargeBinary),
    # Of octets outside the book; empty for one from before version 0004.
    Column("sha256", String(64), nullable=False, server_default=""),
    # When the octets were removed because they had been kept long enough; the row stays with the record.
    Column("purged_at", Instant),
)

policies = Table(
    "policies",
    metadata,
    # Thousands of mails are decided by the same text, so it is kept once, under its SHA-256.
    Column("digest", String(64), primary_key=True),
    Column("policy", Text, nullable=False),
)

mails = Table(
    "mails",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("return_path", Text, nullable=False),
    Column("recipients", JSON, nullable=False),
    Column("header_from", Text, nullable=False),
    Column("user_email", Text, nullable=False),
    Column("proof", JSON, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("thread", JSON, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("body", Text, ForeignKey("bodies.reference"), nullable=False),
    Column("dedupe_key", Text, nullable=False, unique=True),
    Column("due_at", Instant, nullable=False),
    Column("owner", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("last_error", Text, nullable=False),
    # What the sender asked of notices (RFC 3461); empty or NULL where nothing was said. The defaults are for
    # mails from before version 0002.
    Column("envelope_id", Text, nullable=False, server_default=""),
    Column("return_content", String(8), nullable=False, server_default=""),
    Column("notice_requests", OptionalJson),
    Index("mails_due", "state", "due_at"),
    # Whoever removes a body, a policy or a mail has the database ask who still refers to it.
    Index("mails_with_body", "body"),
    Index("mails_held", "owner", sqlite_where=HELD, postgresql_where=HELD),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(24), primary_key=True),
    Column("mail_id", String(16), ForeignKey("mails.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("status", String(32)),
    Column("explanation", Text, nullable=False),
    Column("advice", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("subaddress", Text, nullable=False),
    Column("recipient_name", Text, nullable=False),
    Column("recipient_company", Text, nullable=False),
    # NULL for a sender that the policy no longer knew when the mail was decided.
    Column("policy", String(64), ForeignKey("policies.digest")),
    # For searching: account and From address in lower case, and the allowed lines as a JSON list,
    # in which `*` is every other one (`store.records.next_call`).
    Column("user_email", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("lines", Text, nullable=False),
    Column("cover_template", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("billing", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    # Whether it may be called at `due_at`. It follows from the state, but the planner would pass over an
    # index on the three states, and one on a generated column is never covering.
    Column("dialable", Boolean, nullable=False),
    CheckConstraint(
        "dialable = (state IN ('queued', 'scheduled', 'waiting'))", name="jobs_dialable_by_state"
    ),
    Column("finished_at", Instant),
    Column("tries", Integer, nullable=False),
    Column("interruptions", Integer, nullable=False),
    Column("pages_confirmed", Integer, nullable=False),
    Column("cancel_requested_by", Text, nullable=False),
    # The envelope's addresses of its recipient; NULL for a job from before version 0002.
    Column("addresses", OptionalJson),
    # What the sender asked for; the defaults are for jobs from before version 0003.
    Column("recipient_title", Text, nullable=False, server_default=""),
    Column("sender_name", Text, nullable=False, server_default=""),
    Column("priority", Integer, nullable=False, server_default="1"),
    Column("not_before", Instant),
    Column("expires_at", Instant),
    Column("notify", OptionalJson),
    # Whether explanation and advice hold nothing of the mail.
    Column("quotes_nothing", Boolean, nullable=False, server_default="0"),
    # For searching and counting: the sender's departments from the top down, ` › ` between; the document's
    # pages; when the first call was placed. And the job that this one is sent again for.
    Column("department", Text, nullable=False, server_default=""),
    Column("pages", Integer, nullable=False, server_default="0"),
    Column("first_call_at", Instant),
    Column("resend_of", String(24), nullable=False, server_default=""),
    # While it is in a call: 0, or its place behind the fax whose call it shares.
    Column("call_place", Integer, nullable=False, server_default="0"),
    Index("jobs_of_mail", "mail_id", "position", unique=True),
    # Holds all that the choice of the next call looks at, so that it never touches a row that it passes over.
    Index(
        "jobs_dialable",
        "lines",
        "priority",
        "department",
        "due_at",
        "id",
        "number",
        "dialable",
        sqlite_where=DIALABLE,
        postgresql_where=DIALABLE,
    ),
    # When the next of them comes due, whatever lines, priority and department it has.
    Index("jobs_due", "due_at", sqlite_where=DIALABLE, postgresql_where=DIALABLE),
    Index("jobs_expiring", "expires_at", sqlite_where=EXPIRING, postgresql_where=EXPIRING),
    # The database itself holds that a number has one call at a time.
    Index(
        "one_call_a_number",
        "number",
        "call_place",
        unique=True,
        sqlite_where=IN_CALL,
        postgresql_where=IN_CALL,
    ),
    Index("jobs_by_state", "state", "created_at"),
    # In order of time, and with all that reports count: they touch no row.
    Index(
        "jobs_counted",
        "created_at",
        "department",
        "state",
        "status",
        "number",
        "pages_confirmed",
        "first_call_at",
        "finished_at",
        "not_before",
    ),
    Index("jobs_by_user", "user_email", "created_at"),
    Index("jobs_by_sender", "sender", "created_at"),
    Index("jobs_by_number", "number", "created_at"),
    Index("jobs_under_policy", "policy"),
    Index("jobs_by_status", "status", "created_at"),
    # Likewise for a department: telling departments apart in the one above puts every fax in order. With the
    # id, so that a list of the newest touches only the rows that it shows.
    Index(
        "jobs_by_department",
        "department",
        "created_at",
        "id",
        "state",
        "pages_confirmed",
        "first_call_at",
        "finished_at",
        "not_before",
    ),
    Index("jobs_by_end", "finished_at", "id", sqlite_where=FINISHED, postgresql_where=FINISHED),
    Index("jobs_by_reference", "reference", sqlite_where=REFERENCED, postgresql_where=REFERENCED),
    Index("jobs_resent", "resend_of", sqlite_where=RESENT, postgresql_where=RESENT),
)

documents = Table(
    "documents",
    metadata,
    Column("job_id", String(24), ForeignKey("jobs.id"), primary_key=True),
    Column("body", Text, ForeignKey("bodies.reference"), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("resolution", String(16), nullable=False),
    Column("pages", JSON, nullable=False),
    Index("documents_with_body", "body"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("job_id", String(24), ForeignKey("jobs.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("line", Text, nullable=False),
    Column("called", Text, nullable=False),
    Column("header", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("owner", Text, nullable=False),
    Column("leased_until", Instant, nullable=False),
    Column("interrupted", Boolean, nullable=False),
    Column("first_page", Integer, nullable=False, server_default="0"),
    # The attempt whose call it shares; empty where the call is its own.
    Column("shares_call_of", String(32), nullable=False, server_default=""),
    # The outcome; NULL throughout while the attempt is open.
    Column("ended_at", Instant),
    Column("status", String(32)),
    Column("cause", Text),
    Column("answered_at", Instant),
    Column("pages_confirmed", Integer),
    Column("sip_code", Integer),
    Column("q850_cause", Integer),
    Column("t30_code", Integer),
    Column("t30_result", Text),
    Column("transport", String(16)),
    Column("bit_rate", Integer),
    Column("ecm", Boolean),
    Column("compression", String(16)),
    Column("remote_csid", Text),
    Column("remote_finest", String(16)),
    Column("bad_rows", Integer),
    Column("retransmissions", Integer),
    Column("transcript", Text),
    Index("attempts_of_job", "job_id", "number", unique=True),
    Index("attempts_open", "owner", sqlite_where=OPEN, postgresql_where=OPEN),
    # For the numbers that are busy most often.
    Index("attempts_busy", "started_at", "called", "job_id", sqlite_where=BUSY, postgresql_where=BUSY),
)

transitions = Table(
    "transitions",
    metadata,
    Column("id", Counted, primary_key=True, autoincrement=True),
    Column("job_id", String(24), ForeignKey("jobs.id"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("name", String(24), nullable=False),
    # NULL for the transition that made the job.
    Column("from_state", String(16)),
    Column("to_state", String(16), nullable=False),
    Column("by", Text, nullable=False),
    Index("transitions_of_job", "job_id", "id"),
)

notices = Table(
    "notices",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("success", Boolean, nullable=False),
    # NULL for an alert that is about no mail.
    Column("mail_id", String(16), ForeignKey("mails.id")),
    # Empty for an initial notice, hence no foreign key.
    Column("job_id", String(24), nullable=False),
    Column("address", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("delivered_at", Instant),
    Column("last_error", Text, nullable=False),
    Column("owner", Text, nullable=False),
    # Of an alert: what it is about, what it says, and how often the same was not told after it. Of every
    # other notice: nothing.
    Column("topic", Text, nullable=False, server_default=""),
    Column("remark", Text, nullable=False, server_default=""),
    Column("repeats", Integer, nullable=False, server_default="0"),
    Index("notices_due", "state", "due_at"),
    Index("notices_held", "owner", sqlite_where=HELD, postgresql_where=HELD),
    Index("notices_of_mail", "mail_id"),
    # For the limit of notices to one address.
    Index("notices_to", "address", "created_at"),
    Index("alerts_about", "topic", "address", "created_at", sqlite_where=ALERTS, postgresql_where=ALERTS),
)

copies = Table(
    "copies",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("job_id", String(24), ForeignKey("jobs.id"), nullable=False),
    Column("archive", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("delivered_at", Instant),
    Column("place", Text, nullable=False),
    Column("last_error", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Index("copies_due", "state", "due_at"),
    Index("copies_held", "owner", sqlite_where=HELD, postgresql_where=HELD),
    Index("copies_of_job", "job_id"),
)
