"""Mails out: one message, signed, to one recipient through the smarthost, with the null return path.

The null return path (RFC 3834 §3, RFC 5321 §4.5.5) keeps a notice from being answered by a bounce. A
hand-over ends in one of three ways: the smarthost took the mail, `MailTemporary` (try again), or
`MailPermanent` (the smarthost will never take it). Everything that an administrator can put right - a
password, a certificate, a server that is down - is temporary, so that no notice is lost to it.
"""

import asyncio
import contextlib
import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

import aiosmtplib
import structlog

from config.domain_name import carried_address
from config.mail import Smarthost
from notify.signing import Signer, SigningTrouble

_COMMAND_SECONDS = 60.0
_LEAVE_SECONDS = 5.0
_ALL_SECONDS = 600.0
"""RFC 5321 §4.5.3.2.6 allows the server 10 minutes after the end of the data."""

# RFC 3463 §3.3, §3.4: too big for the system, or for the recipient; RFC 1870 §6.1 knows 552 alone.
_TOO_LARGE = re.compile(r"5\.(?:3\.4|2\.3)(?!\d)")
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")

# What servers say, often not before RCPT, who want to be set up first: to know us, to relay for us, to take
# a null return path (RFC 3463 §3.2: X.1.7 and X.1.8 are of the sender), or our From address (Exchange).
_OF_US = re.compile(
    r"\brelay|(?:sender address|client host|helo command) rejected|^5\.1\.[78]\b|5\.7\.60\b|5\.2\.252\b",
    re.IGNORECASE,
)

# RFC 4954 §6: what is refused is our login, and not the mail.
_LOGIN_CODES = frozenset({530, 534, 535, 538})

_log = structlog.get_logger(__name__)


class MailTrouble(Exception):  # noqa: N818 - named as what happened
    """A mail was not taken."""

    def __init__(self, detail: str) -> None:
        self.detail = detail
        """A sentence for the administrator: which server, and what it said."""
        super().__init__(detail)


class MailTemporary(MailTrouble):
    """It may be taken later."""


class TlsFailed(MailTemporary):
    """TLS was offered and could not be begun; the server has not heard of the mail."""


class NotServed(MailTemporary):
    """The server refuses us, and not this mail: our null return path, our From address, or relaying."""


class MailPermanent(MailTrouble):
    """The smarthost refuses this mail or this recipient for good."""


