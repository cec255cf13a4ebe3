"""Mails taken apart: what is body, what is attached, what is left out, what is refused."""

import re
from base64 import b64encode, encodebytes
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from bounded_work import bounded_work
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mta.mime.html_words import says_something
from mta.mime.parts import MAX_HTML, MAX_TEXT, TINY
from mta.mime.shown_pictures import Shown, is_page, pages_within
from mta.mime.task import take_apart
from sandbox import Refused

MAILS = Path(__file__).parents[2] / "data" / "mail"
PDF = b"%PDF-1.4 " + b"x" * 5000
PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 5000


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def apart(mail: bytes | EmailMessage) -> dict[str, Any]:
    Path("mail.eml").write_bytes(mail if isinstance(mail, bytes) else mail.as_bytes())
    return take_apart({"mail": "mail.eml"})


def attached(mail: bytes | EmailMessage) -> list[tuple[str, str]]:
    return [(part["name"], part["media_type"]) for part in apart(mail)["attachments"]]


def letter(text: str = "Please see attached.\n") -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Ana Ruiz <ana@hospital.example>"
    mail["To"] = '"Doe, John" <12065551234@fax.example.com>, 1206@FAX.example.com'
    mail["Cc"] = "Jörg <4930123456@fax.example.com>"
    mail["Subject"] = "Überweisung für Montag"
    mail["Message-ID"] = "<2@hospital.example>"
    mail["References"] = "<0@x> <1@x>"
    mail["X-Fax-Reference"] = "4711"
    mail["X-FAX-Cover"] = "nein"
    mail["X-Other"] = "y"
    if text:
        mail.set_content(text)
    return mail


def test_header_facts() -> None:
    content = apart(letter())
    assert content["subject"] == "Überweisung für Montag"
    assert content["message_id"] == "<2@hospital.example>"
    assert content["references"] == ("<0@x>", "<1@x>")
    assert content["from_name"] == "Ana Ruiz"
    assert content["to_names"] == {
        "12065551234@fax.example.com": "Doe, John",
        "4930123456@fax.example.com": "Jörg",
    }
    assert content["fields"] == {"x-fax-reference": "4711", "x-fax-cover": "nein"}
    assert (content["text"], content["html"], content["attachments"]) == ("Please see attached.\n", "", ())


def test_a_field_that_is_written_twice_is_kept_twice() -> None:
    mail = b"X-Fax-To: Ana\r\n Ruiz\r\nX-Fax-Cover: none\r\nX-FAX-COVER: yes\r\n\r\n"
    assert apart(mail)["fields"] == {"x-fax-to": "Ana Ruiz", "x-fax-cover": "none\nyes"}


def test_in_reply_to_stands_for_missing_references() -> None:
    assert apart(b"In-Reply-To: <9@x>\r\n\r\n")["references"] == ("<9@x>",)


def test_attachments_in_their_order_with_their_octets() -> None:
    mail = letter()
    mail.add_attachment(PDF, "application", "pdf", filename="Überweisung.pdf")
    mail.add_attachment(PNG, "image", "png", filename="scan.png")
    mail.add_attachment("a,b\n", subtype="csv", filename="table.csv")
    content = apart(mail)
    assert [part["name"] for part in content["attachments"]] == ["Überweisung.pdf", "scan.png", "table.csv"]
    assert [Path(part["path"]).read_bytes() for part in content["attachments"]] == [PDF, PNG, b"a,b\n"]
    assert [part["size"] for part in content["attachments"]] == [len(PDF), len(PNG), 4]


def test_an_alternative_is_one_text_in_two_forms() -> None:
    mail = letter("plain\n")
    mail.add_alternative("<p>html</p>", subtype="html")
    content = apart(mail)
    assert (content["text"], content["html"]) == ("plain\n", "<p>html</p>\n")


def alternative(*parts: bytes) -> bytes:
    inner = b"".join(b"--a\r\n" + part + b"\r\n" for part in parts)
    return b"Content-Type: multipart/alternative; boundary=a\r\n\r\n" + inner + b"--a--\r\n"


PLAIN = b"\r\nplain"
HTML = b"Content-Type: text/html\r\n\r\n<p>html</p>"
DOCUMENT = b"Content-Type: application/pdf\r\n\r\n%PDF-1.4"


