"""A mail transaction (RFC 5321 §3.3): what MAIL and RCPT build up, and what each is answered. Pure.

Whether a recipient's local part is a fax number is not judged here: a known sender's mistakes are told by
mail, where a person reads them. `postmaster` and `abuse` are: no person has a mailbox at a domain of fax
numbers, so that who writes there is told at once who can help (RFC 5321 §4.5.1).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from config.domain_name import ascii_domain
from mta.reply import Reply
from mta.smtp.command import (
    Mailbox,
    PathArgument,
    SyntaxRefused,
    parse_mail_argument,
    parse_mailbox,
    parse_rcpt_argument,
)
from mta.smtp.notice_parameters import parse_envelope_id, parse_notice_request, parse_return_content
from mta.smtp.xtext import decode_xtext
from store.mail import Envelope, NoticeRequest, ReturnContent

_WITH_MAIL = {"SIZE", "BODY", "SMTPUTF8", "RET", "ENVID", "AUTH", "REQUIRETLS"}
_WITH_RCPT = {"NOTIFY", "ORCPT"}
_SIZE_DIGITS = 20  # RFC 1870 §4
_ROLES = {"postmaster", "abuse"}

_NOT_BEGUN = Reply(503, "5.5.1", "begin with MAIL FROM")
_BEGUN = Reply(503, "5.5.1", "a mail is begun already; RSET forgets it")
_NO_RECIPIENT = Reply(503, "5.5.1", "name a recipient first, with RCPT TO")
_SENDER_OK = Reply(250, "2.1.0", "sender ok")
_RECIPIENT_OK = Reply(250, "2.1.5", "recipient ok")
_BAD_SIZE = Reply(501, "5.5.4", "SIZE is a number of octets")
_BAD_BODY = Reply(501, "5.5.4", "BODY is 7BIT or 8BITMIME")
_BAD_SMTPUTF8 = Reply(501, "5.5.4", "SMTPUTF8 has no value")
_BAD_AUTH = Reply(501, "5.5.4", "AUTH is an address in xtext, or <>")
_UNKNOWN_PARAMETER = Reply(555, "5.5.4", "an ESMTP parameter is not known here")
_NEEDS_SMTPUTF8 = Reply(553, "5.6.7", "an address beyond ASCII needs SMTPUTF8 with MAIL")  # RFC 6531 §3.5
_TOO_MANY_RECIPIENTS = Reply(452, "4.5.3", "too many recipients; send another mail for the rest")
_NO_TLS_BEYOND = Reply(550, "5.7.30", "REQUIRETLS cannot be kept here: a fax call knows no TLS")
CROWDED = Reply(452, "4.3.1", "too much mail is arriving at this time; please try again later")
"""A mail for which there is no room among the octets in flight."""


def too_big(max_size: int) -> Reply:
    """The reply to a mail over the limit, announced (RFC 1870 §6.1) or sent."""
    return Reply(552, "5.3.4", f"a mail may have {max_size} octets here")


@dataclass(frozen=True, kw_only=True, slots=True)
class TransactionRules:
    """What holds for every transaction."""

    domain: str
    """The one whose addresses are fax numbers."""
    max_size: int
    max_recipients: int
    other_domains: tuple[str, ...] = ()
    """More of them."""
    contact: str = ""
    """The person to whom mail for postmaster and abuse should go instead; empty if there is none to name."""
    room: Callable[[int], bool] = lambda _size: True
    """Whether so many octets may come in now."""
    _domains: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        written = (self.domain, *self.other_domains)
        object.__setattr__(
            self, "_domains", frozenset(ascii_domain(domain) or domain.lower() for domain in written)
        )

    def is_ours(self, domain: str) -> bool:
        """Whether a recipient's domain is a fax domain, however it is written."""
        return ascii_domain(domain) in self._domains

    @property
    def served(self) -> str:
        """The fax domains as a reply names them, which has room for one."""
        match self.other_domains:
            case ():
                return self.domain
            case (other,):
                return f"{self.domain} and {other}"
            case others:
                return f"{self.domain} and {len(others)} other domains"