class MailTooLarge(MailPermanent):
    """It refuses the mail for its size: a smaller one it may take."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rehearsal:
    """How far a hand-over would come that was stopped before its data: to the end."""

    tls_version: str
    """Such as TLSv1.3; empty where the connection was in the clear."""
    logged_in: bool


class MailCarrier(Protocol):
    """A way out for mails: `Mailer`, or `notify.direct.DirectMailer`."""

    async def send(self, message: EmailMessage | bytes, recipient: str) -> None:
        """Hand over one mail, or raise `MailTemporary` or `MailPermanent`."""

    async def rehearse(self, recipient: str = "") -> Rehearsal:
        """Do what `send` does up to the recipient, and stop there."""


class Mailer:
    """Hands mails to the smarthost, each over a connection of its own."""

    def __init__(
        self,
        smarthost: Smarthost,
        hostname: str,
        *,
        signer: Signer | None = None,
        tls_context: ssl.SSLContext | None = None,
        tls_optional: bool = False,
    ) -> None:
        """`hostname` is the name in our EHLO; `tls_context` replaces the system's roots.

        With `tls_optional` STARTTLS is used where it is offered, and not asked for where it is not.
        """
        self._smarthost = smarthost
        self._hostname = hostname
        self._signer = signer or Signer((), "")
        self._tls_context = tls_context
        self._tls_optional = tls_optional

    async def send(self, message: EmailMessage | bytes, recipient: str) -> None:
        """Hand over one mail.

        Raises:
            MailTemporary: try again later.
            MailPermanent: trying again is of no use.
        """
        octets = await sign(self._signer, as_octets(message))
        with self._judging(recipient):
            async with asyncio.timeout(_ALL_SECONDS) as limit:
                await self._hand_over(octets, carried_address(recipient), limit)
        _log.info("mail_handed_over", server=self._server, recipient=recipient, octets=len(octets))

    async def rehearse(self, recipient: str = "") -> Rehearsal:
        """Do what `send` does up to the recipient, and stop there: no mail is sent.

        Args:
            recipient: who is offered; nobody where it is empty.

        Raises:
            MailTemporary: as of `send`.
            MailPermanent: as of `send`.
        """
        with self._judging(recipient):
            async with self._client() as client:
                await self._introduce(client)
                carried = carried_address(recipient)
                await client.mail("", options=_options(carried))
                if carried:
                    await client.rcpt(carried)
                await client.rset()
                tls = client.get_transport_info("ssl_object")
                return Rehearsal(
                    tls_version=tls.version() if tls else "", logged_in=bool(self._smarthost.username)
                )

    @contextlib.contextmanager
    def _judging(self, recipient: str) -> Iterator[None]:
        """Turn what goes wrong with the smarthost into `MailTrouble`."""
        try:
            yield
        except MailTrouble:
            raise
        except aiosmtplib.SMTPRecipientsRefused as refused:
            raise self._judged(refused.recipients[0]) from refused
        except aiosmtplib.SMTPResponseException as refused:
            raise self._judged(refused) from refused
        except aiosmtplib.SMTPNotSupported as lacking:
            raise self._lacking(lacking, recipient) from lacking
        except OSError as trouble:
            raise MailTemporary(f"The connection to {self._server} failed: {_cause(trouble)}.") from trouble
        except aiosmtplib.SMTPException as trouble:
            raise MailTemporary(f"{self._server} did not take the mail: {_cause(trouble)}.") from trouble
        # After OSError: a refused certificate is both.
        except ValueError as unsendable:
            raise MailPermanent(f"{recipient!r} is not an address that SMTP can carry.") from unsendable

    @property
    def _server(self) -> str:
        return f"{self._smarthost.host}:{self._smarthost.port}"

    async def _hand_over(self, octets: bytes, recipient: str, limit: asyncio.Timeout) -> None:
        options = _options(recipient)
        async with self._client() as client:
            await self._introduce(client)
            # A server without the extension gets the octets all the same: there is hardly one that minds.
            if not octets.isascii() and client.supports_extension("8bitmime"):
                options.append("BODY=8BITMIME")
            await client.sendmail("", [recipient], octets, mail_options=options)
            # The mail is the server's now: however the session ends, it is not sent a second time.
            limit.reschedule(None)
            await _take_leave(client)

    async def _introduce(self, client: aiosmtplib.SMTP) -> None:
        """EHLO, and the login where there is one."""
        if client.is_ehlo_or_helo_needed:
            await client.ehlo()
        if self._tls_optional and client.supports_extension("starttls"):
            await self._begin_tls(client)
        if self._smarthost.username:
            await client.login(self._smarthost.username, self._password())

    async def _begin_tls(self, client: aiosmtplib.SMTP) -> None:
        try:
            await client.starttls(tls_context=self._trust())
            await client.ehlo()
        except (aiosmtplib.SMTPException, OSError) as trouble:
            client.close()
            raise TlsFailed(f"TLS with {self._server} failed: {_cause(trouble)}.") from trouble

    def _client(self) -> aiosmtplib.SMTP:
        smarthost = self._smarthost
        return aiosmtplib.SMTP(
            hostname=smarthost.host,
            port=smarthost.port,
            local_hostname=self._hostname,
            timeout=_COMMAND_SECONDS,
            use_tls=smarthost.tls == "implicit",
            start_tls=smarthost.tls == "starttls" and not self._tls_optional,
            tls_context=None if smarthost.tls == "none" else self._trust(),
        )

    def _trust(self) -> ssl.SSLContext:
        return self._tls_context or ssl.create_default_context()

    def _password(self) -> str:
        path = self._smarthost.password_file
        if path is None:
            raise MailTemporary("mail.smarthost has a username and no password_file.")
        return _secret(path)

    def _judged(self, refused: aiosmtplib.SMTPResponseException) -> MailTrouble:
        """What a reply means for this mail (RFC 5321 §4.2.1)."""
        said = " ".join(refused.message.split())
        detail = f"{self._server} answered {refused.code} {said}"
        of_this_mail = isinstance(
            refused,
            aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPSenderRefused | aiosmtplib.SMTPDataError,
        )
        if not of_this_mail or refused.code < 500 or refused.code in _LOGIN_CODES:  # noqa: PLR2004 - 5yz
            return MailTemporary(detail)
        if _of_size(refused.code, said):
            return MailTooLarge(detail)
        # Every notice has the same return path. RFC 6531 §3.5: 5.6.7 is of the recipient's address.
        of_every_mail = isinstance(refused, aiosmtplib.SMTPSenderRefused) and not said.startswith("5.6.7")
        return NotServed(detail) if of_every_mail or _OF_US.search(said) else MailPermanent(detail)

    def _lacking(self, lacking: aiosmtplib.SMTPNotSupported, recipient: str) -> MailTrouble:
        if "SMTPUTF8" in lacking.message:
            return MailPermanent(f"{self._server} cannot carry an address outside ASCII: {recipient}.")
        return MailTemporary(f"{self._server} lacks what is asked for: {lacking.message}")


def _of_size(code: int, said: str) -> bool:
    enhanced = _ENHANCED.match(said)
    return bool(_TOO_LARGE.match(said)) if enhanced else code == 552  # noqa: PLR2004 - exceeded storage allocation


def as_octets(message: EmailMessage | bytes) -> bytes:
    """A mail as it is sent, so that what is signed is what arrives."""
    if isinstance(message, bytes):
        return message
    return message.as_bytes(policy=message.policy.clone(linesep="\r\n"))


async def sign(signer: Signer, octets: bytes) -> bytes:
    """The mail with its signatures.

    Raises:
        MailTemporary: a key cannot be used.
    """
    try:
        return await signer.signed(octets)
    except SigningTrouble as trouble:
        raise MailTemporary(f"The mail was not signed: {trouble}") from trouble


async def _take_leave(client: aiosmtplib.SMTP) -> None:
    """QUIT, whatever comes of it."""
    with contextlib.suppress(aiosmtplib.SMTPException, OSError):
        await client.quit(timeout=_LEAVE_SECONDS)
    client.close()


def _options(recipient: str) -> list[str]:
    """The parameters that MAIL needs for this recipient (RFC 6531 §3.4)."""
    return [] if recipient.isascii() else ["SMTPUTF8"]


def _secret(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig").partition("\n")[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as trouble:
        raise MailTemporary(f"The password of mail.smarthost cannot be read: {_cause(trouble)}.") from trouble


def _cause(trouble: Exception) -> str:
    if isinstance(trouble, TimeoutError):
        return "no answer in time"
    return " ".join(str(trouble).split()).rstrip(".") or type(trouble).__name__
