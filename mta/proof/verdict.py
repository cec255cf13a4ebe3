"""Whether a mail is taken: the facts about it in, a verdict with its reason out. Pure.

`judge` is asked with what is known so far. It asks for SPF only where the answer depends on it, so a stranger
costs no look-up; the caller adds the result to the facts and asks again.
"""

from dataclasses import dataclass
from enum import StrEnum

from config.settings import UserPolicy
from mta.address_field import parse_address_field
from mta.domain_name import aligned
from mta.header_scan import HeaderFacts
from mta.reply import Reply
from mta.smtp.command import Mailbox
from store.mail import ProofMethod, SenderProof

HOP_LIMIT = 50
"""Received fields of a mail that is not going round in circles (RFC 5321 §6.3)."""

_SYSTEM_NAMES = {"mailer-daemon", "postmaster"}
_BULK = {"bulk", "list", "junk"}


class SpfCode(StrEnum):
    """The results of RFC 7208 §2.6."""

    PASS = "pass"  # noqa: S105 - a result, no password
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"
    NONE = "none"
    PERMERROR = "permerror"
    TEMPERROR = "temperror"


@dataclass(frozen=True, kw_only=True, slots=True)
class SpfResult:
    """What SPF says of a client and a domain."""

    code: SpfCode
    domain: str
    """The domain whose record was evaluated, as A-labels."""
    detail: str = ""
    """The mechanism that matched, or what went wrong: for the log and for `postfax show`."""
    out_of_time: bool = False
    """A temperror because the evaluation as a whole took too long."""


class RefusalReason(StrEnum):
    """Why a submission was refused, in one word for logs and statistics."""

    AUTOMATIC = "automatic"
    NO_SINGLE_AUTHOR = "no_single_author"
    UNREGISTERED = "unregistered"
    UNPROVEN = "unproven"
    DNS_TROUBLE = "dns_trouble"
    NO_SUCH_RECIPIENT = "no_such_recipient"
    TOO_MANY_RECIPIENTS = "too_many_recipients"
    TOO_BIG = "too_big"
    MALFORMED = "malformed"
    STORAGE = "storage"


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What is known of a mail."""

    client_address: str
    helo: str
    return_path: str
    header: HeaderFacts
    user: UserPolicy | None
    """Who the policy says its author is; None for a stranger."""
    spf: SpfResult | None = None
    """None while it was not asked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """The mail is not taken."""

    reply: Reply
    reason: RefusalReason
    detail: str = ""
    """For the log."""


@dataclass(frozen=True, slots=True)
class SpfNeeded:
    """The verdict depends on SPF."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Admitted:
    """The mail is taken."""

    header_from: str
    user: UserPolicy
    proof: SenderProof


Verdict = Refused | SpfNeeded | Admitted


def single_author(header: HeaderFacts) -> Mailbox | None:
    """The one mailbox of the one From field (RFC 7489 §6.6.1), or None where there is not exactly one."""
    if len(header.authors) != 1:
        return None
    mailboxes = parse_address_field(header.authors[0])
    return mailboxes[0].mailbox if len(mailboxes) == 1 else None


def address_of(author: Mailbox) -> str:
    """The author's address with its domain in lower case."""
    return f"{author.local_part}@{author.domain.lower()}"


def judge(facts: Facts) -> Verdict:
    """Refused, admitted, or not to be told without SPF."""
    author = single_author(facts.header)
    if mark := automatic_mark(facts.return_path, facts.header, author):
        return Refused(reply=_AUTOMATIC_MAIL, reason=RefusalReason.AUTOMATIC, detail=mark)
    if author is None:
        return _NO_SINGLE_AUTHOR
    if facts.user is None:
        return _UNREGISTERED
    if not facts.user.settings.fax.require_spf:
        return _admitted(facts, author, facts.user, ProofMethod.UNPROVEN)
    if facts.spf is None:
        return SpfNeeded()
    refused = _spf_refusal(facts, facts.spf, author)
    return refused or _admitted(facts, author, facts.user, ProofMethod.SPF)