@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        (alternative(HTML, PLAIN), ("plain", "<p>html</p>", [])),
        (alternative(HTML), ("", "<p>html</p>", [])),
        (alternative(b"\r\n \r\n", HTML), ("", "<p>html</p>", [])),
        (alternative(PLAIN, DOCUMENT), ("plain", "", ["attachment-1.pdf"])),
        (alternative(PLAIN, PLAIN, HTML), ("plain\nplain", "<p>html</p>", [])),
        (
            alternative(alternative(PLAIN, HTML).replace(b"=a", b"=b").replace(b"--a", b"--b"), DOCUMENT),
            ("plain", "<p>html</p>", ["attachment-1.pdf"]),
        ),
        (alternative(), ("", "", [])),
    ],
    ids=["html-first", "html-only", "nothing-in-plain", "document", "two-plain", "nested", "nothing"],
)
def test_alternatives_of_all_kinds(mail: bytes, expected: tuple[str, str, list[str]]) -> None:
    content = apart(mail)
    names = [part["name"] for part in content["attachments"]]
    assert (content["text"].strip(), content["html"], names) == expected


def test_html_alone_stays_html() -> None:
    mail = letter("")
    mail.set_content("<p>html</p>", subtype="html")
    content = apart(mail)
    assert (content["text"], content["html"]) == ("", "<p>html</p>\n")


def test_pictures_that_the_html_shows_are_put_into_it_and_are_no_attachments() -> None:
    mail = letter("")
    mail.set_content('<p>Look: <img src="cid:logo@x"></p>', subtype="html")
    mail.add_related(PNG, "image", "png", cid="<logo@x>", filename="logo.png", disposition="attachment")
    mail.add_attachment(PDF, "application", "pdf", filename="a.pdf")
    content = apart(mail)
    assert [part["name"] for part in content["attachments"]] == ["a.pdf"]
    assert f'<img src="data:image/png;base64,{b64encode(PNG).decode()}">' in content["html"]


def a_picture(kind: str, width: int, height: int) -> bytes:
    octets = BytesIO()
    Image.effect_noise((width, height), 64).save(octets, kind)
    return octets.getvalue()


def with_a_picture(octets: bytes, *, shown: str) -> EmailMessage:
    mail = letter("See below. [cid:p@x]")
    mail.add_alternative(f"<p>See below.</p>{shown}", subtype="html")
    (_, html) = mail.iter_parts()
    assert isinstance(html, EmailMessage)
    html.add_related(octets, "image", "png", cid="<p@x>", filename="image001.png", disposition="inline")
    mail.add_attachment(PDF, "application", "pdf", filename="a.pdf")
    return mail


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
def test_a_scan_that_was_pasted_into_the_text_is_a_page(kind: str) -> None:
    mail = with_a_picture(a_picture(kind, 850, 1100), shown='<img width=600 src="cid:p@x">')
    assert [name for name, _ in attached(mail)] == ["image001.png", "a.pdf"]


@pytest.mark.parametrize("octets", [PDF, b"PK\x03\x04 a letter", b"\0\0\0\x18ftypheic" + b"x" * 20_000])
@pytest.mark.parametrize(
    "shown", ['<img src="cid:p@x">', "<object data=cid:p@x></object>", '<a href="cid:p%40x">the plan</a>']
)
def test_a_document_that_the_text_shows_is_a_document(octets: bytes, shown: str) -> None:
    assert [name for name, _ in attached(with_a_picture(octets, shown=shown))] == ["image001.png", "a.pdf"]


@pytest.mark.parametrize(
    ("kind", "shown", "names"),
    [
        ("text/csv", '<a href="cid:p@x">values</a>', ["values", "a.pdf"]),
        ("application/x-dicom", '<a href="cid:p@x">values</a>', ["values", "a.pdf"]),
        ("application/x-ms-wmz", '<v:imagedata src="cid:p@x">', ["a.pdf"]),
        ("text/xml", '<link rel=colorSchemeMapping href="cid:p@x">', ["a.pdf"]),
        ("text/css", "<style>@import 'cid:p@x'</style>", ["a.pdf"]),
    ],
)
def test_a_file_that_the_text_links_to_is_attached(kind: str, shown: str, names: list[str]) -> None:
    mail = letter("")
    mail.set_content(f"<p>Hi</p>{shown}", subtype="html")
    mail.add_related(b"1,2", *kind.split("/"), cid="<p@x>", filename="values", disposition="inline")
    mail.add_attachment(PDF, "application", "pdf", filename="a.pdf")
    assert [name for name, _ in attached(mail)] == names


def test_a_file_that_the_text_links_to_by_its_location_is_attached() -> None:
    mail = letter("")
    mail.set_content('<a href="x.dcm">picture</a>', subtype="html")
    mail.add_related(b"1", "application", "x-dicom", filename="x.dcm", headers=["Content-Location: x.dcm"])
    assert [name for name, _ in attached(mail)] == ["x.dcm"]


