"""What the commands about users have in common: finding one, and the faxes that still wait."""

from config.explain import UnknownUser
from config.levels import BETWEEN
from config.policy import Policy, read_policy
from config.server import ServerSettings
from config.settings import UserPolicy
from postfax.failures import ExitCode, Failure
from store.book import Book
from store.job import FaxJob
from store.job_filter import JobFilter
from store.lifecycle import FINAL_STATES, JobState

_NAMED = 5
"""How many jobs are named; the others are counted."""


def policy_of(settings: ServerSettings) -> Policy:
    """The policy as its files are now.

    Raises:
        ConfigError: It has mistakes.
    """
    return read_policy(settings.policy, lines=settings.lines)


def account_of(policy: Policy, username: str) -> UserPolicy:
    """The user whom somebody means.

    Raises:
        Failure: The policy has none.
    """
    user = policy.account(username)
    if user is None:
        raise Failure(f"{UnknownUser(username)}.", ExitCode.NOT_FOUND)
    return user


def department_words(departments: tuple[str, ...]) -> str:
    """From the top down; empty for the company itself."""
    return BETWEEN.join(departments)


async def waiting_jobs(book: Book, account: str) -> tuple[FaxJob, ...]:
    """The faxes of a user that have not come to their end."""
    open_states = frozenset(JobState) - FINAL_STATES
    jobs = await book.jobs(JobFilter(states=open_states, user=account, limit=None))
    return tuple(job for job in jobs if job.user.email.lower() == account.lower())


def waiting_words(jobs: tuple[FaxJob, ...]) -> str:
    """What becomes of faxes that wait, and how to end them; empty if there are none."""
    if not jobs:
        return ""
    ids = " ".join(job.id for job in jobs[:_NAMED]) + (" …" if len(jobs) > _NAMED else "")
    faxes = (
        "1 fax that was accepted before still goes"
        if len(jobs) == 1
        else f"{len(jobs)} faxes that were accepted before still go"
    )
    return f"{faxes} out; to end that: postfax cancel {ids}"
