"""A fax that was never sent, to see what a cover page would say: a sample's mail with a user's policy.

The facts are made by `postfax.journey.wording`, as those of a real fax are.
"""

from dataclasses import replace
from datetime import datetime

from config.settings import ContactSettings, Settings, UserPolicy
from convert.cover_facts import CoverFacts
from convert.header import HeaderText
from postfax.journey.wording import cover_facts, header_text
from store.job import FaxJob, Recipient
from store.lifecycle import JobState
from store.mail import MailContent
from submission.printed import printed

_NUMBER = "+12065551234"
_PAGES_FOLLOWING = 3
_TEXT = """\
Dear Dr. Doe,

please find attached the referral for Monday, with the X-ray of the left knee and the laboratory's report.

Would you call back before noon if the appointment does not suit you?

With kind regards
Ana Ruiz
"""
_LONG_SUBJECT = (
    "Referral for Monday: X-ray of the left knee, laboratory report, list of current medication, and the "
    "insurance company's confirmation of the costs"
)
_LONG_RECIPIENT = Recipient(
    number=_NUMBER,
    name="Prof. Dr. Maximiliane Alexandra Freifrau von Wolfeschlegelsteinhausen-Bergerdorff",
    company="Lakeside Clinic for Orthopaedics, Traumatology and Rehabilitation, Outpatients",
    title="Head of Orthopaedic Surgery and Deputy Medical Director",
)
_LONG_TEXT = "\n".join(
    f"{number}. The patient has been seen on several occasions because of pain in the left knee, worst "
    f"in the morning and after long walks. Neither rest nor medication has brought lasting relief, so that "
    f"a further examination seems advisable before anything else is decided.\n"
    for number in range(1, 41)
)


def sample_user() -> UserPolicy:
    """Somebody who may fax."""
    contact = ContactSettings(
        title="Radiographer", phone="+1 206 555 0101", address="1200 Harbor Avenue\nSeattle, WA 98101"
    )
    own = Settings(contact=contact, custom_fields={"cost_center": "R-17"})
    return UserPolicy(
        name="Ana Ruiz",
        email="ana@hospital.example",
        company="General Hospital",
        departments=("Radiology",),
        settings=own.model_copy(update={"fax": own.fax.model_copy(update={"sender_number": "+12065550100"})}),
    )


def sample_job(user: UserPolicy, template: str, moment: datetime, *, long: bool) -> FaxJob:
    """A fax of this user with this cover page; with `long`, to a recipient whose names fill lines."""
    recipient = Recipient(
        number=_NUMBER, name="Dr. Jonathan Doe", company="Lakeside Clinic", title="Head of Surgery"
    )
    return FaxJob(
        id="K7Q2-M9", mail_id="sample", position=0, state=JobState.CONVERTING, status=None, explanation="",
        recipient=_LONG_RECIPIENT if long else recipient, user=user, cover_template=template,
        reference="REF-4711", billing="B-99", created_at=moment, due_at=moment, finished_at=None, tries=0,
        pages_confirmed=0, document=None, cancel_requested_by="",
    )  # fmt: skip


def sample_facts(job: FaxJob, moment: datetime, *, text: str = "", long: bool = False) -> CoverFacts:
    """What the cover says, with a text of one's own or the sample's."""
    content = MailContent(
        subject=_LONG_SUBJECT if long else "Referral for Monday",
        message_id="", references=(), from_name="", to_names={}, fields={},
        text=text or (_LONG_TEXT if long else _TEXT), html="",
    )  # fmt: skip
    facts = cover_facts(job, printed(content, job.user.settings.coverpage), moment)
    return replace(facts, pages_following=_PAGES_FOLLOWING)


def sample_header(job: FaxJob, moment: datetime) -> HeaderText:
    """The header line."""
    return header_text(job, moment)
