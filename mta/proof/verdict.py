"""Whether a mail is taken: the facts about it in, a verdict with its reason out. Pure.

`judge` is asked with what is known so far. It asks for further facts only where the answer depends on them,
so a stranger costs no look-up; the caller adds them and asks again. What may stand in the way of a proof
without being known (the DNS did not answer) is a temporary refusal, never a pass and never a final one.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from config.settings import UserPolicy
from mta.address_field import parse_address_field
from mta.domain_name import aligned
from mta.header_scan import HeaderFacts
from mta.proof.claims import Claim, Fact, State, arc_claim, best, dkim_claim, spf_claim
from mta.proof.evidence import ArcResult, DkimResult, DmarcCode, DmarcResult, SpfResult
from mta.proof.refusal_sentences import dmarc_refusal, not_own_address, spf_refusal, trouble_refusal
from mta.reply import Reply
from mta.smtp.command import Mailbox
from store.mail import ProofMethod, SenderProof

HOP_LIMIT = 50
"""Received fields of a mail that is not going round in circles (RFC 5321 §6.3)."""

_SYSTEM_NAMES = {"mailer-daemon", "postmaster"}
_SHORT = 320
"""Characters of a From field that is remembered: a sender's mails have the same."""
_BULK = {"bulk", "list", "junk", "auto_reply"}


class RefusalReason(StrEnum):
    """Why a submission was refused, in one word for logs and statistics."""

    AUTOMATIC = "automatic"
    """It is automatic, and the quarantine is full."""
    NO_SINGLE_AUTHOR = "no_single_author"
    UNREGISTERED = "unregistered"
    LOCKED = "locked"
    NOT_OWN_ADDRESS = "not_own_address"
    UNPROVEN = "unproven"
    DNS_TROUBLE = "dns_trouble"
    NO_SUCH_RECIPIENT = "no_such_recipient"
    TOO_MANY_RECIPIENTS = "too_many_recipients"
    TOO_MANY_MAILS = "too_many_mails"
    TOO_BIG = "too_big"
    MALFORMED = "malformed"
    STORAGE = "storage"


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What is known of a mail. The last four are None while they were not asked for."""

    client_address: str
    helo: str
    return_path: str
    header: HeaderFacts
    author: Mailbox | None
    """`single_author` of the header."""
    user: UserPolicy | None
    """Who the policy says its author is, or who is logged in; None for a stranger."""
    login: str = ""
    """The account that the session is logged in as; empty for none."""
    own_address: bool = False
    """Whether the author's address is one of that account's."""
    spf: SpfResult | None = None
    dkim: tuple[DkimResult, ...] | None = None
    dmarc: DmarcResult | None = None
    arc: ArcResult | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """The mail is not taken."""

    reply: Reply
    reason: RefusalReason
    detail: str = ""
    """For the log."""


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A program sent it: it is kept for an administrator to see, neither faxed nor answered (RFC 3834)."""

    mark: str
    """What shows it."""


@dataclass(frozen=True, slots=True)
class FactsNeeded:
    """The verdict depends on facts that were not asked for."""

    facts: frozenset[Fact]


@dataclass(frozen=True, kw_only=True, slots=True)
class Admitted:
    """The mail is taken."""

    header_from: str
    user: UserPolicy
    proof: SenderProof


Settled = Refused | Quarantined | Admitted
Verdict = Settled | FactsNeeded


def depends_on_spf(user: UserPolicy | None, login: str) -> bool:
    """Whether `judge` asks for SPF before all else, if the verdict is not settled without."""
    return user is not None and not login and user.settings.fax.require_spf


def single_author(header: HeaderFacts) -> Mailbox | None:
    """The one mailbox of the one From field (RFC 7489 §6.6.1), or None where there is not exactly one."""
    if len(header.authors) != 1:
        return None
    (field,) = header.authors
    return _only_mailbox(field) if len(field) <= _SHORT else _only_mailbox.__wrapped__(field)


@lru_cache(1024)
def _only_mailbox(field: str) -> Mailbox | None:
    mailboxes = parse_address_field(field)
    return mailboxes[0].mailbox if len(mailboxes) == 1 else None


def address_of(author: Mailbox) -> str:
    """The author's address with its domain in lower case."""
    return f"{author.local_part}@{author.domain.lower()}"


def judge(facts: Facts) -> Verdict:
    """Settled, or not to be told without further facts."""
    author = facts.author
    if mark := automatic_mark(facts.return_path, facts.header, author):
        return Quarantined(mark)
    if author is None:
        return _NO_SINGLE_AUTHOR
    user = facts.user
    if user is None:
        return _UNREGISTERED
    return _judge_login(facts, author, user) if facts.login else _judge_sender(facts, author, user)


def grounds(facts: Facts) -> Hashable:
    """All that the verdict on a mail rests on before anything was asked for it, but for `user` and `spf`.

    Equal for the usual mails of one sender: what names a mail (Message-ID, Date) is no ground.
    """
    header = facts.header
    return (
        *(facts.client_address, facts.helo, facts.return_path, facts.login, facts.own_address),
        *(header.authors, header.auto_submitted, header.precedence, header.listed, header.looped),
        *(header.hops, header.signed, header.sealed, header.programs_mark),
    )


