"""The notice as a mail: in the sender's thread, marked as automatic, as text, as HTML and as a report.

- It stands in the sender's thread: In-Reply-To and References (RFC 5322 §3.6.4).
- It is recognisable as automatic and never answered by another such mail: `Auto-Submitted` (RFC 3834 §5) and
  our own loop field; the null return path is the mailer's business.
- It is deterministic: Message-ID and the MIME boundaries come from the notice's id, Date from its time of
  creation. A repetition after a crash is the same mail.
- If it is the last word about a recipient it is a delivery status notification as well (RFC 3464): text and
  HTML are its first part, behind them comes what programs read, and what is returned of the sender's mail.
  What others than the sender are told is none: they have not sent anything.
- A picture stands beside the HTML that shows it (RFC 2387); pages that are attached come after both forms.
"""

import re
from collections.abc import Mapping, Sequence
from email.header import Header
from email.headerregistry import Address, HeaderRegistry, UniqueUnstructuredHeader
from email.message import EmailMessage, MIMEPart
from email.policy import SMTP, EmailPolicy
from functools import cache
from typing import Any

from config.domain_name import carried_address
from notify.alert import alert_content
from notify.content import Content
from notify.delivery import delivery_content
from notify.delivery_status import ReportingMta, delivery_status
from notify.facts import AlertFacts, DeliveryFacts, InitialFacts, SummaryFacts, WelcomeFacts
from notify.initial import initial_content
from notify.rendering import BUILT_IN, html, plain_text, subject
from notify.report import delivery_status_part, report
from notify.returned_mail import returned_part
from notify.summary import summary_content
from notify.welcome import welcome_content
from notify.wording import one_line
from store.job import FaxJob
from store.lifecycle import JobState
from store.mail import ReceivedMail
from store.outbox import LOOP_FIELD, Notice

_MESSAGE_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{1,250}>")
_REFERENCES = 20
"""Ids in the References field: the thread's beginning and the most recent ones."""
_WORD = 66
"""Characters that a word of a subject has at most to stand behind the name of the field."""


class _Literal(UniqueUnstructuredHeader):
    """A text that means what it says: `=?utf-8?q?…?=` in a sender's subject is no encoded word of ours."""

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        super().parse(value, kwds)
        kwds["decoded"] = value


class _Headers(HeaderRegistry):
    """The standard kinds of header fields, whose classes would otherwise be made anew for every field."""

    def __getitem__(self, name: str) -> type:
        if name.lower() == "subject":
            return _header_class(_Literal, self.base_class)
        return _header_class(self.registry.get(name.lower(), self.default_class), self.base_class)


@cache
def _header_class(kind: type, base: type) -> type:
    return type(f"_{kind.__name__}", (kind, base), {})


class _ThreadPolicy(EmailPolicy):
    """The standard policy, except for two fields that it folds wrongly.

    Message ids stay whole: it would write long ones as encoded words. A subject outside ASCII becomes encoded
    words as a whole: it would lose blanks where an encoded word stands beside a plain one. One in ASCII
    begins on the line of its name, and not with the blank of a continuation.
    """

    def fold(self, name: str, value: str) -> str:
        own = self._own(name, value)
        folded: str = super().fold(name, value) if own is None else own
        return folded

    def fold_binary(self, name: str, value: str) -> bytes:
        own = self._own(name, value)
        return super().fold_binary(name, value) if own is None else own.encode("ascii")

    def _own(self, name: str, value: str) -> str | None:
        if name.lower() in {"in-reply-to", "references"}:
            return f"{name}: {f'{self.linesep} '.join(str(value).split())}{self.linesep}"
        if name.lower() == "subject":
            text = str(value)
            plain = text.isascii() and "=?" not in text and max(map(len, text.split()), default=0) < _WORD
            encoded = Header(text, "us-ascii" if plain else "utf-8", header_name=name)
            return f"{name}: {encoded.encode(linesep=self.linesep)}{self.linesep}"
        return None


# 7bit: a smarthost need not offer 8BITMIME, except for a mail that is returned whole.
_POLICY = _ThreadPolicy(linesep=SMTP.linesep, cte_type="7bit", header_factory=_Headers())


def compose_initial(facts: InitialFacts, *, sender: str, mta: ReportingMta) -> bytes:
    """The mail about a submission; `sender` is its From address.

    Of a refused recipient it is the last word, so it is a report about those.
    """
    refused = tuple(job for job in facts.jobs if job.state is JobState.FAILED and job.document is None)
    return _mail(facts, initial_content(facts), refused, sender=sender, mta=mta)


def compose_delivery(facts: DeliveryFacts, *, sender: str, mta: ReportingMta) -> bytes:
    """The mail about a fax in its final state; `sender` is its From address."""
    ended = (facts.job,) if facts.notice.to_sender else ()
    return _mail(facts, delivery_content(facts), ended, sender=sender, mta=mta)


def compose_alert(facts: AlertFacts, *, sender: str, mta: ReportingMta) -> bytes:
    """The mail to one who is called when something needs an administrator; `sender` is its From address."""
    content = alert_content(facts)
    head = _head(facts.notice, content.subject, sender=sender, mta=mta)
    _write(head, content, name=_name(facts.notice), domain=mta.domain)
    return head.as_bytes()


