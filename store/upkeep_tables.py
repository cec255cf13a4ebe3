"""The tables of upkeep: what stays when faxes are forgotten, and what processes keep of themselves.

See `store.tables`.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text, text

from store.columns import Counted, Instant, metadata

# As in `store.tables`.
UNWIPED = text("NOT wiped")

# What was faxed on each day, kept when the faxes themselves are forgotten.
days = Table(
    "days",
    metadata,
    # YYYY-MM-DD in the company's time zone.
    Column("day", String(10), primary_key=True),
    Column("department", Text, primary_key=True),
    Column("faxes", Integer, nullable=False),
    Column("sent", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("cancelled", Integer, nullable=False),
    Column("pages", Integer, nullable=False),
)

destinations = Table(
    "destinations",
    metadata,
    # E.164 with its plus sign.
    Column("number", Text, primary_key=True),
    # The finest resolution that its machine takes; empty while none said.
    Column("finest", String(16), nullable=False),
    # bit/s that calls keep to, and the transport that alone works; NULL and empty for what the line does.
    Column("max_rate", Integer),
    Column("transport", String(16), nullable=False),
    Column("learned_at", Instant, nullable=False),
    Index("destinations_by_age", "learned_at"),
)

# What was removed, summed up by run, rule and span.
purges = Table(
    "purges",
    metadata,
    Column("id", Counted, primary_key=True, autoincrement=True),
    # When the run began.
    Column("at", Instant, nullable=False),
    Column("rule", String(32), nullable=False),
    # Seconds that it was to be kept; -1 for what was erased on request.
    Column("kept", BigInteger, nullable=False),
    Column("mails", Integer, nullable=False),
    Column("documents", Integer, nullable=False),
    Column("octets", BigInteger, nullable=False),
    Column("records", Integer, nullable=False),
    # Seconds that the oldest of it had been kept.
    Column("longest", BigInteger, nullable=False),
    # Whether the octets are known to be gone from the database's log as well.
    Column("wiped", Boolean, nullable=False),
    Index("purges_of_run", "at", "rule", "kept", unique=True),
    Index("purges_unwiped", "at", sqlite_where=UNWIPED, postgresql_where=UNWIPED),
)

# Of each host: what its clocks showed when it was last looked at them (`store.reckoning`).
clocks = Table(
    "clocks",
    metadata,
    Column("host", Text, primary_key=True),
    # What had surely come, and what the clock showed.
    Column("time", Instant, nullable=False),
    Column("clock", Instant, nullable=False),
    # Microseconds that the host was up, and for which a clock in doubt has gone steadily.
    Column("uptime", BigInteger, nullable=False),
    Column("doubted_for", BigInteger),
)

# Of each process that writes: the number of its last transaction, by which it knows whether a commit was done
# whose answer was lost. With SQLite there is no such thing, and no row.
writers = Table(
    "writers",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("at", Instant, nullable=False),
)
