"""What a job's pages say: the facts of its cover page or body page, and its header line.

Pure: the same job and moment give the same words, so a document as it was sent can be made again.
"""

import re
import textwrap
from datetime import datetime

from config.datetimes import date_of, time_of, written, zone_of
from config.levels import BETWEEN
from config.number_text import international
from config.settings import UserPolicy
from convert.body_facts import BodyFacts
from convert.cover_facts import CoverFacts, CoverRecipient, CoverSender
from convert.header import PAGE_MARK, PAGES_MARK, HeaderText
from store.job import FaxJob
from store.mail import MailContent
from submission.printed import Printed

_CONTINUED = "(continued)"
_NOTICE_WIDTH = 60
"""Characters of a line on the page that goes before the rest of a fax."""


def header_text(job: FaxJob, moment: datetime, *, continued: bool = False) -> HeaderText:
    """The header line of a call at this moment (47 CFR 68.318(d): date and time, who sends, their number).

    What the policy's header line has no value for leaves no hole. A call that goes on with a fax that broke
    off says so beside the number of the page.
    """
    settings = job.user.settings
    values = {
        "date": date_of(moment, settings.datetime),
        "time": time_of(moment, settings.datetime),
        "zone": zone_of(moment, settings.datetime),
        "company": job.user.company or job.user.name,
        "department": BETWEEN.join(job.user.departments),
        "name": job.user.name,
        "number": settings.fax.sender_number,
        "job_id": job.id,
        "reference": job.reference,
        "page": PAGE_MARK,
        "pages": PAGES_MARK,
    }
    fields = [_one_line(field.format(**values)) for field in settings.fax.header_line.split("|")]
    if continued:
        fields = [f"{field} {_CONTINUED}" if PAGE_MARK in field else field for field in fields]
    left, middle, right = (*fields, "", "")[:3]
    return HeaderText(left=left, middle=middle, right=right)


def continuation_notice(job: FaxJob, first_page: int) -> tuple[str, ...]:
    """What the page says that goes before the rest of a fax that broke off; `first_page` is 0-based."""
    sender = f"{job.user.company or job.user.name}  {job.user.settings.fax.sender_number}".strip()
    arrived = "Page 1" if first_page == 1 else f"Pages 1 to {first_page}"
    rest = "the last page" if first_page + 1 == job.pages else f"pages {first_page + 1} to {job.pages}"
    return (
        "CONTINUED FAX",
        f"{arrived} of {job.pages} arrived in an earlier call,",
        f"which broke off. Now {rest} of {job.pages}.",
        f"Fax {job.id}, from:",
        *textwrap.wrap(sender, _NOTICE_WIDTH),
    )


def _one_line(text: str) -> str:
    """Single spaces between words, two where the pattern has two."""
    return re.sub(r" {2,}", "  ", text).strip()


def cover_facts(job: FaxJob, said: Printed, moment: datetime) -> CoverFacts:
    """What the job's cover page says; the number of following pages is the converter's to add."""
    settings, content = job.user.settings, said.content
    own_file = settings.coverpage.templates.get(job.cover_template)
    return CoverFacts(
        template=job.cover_template,
        paper=settings.fax.paper,
        recipient=CoverRecipient(
            number=international(job.recipient.number),
            name=job.recipient.name,
            company=job.recipient.company,
            title=job.recipient.title,
        ),
        sender=_cover_sender(job.user, job.wishes.sender_name),
        subject=content.subject,
        original_subject=said.original_subject,
        body_text=content.text,
        body_html=content.html,
        date=date_of(moment, settings.datetime),
        time=time_of(moment, settings.datetime),
        zone=zone_of(moment, settings.datetime),
        job_id=job.id,
        reference=job.reference,
        billing=job.billing,
        custom_fields=dict(settings.custom_fields),
        own_file=str(own_file or ""),
    )


def _cover_sender(user: UserPolicy, name: str) -> CoverSender:
    contact = user.settings.contact
    return CoverSender(
        name=name or user.name,
        company=user.company,
        department=BETWEEN.join(user.departments),
        title=contact.title,
        phone=contact.phone,
        fax=contact.fax or international(user.settings.fax.sender_number),
        email=user.email,
        address=contact.address,
    )


def body_facts(job: FaxJob, content: MailContent, moment: datetime) -> BodyFacts:
    """What the first page says where the mail's text is faxed without a cover page."""
    return BodyFacts(
        paper=job.user.settings.fax.paper,
        subject=content.subject,
        sender=f"{job.user.name} <{job.user.email}>",
        recipient=job.recipient.name or international(job.recipient.number),
        date=written(moment, job.user.settings.datetime),
        body_text=content.text,
        body_html=content.html,
    )
