"""Fuzz target: a mail as it was received, from the scan of its header to its parts on disk."""

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from mta.header_scan import HeaderTooLarge, scan_header
from mta.mime.parts import MAX_HTML, MAX_TEXT
from mta.mime.shown_pictures import MAX_SHOWN
from mta.mime.structure import read_structure
from mta.mime.task import take_apart
from sandbox import Refused

USUAL = 4096
LARGEST = 300_000

WORDS = (
    b"Content-Type: ", b"multipart/mixed; boundary=a", b"multipart/alternative; boundary=b",
    b"message/rfc822", b"text/html", b"text/plain", b"; charset=", b"; format=flowed", b"utf-7", b"utf-16",
    b"hz", b"; name*0*=", b"''%C3", b"Content-Transfer-Encoding: ", b"base64", b"quoted-printable",
    b"x-uuencode", b"begin 644 x\r\n", b"Content-Disposition: ", b"attachment", b"inline", b'; filename="',
    b"Content-ID: <a>", b"cid:a", b"%PDF-", b"\r\n\r\n", b"\r\n--a\r\n", b"\r\n--a--\r\n", b"\r\n--b\r\n",
    b"=?utf-8?q?", b"=?utf-8?b?", b"?=", b"From: ", b"\r\n ",
)  # fmt: skip

_NAME_LENGTH = 120
_BOUNDARY = b"=_a boundary that nothing else is"


def check(octets: bytes) -> None:
    """A mail is taken apart or refused with a sentence; what is attached to a mail comes out of it."""
    with contextlib.suppress(HeaderTooLarge):
        scan_header(octets)
    try:
        _check_content(_taken_apart(octets))
    except Refused as refused:
        check_sentence(str(refused))
    if _BOUNDARY not in octets:
        _check_attached(octets)


def _taken_apart(mail: bytes) -> dict[str, Any]:
    """What the task says, after its journey through JSON; the files that it wrote are as large as it says."""
    with tempfile.TemporaryDirectory(dir=in_memory()) as folder, contextlib.chdir(folder):
        Path("mail.eml").write_bytes(mail)
        content: dict[str, Any] = json.loads(json.dumps(take_apart({"mail": "mail.eml"})))
        written = {path.name: path.stat().st_size for path in Path().iterdir()}
    assert written.pop("mail.eml") == len(mail)
    assert written == {part["path"]: part["size"] for part in content["attachments"]}
    return content


def in_memory() -> str | None:
    """A folder for files that many inputs are written to; None for the usual one."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - made private by tempfile


def check_sentence(text: str) -> None:
    """What a sender reads is a sentence."""
    assert text.endswith(".")


def _check_content(content: dict[str, Any]) -> None:
    assert len(content["text"]) <= MAX_TEXT
    assert len(content["html"].encode()) <= MAX_HTML + 2 * MAX_SHOWN
    names = (content["from_name"], *content["to_names"].values())
    for line in (content["subject"], *names, *content["fields"].values()):
        line.encode()
        assert line == " ".join(line.split())
    for text in (content["text"], content["html"]):
        text.encode()
        assert not any(one < " " and one not in "\t\n" for one in text)
    for part in content["attachments"]:
        assert 0 < len(part["name"]) <= _NAME_LENGTH + len(" (1000).eml")
        assert not set(part["name"]) & set("/\\\x00\r\n")
        assert part["media_type"].count("/") == 1


def _check_attached(octets: bytes) -> None:
    mail = (
        b'Content-Type: multipart/mixed; boundary="' + _BOUNDARY + b'"\r\n\r\n--' + _BOUNDARY
        + b"\r\nContent-Type: application/octet-stream; name=x\r\n\r\n" + octets
        + b"\r\n--" + _BOUNDARY + b"--\r\n"
    )  # fmt: skip
    (part,) = read_structure(mail).inner
    assert part.content() == octets
