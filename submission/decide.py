"""A mail and its sender's policy become fax jobs: one for each recipient, each accepted or refused."""

from dataclasses import dataclass, replace

from config.settings import UserPolicy
from store.job import NewJob, Recipient, Refusal
from store.mail import Envelope, MailContent
from store.status import Status
from submission.allowance import NO_BLOCKS, Blocks, policy_blocks, refuse_number
from submission.body import has_body_text
from submission.coverpage import CoverDecision, decide_cover
from submission.directives import Directives, read_directives
from submission.number import Unreadable
from submission.recipient import display_name, local_part_of, read_addressee


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission:
    """What a mail comes to."""

    jobs: tuple[NewJob, ...]
    """One for each recipient, in the order of the envelope; a number that is named twice has one job."""
    cover: bool
    """Whether the faxes have a cover page."""
    body_as_page: bool
    """Whether the body text is the first page; with a cover page it stands on that."""
    reason: str
    """Why there is a cover page or none, or why the mail as a whole was refused: for the log."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _FaxPlan:
    """What all faxes of a mail have in common."""

    directives: Directives
    cover: CoverDecision


def decide(
    content: MailContent,
    envelope: Envelope,
    user: UserPolicy,
    *,
    domain: str,
    live_blocks: Blocks = NO_BLOCKS,
) -> Submission:
    """What becomes of a mail.

    Args:
        content: The mail taken apart.
        envelope: Its recipients are the ones that count (Bcc works).
        user: The sender, and everything that applies to them.
        domain: The mail domain whose addresses are fax numbers.
        live_blocks: What is blocked beside the policy's numbers.
    """
    blocks = policy_blocks(user.blocked_numbers).beside(live_blocks)
    recipients = _read_recipients(content, envelope, user, domain, blocks)
    plan = _refuse_crowd(recipients, user) or _plan(content, user)
    if isinstance(plan, Refusal):
        jobs = tuple(
            NewJob(recipient=named.recipient, addresses=named.addresses, refusal=_both(named.refusal, plan))
            for named in recipients
        )
        return Submission(jobs=jobs, cover=False, body_as_page=False, reason=plan.explanation)
    return Submission(
        jobs=tuple(_job(named, plan) for named in recipients),
        cover=bool(plan.cover.template),
        body_as_page=plan.cover.body_as_page,
        reason=plan.cover.reason,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _NamedRecipient:
    """A recipient as the envelope names it."""

    recipient: Recipient
    addresses: tuple[str, ...]
    refusal: Refusal | None
    """Why this one gets no fax."""


_Recipients = list[_NamedRecipient]


def _plan(content: MailContent, user: UserPolicy) -> _FaxPlan | Refusal:
    """What the faxes are made up of, or why the mail makes none."""
    directives = read_directives(content.fields)
    if isinstance(directives, Refusal):
        return directives
    cover = decide_cover(
        user.settings.coverpage,
        directives,
        body_text=has_body_text(content),
        attachment=bool(content.attachments),
    )
    return cover if isinstance(cover, Refusal) else _FaxPlan(directives=directives, cover=cover)


def _read_recipients(
    content: MailContent, envelope: Envelope, user: UserPolicy, domain: str, blocks: Blocks
) -> _Recipients:
    """Every recipient of the envelope, each once."""
    found: dict[tuple[str, str], _NamedRecipient] = {}
    for address in envelope.recipients:
        recipient, refusal = _read_recipient(address, content, user, domain, blocks)
        key = recipient.number.casefold(), recipient.subaddress
        named = found.get(key) or _NamedRecipient(recipient=recipient, addresses=(), refusal=refusal)
        found[key] = replace(named, addresses=(*named.addresses, address))
    return list(found.values())


def _read_recipient(
    address: str, content: MailContent, user: UserPolicy, domain: str, blocks: Blocks
) -> tuple[Recipient, Refusal | None]:
    name = display_name(address, content.to_names)
    local_part = local_part_of(address)
    if address.rpartition("@")[2].lower() != domain.lower():
        elsewhere = Unreadable(explanation=f"'{address}' is not an address of {domain}.")
        return Recipient(number=address, name=name), _invalid(elsewhere)
    addressee = read_addressee(local_part, user.settings.fax.default_region)
    if isinstance(addressee, Unreadable):
        return Recipient(number=local_part or address, name=name), _invalid(addressee)
    recipient = Recipient(number=addressee.number.e164, subaddress=addressee.subaddress, name=name)
    return recipient, refuse_number(addressee.number, user.settings.fax, blocks)


def _refuse_crowd(recipients: _Recipients, user: UserPolicy) -> Refusal | None:
    """More recipients than the policy allows: none gets a fax, so that nobody gets it twice the next time."""
    most = user.settings.fax.recipients_per_mail
    if len(recipients) <= most:
        return None
    return Refusal(
        status=Status.GENERAL_ERROR,
        explanation=f"The mail has {len(recipients)} recipients, and your policy allows {most}.",
        advice="Nothing was faxed. Send it again to fewer recipients at a time.",
    )


def _job(named: _NamedRecipient, plan: _FaxPlan) -> NewJob:
    directives = plan.directives
    return NewJob(
        recipient=Recipient(
            number=named.recipient.number,
            subaddress=named.recipient.subaddress,
            name=directives.to or named.recipient.name,
            company=directives.company,
        ),
        addresses=named.addresses,
        cover_template=plan.cover.template,
        reference=directives.reference,
        billing=directives.billing,
        refusal=named.refusal,
    )


def _both(own: Refusal | None, of_the_mail: Refusal) -> Refusal:
    """A recipient's own refusal and the mail's: both are told at once, so that both can be mended."""
    if own is None:
        return of_the_mail
    return Refusal(
        status=own.status,
        explanation=f"{own.explanation} {of_the_mail.explanation}",
        advice=f"{own.advice or own.status.advice} {of_the_mail.advice or of_the_mail.status.advice}",
    )


def _invalid(problem: Unreadable) -> Refusal:
    return Refusal(status=Status.INVALID_FAX_NUMBER, explanation=problem.explanation, advice=problem.advice)
