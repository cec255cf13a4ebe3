"""An SMTP reply (RFC 5321 §4.2) with its enhanced status code (RFC 2034, RFC 3463).

Every text is ours: nothing that a client wrote is repeated in a reply, except domain names that were parsed.
"""

from dataclasses import dataclass, field

# RFC 5321 §4.5.3.1.5: a reply line has at most 512 octets, code and CRLF included.
_TEXT_LIMIT = 480


@dataclass(frozen=True, slots=True)
class Reply:
    """One line for the client: `550 5.7.1 Unauthorized Sending Address`."""

    code: int
    enhanced: str
    """Class, subject and detail: `5.7.1`."""
    text: str
    octets: bytes = field(init=False, repr=False, compare=False)
    """As it is sent."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "octets", f"{self}\r\n".encode())

    @property
    def accepted(self) -> bool:
        """Whether the client may consider it done."""
        return self.code < 400  # noqa: PLR2004 - RFC 5321 §4.2.1: 4 and 5 are the negative completions

    def __str__(self) -> str:
        text = " ".join(self.text.split())
        return f"{self.code} {self.enhanced} {text[:_TEXT_LIMIT]}"


NOT_NOW = Reply(451, "4.3.0", "a fault on our side, nothing was accepted; please try again later")
"""For every fault that nobody foresaw: constant, so that no inner detail reaches a client."""

STORAGE_FULL = Reply(452, "4.3.1", "our storage is full, nothing was accepted; please try again later")
