"""What a job's pages say: the facts of its cover page or body page, and its header line.

Pure: the same job and moment give the same words, so a document as it was sent can be made again.
"""

from datetime import datetime

from config.datetimes import date_of, time_of, written, zone_of
from config.number_text import international
from config.settings import UserPolicy
from convert.body_facts import BodyFacts
from convert.cover_facts import CoverFacts, CoverRecipient, CoverSender
from convert.header import HeaderText
from store.job import FaxJob
from store.mail import MailContent


def header_text(user: UserPolicy, moment: datetime) -> HeaderText:
    """The header line of a call at this moment (47 CFR 68.318(d): date and time, who sends, their number)."""
    return HeaderText(
        time=written(moment, user.settings.datetime),
        name=user.company or user.name,
        number=user.settings.fax.sender_number,
    )


def cover_facts(job: FaxJob, content: MailContent, moment: datetime) -> CoverFacts:
    """What the job's cover page says; the number of following pages is the converter's to add."""
    settings = job.user.settings
    return CoverFacts(
        template=job.cover_template,
        paper=settings.fax.paper,
        recipient=CoverRecipient(
            number=international(job.recipient.number),
            name=job.recipient.name,
            company=job.recipient.company,
        ),
        sender=_cover_sender(job.user),
        subject=content.subject,
        original_subject=content.subject,
        body_text=content.text,
        body_html="" if content.text else content.html,
        date=date_of(moment, settings.datetime),
        time=time_of(moment, settings.datetime),
        zone=zone_of(moment, settings.datetime),
        job_id=job.id,
        reference=job.reference,
        billing=job.billing,
        custom_fields=dict(settings.custom_fields),
    )


def _cover_sender(user: UserPolicy) -> CoverSender:
    contact = user.settings.contact
    return CoverSender(
        name=user.name,
        company=user.company,
        department=" › ".join(user.departments),
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
        body_html="" if content.text else content.html,
    )