def test_what_outlook_knows_of_a_text_is_no_document() -> None:
    mail = with_a_picture(b"PK\x03\x04 a theme", shown='<link rel=themeData href="cid:p%40x">')
    assert [name for name, _ in attached(mail)] == ["a.pdf"]


@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"exif": b"Exif\0\0"}])
@pytest.mark.parametrize(
    ("width", "height", "page"), [(700, 900, True), (901, 300, False), (599, 700, False)]
)
def test_the_size_of_a_web_picture(options: dict[str, Any], width: int, height: int, *, page: bool) -> None:
    octets = BytesIO()
    Image.effect_noise((width, height), 64).save(octets, "WEBP", **options)
    assert is_page(octets.getvalue() + bytes(20_000)) is page


def test_a_sparse_page_of_a_fax_is_a_page() -> None:
    octets = BytesIO()
    Image.new("1", (1728, 2200), 1).save(octets, "TIFF", compression="group4")
    mail = with_a_picture(octets.getvalue(), shown='<img src="cid:p@x">')
    assert [name for name, _ in attached(mail)] == ["image001.png", "a.pdf"]


def test_a_page_that_is_shown_by_its_location_is_a_page() -> None:
    mail = letter("")
    mail.set_content('<img src="scan.png">', subtype="html")
    mail.add_related(a_picture("PNG", 850, 1100), "image", "png", headers=["Content-Location: scan.png"])
    assert attached(mail) == [("attachment-1.png", "image/png")]


def test_a_page_that_is_written_into_the_html_is_a_page() -> None:
    scan, logo = (b64encode(a_picture("PNG", width, 900)).decode() for width in (700, 100))
    mail = letter("")
    mail.set_content(
        f'<img src="data:image/png;base64,{scan}"><img src="data:image/png;base64,{logo}">'
        f'<img width=80 src="data:image/png;base64,{scan}">',
        subtype="html",
        cte="base64",
    )
    mail.add_attachment(PDF, "application", "pdf", filename="a.pdf")
    assert attached(mail) == [("attachment-1.png", "image/png"), ("a.pdf", "application/pdf")]


def test_what_has_no_room_on_the_page_of_a_forwarded_mail_is_a_page_of_its_own() -> None:
    mail = letter()
    forwarded = letter("")
    forwarded.set_content("".join(f'<img src="cid:{n}@x">' for n in range(4)), subtype="html")
    for number, kind in enumerate(("BMP", "BMP", "BMP", "TIFF")):
        octets = a_picture(kind, 1900, 1900)
        forwarded.add_related(octets, "image", kind.lower(), cid=f"<{number}@x>", filename=f"{number}.{kind}")
    mail.add_attachment(forwarded)
    assert [name for name, _ in attached(mail)] == ["Überweisung für Montag.eml", "2.BMP", "3.TIFF"]


@pytest.mark.parametrize(
    "piece",
    [
        "<a ",
        "<img ",
        "<link href=",
        "<img src=data:image/png;base64,",
        "<img src=data:image/png ",
        "<a href ",
        "src=cid:",
    ],
)
def test_looking_for_pictures_takes_time_in_proportion(piece: str) -> None:
    with bounded_work():
        html = (piece * 1_000_000)[:1_000_000]
        assert not list(pages_within(html))
        assert not Shown(html, drawn=False).misses(PNG, "image/png", "x")


@pytest.mark.parametrize(
    ("width", "height", "shown"),
    [
        (
            1000,
            1000,
            '<!--[if gte vml 1]><v:imagedata src="cid:p@x"/><![endif]--><img width=99 src="cid:p@x">',
        ),
        (599, 1000, '<img src="cid:p@x">'),
        (2400, 600, '<img src="cid:p@x">'),
        (1000, 1000, '<img src="cid:p@x" width="299">'),
        (1000, 1000, '<img style="height:1in; WIDTH:1.25in" src=cid:p@x>'),
        (1000, 1000, '<table background="cid:p@x">'),
        (1000, 1000, '<a href="cid:p@x"><img src="cid:p@x" width=90></a>'),
    ],
)
def test_a_logo_is_no_page(width: int, height: int, shown: str) -> None:
    assert [name for name, _ in attached(with_a_picture(a_picture("PNG", width, height), shown=shown))] == [
        "a.pdf"
    ]


def test_a_picture_with_next_to_nothing_on_it_is_no_page() -> None:
    octets = BytesIO()
    Image.new("L", (850, 1100), 255).save(octets, "PNG")
    assert [name for name, _ in attached(with_a_picture(octets.getvalue(), shown='<img src="cid:p@x">'))] == [
        "a.pdf"
    ]


