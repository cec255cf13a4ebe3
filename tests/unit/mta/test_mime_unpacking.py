"""Containers in a mail: `winmail.dat`, mails within the mail, S/MIME signatures around it."""

import shutil
import subprocess
from base64 import encodebytes
from collections.abc import Sequence
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from outlook_files import (
    attached,
    embedded,
    message_storage,
    saved_attachment,
    saved_message,
    tnef,
)
from PIL import Image

from mta.mime.mapi import Tag
from mta.mime.signed_data import Seal, opened
from mta.mime.task import take_apart
from mta.mime.unpacking import MAX_DEPTH, MAX_DOCUMENTS
from sandbox import Refused

PDF, PNG = b"%PDF-1.4 x", b"\x89PNG\r\n\x1a\n" + b"x" * 5000


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def apart(mail: bytes | EmailMessage) -> dict[str, Any]:
    Path("mail.eml").write_bytes(mail if isinstance(mail, bytes) else mail.as_bytes())
    return take_apart({"mail": "mail.eml"})


def names(content: dict[str, Any]) -> list[str]:
    return [part["name"] for part in content["attachments"]]


def octets(content: dict[str, Any], number: int) -> bytes:
    return Path(content["attachments"][number]["path"]).read_bytes()


def page(content: dict[str, Any], number: int = 0) -> str:
    assert content["attachments"][number]["media_type"] == "message/rfc822"
    return octets(content, number).decode()


def letter(
    text: str = "", files: Sequence[tuple[str, bytes]] = (), subject: str = "Referral"
) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Dr. Jörg Müller <mueller@praxis.example>"
    mail["To"] = "Ana <ana@hospital.example>"
    mail["Date"] = "Thu, 26 Nov 2026 09:12:44 +0100"
    mail["Subject"] = subject
    mail["X-Fax-Cover"] = "none"
    mail.set_content(text)
    for name, content in files:
        mail.add_attachment(content, "application", "octet-stream", filename=name)
    return mail


def forwarding(*inner: EmailMessage, text: str = "") -> EmailMessage:
    outer = EmailMessage()
    outer["From"] = "Ana <ana@hospital.example>"
    outer["Subject"] = "Fwd"
    outer.set_content(text)
    for mail in inner:
        outer.add_attachment(mail)
    return outer


