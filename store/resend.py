"""A fax that an administrator sends again: what is wanted, and why it cannot be."""

from dataclasses import dataclass

from config.settings import UserPolicy
from store.job import FaxJob


@dataclass(frozen=True, kw_only=True, slots=True)
class Resend:
    """How a fax is sent again."""

    number: str
    """E.164 with its plus sign: the job's own, or another one."""
    user: UserPolicy
    """The policy that applies now, with what the sender had asked of the pages laid over it."""
    at_once: bool = False
    """Whether it does not matter that the same fax is under way to the same number already."""


class ResendRefused(Exception):  # noqa: N818 - named as what happened
    """The fax is not sent again, and nothing was changed. The text says why."""


def refuse_under_way(job: FaxJob) -> ResendRefused:
    """The fax itself is not at its end: the other side would get it twice."""
    return ResendRefused(
        f"{job.id} is still {job.state.value}, and would arrive twice. Wait for its end, or cancel it first."
    )


def refuse_resent(job: FaxJob, by: str) -> ResendRefused:
    """Somebody has sent it again already, and that fax is under way.

    Args:
        job: the fax that is under way.
        by: who wanted it.
    """
    return ResendRefused(
        f"{job.resend_of} was sent again by {by} as {job.id}, at {job.created_at.astimezone():%H:%M:%S}, "
        f"and that is still {job.state.value}. With --again it is sent once more."
    )


def refuse_never_made(job: FaxJob) -> ResendRefused:
    """The sender's mail never became a fax, so there is nothing to send again."""
    why = f": {job.explanation}" if job.explanation else ""
    return ResendRefused(f"{job.id} was refused when it came{why} Its sender has to send the mail again.")