def automatic_mark(return_path: str, header: HeaderFacts, author: Mailbox | None) -> str:
    """What shows that a program sent the mail, so that nothing may follow (RFC 3834); or an empty text."""
    marks = (
        (not return_path, "null return path"),
        (header.auto_submitted not in {"", "no"}, f"Auto-Submitted: {header.auto_submitted}"),
        (header.precedence in _BULK, f"Precedence: {header.precedence}"),
        (header.listed, "List-Id"),
        (bool(header.programs_mark), header.programs_mark),
        (header.looped, "our own loop mark"),
        (header.hops > HOP_LIMIT, f"{header.hops} Received fields"),
        (author is not None and author.local_part.lower() in _SYSTEM_NAMES, "From a mail system"),
    )
    return next((mark for holds, mark in marks if holds), "")


def _judge_login(facts: Facts, author: Mailbox, user: UserPolicy) -> Verdict:
    """A session that is logged in proves its own user, and nobody else."""
    if facts.own_address:
        return _admitted(facts, author, user, ProofMethod.AUTH, detail=facts.login)
    return Refused(
        reply=not_own_address(), reason=RefusalReason.NOT_OWN_ADDRESS, detail=f"logged in as {facts.login}"
    )


def _judge_sender(facts: Facts, author: Mailbox, user: UserPolicy) -> Verdict:
    """What the user's policy asks for; where it asks for nothing, what the domain's own policy does."""
    if user.settings.fax.require_spf:
        return _judge_proof(facts, author, user)
    if facts.dmarc is None:
        return FactsNeeded(frozenset({Fact.DMARC}))
    if facts.dmarc.enforced or facts.dmarc.code is DmarcCode.TEMPERROR:
        return _judge_proof(facts, author, user)
    return _admitted(facts, author, user, ProofMethod.UNPROVEN)


def _judge_proof(facts: Facts, author: Mailbox, user: UserPolicy) -> Verdict:
    """Admitted by the first method that proves the author's address; the dearer ones are asked last."""
    claims = []
    for method, claim in _claims(facts, author, user):
        if claim.state is State.PROVEN:
            return _admitted(facts, author, user, method, detail=claim.by)
        if claim.state is State.UNASKED:
            # Past SPF the answer nearly always depends on DMARC too: ask for both at one time.
            further = {Fact.DMARC} if facts.spf and facts.dmarc is None else set()
            return FactsNeeded(claim.needs | further)
        claims.append(claim)
    if facts.dmarc is None:
        return FactsNeeded(frozenset({Fact.DMARC}))  # it tells how the refusal has to read
    return _refused(facts, author, user, best(claims))


def _claims(facts: Facts, author: Mailbox, user: UserPolicy) -> list[tuple[ProofMethod, Claim]]:
    claims = [(ProofMethod.SPF, spf_claim(facts.spf, author.domain, facts.dmarc))]
    if facts.header.signed:
        claims.append((ProofMethod.DKIM, dkim_claim(facts.dkim, author.domain, facts.dmarc)))
    if facts.header.sealed and (trusted := user.settings.fax.trusted_sealers):
        claims.append((ProofMethod.ARC, arc_claim(facts.arc, author.domain, facts.dmarc, trusted=trusted)))
    return claims


def _refused(facts: Facts, author: Mailbox, user: UserPolicy, nearest: Claim) -> Refused:
    spf, dmarc = facts.spf, facts.dmarc
    if spf is None or dmarc is None:
        raise AssertionError("a refusal for want of proof comes after SPF and DMARC were asked for")
    trouble = nearest.trouble if nearest.state is State.TROUBLED else ""
    if not trouble and dmarc.code is DmarcCode.TEMPERROR and not user.settings.fax.require_spf:
        trouble = f"DMARC: {dmarc.detail}"
    if trouble:
        out_of_time = spf.out_of_time and aligned(spf.domain, author.domain)
        reply = trouble_refusal(spf_out_of_time=out_of_time)
        return Refused(reply=reply, reason=RefusalReason.DNS_TROUBLE, detail=trouble)
    signatures = facts.dkim or ()
    refusal = dmarc_refusal if dmarc.enforced else spf_refusal
    return Refused(
        reply=refusal(facts.client_address, author.domain, spf=spf, dkim=signatures, dmarc=dmarc),
        reason=RefusalReason.UNPROVEN,
        detail=_detail(facts),
    )


def _detail(facts: Facts) -> str:
    """All that was found out, for the log."""
    words = []
    if facts.spf:
        words.append(f"spf={facts.spf.code} domain={facts.spf.domain} {facts.spf.detail}".strip())
    words.extend(
        f"dkim={one.code} d={one.domain} s={one.selector} {one.reason}".strip() for one in facts.dkim or ()
    )
    if facts.dmarc:
        words.append(f"dmarc={facts.dmarc.code} p={facts.dmarc.policy} {facts.dmarc.detail}".strip())
    if facts.arc:
        words.append(f"arc={facts.arc.code} {facts.arc.reason}".strip())
    return "; ".join(words)


def _admitted(
    facts: Facts, author: Mailbox, user: UserPolicy, method: ProofMethod, *, detail: str = ""
) -> Admitted:
    spf = facts.spf
    proof = SenderProof(
        method=method,
        client_address=facts.client_address,
        helo=facts.helo,
        spf_result=spf.code.value if spf else "",
        spf_domain=spf.domain if spf else "",
        aligned=spf is not None and aligned(spf.domain, author.domain),
        detail=spf.detail if method is ProofMethod.SPF and spf else detail,
    )
    return Admitted(header_from=address_of(author), user=user, proof=proof)


_NO_SINGLE_AUTHOR = Refused(
    reply=Reply(
        550, "5.6.0", "a mail must have one From field with one address; correct it and send it again"
    ),
    reason=RefusalReason.NO_SINGLE_AUTHOR,
)
_UNREGISTERED = Refused(
    reply=Reply(550, "5.7.1", "Unauthorized Sending Address"), reason=RefusalReason.UNREGISTERED
)