class TestWinmail:
    """Outlook's own form of the sender's mail."""

    def test_its_attachments_stand_in_its_place_and_its_text_is_the_mails(self) -> None:
        stream = tnef(
            {Tag.BODY: "Please see attached."},
            [attached({Tag.LONG_FILE_NAME: "a.pdf"}, PDF), attached({Tag.LONG_FILE_NAME: "b.docx"}, b"PK")],
        )
        mail = letter(files=[("first.pdf", PDF), ("winmail.dat", stream), ("last.pdf", PDF)])
        content = apart(mail)
        assert names(content) == ["first.pdf", "a.pdf", "b.docx", "last.pdf"]
        assert content["text"] == "Please see attached."
        assert octets(content, 1) == PDF

    def test_a_text_of_the_mail_comes_before_that_of_winmail(self) -> None:
        content = apart(letter("The text.\n", [("winmail.dat", tnef({Tag.BODY: "Other"}))]))
        assert (content["text"], names(content)) == ("The text.\n", [])

    def test_html_of_winmail_with_its_pictures(self) -> None:
        stream = tnef(
            {Tag.HTML: b'<p>Hi</p><img src="cid:p">'},
            [attached({Tag.CONTENT_ID: "p", Tag.MEDIA_TYPE: "image/png"}, PNG)],
        )
        content = apart(letter(files=[("winmail.dat", stream)]))
        assert names(content) == []
        assert content["html"].startswith('<p>Hi</p><img src="data:image/png;base64,iVBO')

    @pytest.mark.parametrize("text", ["", "The mail's own text."])
    def test_a_document_or_page_that_its_html_shows_is_a_document(self, text: str) -> None:
        scan = BytesIO()
        Image.effect_noise((850, 1100), 64).save(scan, "PNG")
        stream = tnef(
            {Tag.HTML: b'<p>Hi</p><img src="cid:p"><img src="cid:q"><img src="cid:r">'},
            [
                attached({Tag.CONTENT_ID: "p", Tag.LONG_FILE_NAME: "p.png"}, scan.getvalue()),
                attached({Tag.CONTENT_ID: "q", Tag.LONG_FILE_NAME: "q.pdf"}, PDF),
                attached({Tag.CONTENT_ID: "r", Tag.LONG_FILE_NAME: "r.png"}, PNG),
            ],
        )
        assert names(apart(letter(text, files=[("winmail.dat", stream)]))) == ["p.png", "q.pdf"]

    def test_a_stream_in_a_stream(self) -> None:
        inner = tnef({Tag.BODY: "inner"}, [attached({Tag.LONG_FILE_NAME: "a.pdf"}, PDF)])
        stream = tnef({}, [attached({Tag.LONG_FILE_NAME: "winmail.dat"}, inner)])
        content = apart(letter(files=[("winmail.dat", stream)]))
        assert (names(content), content["text"]) == (["a.pdf"], "inner")

    def test_an_embedded_message_is_a_forwarded_mail(self) -> None:
        inner = tnef(
            {Tag.SUBJECT: "Older", Tag.BODY: "X-Fax-Cover: none"},
            [attached({Tag.LONG_FILE_NAME: "old.pdf"}, PDF)],
        )
        content = apart(letter("See below.", [("winmail.dat", tnef({}, [embedded(inner)]))]))
        assert names(content) == ["Older.eml", "old.pdf"]
        assert "<b>Older</b>" in page(content)

    @pytest.mark.parametrize("media_type", ["ms-tnef", "octet-stream"])
    def test_a_damaged_one_is_named_with_the_reason(self, media_type: str) -> None:
        mail = letter("x")
        mail.add_attachment(tnef({Tag.BODY: "x"})[:-3], "application", media_type, filename="winmail.dat")
        with pytest.raises(Refused, match=r'^"winmail\.dat" cannot be opened: it is cut off\.$'):
            apart(mail)

    def test_something_else_that_calls_itself_so_is_named_too(self) -> None:
        mail = letter("x")
        mail.add_attachment(PDF, "application", "ms-tnef", filename="winmail.dat")
        with pytest.raises(Refused, match=r'^"winmail\.dat" cannot be opened: it does not begin'):
            apart(mail)

    def test_an_entry_beside_a_text_is_left_out_and_told(self) -> None:
        stream = tnef({Tag.MESSAGE_CLASS: "IPM.Schedule.Meeting.Request", Tag.SUBJECT: "Rounds"})
        assert apart(letter("x", [("winmail.dat", stream)]))["left_out"] == ("Rounds (calendar entry)",)
        with pytest.raises(Refused, match=r"only something that cannot be faxed: Rounds \(calendar entry\)"):
            apart(letter(files=[("winmail.dat", stream)]))

    def test_streams_in_streams_have_an_end(self) -> None:
        stream = tnef({Tag.BODY: "x"})
        for _ in range(MAX_DEPTH + 1):
            stream = tnef({}, [attached({Tag.LONG_FILE_NAME: "winmail.dat"}, stream)])
        with pytest.raises(Refused, match=f"nested more than {MAX_DEPTH} deep"):
            apart(letter(files=[("winmail.dat", stream)]))