@pytest.mark.parametrize("octets", [PNG * 10, b"", b"GIF89a" * 5000, a_picture("JPEG", 850, 1100)[:60]])
def test_a_damaged_picture_is_no_page(octets: bytes) -> None:
    assert [name for name, _ in attached(with_a_picture(octets, shown='<img src="cid:p@x">'))] == ["a.pdf"]


def test_a_picture_that_is_shown_often_does_not_make_the_html_endless() -> None:
    mail = letter("")
    mail.set_content('<img src="cid:logo@x">' * 5000, subtype="html")
    mail.add_related(PNG, "image", "png", cid="<logo@x>")
    assert len(apart(mail)["html"]) < 200_000


def test_a_picture_whose_name_begins_with_the_name_of_another() -> None:
    mail = letter("")
    mail.set_content('<img src="cid:a"><img src="cid:a%2B1">', subtype="html")
    mail.add_related(b"one", "image", "png", cid="<a>")
    mail.add_related(b"two", "image", "png", cid="<a+1>")
    assert apart(mail)["html"] == (
        '<img src="data:image/png;base64,b25l"><img src="data:image/png;base64,dHdv">\n'
    )


def test_what_belongs_to_the_look_of_the_html_is_no_attachment() -> None:
    mail = (
        b"Content-Type: multipart/related; boundary=a\r\n\r\n"
        b'--a\r\nContent-Type: text/html\r\n\r\n<img src="http://x/logo.png">\r\n'
        b"--a\r\nContent-Type: image/png\r\nContent-Location: http://x/logo.png\r\n\r\nlogo\r\n"
        b"--a\r\nContent-Type: text/css\r\n\r\np {}\r\n"
        b"--a\r\nContent-Type: image/png; name=other.png\r\n\r\nother\r\n--a--\r\n"
    )
    assert attached(mail) == [("other.png", "image/png")]


def test_a_text_too_long_to_be_needed_is_left_out() -> None:
    mail = letter("plain\n")
    mail.add_alternative("x" * (MAX_HTML + 1), subtype="html")
    content = apart(mail)
    assert (content["text"], content["html"]) == ("plain\n", "")


def test_a_document_that_calls_itself_text_is_a_document() -> None:
    mail = (
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nScanned for you.\r\n"
        b"--a\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + encodebytes(PDF)
        + b"\r\n--a--\r\n"
    )
    content = apart(mail)
    (part,) = content["attachments"]
    assert (content["text"], Path(part["path"]).read_bytes()) == ("Scanned for you.", PDF)


def test_tiny_pictures_in_place_are_decoration_and_attached_ones_are_not() -> None:
    mail = letter("")
    mail.set_content("<p>Hello</p>", subtype="html")
    mail.add_attachment(b"tiny", "image", "gif", filename="pixel.gif", disposition="inline")
    mail.add_attachment(b"tiny", "image", "png", filename="signature.png", disposition="attachment")
    mail.add_attachment(PNG, "image", "png", filename="photo.png", disposition="inline")
    assert [name for name, _ in attached(mail)] == ["signature.png", "photo.png"]


def test_an_attachment_inside_the_html_form_is_found() -> None:
    """As Apple Mail sends it: alternative[plain, mixed[html, pdf, html]]."""
    mail = (
        b"Content-Type: multipart/alternative; boundary=a\r\n\r\n"
        b"--a\r\nContent-Type: text/plain\r\n\r\nplain\r\n"
        b"--a\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n"
        b"--m\r\nContent-Type: text/html\r\n\r\n<p>one</p>\r\n"
        b'--m\r\nContent-Type: application/pdf; name="a.pdf"\r\nContent-Disposition: inline\r\n\r\n%PDF\r\n'
        b"--m\r\nContent-Type: text/html\r\n\r\n<p>two</p>\r\n--m--\r\n--a--\r\n"
    )
    content = apart(mail)
    assert content["text"] == "plain"
    assert content["html"] == "<p>one</p>\n<p>two</p>"
    assert [part["name"] for part in content["attachments"]] == ["a.pdf"]


def test_further_texts_go_on_with_the_body_and_nothing_is_dropped() -> None:
    mail = (
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n"
        b"--a\r\nContent-Type: text/plain\r\n\r\none\r\n"
        b"--a\r\nContent-Type: text/html\r\n\r\n<p>footer</p>\r\n"
        b"--a\r\nContent-Type: text/plain\r\n\r\ntwo\r\n"
        b'--a\r\nContent-Type: text/plain; name="notes.txt"\r\n\r\nnotes\r\n--a--\r\n'
    )
    content = apart(mail)
    assert (content["text"], content["html"]) == ("one\ntwo", "")
    assert attached(mail) == [("attachment-1.html", "text/html"), ("notes.txt", "text/plain")]


