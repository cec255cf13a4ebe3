"""Fuzz target: a mail that somebody forwards, as a part of the sender's mail."""

import contextlib
import tempfile
from pathlib import Path

from mime_entry import WORDS as WORDS_OF_MAILS
from mime_entry import check_sentence, in_memory

from mta.mime.task import take_apart
from mta.mime.unpacking import MAX_DOCUMENTS
from sandbox import Refused

USUAL = 4096
LARGEST = 30_000
WORDS = (
    *WORDS_OF_MAILS, b"X-Fax-Cover: none\r\n", b"#fax cover=none\r\n", b"Subject: ", b"Date: ", b"<script",
    b"<meta ", b"</head>", b"<img src=", b"application/ms-tnef", b"\x78\x9f\x3e\x22", b"Message-ID: <a>\r\n",
    b"BEGIN:VCALENDAR", b"BEGIN:VCARD", b"application/pkcs7-mime", b'name="a.eml"',
)  # fmt: skip

_HEAD = (
    b"From: ana@hospital.example\r\nSubject: Fwd\r\nX-Fax-Reference: 1\r\n"
    b"Content-Type: message/rfc822\r\n\r\n"
)


def check(octets: bytes) -> None:
    """Pages come out of it or a sentence, and nothing that it says becomes the sender's word."""
    mail = _HEAD + octets
    with tempfile.TemporaryDirectory(dir=in_memory()) as folder, contextlib.chdir(folder):
        Path("mail.eml").write_bytes(mail)
        try:
            content = take_apart({"mail": "mail.eml"})
        except Refused as refused:
            check_sentence(str(refused))
            return
        first = Path(content["attachments"][0]["path"]).read_bytes()
    assert (content["subject"], content["text"], content["html"]) == ("Fwd", "", "")
    assert content["fields"] == {"x-fax-reference": "1"}
    assert 1 <= len(content["attachments"]) <= MAX_DOCUMENTS
    assert content["attachments"][0]["media_type"] == "message/rfc822"
    names = [part["name"] for part in content["attachments"]]
    assert all(names)
    page = first.decode()
    assert page.startswith("<!DOCTYPE html>")
    assert page.rstrip().endswith("</html>")