class TestForwarded:
    """Mails within the mail."""

    def test_a_page_and_then_what_is_attached_in_order(self) -> None:
        inner = letter("Dear Ana,\n  see <below> & act.\n#fax cover=none\n", [("Befund.pdf", PDF)])
        inner.add_attachment("BEGIN:VCALENDAR", subtype="calendar", filename="t.ics")
        content = apart(forwarding(inner, letter("two", subject="Second"), text="For your files.\n"))
        assert names(content) == ["Referral.eml", "Befund.pdf", "Second.eml"]
        text = page(content)
        for words in (
            "<b>Referral</b>", "<b>From</b></td><td>Dr. Jörg Müller &lt;mueller@praxis.example&gt;",
            "<b>To</b></td><td>Ana &lt;ana@hospital.example&gt;", "Thu, 26 Nov 2026 09:12:44 +0100",
            "<b>Attachments</b></td><td>Befund.pdf", "<b>Left out</b></td><td>t.ics (calendar entry)",
            "&nbsp; see &lt;below&gt; &amp; act.",
        ):  # fmt: skip
            assert words in text
        assert content["text"] == "For your files.\n"
        assert content["left_out"] == ()

    def test_what_a_forwarded_mail_says_is_not_said_by_the_sender(self) -> None:
        content = apart(forwarding(letter("#fax reference=4711\n")))
        assert (content["fields"], content["subject"], content["from_name"]) == ({}, "Fwd", "Ana")
        assert "#fax" not in content["text"]
        assert content["html"] == ""

    def test_a_mail_that_is_nothing_but_a_forwarded_one(self) -> None:
        inner = letter("text\n", [("a.pdf", PDF)])
        mail = b"From: ana@hospital.example\r\nContent-Type: message/rfc822\r\n\r\n" + inner.as_bytes()
        content = apart(mail)
        assert (names(content), content["text"], content["fields"]) == (["Referral.eml", "a.pdf"], "", {})

    def test_in_base64_and_nested(self) -> None:
        inner = forwarding(letter("innermost", [("deep.pdf", PDF)], subject="Innermost"), text="between\n")
        mail = (
            b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: message/rfc822\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n" + encodebytes(inner.as_bytes()) + b"\r\n--a--\r\n"
        )
        assert names(apart(mail)) == ["Fwd.eml", "Innermost.eml", "deep.pdf"]

    @pytest.mark.parametrize("kind", ["application/octet-stream", "image/pjpeg", "image/x-png"])
    def test_its_pictures_whatever_they_are_called(self, kind: str) -> None:
        inner = letter()
        inner.set_content('<img src="cid:p">', subtype="html")
        inner.add_related(PNG, *kind.split("/"), cid="<p>")
        mail = letter("Hi")
        mail.add_attachment(inner)
        assert '<img src="data:image/png;base64,' in page(apart(mail))

    def test_its_html_with_its_pictures_and_nothing_of_elsewhere(self) -> None:
        inner = letter("plain\n")
        html = (
            '<html><head><meta charset="iso-8859-1"><title>t</title><script>alert(1)</script>'
            '<style>p {}</style></head><body><p>Grüße</p><img src="cid:logo">'
            '<img src="https://tracker.example/x.gif"><link rel=x href=y></body></html>'
        )
        inner.add_alternative(html, subtype="html")
        related = inner.get_payload()
        assert isinstance(related, list)
        related[1].add_related(PNG, "image", "png", cid="<logo>")  # type: ignore[union-attr]
        text = page(apart(forwarding(inner)))
        assert '<p>Grüße</p><img src="data:image/png;base64,' in text
        assert text.count("<img") == text.count("<meta") == text.count("<title>") == 1
        for gone in ("tracker.example", "alert(1)", "<link"):
            assert gone not in text

    @pytest.mark.parametrize("name", ["forwarded.eml", "forwarded", "forwarded.txt"])
    def test_a_file_is_a_mail_by_its_content(self, name: str) -> None:
        mail = letter(files=[("a.pdf", PDF)])
        mail["Message-ID"] = "<1@x>"
        content = apart(letter("x", [(name, mail.as_bytes())]))
        assert names(content) == [name, "a.pdf"]
        assert "<b>Referral</b>" in page(content)

    def test_a_mail_without_the_fields_of_programs_is_one_by_its_name(self) -> None:
        memo = b"From: Ana\nSubject: Rounds\n\nPlease come."
        assert "Please come." in page(apart(letter("x", [("memo.eml", memo)])))
        assert octets(apart(letter("x", [("memo.txt", memo)])), 0) == memo
        assert octets(apart(letter("x", [("other.eml", b"no mail")])), 0) == b"no mail"

    def test_a_message_that_is_hardly_one_is_kept_all_the_same(self) -> None:
        mail = b"Content-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed; boundary=a\r\ntext\xe4"
        content = apart(mail)
        assert names(content) == ["forwarded message.eml"]
        assert "textä" in page(content)

    def test_an_empty_one_is_told(self) -> None:
        mail = b'Content-Type: message/rfc822; name="a.eml"\r\n\r\n'
        with pytest.raises(Refused, match=r'^"a\.eml" is an empty mail, so nothing of it can be faxed\.$'):
            apart(mail)

    @pytest.mark.parametrize(
        ("inner", "words"),
        [
            (b"Content-Type: multipart/encrypted; boundary=a\r\n\r\n", "This mail is encrypted"),
            (b"Subject: x\r\nContent-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR", "only a calendar entry"),
        ],
    )
    def test_what_cannot_be_read_is_named(self, inner: bytes, words: str) -> None:
        mail = b'Content-Type: message/rfc822; name="a.eml"\r\n\r\n' + inner
        with pytest.raises(Refused, match=rf'^"a\.eml" is a forwarded mail that cannot be faxed\. .*{words}'):
            apart(mail)

    def test_a_message_that_outlook_saved(self) -> None:
        saved = saved_message(
            {Tag.SUBJECT: "Saved", Tag.BODY: "saved text", Tag.SENDER_NAME: "Ana"},
            [
                saved_attachment({Tag.LONG_FILE_NAME: "a.pdf", Tag.DATA: PDF, Tag.METHOD: 1}),
                saved_attachment(
                    {Tag.METHOD: 5, Tag.SHOWN_NAME: "Older"}, message_storage({Tag.BODY: "older text"})
                ),
            ],
        )
        content = apart(letter("x", [("Saved.msg", saved)]))
        assert names(content) == ["Saved.msg", "a.pdf", "Older"]
        assert "saved text" in page(content)
        assert "older text" in page(content, 2)

    def test_a_damaged_one_that_outlook_saved_is_named(self) -> None:
        saved = saved_message({Tag.SUBJECT: "Saved", Tag.BODY: "text"})
        damaged = saved[:48] + b"\xff\xff\xff\x7f" + saved[52:]  # where its directory begins
        with pytest.raises(Refused, match=r'^"Saved\.msg" cannot be opened: it is damaged\.$'):
            apart(letter("x", [("Saved.msg", damaged)]))

    def test_mails_in_mails_have_an_end(self) -> None:
        with pytest.raises(Refused, match=f"nested more than {MAX_DEPTH} deep"):
            apart(b"Content-Type: message/rfc822\r\n\r\n" * 3000 + b"\r\nx\r\n")

    def test_documents_are_counted_over_all_of_them(self) -> None:
        part = b"--a\r\nContent-Type: application/pdf\r\n\r\n%PDF\r\n"
        inner = b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + part * 600 + b"--a--\r\n"
        outer = b'--b\r\nContent-Type: message/rfc822; name="a.eml"\r\n\r\n' + inner
        mail = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + outer * 2 + b"--b--\r\n"
        with pytest.raises(Refused, match=f"more than {MAX_DOCUMENTS} attachments"):
            apart(mail)

    @pytest.mark.parametrize(
        "html",
        ["<script" * 200_000, "<meta " * 200_000, "<img " * 200_000, "<title>" * 200_000, "&" * 900_000],
    )
    def test_html_that_is_never_closed_takes_its_time_once(self, html: str) -> None:
        inner = b"Subject: x\r\nContent-Type: text/html\r\n\r\n" + html.encode()
        assert names(apart(b"Content-Type: message/rfc822\r\n\r\n" + inner)) == ["x.eml"]


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A mail's content, signed and encrypted by OpenSSL."""
    openssl = shutil.which("openssl")
    assert openssl, "apt-get install openssl"
    folder = tmp_path_factory.mktemp("smime")
    (folder / "content").write_bytes(letter("Signed text.\n", [("a.pdf", PDF)]).as_bytes())
    common = ["-in", "content", "-outform", "DER", "-binary"]
    signer = ["-signer", "cert.pem", "-inkey", "key.pem"]
    for command in (
        ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-subj",
         "/CN=Ana"],
        ["cms", "-sign", "-nodetach", *common, *signer, "-out", "definite"],
        ["cms", "-sign", "-nodetach", "-stream", *common, *signer, "-out", "in-pieces"],
        ["cms", "-sign", *common, *signer, "-out", "detached"],
        ["cms", "-encrypt", *common, "-out", "encrypted", "cert.pem"],
    ):  # fmt: skip
        subprocess.run([openssl, *command], cwd=folder, check=True, capture_output=True)
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def sealed_mail(cms: bytes) -> bytes:
    return (
        b"Content-Type: application/pkcs7-mime; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + encodebytes(cms)
    )