def several(*parts: bytes) -> bytes:
    return (
        alternative(*parts)
        .replace(b"/alternative; boundary=a", b"/mixed; boundary=m")
        .replace(b"--a", b"--m")
    )


BOTH = alternative(PLAIN, HTML).replace(b"=a", b"=b").replace(b"--a", b"--b")
EMPTY = b"Content-Type: text/html\r\n\r\n<html><head><title>x</title></head><body><br>&nbsp;</body></html>"
FOOTER = b"Content-Type: text/html\r\n\r\n<p>footer</p>"


def _named(part: bytes, name: bytes) -> bytes:
    return b"Content-Disposition: attachment; filename=" + name + b"\r\n" + part


@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        (several(BOTH, DOCUMENT, FOOTER), ("plain", "html footer", ["attachment-1.pdf"])),
        (several(BOTH, DOCUMENT, EMPTY), ("plain", "html", ["attachment-1.pdf"])),
        (several(BOTH, DOCUMENT, b"\r\n \r\n"), ("plain", "html", ["attachment-1.pdf"])),
        (several(PLAIN, DOCUMENT, EMPTY), ("plain", "", ["attachment-1.pdf"])),
        (several(PLAIN, DOCUMENT, FOOTER), ("plain", "", ["attachment-1.pdf", "attachment-2.html"])),
        (several(PLAIN, DOCUMENT, _named(PLAIN, b"ATT00001.txt")), ("plain plain", "", ["attachment-1.pdf"])),
        (several(PLAIN, DOCUMENT, _named(b"\r\n ", b"ATT00001.txt")), ("plain", "", ["attachment-1.pdf"])),
        (several(HTML, DOCUMENT, _named(FOOTER, b"ATT00001.htm")), ("", "html footer", ["attachment-1.pdf"])),
        (several(BOTH, DOCUMENT, _named(EMPTY, b"ATT00002.htm")), ("plain", "html", ["attachment-1.pdf"])),
        (several(PLAIN, _named(EMPTY, b"report.htm")), ("plain", "", ["report.htm"])),
        (several(PLAIN, _named(DOCUMENT, b"ATT00001.htm")), ("plain", "", ["ATT00001.htm"])),
    ],
    ids=[
        "footer", "empty-end", "blank-end", "empty-html", "other-footer", "exchange-text", "exchange-blank",
        "exchange-html", "exchange-empty", "own-name", "document",
    ],
)  # fmt: skip
def test_texts_between_and_below_what_is_attached(mail: bytes, expected: tuple[str, str, list[str]]) -> None:
    content = apart(mail)
    html = re.sub(r"<title>x</title>|<[^>]*>|&nbsp;", " ", content["html"])
    names = [part["name"] for part in content["attachments"]]
    assert (" ".join(content["text"].split()), " ".join(html.split()), names) == expected


@pytest.mark.parametrize("piece", ["<", "<!--", "<style", "<script>", "&", " "])
def test_looking_for_words_in_html_takes_time_in_proportion(piece: str) -> None:
    with bounded_work():
        says_something((piece * 1_000_000)[:1_000_000])


def test_what_is_signed_in_the_text_is_read_without_its_armour() -> None:
    armour = "-----BEGIN PGP SIGNATURE-----\n\niQEz\n-----END PGP SIGNATURE-----\n"
    signed = f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n#fax cover: none\n\nHello\n{armour}"
    assert apart(letter(signed))["text"] == "#fax cover: none\n\nHello\n\n"


def test_a_text_in_no_form_that_is_read_is_attached() -> None:
    enriched = b"Content-Type: text/enriched\r\n\r\n<bold>Hi</bold>"
    markdown = b"Content-Type: text/markdown\r\n\r\n*Hi*"
    assert attached(alternative(markdown, enriched)) == [("attachment-1", "text/enriched")]
    assert attached(alternative(enriched, PLAIN)) == []


@pytest.mark.parametrize(
    ("kind", "body", "text", "html"),
    [
        ("html", "#fax ref: 1\r\nGr\u00fc\u00dfe\r\n", "#fax ref: 1\nGr\u00fc\u00dfe\n", ""),
        ("html", "a &lt; b\r\n", "", "a &lt; b\n"),
        ("html", "one<br>two", "", "one<br>two"),
        ("html", "", "", ""),
        ("plain", "\r\n<!DOCTYPE html>\r\n<p>x</p>", "", "\n<!DOCTYPE html>\n<p>x</p>"),
        ("plain", "<HTML><p>x</p>", "", "<HTML><p>x</p>"),
        ("plain", "<htmlish> words", "<htmlish> words", ""),
    ],
)
def test_text_and_html_that_call_themselves_the_other(kind: str, body: str, text: str, html: str) -> None:
    content = apart(f"Content-Type: text/{kind}; charset=utf-8\r\n\r\n{body}".encode())
    assert (content["text"], content["html"]) == (text, html)