def automatic_mark(return_path: str, header: HeaderFacts, author: Mailbox | None) -> str:
    """What shows that a program sent the mail, so that nothing may follow (RFC 3834); or an empty text."""
    marks = (
        (not return_path, "null return path"),
        (header.auto_submitted not in {"", "no"}, f"Auto-Submitted: {header.auto_submitted}"),
        (header.precedence in _BULK, f"Precedence: {header.precedence}"),
        (header.listed, "List-Id"),
        (header.looped, "our own loop mark"),
        (header.hops > HOP_LIMIT, f"{header.hops} Received fields"),
        (author is not None and author.local_part.lower() in _SYSTEM_NAMES, "From a mail system"),
    )
    return next((mark for holds, mark in marks if holds), "")


def _spf_refusal(facts: Facts, spf: SpfResult, author: Mailbox) -> Refused | None:
    if spf.code is SpfCode.TEMPERROR:
        reply = _SPF_OUT_OF_TIME if spf.out_of_time else _SPF_NO_ANSWER
        return Refused(reply=reply, reason=RefusalReason.DNS_TROUBLE, detail=spf.detail)
    if spf.code is not SpfCode.PASS:
        sentence = _SPF_SENTENCES[spf.code].format(
            client=facts.client_address, domain=spf.domain or "the sender"
        )
    elif not aligned(spf.domain, author.domain):
        sentence = (
            f"SPF proves {spf.domain}, but the From address is at another domain; "
            "send with a return path of the same organisation"
        )
    else:
        return None
    return Refused(
        reply=Reply(550, "5.7.23", sentence),  # RFC 7372 §3.2: SPF validation failed
        reason=RefusalReason.UNPROVEN,
        detail=f"spf={spf.code} domain={spf.domain} {spf.detail}".strip(),
    )


def _admitted(facts: Facts, author: Mailbox, user: UserPolicy, method: ProofMethod) -> Admitted:
    spf = facts.spf
    proof = SenderProof(
        method=method,
        client_address=facts.client_address,
        helo=facts.helo,
        spf_result=spf.code.value if spf else "",
        spf_domain=spf.domain if spf else "",
        aligned=spf is not None and aligned(spf.domain, author.domain),
        detail=spf.detail if spf else "",
    )
    return Admitted(header_from=address_of(author), user=user, proof=proof)


_AUTOMATIC_MAIL = Reply(550, "5.7.1", "automatic mail is not faxed")
_NO_SINGLE_AUTHOR = Refused(
    reply=Reply(
        550, "5.6.0", "a mail must have one From field with one address; correct it and send it again"
    ),
    reason=RefusalReason.NO_SINGLE_AUTHOR,
)
_UNREGISTERED = Refused(
    reply=Reply(550, "5.7.1", "Unauthorized Sending Address"), reason=RefusalReason.UNREGISTERED
)
_SPF_NO_ANSWER = Reply(451, "4.4.3", "the sender's SPF record could not be looked up; please try again later")
# RFC 7372 §3.2: SPF validation error.
_SPF_OUT_OF_TIME = Reply(451, "4.7.24", "the SPF check took too long; please try again later")
_SPF_SENTENCES = {
    SpfCode.FAIL: "SPF says that {client} may not send mail of {domain}; "
    "send through its own mail server, or have its administrator add this one to the SPF record",
    SpfCode.SOFTFAIL: "SPF does not confirm that {client} may send mail of {domain}; "
    "send through its own mail server, or have its administrator add this one to the SPF record",
    SpfCode.NEUTRAL: "SPF leaves open whether {client} may send mail of {domain}; "
    "have its administrator add this server to the SPF record",
    SpfCode.NONE: "{domain} has no SPF record that proves where its mail comes from; "
    "have its administrator publish one",
    SpfCode.PERMERROR: "the SPF record of {domain} has a mistake; have its administrator correct it",
}