def compose_summary(facts: SummaryFacts, *, sender: str, mta: ReportingMta) -> bytes:
    """The mail about all faxes of a mail; `sender` is its From address."""
    ended = facts.jobs if facts.notice.to_sender else ()
    return _mail(facts, summary_content(facts), ended, sender=sender, mta=mta)


def compose_welcome(facts: WelcomeFacts, *, sender: str, mta: ReportingMta) -> bytes:
    """The mail to a user who is about to send faxes; `sender` is its From address."""
    content, own = welcome_content(facts), facts.templates
    title = subject(content, domain=mta.domain, own=own)
    head = _head(facts.notice, title, sender=sender, mta=mta)
    _write(head, content, name=_name(facts.notice), domain=mta.domain, own=own)
    return head.as_bytes()


def _mail(
    facts: InitialFacts | DeliveryFacts | SummaryFacts,
    content: Content,
    ended: Sequence[FaxJob],
    *,
    sender: str,
    mta: ReportingMta,
) -> bytes:
    """The mail, as a report if it tells the end of one of these jobs."""
    notice = facts.notice
    name = _name(notice)
    phi_free = facts.user.settings.notifications.phi_free
    own = facts.templates
    title = subject(content, domain=mta.domain, own=own)
    head = _head(notice, title, sender=sender, mta=mta)
    _thread(head, facts.mail)
    status = delivery_status(facts.mail, ended, mta=mta, phi_free=phi_free) if ended else ""
    if not status:
        _write(head, content, name=name, domain=mta.domain, own=own)
        return head.as_bytes()
    head["Content-Language"] = content.language
    human = MIMEPart(_POLICY)
    _write(human, content, name=name, domain=mta.domain, own=own)
    returned = returned_part(
        facts.original, facts.mail.envelope.return_content, success=notice.success, phi_free=phi_free
    )
    parts = (human.as_bytes(), delivery_status_part(status), returned)
    return report(head, [part for part in parts if part], name=name)


def _name(notice: Notice) -> str:
    """The notice's id in the characters that a Message-ID and a boundary may have."""
    return re.sub(r"[^A-Za-z0-9-]+", ".", notice.id)


def _head(notice: Notice, title: str, *, sender: str, mta: ReportingMta) -> EmailMessage:
    # Only an address outside ASCII needs SMTPUTF8 (RFC 6531).
    address = carried_address(notice.address)
    head = EmailMessage(_POLICY.clone(utf8=not address.isascii()))
    head["From"] = Address(display_name=one_line(mta.sender_name), addr_spec=carried_address(sender))
    head["To"] = address
    head["Subject"] = title
    head["Date"] = notice.created_at
    head["Message-ID"] = f"<{_name(notice)}.notice@{mta.domain}>"
    # RFC 3834 §5.1: who has sent nothing gets no reply.
    head["Auto-Submitted"] = "auto-replied" if notice.to_sender else "auto-generated"
    head["X-Auto-Response-Suppress"] = "All"
    head[LOOP_FIELD] = mta.domain
    return head


def _write(
    part: MIMEPart, content: Content, *, name: str, domain: str, own: Mapping[str, str] = BUILT_IN
) -> None:
    """Fill a mail or a part with what people read, in both forms, and with what goes with them."""
    cid = f"first-page.{name}@{domain}" if content.picture else ""
    part.set_content(plain_text(content, domain=domain, own=own), cte="quoted-printable")
    shown = html(content, domain=domain, cid=cid, own=own)
    part.add_alternative(shown, subtype="html", cte="quoted-printable")
    if content.picture:
        pictured = list(part.iter_parts())[-1]
        pictured.add_related(
            content.picture.png,
            "image",
            "png",
            cid=f"<{cid}>",
            disposition="inline",
            filename="first-page.png",
        )
    for attached in content.attachments:
        kind, _, subtype = attached.media_type.partition("/")
        part.add_attachment(attached.octets, kind, subtype, filename=attached.name)
    # At last: what is there when a part becomes one of several goes with what it had been.
    part["Content-Language"] = content.language
    _name_boundaries(part, name)


def _name_boundaries(part: MIMEPart, name: str) -> None:
    """Give every multipart the same boundary each time. No encoding of ours writes what begins as they do."""
    multiparts = [inner for inner in part.walk() if inner.is_multipart()]
    for number, inner in enumerate(multiparts):
        inner.set_boundary(f"=_{name}{f'.{number}' if number else ''}_=")


def _thread(mail: EmailMessage, answered: ReceivedMail) -> None:
    own = answered.message_id if _MESSAGE_ID.fullmatch(answered.message_id) else ""
    thread = [reference for reference in answered.references if _MESSAGE_ID.fullmatch(reference)]
    if own:
        mail["In-Reply-To"] = own
        thread = [reference for reference in thread if reference != own] + [own]
    if thread:
        mail["References"] = " ".join(thread[:1] + thread[1:][1 - _REFERENCES :])