def test_a_file_of_text_keeps_its_letters() -> None:
    mail = letter()
    polish = "Zażółć gęślą jaźń".encode("cp1250")
    mail.add_attachment(polish, "text", "plain", filename="a.txt", params={"charset": "windows-1250"})
    (part,) = apart(mail)["attachments"]
    assert Path(part["path"]).read_text() == "Zażółć gęślą jaźń"
    assert part["size"] == len("Zażółć gęślą jaźń".encode())


def test_html_in_utf_16_is_html() -> None:
    content = apart(b"Content-Type: text/html; charset=utf-16\r\n\r\n" + "<p>x</p>".encode("utf-16"))
    assert content["html"] == "<p>x</p>"


def test_forms_of_a_text_may_have_names() -> None:
    named = b"Content-Disposition: inline; filename=x\r\n"
    content = apart(alternative(named + b"Content-Type: text/plain" + PLAIN, named + HTML))
    assert (content["text"], content["html"], content["attachments"]) == ("plain", "<p>html</p>", ())


@pytest.mark.parametrize("kind", ["mixed", "alternative"])
def test_a_multipart_that_is_encoded_as_a_whole_is_read(kind: str) -> None:
    inner = encodebytes(b"--m\r\n" + PLAIN + b"\r\n--m\r\n" + DOCUMENT + b"\r\n--m--\r\n")
    header = f"Content-Type: multipart/{kind}; boundary=m\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    content = apart(header.encode() + inner)
    assert (content["text"], len(content["attachments"])) == ("plain", 1)


def test_multiparts_that_are_encoded_in_one_another_have_an_end() -> None:
    mail = PLAIN
    for _ in range(30):
        header = b"Content-Type: multipart/mixed; boundary=m\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        mail = header + encodebytes(b"--m\r\n" + mail + b"\r\n--m--\r\n")
    assert apart(mail)["text"]


def test_a_small_page_of_a_fax_in_its_place_is_no_decoration() -> None:
    octets = BytesIO()
    Image.new("1", (1728, 2200), 1).save(octets, "TIFF", compression="group4")
    assert len(octets.getvalue()) < TINY
    mail = letter("")
    mail.set_content("<p>Hello</p>", subtype="html")
    mail.make_mixed()
    mail.add_attachment(octets.getvalue(), "image", "tiff", disposition="inline", filename="fax.tif")
    assert [name for name, _ in attached(mail)] == ["fax.tif"]


def test_other_forms_of_an_alternative_are_left_out() -> None:
    mail = letter("plain\n")
    mail.add_alternative("<p>html</p>", subtype="html")
    mail.add_alternative("<html amp4email>", subtype="x-amp-html")
    mail.add_alternative("BEGIN:VCALENDAR", subtype="calendar")
    assert attached(mail) == []


def test_signatures_are_left_out() -> None:
    mail = letter()
    mail.add_attachment(b"signature", "application", "pkcs7-signature", filename="smime.p7s")
    mail.add_attachment(b"signature", "application", "pgp-signature", filename="signature.asc")
    mail.add_attachment(b"signature", "application", "octet-stream", filename="smime.p7s")
    assert attached(mail) == []


def test_the_resource_fork_of_a_macintosh_is_left_out() -> None:
    mail = (
        b"Content-Type: multipart/appledouble; boundary=a\r\n\r\n"
        b"--a\r\nContent-Type: application/applefile; name=a.pdf\r\n\r\nfork\r\n"
        b"--a\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\n%PDF\r\n--a--\r\n"
    )
    assert attached(mail) == [("a.pdf", "application/pdf")]


