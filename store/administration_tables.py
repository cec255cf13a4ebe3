"""The tables of administration: what people said and did, what was not taken on. See `store.tables`."""

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, LargeBinary, String, Table, Text

from store.columns import Counted, Instant, OptionalJson, metadata

refused = Table(
    "refused",
    metadata,
    Column("id", Counted, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("client_address", Text, nullable=False),
    Column("helo", Text, nullable=False),
    Column("return_path", Text, nullable=False),
    Column("recipients", JSON, nullable=False),
    Column("header_from", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Index("refused_by_time", "at"),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("client_address", Text, nullable=False),
    Column("helo", Text, nullable=False),
    Column("return_path", Text, nullable=False),
    Column("recipients", JSON, nullable=False),
    Column("envelope_id", Text, nullable=False),
    Column("return_content", String(8), nullable=False),
    Column("notice_requests", OptionalJson),
    Column("header_from", Text, nullable=False),
    Column("user_email", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("mark", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("body", Text, ForeignKey("bodies.reference"), nullable=False),
    Column("dedupe_key", Text, nullable=False, unique=True),
    Index("quarantine_by_time", "at"),
    Index("quarantine_with_body", "body"),
)

credentials = Table(
    "credentials",
    metadata,
    # Account address in lower case.
    Column("user_email", Text, primary_key=True),
    Column("password_hash", Text, nullable=False),
    Column("set_at", Instant, nullable=False),
    Column("set_by", Text, nullable=False),
)

setup_codes = Table(
    "setup_codes",
    metadata,
    # Account address in lower case.
    Column("user_email", Text, primary_key=True),
    Column("code_hash", Text, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("set_at", Instant, nullable=False),
    Column("set_by", Text, nullable=False),
)


def _said_by_somebody(name: str, *, key: str) -> Table:
    """A table of what a person has said of something: why, when, and who."""
    return Table(
        name,
        metadata,
        Column(key, Text, primary_key=True),
        Column("reason", Text, nullable=False),
        Column("at", Instant, nullable=False),
        Column("by", Text, nullable=False),
    )


# As in the policy: a number, one with ? for any digit, or either with a trailing *.
blocks = _said_by_somebody("blocks", key="pattern")

# Account address in lower case.
locks = _said_by_somebody("locks", key="user_email")

# Its name in the settings.
held_lines = _said_by_somebody("held_lines", key="line")

audit = Table(
    "audit",
    metadata,
    Column("id", Counted, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("by", Text, nullable=False),
    Column("action", String(32), nullable=False),
    # What it was done to: an account address, a number pattern, a job's id, a policy's digest.
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index("audit_by_time", "at"),
    Index("audit_of", "subject", "at"),
    # Its end tells whether anything has happened since.
    Index("audit_by_action", "action", "id"),
)

policies_seen = Table(
    "policies_seen",
    metadata,
    # SHA-256 over the files of a policy.
    Column("digest", String(64), primary_key=True),
    Column("at", Instant, nullable=False),
    # Whether somebody said that users may vanish with it; empty for nobody.
    Column("approved_by", Text, nullable=False),
    # Whether the service took it over; the newest of those is what a new policy is held against.
    Column("in_force_at", Instant),
    # Its users by department, as compressed JSON; NULL where it was never in force.
    Column("users", LargeBinary),
)

pickups = Table(
    "pickups",
    metadata,
    Column("account", Text, primary_key=True),
    Column("mailbox", Text, primary_key=True),
    Column("uidvalidity", BigInteger, primary_key=True, autoincrement=False),
    Column("uid", BigInteger, primary_key=True, autoincrement=False),
    Column("mail_id", String(16), ForeignKey("mails.id"), nullable=False),
    Column("at", Instant, nullable=False),
    Index("pickups_of_mail", "mail_id"),
)
