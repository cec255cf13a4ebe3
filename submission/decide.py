"""A mail and its sender's policy become fax jobs: one for each recipient, each accepted or refused."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from config.settings import UserPolicy
from store.job import NewJob, Recipient, Refusal
from store.mail import Envelope, MailContent
from store.status import Status
from submission.allowance import NO_BLOCKS, Blocks, policy_blocks
from submission.attachments import refuse_attachments
from submission.body import has_body_text
from submission.coverpage import CoverDecision, decide_cover
from submission.directives import Circumstances, Directives, in_force, read_directives
from submission.printed import Printed, printed
from submission.recipients import NamedRecipient, read_recipients
from submission.routing import ANYWHERE, Routing
from submission.wishes import policy_for, wishes_of
from submission.written import refuse_forbidden, refuse_unknown, refuse_unquoted


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What a decision depends on beside the mail and its sender's policy."""

    domain: str
    """The mail domain whose addresses are fax numbers."""
    now: datetime
    """When the mail was received."""
    other_domains: Collection[str] = ()
    """More of them."""
    lines: Collection[str] = ()
    """The names of the lines that the server has."""
    routing: Routing = ANYWHERE
    """Which numbers they carry."""
    live_blocks: Blocks = NO_BLOCKS
    """What is blocked beside the policy's numbers."""
    registered: Callable[[str], bool] = lambda _: False
    """Whether an address may send faxes here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decided:
    """What one recipient comes to."""

    job: NewJob
    directives: Directives | None
    """What is asked for it, if that could be read."""
    cover: CoverDecision | None
    """How its fax begins, if there is one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission:
    """What a mail comes to."""

    recipients: tuple[Decided, ...]
    """In the order of the envelope; a number that is named twice stands once."""
    printed: Printed
    """What of the mail is faxed."""

    @property
    def jobs(self) -> tuple[NewJob, ...]:
        """The jobs to be recorded, one for each recipient."""
        return tuple(decided.job for decided in self.recipients)


def decide(
    content: MailContent, envelope: Envelope, user: UserPolicy, surroundings: Surroundings
) -> Submission:
    """What becomes of a mail.

    Args:
        content: The mail taken apart.
        envelope: Its recipients are the ones that count (Bcc works).
        user: The sender, and everything that applies to them.
        surroundings: The rest that it depends on.
    """
    read = printed(content, user.settings.coverpage)
    blocks = policy_blocks(user.blocked_numbers).beside(surroundings.live_blocks)
    domains = (surroundings.domain, *surroundings.other_domains)
    recipients = read_recipients(envelope, content.to_names, user, domains=domains, blocks=blocks)
    mail = _Mail(
        read=read,
        user=user,
        circumstances=_circumstances(user, surroundings),
        routing=surroundings.routing,
        refusal=_refuse_crowd(recipients, user)
        or _refuse_unknown(read, user)
        or refuse_attachments(content, user.settings.attachments),
    )
    return Submission(recipients=tuple(_decided(named, mail) for named in recipients), printed=read)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Mail:
    """What all faxes of a mail have in common."""

    read: Printed
    user: UserPolicy
    circumstances: Circumstances
    routing: Routing
    refusal: Refusal | None
    """Why the mail makes no fax at all."""


def _circumstances(user: UserPolicy, surroundings: Surroundings) -> Circumstances:
    own = {user.email.lower()}
    return Circumstances(
        now=surroundings.now,
        time_zone=ZoneInfo(user.settings.datetime.time_zone),
        lines=user.settings.lines or tuple(surroundings.lines),
        may_be_told=lambda address: address.lower() in own or surroundings.registered(address),
    )


