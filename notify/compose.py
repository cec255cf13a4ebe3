"""The notice as a mail: threaded to the sender's own, marked as automatic, as text and as HTML.

- It stands in the sender's thread: In-Reply-To and References (RFC 5322 §3.6.4).
- It is recognisable as an automatic reply and never answered by another one: `Auto-Submitted: auto-replied`
  (RFC 3834 §5) and our own loop field; the null return path is the mailer's business.
- It is deterministic: Message-ID and the MIME boundary come from the notice's id, Date from its time of
  creation. A repetition after a crash is the same mail.
"""

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy

from notify.content import Content
from notify.delivery import delivery_content
from notify.facts import DeliveryFacts, InitialFacts
from notify.initial import initial_content
from notify.rendering import html, plain_text
from store.mail import ReceivedMail
from store.outbox import LOOP_FIELD, Notice

_MESSAGE_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{1,250}>")
_REFERENCES = 20
"""Ids in the References field: the thread's beginning and the most recent ones."""


class _ThreadPolicy(EmailPolicy):
    """The standard policy, except that message ids stay whole: it would write long ones as encoded words."""

    def fold(self, name: str, value: str) -> str:
        if name.lower() in {"in-reply-to", "references"}:
            return f"{name}: {f'{self.linesep} '.join(str(value).split())}{self.linesep}"
        folded: str = super().fold(name, value)
        return folded

    def fold_binary(self, name: str, value: str) -> bytes:
        if name.lower() in {"in-reply-to", "references"}:
            return self.fold(name, value).encode("ascii")
        return super().fold_binary(name, value)


# 7bit: a smarthost need not offer 8BITMIME.
_POLICY = _ThreadPolicy(linesep=SMTP.linesep, cte_type="7bit")


def compose_initial(facts: InitialFacts, *, sender: str, domain: str) -> EmailMessage:
    """The mail about a submission; `sender` is its From address, `domain` the fax domain."""
    return _mail(facts.notice, facts.mail, initial_content(facts), sender=sender, domain=domain)


def compose_delivery(facts: DeliveryFacts, *, sender: str, domain: str) -> EmailMessage:
    """The mail about a fax in its final state; `sender` is its From address, `domain` the fax domain."""
    return _mail(facts.notice, facts.mail, delivery_content(facts), sender=sender, domain=domain)


def _mail(
    notice: Notice, answered: ReceivedMail, content: Content, *, sender: str, domain: str
) -> EmailMessage:
    local = re.sub(r"[^A-Za-z0-9-]+", ".", notice.id)
    # Only an address outside ASCII needs SMTPUTF8 (RFC 6531).
    mail = EmailMessage(_POLICY.clone(utf8=not notice.address.isascii()))
    mail["From"] = Address(display_name="Postfax", addr_spec=sender)
    mail["To"] = _address(notice.address)
    mail["Subject"] = content.subject
    mail["Date"] = notice.created_at
    mail["Message-ID"] = f"<{local}.notice@{domain}>"
    _thread(mail, answered)
    mail["Auto-Submitted"] = "auto-replied"
    mail["X-Auto-Response-Suppress"] = "All"
    mail[LOOP_FIELD] = domain
    mail.set_content(plain_text(content, domain=domain), cte="quoted-printable")
    mail.add_alternative(html(content, domain=domain), subtype="html", cte="quoted-printable")
    mail.set_boundary(f"=_{local}_=")
    return mail


def _address(address: str) -> Address:
    if address.isascii():
        return Address(addr_spec=address)
    # The standard library parses no address outside ASCII, but writes one.
    local, _, host = address.rpartition("@")
    return Address(username=local, domain=host)


def _thread(mail: EmailMessage, answered: ReceivedMail) -> None:
    own = answered.message_id if _MESSAGE_ID.fullmatch(answered.message_id) else ""
    thread = [reference for reference in answered.references if _MESSAGE_ID.fullmatch(reference)]
    if own:
        mail["In-Reply-To"] = own
        thread = [reference for reference in thread if reference != own] + [own]
    if thread:
        mail["References"] = " ".join(thread[:1] + thread[1:][1 - _REFERENCES :])
