"""What goes with a delivery notice: the faxed pages, and the picture of the first."""

from email.message import EmailMessage

import pytest
from notice_facts import (
    arrived,
    delivery,
    document,
    failed,
    form,
    octets,
    phi_free,
    sent,
)

from config.settings import UserPolicy
from notify.facts import DeliveryFacts, FaxedPages, FirstPage
from store.job import FaxJob

PDF = FaxedPages(
    name="fax-K7Q2-M9.pdf", media_type="application/pdf", octets=b"%PDF-1.4\n" + b"\x00page" * 9000
)
TIFF = FaxedPages(name="fax-K7Q2-M9.tiff", media_type="image/tiff", octets=b"II*\x00pages")
TOO_LARGE = FaxedPages(
    name="fax-K7Q2-M9.pdf",
    media_type="application/pdf",
    octets=b"",
    left_out="they have 12.3 MB, and at most 10 MB go with a mail",
)
PICTURE = FirstPage(png=b"\x89PNG\r\n\x1a\n and so on", width=600, height=774)


def complete(
    faxed: FaxJob | None = None, *, user: UserPolicy | None = None, other: str = ""
) -> DeliveryFacts:
    return delivery(faxed or sent(), pages=PDF, first_page=PICTURE, user=user, other=other)


def types(message: EmailMessage) -> list[str]:
    return [part.get_content_type() for part in message.walk()]


def part(message: EmailMessage, media_type: str) -> EmailMessage:
    [found] = [part for part in message.walk() if part.get_content_type() == media_type]
    assert isinstance(found, EmailMessage)
    return found


@pytest.mark.parametrize("faxed", [sent(), failed()], ids=["sent", "failed"])
def test_pages_and_picture_stand_in_the_part_for_people(faxed: FaxJob) -> None:
    message = arrived(complete(faxed))
    people, *_ = message.iter_parts()
    assert isinstance(people, EmailMessage)
    assert message.get_content_type() == "multipart/report"
    assert types(people) == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "application/pdf",
    ]
    assert part(people, "application/pdf").get_content() == PDF.octets
    assert part(people, "application/pdf").get_filename() == PDF.name
    assert part(people, "application/pdf").get_content_disposition() == "attachment"
    assert "Attached" in form(people, "plain")
    assert "fax-K7Q2-M9.pdf, 45 kB" in form(people, "plain")


def test_the_html_shows_the_picture_that_stands_beside_it() -> None:
    message = arrived(complete())
    picture = part(message, "image/png")
    assert picture.get_content() == PICTURE.png
    assert picture.get_content_disposition() == "inline"
    page = form(message, "html")
    assert f'src="cid:{str(picture["Content-ID"]).strip("<>")}" width="300" height="387"' in page
    assert 'alt="The first page of 4 pages"' in page
    assert "cid:" not in form(arrived(delivery(sent())), "html")


def test_of_one_page_it_is_the_page() -> None:
    facts = delivery(sent(document=document(1), pages_confirmed=1), first_page=PICTURE)
    assert 'alt="The faxed page"' in form(arrived(facts), "html")


def test_a_tiff_is_a_tiff() -> None:
    message = arrived(delivery(sent(), pages=TIFF))
    assert part(message, "image/tiff").get_content() == TIFF.octets


def test_pages_that_are_left_out_are_explained() -> None:
    message = arrived(delivery(sent(), pages=TOO_LARGE))
    assert "application/pdf" not in types(message)
    said = " ".join(form(message, "plain").split())
    assert "The faxed pages are not attached: they have 12.3 MB, and at most 10 MB go with a mail." in said
    assert "Attached" not in said


def test_with_phi_free_nothing_goes_with_it() -> None:
    message = arrived(complete(user=phi_free()))
    assert not {"application/pdf", "image/png"} & set(types(message))
    assert "Attached" not in form(message, "plain")
    assert "cid:" not in form(message, "html")


def test_others_get_neither_pages_nor_picture_nor_a_report() -> None:
    message = arrived(complete(other="desk@hospital.example"))
    assert types(message) == ["multipart/alternative", "text/plain", "text/html"]
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == "<delivery.K7Q2-M9.2.notice@fax.example.com>"
    assert message["To"] == "desk@hospital.example"


def test_a_repetition_is_the_same_octet_for_octet_and_plain_ascii() -> None:
    whole = octets(complete())
    assert whole == octets(complete())
    assert whole.isascii()
    assert max(len(line) for line in whole.split(b"\r\n")) <= 120
    assert b"\n" not in whole.replace(b"\r\n", b"")


def test_every_part_has_a_boundary_of_its_own() -> None:
    message = arrived(complete())
    multiparts = [inner for inner in message.walk() if inner.get_content_maintype() == "multipart"]
    boundaries = [inner.get_boundary() for inner in multiparts]
    assert len(boundaries) == len(set(boundaries)) == 4