def _decided(named: NamedRecipient, mail: _Mail) -> Decided:
    """What is asked for one fax, how it begins, and whether it may be."""
    if mail.refusal:
        return _refused(named, mail.refusal, mail)
    directives = _directives(named, mail)
    if isinstance(directives, Refusal):
        return _refused(named, directives, mail)
    cover = decide_cover(
        mail.user.settings.coverpage,
        directives,
        body_text=has_body_text(mail.read.content),
        attachment=bool(mail.read.content.attachments),
    )
    if isinstance(cover, Refusal):
        return _refused(named, cover, mail)
    return Decided(job=_job(named, directives, cover, mail), directives=directives, cover=cover)


def _directives(named: NamedRecipient, mail: _Mail) -> Directives | Refusal:
    written = (*named.directives, *mail.read.directives)
    allowed = mail.user.settings.fax.directives
    forbidden = [one for one in written if one.name not in allowed]
    if forbidden:
        return refuse_forbidden(forbidden, allowed)
    found = in_force(written)
    return found if isinstance(found, Refusal) else read_directives(found, mail.circumstances)


def _refuse_crowd(recipients: list[NamedRecipient], user: UserPolicy) -> Refusal | None:
    """More recipients than the policy allows: none gets a fax, so that nobody gets it twice the next time."""
    most = user.settings.fax.recipients_per_mail
    if len(recipients) <= most:
        return None
    return Refusal(
        status=Status.GENERAL_ERROR,
        explanation=f"The mail has {len(recipients)} recipients, and your policy allows {most}.",
        advice="Nothing was faxed. Send it again to fewer recipients at a time.",
        quotes_nothing=True,
    )


def _refuse_unknown(read: Printed, user: UserPolicy) -> Refusal | None:
    return refuse_unknown(read.unknown, user.settings.fax.directives) if read.unknown else None


def _job(named: NamedRecipient, directives: Directives, cover: CoverDecision, mail: _Mail) -> NewJob:
    user = policy_for(mail.user, directives) or mail.user
    lines = mail.routing.lines_for(named.recipient.number, user.settings.lines)
    refusal = named.refusal or (lines if isinstance(lines, Refusal) else None)
    if not refusal and lines != user.settings.lines:
        user = user.model_copy(update={"settings": user.settings.model_copy(update={"lines": lines})})
    return NewJob(
        recipient=Recipient(
            number=named.recipient.number,
            subaddress=named.recipient.subaddress,
            name=directives.to or named.recipient.name,
            company=directives.company,
            title=directives.title,
        ),
        addresses=named.addresses,
        cover_template=cover.template,
        reference=directives.reference,
        billing=directives.billing,
        wishes=wishes_of(directives),
        user=None if user is mail.user else user,
        refusal=refusal and _unquoted(refusal, named, mail),
    )


def _refused(named: NamedRecipient, refusal: Refusal, mail: _Mail) -> Decided:
    own = named.refusal and _unquoted(named.refusal, named, mail)
    both = _both(own, _unquoted(refusal, named, mail))
    job = NewJob(recipient=named.recipient, addresses=named.addresses, refusal=both)
    return Decided(job=job, directives=None, cover=None)


def _unquoted(refusal: Refusal, named: NamedRecipient, mail: _Mail) -> Refusal:
    """A directive's refusal as notices without names may tell it: the status alone would say too little."""
    settings = mail.user.settings
    if not settings.notifications.phi_free or refusal.status is not Status.GENERAL_ERROR:
        return refusal
    if refusal.quotes_nothing:
        return refusal
    asked = (*named.directives, *mail.read.directives)
    names = [one.name for one in asked if one.quote in refusal.explanation]
    return refuse_unquoted(names, settings.fax.directives)


def _both(own: Refusal | None, of_the_mail: Refusal) -> Refusal:
    """A recipient's own refusal and the mail's: both are told at once, so that both can be mended."""
    if own is None:
        return of_the_mail
    return Refusal(
        status=own.status,
        explanation=f"{own.explanation} {of_the_mail.explanation}",
        advice=f"{own.advice or own.status.advice} {of_the_mail.advice or of_the_mail.status.advice}",
        quotes_nothing=own.quotes_nothing and of_the_mail.quotes_nothing,
    )
