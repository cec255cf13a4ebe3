"""What would happen to a mail: the decision over it, without a word to anybody."""

from collections.abc import Sequence
from dataclasses import dataclass

from config.explain import explain
from config.policy import Policy, read_policy
from config.server import ServerSettings
from config.settings import UserPolicy
from mta.mime.take_apart import MailNotReadable, take_apart
from postfax.failures import Failure
from postfax.opening import make_book, now
from postfax.routes import routing_of
from sandbox import Nursery
from sandbox.temporary_folder import TemporaryFolder
from store.book import Book
from store.errors import BookUnavailable, BookVersionError
from store.mail import Envelope, MailContent
from submission.allowance import NO_BLOCKS, Blocks
from submission.decide import Submission, Surroundings, decide


@dataclass(frozen=True, kw_only=True, slots=True)
class Rehearsal:
    """A mail and what it would come to."""

    user: UserPolicy
    sender: str
    content: MailContent
    submission: Submission
    locked: bool
    proof: str
    """What the mail's origin would have to prove."""


async def rehearse(
    settings: ServerSettings, mail: bytes, sender: str, recipients: Sequence[str]
) -> Rehearsal:
    """Decide over a mail as the service would.

    Args:
        settings: The server's.
        mail: As it would be received.
        sender: Its From address.
        recipients: The addresses of its envelope.

    Raises:
        ConfigError: The policy has mistakes.
        Failure: The mail would be refused as a whole.
    """
    policy = read_policy(settings.policy, lines=settings.lines)
    user = policy.sender(sender)
    if user is None:
        raise Failure(
            f"{sender or 'nobody'} is not registered: the mail would be refused with 550 5.7.1 Unauthorized "
            "Sending Address."
        )
    blocks, locked = await _live_facts(settings, user)
    content = await _taken_apart(mail)
    surroundings = Surroundings(
        domain=settings.domain,
        other_domains=settings.other_domains,
        now=now(),
        lines=tuple(settings.lines),
        routing=routing_of(settings.lines),
        live_blocks=blocks,
        registered=lambda address: policy.sender(address) is not None,
    )
    envelope = Envelope(return_path=sender, recipients=tuple(dict.fromkeys(recipients)))
    return Rehearsal(
        user=user,
        sender=sender,
        content=content,
        submission=decide(content, envelope, user, surroundings),
        locked=locked,
        proof=_proof(policy, user),
    )


async def _live_facts(settings: ServerSettings, user: UserPolicy) -> tuple[Blocks, bool]:
    """Live blocks, and whether the user is locked; without a book there are none of either."""
    try:
        async with make_book(settings) as book:
            return await _blocks_and_lock(book, user)
    except (BookUnavailable, BookVersionError):
        return NO_BLOCKS, False


async def _blocks_and_lock(book: Book, user: UserPolicy) -> tuple[Blocks, bool]:
    changed = await book.live_patterns()
    locked = await book.lock_of(user.email) is not None
    return (Blocks(changed.patterns) if changed else NO_BLOCKS), locked


async def _taken_apart(mail: bytes) -> MailContent:
    nursery = Nursery(preload=("mta.mime.task",), processes=1)
    await nursery.start()
    try:
        with TemporaryFolder("try") as folder:
            return await take_apart(nursery, mail, folder)
    except MailNotReadable as problem:
        raise Failure(f"the mail would be refused: {problem}") from problem
    finally:
        await nursery.stop()


def _proof(policy: Policy, user: UserPolicy) -> str:
    [row] = explain(policy, user.email, "fax.require_spf")
    where = f" ({row.level}{f', {row.file}:{row.line}' if row.file else ''})"
    if row.value == "true":
        return f"an aligned SPF or DKIM pass is needed, or a log-in: fax.require_spf{where}"
    return f"none is needed unless the domain's DMARC policy says so: fax.require_spf is false{where}"