@pytest.mark.parametrize(
    ("mail", "words"),
    [
        (b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nx", "encrypted"),
        (b"Content-Type: application/octet-stream; name=smime.p7m\r\n\r\nx", "encrypted"),
        (
            (
                b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n"
                b"Content-Type: application/x-pkcs7-mime\r\n\r\nx\r\n--a\r\n\r\nfooter\r\n--a--\r\n"
            ),
            "encrypted",
        ),
        (b"Content-Type: multipart/encrypted; boundary=a\r\n\r\n--a\r\n\r\nx\r\n--a--\r\n", "encrypted"),
        (b"\r\n-----BEGIN PGP MESSAGE-----\r\n\r\nhQ==\r\n-----END PGP MESSAGE-----", "encrypted"),
        (
            b'Content-Type: application/octet-stream; name="a.pdf.asc"\r\n\r\n-----BEGIN PGP MESSAGE-----',
            r'"a\.pdf\.asc" is encrypted \(PGP\)',
        ),
        (b"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR", "only a calendar entry"),
        (b"Content-Type: text/x-vcard; name=ana.vcf\r\n\r\nBEGIN:VCARD", "only a contact card"),
        (b"Content-Type: message/external-body; name=a.ps\r\n\r\nx", '"a.ps" is not in this mail'),
        (b"Content-Type: message/partial; number=1\r\n\r\nx", "An attachment is but a part"),
        ((MAILS / "stalwart-legacy-016.eml").read_bytes(), r'"blueball\.png" is packed .* \(BinHex\)'),
        (b"\r\n" + b"x" * (MAX_TEXT + 1), "too long"),
        (b"Content-Type: text/html\r\n\r\n" + b"x" * (MAX_HTML + 1), "too long"),
    ],
    ids=[
        "sealed",
        "sealed-by-name",
        "sealed-with-footer",
        "pgp",
        "pgp-text",
        "pgp-file",
        "calendar",
        "card",
        "link",
        "piece",
        "binhex",
        "text",
        "html",
    ],
)
def test_what_cannot_be_a_fax_is_refused_with_the_reason(mail: bytes, words: str) -> None:
    with pytest.raises(Refused, match=words):
        apart(mail)


def test_an_invitation_with_words_is_a_letter() -> None:
    mail = letter("Please come.\n")
    mail.add_attachment("BEGIN:VCALENDAR", subtype="calendar", filename="invite.ics")
    mail.add_attachment(b"\xef\xbb\xbfbegin:vcalendar", "application", "octet-stream", filename="entry.ics")
    mail.add_attachment(b"BEGIN:VCARD\r\n", "application", "octet-stream", filename="ana.vcf")
    mail.add_attachment(b"-----BEGIN PGP PUBLIC KEY", "application", "pgp-keys", filename="key.asc")
    content = apart(mail)
    assert content["attachments"] == ()
    assert content["left_out"] == (
        "invite.ics (calendar entry)", "entry.ics (calendar entry)", "ana.vcf (contact card)",
    )  # fmt: skip


def test_documents_of_one_name_are_told_apart() -> None:
    mail = letter()
    for octets in (b"%PDF-1", b"%PDF-2", b"%PDF-3"):
        mail.add_attachment(octets, "application", "pdf", filename="scan.pdf")
    assert [name for name, _ in attached(mail)] == ["scan.pdf", "scan (2).pdf", "scan (3).pdf"]


def test_transfer_encodings_even_the_old_ones() -> None:
    mail = (
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n"
        b"--a\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\ngr=C3=BCn=\r\n!\r\n"
        b"--a\r\nContent-Type: application/pdf; name=u\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\n"
        b"begin 644 u\r\n$)5!$1@``\r\n`\r\nend\r\n"
        b"--a\r\nContent-Type: application/pdf; name=b\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        b"JVBE\r\nRg=\r\n"
        b"--a\r\nContent-Type: application/pdf; name=e\r\n\r\n--a--\r\n"
    )
    content = apart(mail)
    assert content["text"] == "grün!"
    octets = [Path(part["path"]).read_bytes() for part in content["attachments"]]
    assert octets == [b"%PDF", b"%PDF", b""]


@pytest.mark.parametrize("encoding", ['"base64"', "BASE64 (as usual)", "base-64", "(a comment) base64", ""])
def test_base64_however_it_is_announced(encoding: str) -> None:
    field = f"Content-Transfer-Encoding: {encoding}\r\n" if encoding else ""
    mail = f"Content-Type: application/pdf; name=scan.pdf\r\n{field}\r\n".encode() + b64encode(PDF)
    (scan,) = apart(mail)["attachments"]
    assert Path(scan["path"]).read_bytes() == PDF


@pytest.mark.parametrize("encoding", ["7bit", "8bit", "binary", "quoted-printable", "x-unknown", "base64"])
def test_a_document_whose_encoding_is_told_wrongly_or_was_done_twice(encoding: str) -> None:
    octets = b64encode(b64encode(PDF)) if encoding == "base64" else encodebytes(PDF).replace(b"=", b"=3D")
    header = f"Content-Type: application/pdf; name=scan.pdf\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    (scan,) = apart(header.encode() + octets)["attachments"]
    assert Path(scan["path"]).read_bytes().startswith(PDF[:5000])


def test_text_that_begins_like_base64_is_text() -> None:
    assert apart(b"\r\nJVBERi0 is how it begins")["text"] == "JVBERi0 is how it begins"


UUENCODED = b"begin 644 %s\r\n$)5!$1@``\r\n`\r\nend\r\n"


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Type: text/plain; charset=iso-8859-1\r\n\r\n",
        (
            b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n"
            b"Content-Type: text/plain; charset=iso-8859-1\r\n\r\n"
        ),
    ],
)
def test_files_in_the_midst_of_the_text_are_attached(header: bytes) -> None:
    mail = header + b"gr\xfcn\r\n" + UUENCODED % b'"my scan".pdf' + b"mid\r\n" + UUENCODED % b"/tmp/b.pdf"
    content = apart(mail + b"\r\nbegin 644 days ago\r\n")
    assert content["text"] == "grün\nmid\n\nbegin 644 days ago\n"
    assert [part["name"] for part in content["attachments"]] == ["my scan.pdf", "b.pdf"]
    assert {Path(part["path"]).read_bytes() for part in content["attachments"]} == {b"%PDF"}


