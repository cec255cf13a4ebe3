"""Whether a fax may be sent again, and how: by the policy that applies now, to the same or another number."""

from dataclasses import dataclass

from config.policy import Policy
from config.settings import UserPolicy
from postfax.failures import ExitCode, Failure
from store.job import FaxJob
from store.resend import Resend
from submission.allowance import Blocks, policy_blocks, refuse_number
from submission.number import FaxNumber, read_number


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What a resend is held against."""

    policy: Policy
    live_blocks: Blocks
    locked: frozenset[str]
    """Accounts that may not send, in lower case."""


def resend_of(job: FaxJob, rules: Rules, *, to: str = "", again: bool = False) -> Resend:
    """How a fax is sent again.

    Args:
        job: The fax.
        rules: What applies now.
        to: Another number, as people write it; empty for the same one.
        again: Whether it does not matter that it is under way a second time already.

    Raises:
        Failure: It may not be; the text says why.
    """
    user = rules.policy.user(job.user.email)
    if user is None:
        raise Failure(
            f"{job.id} is not sent again: its sender {job.user.email} is not in the policy any more."
        )
    if user.email.lower() in rules.locked:
        raise Failure(f"{job.id} is not sent again: {user.email} is locked. `postfax user show` tells more.")
    number = _number(job, to or job.recipient.number, user)
    blocks = policy_blocks(user.blocked_numbers).beside(rules.live_blocks)
    if refusal := refuse_number(number, user.settings.fax, blocks):
        raise Failure(f"{job.id} is not sent again: {refusal.explanation}")
    return Resend(number=number.e164, user=_as_asked(user, job), at_once=again)


def _number(job: FaxJob, written: str, user: UserPolicy) -> FaxNumber:
    number = read_number(written, user.settings.fax.default_region)
    if isinstance(number, FaxNumber):
        return number
    raise Failure(f"{job.id} is not sent again: {number.explanation}", ExitCode.USAGE)


def _as_asked(user: UserPolicy, job: FaxJob) -> UserPolicy:
    """The policy that applies now, with the pages as the first fax had them."""
    pages = {"resolution": job.user.settings.fax.resolution, "paper": job.user.settings.fax.paper}
    fax = user.settings.fax.model_copy(update=pages)
    return user.model_copy(update={"settings": user.settings.model_copy(update={"fax": fax})})