class TestSigned:
    """S/MIME with the content inside of the signature."""

    @pytest.mark.parametrize("form", ["definite", "in-pieces"])
    def test_the_signed_content_is_the_mails(self, sealed: dict[str, bytes], form: str) -> None:
        assert opened(sealed[form]) == (Seal.SIGNED, sealed["content"])
        content = apart(sealed_mail(sealed[form]))
        assert (content["text"], names(content)) == ("Signed text.\n", ["a.pdf"])
        assert content["fields"] == {}, "the signed header is another one than that of the mail"

    def test_a_signature_alone_is_no_document(self, sealed: dict[str, bytes]) -> None:
        assert opened(sealed["detached"]) == (Seal.CERTIFICATES, b"")
        assert names(apart(sealed_mail(sealed["detached"]))) == []

    def test_an_encrypted_one_is_told(self, sealed: dict[str, bytes]) -> None:
        with pytest.raises(Refused, match=r"^This mail is encrypted, so it cannot be read here\."):
            apart(sealed_mail(sealed["encrypted"]))

    @pytest.mark.parametrize("form", ["definite", "in-pieces"])
    def test_damage_anywhere_is_told_or_harmless(self, sealed: dict[str, bytes], form: str) -> None:
        cms = sealed[form]
        for place in range(60):
            for change in (0x00, 0x80, 0xFF):
                seal, content = opened(cms[:place] + bytes([change]) + cms[place + 1 :])
                assert seal is Seal.SIGNED or content == b""
            seal, content = opened(cms[:place])
            assert (seal is Seal.SIGNED, content) == (False, b"")

    @pytest.mark.parametrize(
        "bomb", [b"\x30\x80" * 2_000_000, b"\x24\x80" * 2_000_000, b"\x04\x00" * 2_000_000]
    )
    def test_elements_without_end(self, sealed: dict[str, bytes], bomb: bytes) -> None:
        cms = sealed["in-pieces"]
        place = cms.index(b"\x24\x80") + 2
        seal, content = opened(cms[:place] + bomb + cms[place:])
        assert (seal, content) == (Seal.UNKNOWN, b"")
