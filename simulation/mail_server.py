"""The smarthost: takes mails, refuses some for a while, and sometimes takes one and its answer is lost."""

from collections import Counter
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from typing import TYPE_CHECKING

from notify.mailer import MailPermanent, MailTemporary, Rehearsal

if TYPE_CHECKING:
    from simulation.node import Node

NOBODY = "nobody@hospital.example"
"""An address that the server refuses for good."""


class MailServer:
    """What has come in, by Message-ID and address, from all nodes."""

    def __init__(self) -> None:
        self.taken: Counter[tuple[str, str]] = Counter()
        self.octets: dict[tuple[str, str], bytes] = {}
        self.changed: set[tuple[str, str]] = set()
        """What came twice and not as the same mail."""
        self.needless: set[tuple[str, str]] = set()
        """What came again although its sender had heard that it was taken, and could write that down."""
        self._last: dict[tuple[str, str], HandOver] = {}

    def take(self, message: bytes, recipient: str, node: "Node") -> "HandOver":
        """Take a mail in."""
        key = (str(BytesHeaderParser().parsebytes(message)["Message-ID"]), recipient)
        self.taken[key] += 1
        if self.octets.setdefault(key, message) != message:
            self.changed.add(key)
        if (last := self._last.get(key)) and not last.in_doubt:
            self.needless.add(key)
        self._last[key] = HandOver(node=node, failed_writes=node.failed_writes, pauses=node.pauses)
        return self._last[key]


@dataclass(kw_only=True)
class HandOver:
    """One mail on its way from a node to the server."""

    node: "Node"
    failed_writes: int
    """Of the node, before; likewise its pauses."""
    pauses: int
    answer_lost: bool = False

    @property
    def in_doubt(self) -> bool:
        """Whether the node may not know, or could not write down, that it was taken."""
        away = self.node.dead or not self.node.ready or self.node.pauses > self.pauses
        return self.answer_lost or away or self.node.failed_writes > self.failed_writes


class SimulatedMailer:
    """A node's way to the server: `notify.mailer.MailCarrier`."""

    def __init__(self, node: "Node", server: MailServer) -> None:
        self._node = node
        self._server = server

    async def send(self, message: EmailMessage | bytes, recipient: str) -> None:
        """Hand over one mail."""
        octets = message if isinstance(message, bytes) else message.as_bytes()
        pauses = self._node.pauses
        await self._node.outside(seconds=0.2)
        if self._node.pauses > pauses:
            raise MailTemporary("the server has not waited")  # RFC 5321, 4.5.3.2.7: five minutes
        if self._node.in_storm("mail server", self._node.chance.odds.mail_refused):
            raise MailTemporary("451 4.3.0 try again later")
        if recipient == NOBODY:
            raise MailPermanent("550 5.1.1 no such user")
        hand_over = self._server.take(octets, recipient, self._node)
        await self._node.outside(seconds=0.2)
        if self._node.in_storm("mail server", self._node.chance.odds.reply_lost):
            hand_over.answer_lost = True
            raise MailTemporary("the connection was lost after the end of the data")

    async def rehearse(self, recipient: str = "") -> Rehearsal:  # noqa: ARG002 - as the carrier has it
        """Nothing is wrong."""
        return Rehearsal(tls_version="", logged_in=False)