class Transaction:
    """One transaction at a time; `RSET` and the end of a message make a new one."""

    __slots__ = (
        "_envelope_id",
        "_recipients",
        "_return_content",
        "_return_path",
        "_rules",
        "_smtputf8",
        "accepted_recipients",
    )

    def __init__(self, rules: TransactionRules) -> None:
        self._rules = rules
        self._return_path: str | None = None
        self._smtputf8 = False
        self._envelope_id = ""
        self._return_content: ReturnContent | None = None
        self._recipients: dict[str, NoticeRequest | None] = {}
        self.accepted_recipients = 0
        """How many RCPT were answered with 250, repeated ones too: LMTP owes a reply to each of them."""

    @property
    def begun(self) -> bool:
        """Whether MAIL was accepted."""
        return self._return_path is not None

    @property
    def envelope(self) -> Envelope:
        """The envelope as it stands."""
        return Envelope(
            return_path=self._return_path or "",
            recipients=tuple(self._recipients),
            envelope_id=self._envelope_id,
            return_content=self._return_content,
            notice_requests={name: asked for name, asked in self._recipients.items() if asked},
        )

    def mail(self, argument: str) -> Reply:
        """Begin with a return path (§4.1.1.2)."""
        if self._return_path is not None:
            return _BEGUN
        try:
            parsed = parse_mail_argument(argument)
            if parsed.parameters and (refusal := self._parameter_refusal(parsed.parameters)):
                return refusal
            return_path = "" if parsed.mailbox is None else str(parsed.mailbox)
            if not return_path.isascii() and "SMTPUTF8" not in parsed.parameters:
                return _NEEDS_SMTPUTF8
            self._take_notice_parameters(parsed.parameters)
        except SyntaxRefused as refused:
            return refused.reply
        self._return_path = return_path
        self._smtputf8 = "SMTPUTF8" in parsed.parameters
        return _SENDER_OK

    def _parameter_refusal(self, parameters: Mapping[str, str | None]) -> Reply | None:
        if parameters.keys() - _WITH_MAIL:
            return _UNKNOWN_PARAMETER
        if "REQUIRETLS" in parameters:  # RFC 8689 §4.1; never offered, and never to be passed over in silence
            return _NO_TLS_BEYOND
        if (parameters.get("BODY", "7BIT") or "").upper() not in {"7BIT", "8BITMIME"}:
            return _BAD_BODY
        if parameters.get("SMTPUTF8") is not None:
            return _BAD_SMTPUTF8
        if "AUTH" in parameters and not _is_submitter(parameters["AUTH"] or ""):
            return _BAD_AUTH
        return self._size_refusal(parameters.get("SIZE", "0") or "")

    def _size_refusal(self, size: str) -> Reply | None:
        if not (size.isascii() and size.isdigit() and len(size) <= _SIZE_DIGITS):
            return _BAD_SIZE
        if int(size) > self._rules.max_size:
            return too_big(self._rules.max_size)
        return None if self._rules.room(int(size)) else CROWDED

    def _take_notice_parameters(self, parameters: Mapping[str, str | None]) -> None:
        self._return_content = parse_return_content(parameters["RET"]) if "RET" in parameters else None
        self._envelope_id = parse_envelope_id(parameters["ENVID"]) if "ENVID" in parameters else ""

    def rcpt(self, argument: str) -> Reply:
        """Add a recipient (§4.1.1.3); one that was named before counts once, as it was named first."""
        if self._return_path is None:
            return _NOT_BEGUN
        try:
            parsed = parse_rcpt_argument(argument)
            asked = parse_notice_request(parsed.parameters) if parsed.parameters else None
        except SyntaxRefused as refused:
            return refused.reply
        recipient = str(parsed.mailbox)
        if refusal := self._recipient_refusal(parsed, recipient):
            return refusal
        if recipient not in self._recipients:
            if len(self._recipients) >= self._rules.max_recipients:
                return _TOO_MANY_RECIPIENTS
            self._recipients[recipient] = asked
        self.accepted_recipients += 1
        return _RECIPIENT_OK

    def _recipient_refusal(self, parsed: PathArgument, recipient: str) -> Reply | None:
        if parsed.parameters and parsed.parameters.keys() - _WITH_RCPT:
            return _UNKNOWN_PARAMETER
        if not self._smtputf8 and not recipient.isascii():
            return _NEEDS_SMTPUTF8
        if parsed.mailbox is None or not self._is_ours(parsed.mailbox):
            return Reply(550, "5.1.1", f"no fax address: mail for {self._rules.served} alone is taken here")
        if parsed.mailbox.local_part.lower() in _ROLES:
            return self._no_person()
        return None

    def _is_ours(self, mailbox: Mailbox) -> bool:
        return not mailbox.domain or self._rules.is_ours(mailbox.domain)

    def _no_person(self) -> Reply:
        contact = self._rules.contact
        advice = f"; please write to {contact}" if contact else ""
        return Reply(550, "5.1.1", f"nobody reads mail at {self._rules.domain}, a domain of faxes{advice}")

    def out_of_order(self) -> Reply | None:
        """Why the message may not come (§3.3), or None if it may."""
        if self._return_path is None:
            return _NOT_BEGUN
        return None if self._recipients else _NO_RECIPIENT


def _is_submitter(value: str) -> bool:
    """Whether this can be the value of AUTH (RFC 4954 §5), of which no use is made."""
    decoded = decode_xtext(value)
    return decoded == "<>" or bool(decoded and parse_mailbox(decoded))