@pytest.mark.parametrize(
    "text",
    [b"begin 644 x\nend\n", b"begin 644 x\n$)5!$1@``\nnot the end\n", b"begin 64 x\n$)5!$1@``\n`\nend\n"],
)
def test_what_only_looks_like_a_file_in_the_text_is_text(text: bytes) -> None:
    content = apart(b"\n" + text)
    assert (content["text"], content["attachments"]) == (text.decode(), ())


@pytest.mark.parametrize("piece", [b"begin 644 x\n", b"begin 644 x\nM!!\n", b"M!!\n"])
def test_looking_for_files_in_the_text_takes_time_in_proportion(piece: bytes) -> None:
    with bounded_work():
        apart(b"\nbegin 644 x\n" + piece * (1_000_000 // len(piece)))


def test_html_in_the_charset_that_it_names_itself() -> None:
    html = '<meta charset="windows-1251">Врач'
    assert apart(b"Content-Type: text/html\r\n\r\n" + html.encode("cp1251"))["html"] == html


def test_flowed_text_is_put_together() -> None:
    assert apart(b"Content-Type: text/plain; format=flowed\r\n\r\na \r\nb\r\n")["text"] == "a b\n"


@pytest.mark.parametrize(
    ("file", "text", "html", "names"),
    [
        ("stalwart-legacy-025", False, True, ["blueball.png", "greenball.png"]),
        (
            "stalwart-rfc-000", True, False,
            ["attachment-1.au", "attachment-2.jpg", "attachment-3", "(subject in US-ASCII).eml"],
        ),
        ("stalwart-malformed-016", True, False, []),
        ("stalwart-thirdparty-010", True, False, []),
        ("stalwart-thirdparty-018", False, True, ["attach2.png"]),
        ("stalwart-thirdparty-012", False, False, ["attachment-1", "submsg.eml"]),
        ("stalwart-thirdparty-002", True, False, []),
        ("stalwart-malformed-019", True, True, []),
        ("stalwart-legacy-045", False, False, ["HasenundFrösche.txt"]),
    ],
)  # fmt: skip
def test_mails_of_the_wild(file: str, text: bool, html: bool, names: list[str]) -> None:  # noqa: FBT001 - a table
    content = apart((MAILS / f"{file}.eml").read_bytes())
    assert (bool(content["text"]), bool(content["html"])) == (text, html)
    assert [part["name"] for part in content["attachments"]] == names


LINES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                b"", b"", b"--a", b"--a--", b"--b", b"--b--", b"Content-Type: multipart/mixed; boundary=a",
                b"Content-Type: multipart/alternative; boundary=b", b"Content-Type: message/rfc822",
                b"Content-Type: text/html; charset=\xff", b"Content-Type: image/png; name*=x''%",
                b"Content-Transfer-Encoding: base64", b"Content-Disposition: inline; filename=\xe4",
                b"Content-ID: <a>", b"Subject: =?x?b?\xff?=", b"From: (", b" folded", b"<img src='cid:a'>",
                b"Content-Transfer-Encoding: x-uuencode", b"begin 644 x", b"Content-Type: ;;=", b"text",
            ]
        ),
        st.binary(max_size=20).map(lambda line: line.replace(b"\n", b"").replace(b"\r", b"")),
    ),
    max_size=30,
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(LINES)
def test_no_mail_crashes_it(lines: list[bytes]) -> None:
    try:
        content = apart(b"\r\n".join(lines))
    except Refused:
        return
    content["text"].encode()
    content["html"].encode()
    assert all(part["name"] for part in content["attachments"])
