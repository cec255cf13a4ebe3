"""A mail transaction (RFC 5321 §3.3): what MAIL and RCPT build up, and what each is answered. Pure.

Whether a recipient's local part is a fax number is not judged here: a known sender's mistakes are told by
mail, where a person reads them.
"""

from mta.domain_name import ascii_domain
from mta.reply import Reply
from mta.smtp.command import PathArgument, SyntaxRefused, parse_mail_argument, parse_rcpt_argument
from store.mail import Envelope

# Some clients send parameters of RFC 3461 (DSN) unasked; they are understood and have no effect.
_IGNORED_WITH_MAIL = {"RET", "ENVID"}
_IGNORED_WITH_RCPT = {"NOTIFY", "ORCPT"}
_SIZE_DIGITS = 20  # RFC 1870 §4

_NOT_BEGUN = Reply(503, "5.5.1", "begin with MAIL FROM")
_BEGUN = Reply(503, "5.5.1", "a mail is begun already; RSET forgets it")
_NO_RECIPIENT = Reply(503, "5.5.1", "name a recipient first, with RCPT TO")
_SENDER_OK = Reply(250, "2.1.0", "sender ok")
_RECIPIENT_OK = Reply(250, "2.1.5", "recipient ok")
_BAD_SIZE = Reply(501, "5.5.4", "SIZE is a number of octets")
_BAD_BODY = Reply(501, "5.5.4", "BODY is 7BIT or 8BITMIME")
_BAD_SMTPUTF8 = Reply(501, "5.5.4", "SMTPUTF8 has no value")
_UNKNOWN_PARAMETER = Reply(555, "5.5.4", "an ESMTP parameter is not known here")
_NEEDS_SMTPUTF8 = Reply(553, "5.6.7", "an address beyond ASCII needs SMTPUTF8 with MAIL")  # RFC 6531 §3.5
_TOO_MANY_RECIPIENTS = Reply(452, "4.5.3", "too many recipients; send another mail for the rest")


def too_big(max_size: int) -> Reply:
    """The reply to a mail over the limit, announced (RFC 1870 §6.1) or sent."""
    return Reply(552, "5.3.4", f"a mail may have {max_size} octets here")


class Transaction:
    """One transaction at a time; `RSET` and the end of a message make a new one."""

    def __init__(self, *, domain: str, max_size: int, max_recipients: int) -> None:
        self._domain = domain
        self._max_size = max_size
        self._max_recipients = max_recipients
        self._return_path: str | None = None
        self._smtputf8 = False
        self._recipients: list[str] = []

    @property
    def envelope(self) -> Envelope:
        """The envelope as it stands."""
        return Envelope(return_path=self._return_path or "", recipients=tuple(self._recipients))

    def mail(self, argument: str) -> Reply:
        """Begin with a return path (§4.1.1.2)."""
        if self._return_path is not None:
            return _BEGUN
        try:
            parsed = parse_mail_argument(argument)
        except SyntaxRefused as refused:
            return refused.reply
        if refusal := self._mail_parameter_refusal(dict(parsed.parameters)):
            return refusal
        if "SMTPUTF8" not in parsed.parameters and not str(parsed.mailbox or "").isascii():
            return _NEEDS_SMTPUTF8
        self._return_path = str(parsed.mailbox or "")
        self._smtputf8 = "SMTPUTF8" in parsed.parameters
        return _SENDER_OK

    def _mail_parameter_refusal(self, parameters: dict[str, str | None]) -> Reply | None:
        size = parameters.pop("SIZE", "0") or ""
        if not (size.isascii() and size.isdigit() and len(size) <= _SIZE_DIGITS):
            return _BAD_SIZE
        if int(size) > self._max_size:
            return too_big(self._max_size)
        if (parameters.pop("BODY", "7BIT") or "").upper() not in {"7BIT", "8BITMIME"}:
            return _BAD_BODY
        if parameters.pop("SMTPUTF8", None) is not None:
            return _BAD_SMTPUTF8
        return _UNKNOWN_PARAMETER if parameters.keys() - _IGNORED_WITH_MAIL else None

    def rcpt(self, argument: str) -> Reply:
        """Add a recipient (§4.1.1.3); one that was named before counts once."""
        if self._return_path is None:
            return _NOT_BEGUN
        try:
            parsed = parse_rcpt_argument(argument)
        except SyntaxRefused as refused:
            return refused.reply
        recipient = str(parsed.mailbox)
        if refusal := self._rcpt_refusal(parsed, recipient):
            return refusal
        if recipient in self._recipients:
            return _RECIPIENT_OK
        if len(self._recipients) >= self._max_recipients:
            return _TOO_MANY_RECIPIENTS
        self._recipients.append(recipient)
        return _RECIPIENT_OK

    def _rcpt_refusal(self, parsed: PathArgument, recipient: str) -> Reply | None:
        if parsed.parameters.keys() - _IGNORED_WITH_RCPT:
            return _UNKNOWN_PARAMETER
        if not self._smtputf8 and not recipient.isascii():
            return _NEEDS_SMTPUTF8
        if parsed.mailbox is None or ascii_domain(parsed.mailbox.domain) != ascii_domain(self._domain):
            return Reply(550, "5.1.1", f"no fax address: mail for {self._domain} alone is taken here")
        return None

    def data(self) -> Reply | None:
        """Why DATA is out of order (§3.3), or None if the message may come."""
        if self._return_path is None:
            return _NOT_BEGUN
        return None if self._recipients else _NO_RECIPIENT
