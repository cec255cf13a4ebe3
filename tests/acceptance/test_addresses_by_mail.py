"""Every form of an address, every directive in each of its places, every refusal: by a mail through SMTP."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import aiosmtplib
import pytest
from scene import Scene

from postfax.demonstration.world import DOMAIN
from postfax.opening import open_book
from store.book import Book
from store.job import FaxJob
from store.status import Status

pytestmark = pytest.mark.asyncio(loop_scope="module")

SENDER = "on_demand@hospital.example"
LATER = {"X-Fax-At": "+3 days"}
"""What keeps the faxes of these mails off the line."""


@dataclass(frozen=True, kw_only=True)
class Mail:
    """A mail as somebody would write it."""

    recipients: Sequence[str]
    """Local parts as they stand in the envelope."""
    to: str = ""
    """The To field."""
    fields: Mapping[str, str] = field(default_factory=lambda: LATER)
    subject: str = "Referral"
    text: str = "Please see."
    html: str = ""
    sender: str = SENDER


async def submit(scene: Scene, mail: Mail) -> str:
    """Send it by SMTP; the id that the mail got."""
    message = EmailMessage()
    message["From"] = mail.sender
    message["Subject"] = mail.subject
    for name, value in mail.fields.items():
        message[name] = value
    if mail.html:
        message.set_content(mail.html, subtype="html")
    else:
        message.set_content(mail.text)
    octets = f"To: {mail.to or 'fax'}\r\n".encode() + message.as_bytes().replace(b"\n", b"\r\n")
    smtp = aiosmtplib.SMTP(hostname="127.0.0.1", port=scene.service.smtp_port, start_tls=False, timeout=300)
    async with smtp:
        addresses = [f"{local_part}@{DOMAIN}" for local_part in mail.recipients]
        _, reply = await smtp.sendmail(mail.sender, addresses, octets)
    return reply.rpartition(" ")[2]


@asynccontextmanager
async def record(scene: Scene) -> AsyncIterator[Book]:
    async with open_book(str(scene.world.settings_file)) as book:
        yield book


async def jobs_of(scene: Scene, *mails: Mail) -> list[tuple[FaxJob, ...]]:
    """The jobs of each mail, once all have their documents or are refused."""
    ids = [await submit(scene, mail) for mail in mails]
    async with record(scene) as book, asyncio.timeout(300):
        while True:
            found = [await book.group(mail_id.split("/")[0]) for mail_id in ids]
            if all(jobs and not any(job.state == "converting" for job in jobs) for jobs in found):
                return found
            await asyncio.sleep(0.2)


FORMS = {
    "+12065551234": "number with +",
    "12065551234": "country code and number",
    "206-555-1234": "a number of the region",
    '"(206)555.1234"': "with brackets, in a quoted local part",
    '"206 555 1234"': "with spaces, in a quoted local part",
    "FAX=+12065551234": "RFC 3192",
    "fax=+1.206.555.1234": "RFC 3192 with visual separators",
    "12065551234/to=John_Doe/co=Acme/fr=Jane_Doe/cover=off/ref=4711": "slash options",
    "12065551234^COMPANY=Acme^NOCOVER^RETRIES=3^BILLING=17": "caret options",
    "John_Doe.12065551234": "name first",
    "0012065551234": "international with 00",
    "01112065551234": "international with 011",
    '"0111 206 555 1234"': "no: a region's exit code and a digit too many",
}


async def test_every_form_names_one_recipient(scene: Scene) -> None:
    mails = [Mail(recipients=(form,)) for form in FORMS]
    for (job,), mail in zip(await jobs_of(scene, *mails), mails, strict=True):
        form = mail.recipients[0]
        assert (job.recipient.number, job.status) == ("+12065551234", None), (form, job.explanation)


async def test_subaddress_display_name_bcc_and_a_number_named_twice(scene: Scene) -> None:
    subaddress, named, hidden, twice = await jobs_of(
        scene,
        Mail(recipients=("FAX=+12065551234/T33S=6377",)),
        Mail(recipients=("12065551234",), to='"John Doe" <12065551234@fax.example.com>'),
        Mail(recipients=("+12065551234", "+14255550199"), to="<+12065551234@fax.example.com>"),
        Mail(recipients=("+12065551234", "12065551234", "FAX=+12065551234")),
    )
    assert [job.recipient.subaddress for job in subaddress] == ["6377"]
    assert [job.recipient.name for job in named] == ["John Doe"]
    assert [job.recipient.number for job in hidden] == ["+12065551234", "+14255550199"]
    assert [len(job.addresses) for job in twice] == [3]


DIRECTIVES = {
    "cover": "healthcare",
    "to": "John Doe",
    "company": "Acme",
    "title": "Dr",
    "from": "Jane Doe",
    "reference": "47-11",
    "billing": "R 17",
    "at": "+2 d",
    "expire": "+3 d",
    "priority": "low",
    "resolution": "fine",
    "retries": "2",
    "retry-interval": "10 min",
    "paper": "A4",
    "line": "demo",
    "notify": "ana@hospital.example",
}


def facts(job: FaxJob) -> dict[str, Any]:
    """What the directives above come to."""
    settings = job.user.settings
    wishes = job.wishes
    assert wishes.not_before
    assert wishes.expires_at
    return {
        "cover": job.cover_template,
        "to": job.recipient.name,
        "company": job.recipient.company,
        "title": job.recipient.title,
        "from": wishes.sender_name,
        "reference": job.reference,
        "billing": job.billing,
        "at": "+2 d" if job.due_at == wishes.not_before else "",
        "expire": "+3 d" if wishes.expires_at - wishes.not_before == timedelta(days=1) else "",
        "priority": wishes.priority.word,
        "resolution": job.document and job.document.resolution.value,
        "retries": str(settings.retry.attempts - 1),
        "retry-interval": "10 min" if settings.retry.interval == timedelta(minutes=10) else "",
        "paper": settings.fax.paper.value,
        "line": settings.lines[0],
        "notify": wishes.notify[0],
    }


async def test_every_directive_in_each_place(scene: Scene) -> None:
    options = "".join(f"/{name}={value}".replace(" ", "_") for name, value in DIRECTIVES.items())
    tags = " ".join(f'/{name}="{value}"' for name, value in DIRECTIVES.items())
    lines = [f"#fax {name}: {value}" for name, value in DIRECTIVES.items()]
    number = ("+12065551234",)
    found = await jobs_of(
        scene,
        Mail(recipients=(f'"+12065551234{options}"',), fields={}),
        Mail(
            recipients=number, fields={f"X-Fax-{name.title()}": value for name, value in DIRECTIVES.items()}
        ),
        Mail(recipients=number, fields={}, text="\n".join([*lines, "Please see."])),
        Mail(
            recipients=number,
            fields={},
            html="".join(f"<div>{line}</div>" for line in lines) + "<p>Please see.",
        ),
        Mail(recipients=number, fields={}, subject=f"Referral {tags}"),
    )
    for (job,) in found:
        assert facts(job) == DIRECTIVES, job.explanation


NUMBER = ("+12065551234",)
REFUSED = {
    "unknown header": (Mail(recipients=NUMBER, fields={"X-Fax-Tries": "3"}), "'X-Fax-Tries: 3'"),
    "unknown option": (Mail(recipients=("12065551234/colour=red",)), "'/colour=red'"),
    "unknown flag": (Mail(recipients=("12065551234^NOPREFIX",)), "'^NOPREFIX'"),
    "unknown line": (Mail(recipients=NUMBER, text="#fax colour: red\nHello"), "'#fax colour: red'"),
    "line below": (Mail(recipients=NUMBER, text="Hello\n#fax cover: no"), "'#fax cover: no'"),
    "no cover": (
        Mail(recipients=NUMBER, sender="automatic@hospital.example", subject="A /cover=none"),
        "'/cover=none'",
    ),
    "a cover": (Mail(recipients=("12065551234/cover=yes",), sender="none@hospital.example"), "'/cover=yes'"),
    "no such cover": (Mail(recipients=NUMBER, fields={"X-Fax-Cover": "fancy"}), "'X-Fax-Cover: fancy'"),
    "time": (Mail(recipients=NUMBER, fields={"X-Fax-At": "11/12/2026 8:00"}), "more than one way"),
    "past": (Mail(recipients=NUMBER, fields={"X-Fax-At": "2020-01-01 08:00"}), "has passed"),
    "priority": (Mail(recipients=NUMBER, subject="A /priority=asap"), "'/priority=asap'"),
    "retries": (Mail(recipients=("+12065551234^RETRIES=99",)), "'^RETRIES=99'"),
    "line": (Mail(recipients=NUMBER, fields={"X-Fax-Line": "other"}), "'X-Fax-Line: other'"),
    "notify": (Mail(recipients=NUMBER, fields={"X-Fax-Notify": "x@evil.example"}), "x@evil.example"),
    "contradiction": (Mail(recipients=NUMBER, subject="/ref=1 /ref=2"), "contradict"),
}


async def test_what_is_not_understood_or_not_allowed_is_told_and_nothing_is_sent(scene: Scene) -> None:
    found = await jobs_of(scene, *(mail for mail, _ in REFUSED.values()))
    for (job,), (name, (_, quoted)) in zip(found, REFUSED.items(), strict=True):
        assert job.status is Status.GENERAL_ERROR, name
        assert quoted in job.explanation, (name, job.explanation)
        assert job.advice, name
        async with asyncio.timeout(300):
            while not (notices := scene.notices(job.mail_id, "initial")):
                await asyncio.sleep(0.1)
        [notice] = notices
        told = notice.get_body(("plain",))
        assert told is not None
        words = " ".join(told.get_content().split())
        assert quoted in words, (name, words)


NUMBERS_REFUSED = {
    "4930123456": "'4930123456' is not a complete, valid number of the region US.",
    "911": "'911' is not a complete",
    "555-1234": "'555-1234' is not a complete",
    "+19005551234": "costs extra",
    "2065551234x5": "'x', which is no part of a number",
    '"+1 206 555 1234, +1 425 555 0199"': "holds more than one number",
}


async def test_numbers_that_nobody_could_mean_are_not_dialled(scene: Scene) -> None:
    [jobs] = await jobs_of(scene, Mail(recipients=tuple(NUMBERS_REFUSED)))
    for job, (written, explanation) in zip(jobs, NUMBERS_REFUSED.items(), strict=True):
        assert job.status in {Status.INVALID_FAX_NUMBER, Status.BLOCKED}, written
        assert explanation in job.explanation, (written, job.explanation)


async def test_recipients_of_one_mail_may_have_different_pages(scene: Scene) -> None:
    mail = Mail(recipients=("+12065551234/res=fine/paper=A4/cover=yes", "+14255550199/res=standard"))
    [(fine, standard)] = await jobs_of(scene, mail)
    assert fine.document
    assert standard.document
    assert [fine.document.resolution, standard.document.resolution] == ["fine", "standard"]
    assert [fine.document.pages[0].origin, standard.document.pages[0].origin] == ["cover", "body"]
    assert fine.document.pages[0].height > 2 * standard.document.pages[0].height


async def test_a_fax_that_is_asked_for_later_and_one_that_expires(scene: Scene) -> None:
    soon = Mail(recipients=("+12065559876",), fields={"X-Fax-At": "+2 d", "X-Fax-Expire": "2099-01-01 08:00"})
    [[refused]] = await jobs_of(scene, soon)
    assert "more than a year ahead" in refused.explanation
    [[job]] = await jobs_of(scene, Mail(recipients=("+12065559877",)))
    assert job.state == "scheduled"
    shown = await scene.postfax("show", job.id)
    assert "not before" in shown.out
    assert (await scene.postfax("cancel", job.id)).status == 0
