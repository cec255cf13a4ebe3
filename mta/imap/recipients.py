"""The envelope of a mail that lies in a mailbox, where only its header is left to tell it. Pure.

**Recipients.** The nearest to the truth is what the delivering server noted above all Received fields. Where
it notes the address that the sender wrote to (`X-Original-To` of Postfix, `Envelope-To` of Exim), that alone
counts: a Bcc is found, and of a mail to many, of which each has its own copy, no copy is taken for all of
them. Where it notes `Delivered-To`, that counts if it is a fax address; behind an alias it is the mailbox.
Fields of these names further down are of an earlier delivery and count for nothing: a mail that is sent on
would go to its old number. Without any of them all fax addresses of To and Cc count; a Bcc is not found then.

A fax address is one at the fax domain, or the mailbox's own with a number behind a plus sign:
`fax+12065551234@hospital.example` for the mailbox `fax@hospital.example`. The mailbox's own address is none.
Where there is none, and the settings allow it, the numbers of the subject's tag count.

**Return path.** The topmost Return-Path; where there is none, the author's address, because an empty one
would make it automatic mail.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from config.domain_name import ascii_domain
from mta.address_field import parse_address_field
from mta.imap.subject_numbers import fax_address, subject_recipients
from mta.imap.trace import HeaderField, above_all_hops
from mta.smtp.command import Mailbox, parse_mailbox
from store.mail import Envelope

_ORIGINAL = ("x-original-to", "envelope-to")
_DELIVERED = ("delivered-to",)
_WRITTEN = ("to", "cc")


@dataclass(frozen=True, kw_only=True, slots=True)
class FaxAddresses:
    """Which addresses are fax addresses."""

    domain: str
    """The fax domain."""
    mailbox: str
    """Who logs in: as a rule the mailbox's address."""
    in_subject: bool
    """Whether a tag in the subject may name numbers."""
    other_domains: tuple[str, ...] = ()
    """More of them: an address there is taken for the same one at `domain`."""

    def of(self, mailbox: Mailbox) -> str:
        """The fax address that an address is or stands for; empty if it is none."""
        if self._is_own(mailbox.local_part, mailbox.domain):
            return ""
        name, plus, number = mailbox.local_part.partition("+")
        if plus and number and self._is_own(name, mailbox.domain):
            return fax_address(number, self.domain)
        ours = map(ascii_domain, (self.domain, *self.other_domains))
        return f"{mailbox.local_part}@{self.domain}" if ascii_domain(mailbox.domain) in ours else ""

    def _is_own(self, local_part: str, domain: str) -> bool:
        written = f"{local_part}@{domain}" if "@" in self.mailbox else local_part
        return written.lower() == self.mailbox.lower()


def envelope_of(fields: Sequence[HeaderField], faxes: FaxAddresses, author: str) -> Envelope:
    """The envelope that a mail came in.

    Args:
        fields: of its whole header, top first.
        faxes: which addresses count.
        author: the address of its From field.
    """
    recipients = _addressed(fields, faxes)
    if not recipients and faxes.in_subject:
        subject = next((field.value for field in fields if field.name == "subject"), "")
        recipients = subject_recipients(subject, faxes.domain)
    return Envelope(return_path=_return_path(fields, author), recipients=recipients)


def _addressed(fields: Sequence[HeaderField], faxes: FaxAddresses) -> tuple[str, ...]:
    noted = above_all_hops(fields)
    if any(field.name in _ORIGINAL for field in noted):
        return _fax_addresses(noted, _ORIGINAL, faxes)
    return _fax_addresses(noted, _DELIVERED, faxes) or _fax_addresses(fields, _WRITTEN, faxes)


def _fax_addresses(
    fields: Iterable[HeaderField], names: tuple[str, ...], faxes: FaxAddresses
) -> tuple[str, ...]:
    return tuple(dict.fromkeys(fax for one in _mailboxes(fields, names) if (fax := faxes.of(one))))


def _mailboxes(fields: Iterable[HeaderField], names: tuple[str, ...]) -> Iterator[Mailbox]:
    for field in fields:
        if field.name in names:
            yield from (one.mailbox for one in parse_address_field(field.value) if one.mailbox)


def is_bounce(fields: Iterable[HeaderField]) -> bool:
    """Whether the server noted an empty return path."""
    return _noted_return_path(fields) == ""


def _return_path(fields: Iterable[HeaderField], author: str) -> str:
    path = _noted_return_path(fields)
    return author if path is None or (path and not parse_mailbox(path)) else path


def _noted_return_path(fields: Iterable[HeaderField]) -> str | None:
    written = next((field.value for field in fields if field.name == "return-path"), None)
    return None if written is None else written.strip().removeprefix("<").removesuffix(">").strip()
