"""What has to be looked up for mails that go to their recipients' servers directly."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange:
    """A mail server of a domain."""

    host: str
    """Without its final dot; empty for “no mail here” (RFC 7505)."""
    preference: int


class NamesUnknown(Exception):  # noqa: N818 - named as what happened
    """The name servers do not answer; asking again later may help."""


class MailNames(Protocol):
    """The look-ups. Each raises `NamesUnknown`."""

    async def exchanges(self, domain: str) -> Sequence[Exchange]:
        """The MX records of a domain."""

    async def has_address(self, domain: str) -> bool:
        """Whether a domain has an address of its own."""

    async def texts(self, name: str) -> tuple[str, ...]:
        """The TXT records of a name."""
