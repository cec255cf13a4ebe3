"""People who mail documents, as their mail servers do it: again and again, until they are told 250."""

import asyncio
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import TYPE_CHECKING

from config.policy import Policy
from postfax.submitting import local_mail
from simulation.mail_server import NOBODY
from store.errors import BookUnavailable

if TYPE_CHECKING:
    from simulation.world import World

PEOPLE = ("ana@hospital.example", "bo@hospital.example", "cy@hospital.example", NOBODY)
WRONG_NUMBER = "John_Doe"
_AGAIN_SECONDS = 60.0
_TOGETHER_SECONDS = 1800.0
"""Where faxes may share a call, mails come in at the same moments, so that they do."""
_CIRCULARS = 0.04
"""The share of mails that go to everybody whom one knows."""
_CIRCULAR_TO = 10, 40
_DOMAIN = "fax.example.com"


@dataclass(kw_only=True)
class SentMail:
    """One mail, and what its sender was told."""

    message_id: str
    sender: str
    recipients: tuple[str, ...]
    mail_ids: set[str] = field(default_factory=set)
    """What it is called in the book, by every 250."""


async def send_mails(world: "World", policy: Policy, *, mails: int, hours: float) -> None:
    """Send so many mails, spread over these hours; returns when all were taken."""
    dice = world.chance.of("senders")
    async with asyncio.TaskGroup() as group:
        for number in range(mails):
            delay = dice.uniform(0, hours * 3600)
            if world.batched:
                delay -= delay % _TOGETHER_SECONDS
            mail, octets = _written(world, number)
            world.sent.append(mail)
            group.create_task(_deliver(world, policy, mail, octets, delay))


def _written(world: "World", number: int) -> tuple[SentMail, bytes]:
    dice = world.chance.of("senders")
    many = dice.randint(*_CIRCULAR_TO) if dice.random() < _CIRCULARS else dice.choice([1, 1, 1, 2, 4])
    pool = [f"+1206555{1000 + dice.randrange(world.numbers)}" for _ in range(many)]
    if dice.random() < 0.05:
        pool.append(WRONG_NUMBER)
    recipients = tuple(f"{one}@{_DOMAIN}" for one in dict.fromkeys(pool))
    sender = dice.choices(PEOPLE, weights=[6, 3, 3, 1])[0]
    message = EmailMessage()
    message["From"], message["To"] = sender, ", ".join(recipients)
    message["Subject"] = f"Referral {number}"
    message["Message-ID"] = message_id = f"<{number}@hospital.example>"
    message["Date"] = "Mon, 23 Nov 2026 09:00:00 +0000"
    message.set_content("Please see the attached document.\n" if dice.random() < 0.7 else "\n")
    name = dice.choices(
        [f"{dice.choice([1, 1, 2, 3, 8])} pages.pdf", "broken.pdf", "trouble.pdf", ""], [16, 1, 1, 2]
    )[0]
    if name:
        message.add_attachment(b"%PDF-1.7 simulated", maintype="application", subtype="pdf", filename=name)
    octets = message.as_bytes().replace(b"\n", b"\r\n")
    return SentMail(message_id=message_id, sender=sender, recipients=recipients), octets


async def _deliver(world: "World", policy: Policy, mail: SentMail, octets: bytes, delay: float) -> None:
    """Try until there is a 250 that arrives. A mail server whose answer was lost sends the same again."""
    await asyncio.sleep(delay)
    while True:
        node = world.some_node()
        if node is not None:
            accepting = asyncio.create_task(
                node.book.accept_mail(local_mail(octets, mail.recipients, policy))
            )
            await asyncio.wait([accepting], timeout=_AGAIN_SECONDS)
            if accepting.done() and not accepting.exception():
                mail.mail_ids.add(accepting.result().mail_id)
                if not world.chance.happens("senders' answers", world.chance.odds.reply_lost):
                    return
            elif accepting.done() and not isinstance(accepting.exception(), BookUnavailable):
                accepting.result()
        await asyncio.sleep(_AGAIN_SECONDS * world.chance.of("senders' patience").uniform(0.5, 1.5))
