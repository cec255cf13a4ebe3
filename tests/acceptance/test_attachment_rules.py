"""What is attached to mails that come by SMTP: pages in their order, or a sentence that says why not."""

from collections.abc import AsyncIterator
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import aiosmtplib
import pillow_heif
import pytest
import pytest_asyncio
import sample_documents
from outlook_files import attached, compressed, embedded, saved_attachment, saved_message, tnef
from PIL import Image
from scene import BEHAVIOURS, Scene

from mta.mime.mapi import Tag
from postfax.demonstration.serve_process import ServeProcess
from postfax.demonstration.world import DOMAIN, SENDER, World

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """\
company: General Hospital
settings:
  fax: {{default_region: US, sender_number: "+12065550100", resolution: standard}}
  coverpage: {{mode: none}}
  datetime: {{time_zone: America/Los_Angeles, date_format: MM/DD/YYYY, time_format: hh:mm a}}
departments:
  Radiology:
    users: [{{name: Ana Ruiz, email: {sender}}}]
  Front desk:
    settings: {{attachments: {{allowed: [pdf, tiff], most: 3, largest: 50 kB, largest_of: {{tiff: 10 kB}}}}}}
    users: [{{name: Desk, email: desk@hospital.example}}]
  Records:
    settings: {{attachments: {{drop_blank_ends: false}}}}
    users: [{{name: Records, email: records@hospital.example}}]
"""
RECORDS = "records@hospital.example"
DESK = "desk@hospital.example"
NOBODY = "+12065550105"
"""A number that is not assigned: what can be faxed fails at once, with its document made."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: Any) -> AsyncIterator[Scene]:
    """A service whose front desk may send little."""
    world = World(folder=tmp_path_factory.mktemp("world"), clock=10, behaviours=BEHAVIOURS, policy=POLICY)
    async with world:
        service = ServeProcess(world.settings_file)
        await service.start()
        yield Scene(world=world, service=service)
        assert await service.stop() == 0


def letter(text: str = "", *, subject: str = "Referral", sender: str = SENDER) -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = f"<{NOBODY}@{DOMAIN}>"
    mail["Subject"] = subject
    mail.set_content(text)
    return mail


def attach(mail: EmailMessage, name: str, octets: bytes, kind: str = "octet-stream") -> None:
    mail.add_attachment(octets, "application", kind, filename=name)


async def faxed(house: Scene, mail: EmailMessage) -> Any:
    """The job that a mail comes to."""
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=house.service.smtp_port, start_tls=False, timeout=60)
    async with client:
        _, reply = await client.sendmail(mail["From"], [f"{NOBODY}@{DOMAIN}"], mail.as_bytes())
    return await house.finished(reply.rpartition(" ")[2])


async def origins(house: Scene, mail: EmailMessage) -> list[str]:
    """Where the pages of the fax come from, in their order."""
    job = await faxed(house, mail)
    assert job["document"], job["explanation"]
    return [page["origin"] for page in job["document"]["pages"]]


async def told(house: Scene, mail: EmailMessage) -> str:
    """The words of the initial notice of a mail that is refused for its attachments."""
    job = await faxed(house, mail)
    assert (job["status"], job["document"]) == ("Invalid Attachment", None)
    [notice] = house.notices(job["id"], "initial")
    body = notice.get_body(("plain",))
    assert body is not None
    return " ".join(str(body.get_content()).split())


@pytest.mark.parametrize(("sender", "pages"), [(SENDER, 2), (RECORDS, 4)])
async def test_blank_pages_at_the_end_are_dropped_by_policy(house: Scene, sender: str, pages: int) -> None:
    mail = letter(sender=sender)
    attach(mail, "scan.pdf", sample_documents.pdf(2, blank=2))
    assert await origins(house, mail) == ["scan.pdf"] * pages


async def test_winmail_dat(house: Scene) -> None:
    older = tnef(
        {Tag.SUBJECT: "Older", Tag.BODY: "older"},
        [attached({Tag.LONG_FILE_NAME: "old.pdf"}, sample_documents.pdf())],
    )
    stream = tnef(
        {Tag.COMPRESSED_RTF: compressed(rb"{\rtf1\ansi Please see the scans.\par}")},
        [
            attached({Tag.LONG_FILE_NAME: "two.pdf"}, sample_documents.pdf(2)),
            embedded(older),
            attached({Tag.LONG_FILE_NAME: "photo.jpg"}, sample_documents.picture("JPEG")),
        ],
    )
    mail = letter()
    attach(mail, "winmail.dat", stream, "ms-tnef")
    attach(mail, "last.pdf", sample_documents.pdf())
    assert await origins(house, mail) == [
        "body", "two.pdf", "two.pdf", "Older.eml", "old.pdf", "photo.jpg", "last.pdf",
    ]  # fmt: skip


async def test_a_damaged_winmail_dat_is_named(house: Scene) -> None:
    mail = letter("Please see attached.")
    attach(mail, "winmail.dat", tnef({Tag.BODY: "x"})[:-5], "ms-tnef")
    assert '"winmail.dat" cannot be opened: it is cut off.' in await told(house, mail)


async def test_forwarded_mails(house: Scene) -> None:
    inner = letter("#fax cover=yes\nThe report.", subject="Report", sender="mueller@praxis.example")
    inner["X-Fax-Cover"] = "yes"
    attach(inner, "report.pdf", sample_documents.pdf(2))
    saved = saved_message(
        {Tag.SUBJECT: "Saved", Tag.BODY: "text"},
        [saved_attachment({Tag.LONG_FILE_NAME: "a.pdf", Tag.DATA: sample_documents.pdf(), Tag.METHOD: 1})],
    )
    mail = letter("For your files.")
    mail.add_attachment(inner)
    attach(mail, "kept.msg", saved)
    attach(mail, "kept.eml", inner.as_bytes())
    assert await origins(house, mail) == [
        "body", "Report.eml", "report.pdf", "report.pdf", "kept.msg", "a.pdf", "kept.eml", "report (2).pdf",
        "report (2).pdf",
    ]  # fmt: skip


async def test_a_mail_that_is_nothing_but_a_forwarded_one(house: Scene) -> None:
    inner = letter("The report.", subject="Report")
    mail = EmailMessage(policy=SMTP)
    mail["From"] = SENDER
    mail["Subject"] = "Fwd"
    mail.set_content(inner)
    assert await origins(house, mail) == ["Report.eml"]


async def test_decoration_entries_cards_and_keys_are_no_pages(house: Scene) -> None:
    mail = letter("Please see attached.")
    mail.add_alternative('<p>See</p><img src="cid:logo">', subtype="html")
    html = mail.get_payload()[1]  # type: ignore[index]
    html.add_related(sample_documents.picture("PNG"), "image", "png", cid="<logo>")  # type: ignore[union-attr]
    attach(mail, "scan", sample_documents.pdf())
    mail.add_attachment("BEGIN:VCALENDAR\r\n", subtype="calendar", filename="invite.ics")
    mail.add_attachment("BEGIN:VCARD\r\n", subtype="x-vcard", filename="ana.vcf")
    attach(mail, "key.asc", b"-----BEGIN PGP PUBLIC KEY BLOCK-----", "pgp-keys")
    attach(mail, "smime.p7s", b"\x30\x80", "pkcs7-signature")
    assert await origins(house, mail) == ["body", "scan"]
    said = [event for event in house.service.events if event["event"] == "mail_parts_left_out"]
    assert said[-1]["parts"] == ["invite.ics (calendar entry)", "ana.vcf (contact card)"]


async def test_a_picture_of_a_telephone(house: Scene) -> None:
    mail = letter()
    heic = house.world.folder / "IMG_0001.HEIC"
    pillow_heif.from_pillow(Image.linear_gradient("L").resize((800, 600)).convert("RGB")).save(heic)
    attach(mail, heic.name, heic.read_bytes())
    assert await origins(house, mail) == ["IMG_0001.HEIC"]


async def test_the_front_desk_may_send_what_it_is_allowed(house: Scene) -> None:
    inner = letter("The report.", subject="Report")
    attach(inner, "report.pdf", sample_documents.pdf())
    mail = letter(sender=DESK)
    attach(mail, "page.pdf", sample_documents.pdf())
    mail.add_attachment(inner)
    assert await origins(house, mail) == ["page.pdf", "Report.eml", "report.pdf"]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (
            [("letter.pdf", sample_documents.word())],
            "its type is Word document (docx), and your policy allows only pdf, tiff.",
        ),
        (
            [("big.pdf", sample_documents.pdf() + bytes(50_000))],
            "larger than the 50 kB that your policy allows",
        ),
        (
            [("big.tif", sample_documents.picture("TIFF") + bytes(1))],
            '"big.tif" (1.4 MB) is larger than the 50 kB that your policy allows',
        ),
        (
            [(f"{number}.pdf", sample_documents.pdf()) for number in range(4)],
            "the mail has 4 attachments, those inside forwarded mails included, and your policy allows 3.",
        ),
    ],
    ids=["type", "size", "size-of-a-picture", "number"],
)
async def test_what_the_policy_does_not_allow_is_named(
    house: Scene, files: list[tuple[str, bytes]], words: str
) -> None:
    mail = letter("Please see attached.", sender=DESK)
    for name, octets in files:
        attach(mail, name, octets)
    assert words in await told(house, mail)


async def test_a_size_of_one_type(house: Scene) -> None:
    mail = letter(sender=DESK)
    picture = house.world.folder / "small.tif"
    Image.effect_noise((200, 80), 90).save(picture)
    attach(mail, "small.tif", picture.read_bytes())
    words = await told(house, mail)
    assert '"small.tif" is not a document that can be faxed: it has 16.1 kB' in words
    assert "your policy allows 10 kB for this type (TIFF picture)." in words
