"""What becomes of a fetched mail: it is taken on, filed in quarantine, or refused. Pure.

The rules are those of SMTP (`mta.proof.verdict`), and are asked there: one author, who is a user, and nothing
of automatic mail. Only the proof is another: what the delivering server says that it found out, because the
client that brought the mail is gone. With `require_spf: false` a mail without a proof is taken on, unless
that server says that DMARC failed and that the From domain wants such mail refused or set aside.
"""

import re
from dataclasses import dataclass

from config.settings import UserPolicy
from mta.dedupe import dedupe_key, digest_of
from mta.domain_name import aligned
from mta.header_scan import HEADER_LIMIT, HeaderFacts, HeaderTooLarge, header_block, scan_header
from mta.imap.recipients import FaxAddresses, envelope_of, is_bounce
from mta.imap.trace import header_fields
from mta.imap.trusted_results import TrustedResults, proven_domain, trusted_results
from mta.intake import AutomaticMail, Directory
from mta.proof.authentication_results import MethodResult, compose
from mta.proof.verdict import (
    Facts,
    Quarantined,
    RefusalReason,
    Refused,
    address_of,
    judge,
    single_author,
)
from mta.reply import Reply
from mta.smtp.command import Mailbox
from mta.smtp.transaction import too_big
from store.mail import Envelope, NewMail, ProofMethod, SenderProof

_UNKNOWN = Envelope(return_path="", recipients=())
_UNSAID = "-"
"""For a return path that neither the server nor the author tells."""
_BARE_LINE_END = re.compile(rb"\r(?!\n)|(?<!\r)\n")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What the mails of a mailbox are judged by."""

    host: str
    """The server that the mailbox is on."""
    faxes: FaxAddresses
    authserv_id: str
    """The server whose results are believed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TakenOn:
    """The mail is for the book."""

    new: NewMail


@dataclass(frozen=True, kw_only=True, slots=True)
class TurnedAway:
    """The mail is not taken."""

    refused: Refused
    envelope: Envelope = _UNKNOWN
    header_from: str = ""
    """Empty where it is not known."""


Decision = TakenOn | AutomaticMail | TurnedAway


def whole_lines(message: bytes | bytearray) -> bytes:
    """The message with CRLF for every line end: a lone CR or LF would end a line for some readers only."""
    octets = bytes(message)
    return _BARE_LINE_END.sub(b"\r\n", octets) if _BARE_LINE_END.search(octets) else octets


def oversize(size: int, max_size: int) -> TurnedAway:
    """The decision about a mail that is too large to be fetched."""
    refused = Refused(reply=too_big(max_size), reason=RefusalReason.TOO_BIG, detail=f"{size} octets")
    return TurnedAway(refused=refused)


def decide(message: bytes, rules: Rules, directory: Directory, *, arrived: str) -> Decision:
    """What becomes of a mail.

    Args:
        message: whole, with CRLF line ends.
        rules: of its mailbox.
        directory: the policy that holds now.
        arrived: when it came into the mailbox; tells two mails apart that have neither Message-ID nor Date.
    """
    try:
        header, block = scan_header(message), header_block(message)
    except HeaderTooLarge:
        return TurnedAway(refused=_HEADER_TOO_LARGE)
    fields = list(header_fields(block))
    author = single_author(header)
    header_from = address_of(author) if author else ""
    user = directory.sender(header_from) if header_from else None
    mail = _Mail(message, header, envelope_of(fields, rules.faxes, header_from), header_from, arrived)
    verdict = judge(
        Facts(
            client_address="",
            helo="",
            return_path=mail.envelope.return_path or ("" if is_bounce(fields) else _UNSAID),
            header=header,
            author=author,
            user=user,
        )
    )
    if isinstance(verdict, Quarantined):
        return AutomaticMail(
            client_address=rules.host,
            helo="",
            envelope=mail.envelope,
            header_from=header_from,
            mark=verdict.mark,
            message_id=header.message_id,
            dedupe_key=_dedupe_key(mail),
            body=message,
        )
    if isinstance(verdict, Refused) or author is None or user is None:
        refused = verdict if isinstance(verdict, Refused) else _NO_FAX_ADDRESS
        return TurnedAway(refused=refused, envelope=mail.envelope, header_from=header_from)
    return _decide_by_proof(mail, author, user, trusted_results(fields, rules.authserv_id))


@dataclass(frozen=True, slots=True)
class _Mail:
    message: bytes
    header: HeaderFacts
    envelope: Envelope
    header_from: str
    arrived: str


def _decide_by_proof(
    mail: _Mail, author: Mailbox, user: UserPolicy, trusted: TrustedResults
) -> TakenOn | TurnedAway:
    """The decision about a registered sender's mail."""
    proof = trusted.proof(author.domain)
    refused = None
    if proof is None and (user.settings.fax.require_spf or trusted.dmarc_enforced):
        refused = _unproven(author, trusted)
    elif not mail.envelope.recipients:
        refused = _NO_FAX_ADDRESS
    if refused:
        return TurnedAway(refused=refused, envelope=mail.envelope, header_from=mail.header_from)
    return TakenOn(
        new=NewMail(
            envelope=mail.envelope,
            header_from=mail.header_from,
            user_email=user.email,
            proof=_proof(proof, trusted, author),
            message_id=mail.header.message_id,
            dedupe_key=_dedupe_key(mail),
            body=mail.message,
        )
    )


def _dedupe_key(mail: _Mail) -> str:
    return dedupe_key(
        envelope=mail.envelope, header=mail.header, content=digest_of(mail.message), nonce=mail.arrived
    )


def _unproven(author: Mailbox, trusted: TrustedResults) -> Refused:
    said = ", ".join(f"{one.method}={one.result}" for one in trusted.results.results) or "nothing about it"
    server = trusted.results.authserv_id
    # RFC 7372 §3.2 SPF validation failed; §3.3 several checks failed.
    enhanced = "5.7.26" if trusted.results.of("dmarc") else "5.7.23"
    return Refused(
        reply=Reply(
            550, enhanced, f"nothing proves that the mail comes from {author.domain}: {server} says {said}"
        ),
        reason=RefusalReason.UNPROVEN,
        detail=compose(trusted.results),
    )


def _proof(proof: MethodResult | None, trusted: TrustedResults, author: Mailbox) -> SenderProof:
    spf = next(iter(trusted.results.of("spf")), None)
    spf_domain = proven_domain(spf) if spf else ""
    return SenderProof(
        method=ProofMethod.MAILBOX if proof else ProofMethod.UNPROVEN,
        client_address="",
        helo="",
        spf_result=spf.result if spf else "",
        spf_domain=spf_domain,
        aligned=bool(spf_domain) and aligned(spf_domain, author.domain),
        detail=f"{proof.method}={proof.result} says {trusted.results.authserv_id}" if proof else "",
        results=compose(trusted.results),
    )


_HEADER_TOO_LARGE = Refused(
    reply=Reply(552, "5.3.4", f"the header of a mail may have {HEADER_LIMIT // 1024} KiB"),
    reason=RefusalReason.TOO_BIG,
)
_NO_FAX_ADDRESS = Refused(
    reply=Reply(550, "5.1.1", "the mail names no fax number that can be told from its header"),
    reason=RefusalReason.NO_SUCH_RECIPIENT,
)
