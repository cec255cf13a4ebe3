"""The pages that a user has faxed of late."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, func, select

from store.lifecycle import Transition
from store.tables import documents, jobs, transitions

_LONGEST_MAKING = timedelta(days=1)
"""Before its document is made a job waits seconds, and with all tries hours."""

_PAGES = (
    select(func.coalesce(func.sum(func.json_array_length(documents.c.pages)), 0))
    .join(jobs, documents.c.job_id == jobs.c.id)
    .join(transitions, transitions.c.job_id == jobs.c.id)
    .where(
        jobs.c.user_email == bindparam("user_email"),
        jobs.c.created_at >= bindparam("made_from"),
        transitions.c.name.in_([Transition.QUEUE.name, Transition.SCHEDULE.name]),
        transitions.c.at >= bindparam("since"),
    )
)


def pages_made(connection: Connection, user_email: str, since: datetime) -> int:
    """The pages of an account's documents that were made since a time."""
    asked = {"user_email": user_email.lower(), "since": since, "made_from": since - _LONGEST_MAKING}
    pages: int = connection.scalar(_PAGES, asked) or 0
    return pages
