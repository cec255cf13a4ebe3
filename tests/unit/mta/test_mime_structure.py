"""The parts of a mail: found as RFC 2046 has them, in bounded time, whatever the mail looks like."""

from base64 import encodebytes

import pytest
from bounded_work import bounded_work

from mta.header_scan import HEADER_LIMIT
from mta.mime.part import Part
from mta.mime.structure import MAX_DEPTH, MAX_HEADERS, MAX_PARTS, read_structure
from sandbox import Refused

HEAD = b"From: a@b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
PART = b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n"


def nested(levels: int) -> bytes:
    opened = b"".join(
        b'Content-Type: multipart/mixed;\r\n boundary="b%d"\r\n\r\n--b%d\r\n' % (level, level)
        for level in range(levels)
    )
    return b"From: a@b\r\n" + opened + b"Content-Type: text/plain\r\n\r\nx\r\n"


def outline(part: Part) -> object:
    """Media types of multiparts, content of leaves."""
    return (part.media_type, [outline(inner) for inner in part.inner]) if part.inner else part.content()


def test_parts_in_their_order_without_preamble_and_epilogue() -> None:
    mail = (
        b'Content-Type: multipart/mixed; boundary="b c"\r\n\r\npreamble\r\n'
        b"--b c\r\n\r\none\r\n\r\n--b c \t\r\nContent-Type: multipart/related; boundary=c\r\n\r\n"
        b"--c\r\n\r\ntwo\r\n--c--\r\nepilogue\r\n--b c\r\n\r\n\r\n"
        b"--b c\r\n\r\nthree\r\n--b c--\r\nepilogue\r\n"
    )
    expected = ("multipart/mixed", [b"one\r\n", ("multipart/related", [b"two"]), b"", b"three"])
    assert outline(read_structure(mail)) == expected
    with_line_feeds = outline(read_structure(mail.replace(b"\r\n", b"\n")))
    assert with_line_feeds == ("multipart/mixed", [b"one\n", ("multipart/related", [b"two"]), b"", b"three"])


@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        (b"", b""),
        (b"\r\nbody", b"body"),
        (b"no header\r\nat all", b"no header\r\nat all"),
        (b"Subject: x\r\nbody without an empty line", b"body without an empty line"),
        (b"From ana Mon Nov 23\r\nSubject: x\r\n\r\nbody", b"body"),
        (b"Subject : x\r\n\r\nbody", b"body"),
        (b"Content-Type: multipart/mixed; boundary=a\r\n\r\nno parts", b"no parts"),
        (b"Content-Type: multipart/mixed\r\n\r\n--\r\nno boundary", b"--\r\nno boundary"),
        (b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a", ("multipart/mixed", [b""])),
        (b"Content-Type: multipart/mixed; boundary=a\r\n--a\r\n\r\nx", ("multipart/mixed", [b"x"])),
        (b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--ab\r\n--a\r\n\r\n", ("multipart/mixed", [b""])),
        (
            b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nSubject: x\r\n--a\r\n\r\ny",
            ("multipart/mixed", [b"", b"y"]),
        ),
        (
            (
                b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n"
                b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--a\r\n\r\ny\r\n--b\r\nz"
            ),
            ("multipart/mixed", [("multipart/mixed", [b"x"]), b"y\r\n--b\r\nz"]),
        ),
        (
            (b"Content-Type: multipart/mixed; charset=x boundary=a\r\n\r\nfor old programs\r\n--a b \r\n"
            b"content-type: text/plain\r\n\r\nx\r\n--a b--\r\n"),
            ("multipart/mixed", [b"x"]),
        ),
        (
            (b"Content-Type: multipart/mixed; boundary=other\r\n\r\n--a\r\n"
            b"Content-Type: multipart/mixed\r\n\r\n--b\r\nContent-ID: x\r\n\r\nx\r\n--a\r\n\r\ny"),
            ("multipart/mixed", [("multipart/mixed", [b"x"]), b"y"]),
        ),
        (
            b"Content-Type: multipart/mixed\r\n\r\n-- \r\nContent: none\r\n--\r\nContent-Type: x\r\n",
            b"-- \r\nContent: none\r\n--\r\nContent-Type: x\r\n",
        ),
        (
            (b"Subject: x\r\nwrapped\r\nX Scanner: y\r\nContent-Type: multipart/mixed;\r\nboundary=a\r\n\r\n"
            b"--a\r\n\r\nx"),
            ("multipart/mixed", [b"x"]),
        ),
        (b"Subject: x\r\nbody\r\n\r\nContent-Type: x/y\r\n", b"body\r\n\r\nContent-Type: x/y\r\n"),
        (b"Subject: x;\r\ny = 1 is the body", b"y = 1 is the body"),
    ],
)  # fmt: skip
def test_what_is_broken_is_read_as_far_as_it_goes(mail: bytes, expected: object) -> None:
    assert outline(read_structure(mail)) == expected


def test_a_line_that_was_folded_without_a_blank_goes_on_with_its_field() -> None:
    mail = read_structure(b"Subject: a long\r\nsubject\r\nX Y: z\r\nMIME-Version: 1.0\r\n\r\nbody")
    assert (mail.fields.first("subject"), mail.content()) == ("a long subject", b"body")


@pytest.mark.parametrize(
    ("written", "media_type"),
    [
        (b"", "text/plain"),
        (b"Content-Type:", "text/plain"),
        (b"Content-Type: IMAGE/PNG", "image/png"),
        (b"Content-Type: text/html(a comment); charset=x", "text/plain"),
        (b"Content-Type: text/plain (a comment)", "text/plain"),
        (b"Content-Type: application", "application/octet-stream"),
        (b"Content-Type: multipart; boundary=a", "multipart/mixed"),
        (b"Content-Type: application/vnd.openxmlformats-officedocument.wordprocessingml.document", ""),
        (b"Content-Type: ; name=x.pdf", "text/plain"),
        (b"Content-Type: name=x.pdf", "text/plain"),
        (b"Content-Type: pdf/../../x", "text/plain"),
    ],
)
def test_a_media_type_is_always_one(written: bytes, media_type: str) -> None:
    expected = media_type or written.partition(b": ")[2].decode()
    assert read_structure(written + b"\r\n\r\n").media_type == expected


def test_a_digest_consists_of_messages() -> None:
    mail = b"Content-Type: multipart/digest; boundary=a\r\n\r\n--a\r\n\r\nSubject: x\r\n\r\ny\r\n--a--\r\n"
    (message,) = read_structure(mail).inner
    assert (message.media_type, message.content()) == ("message/rfc822", b"Subject: x\r\n\r\ny")


def test_a_message_inside_is_one_part_even_if_it_is_encoded() -> None:
    message = b"Subject: =?utf-8?q?gr=C3=BCn?=\r\n\r\n" + b"text\r\n" * 200_000
    plain = b"Content-Type: message/rfc822\r\n\r\n" + message
    encoded = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + encodebytes(
        message
    )
    misnamed = b"Content-Transfer-Encoding: base64\r\n" + plain
    for mail in (plain, encoded, misnamed):
        part = read_structure(mail)
        assert part.inner == []
        assert part.content() == message


@pytest.mark.parametrize(
    ("mail", "words"),
    [
        (HEAD + PART * 100_000 + b"--b--\r\n", "more than 1000 parts"),
        (HEAD + b"--b\r\n" * 100_000, "more than 1000 parts"),
        (HEAD + b"--bx\r\n" * 1_500_000, "too complicated"),
        (nested(3000), "nested more than 50 deep"),
        (b"X: y\r\n" * HEADER_LIMIT, "too long to be read"),
        (b"X: " + b"y" * 50_000_000 + b"\r\n", "too long to be read"),
        (HEAD + b"--b\r\n" + b"X: y\r\n" * HEADER_LIMIT, "too long to be read"),
        (HEAD + (b"--b\r\n" + b"X: y\r\n" * 40_000) * (MAX_HEADERS // 200_000), "too long to be read"),
    ],
    ids=[
        "parts",
        "empty-parts",
        "almost-parts",
        "multiparts",
        "header",
        "long-field",
        "part-header",
        "headers-together",
    ],
)
def test_bombs(mail: bytes, words: str) -> None:
    with bounded_work(), pytest.raises(Refused, match=words):
        read_structure(mail)


def test_the_limits_are_exact() -> None:
    read_structure(HEAD + PART * (MAX_PARTS - 1))
    with pytest.raises(Refused):
        read_structure(HEAD + PART * MAX_PARTS)
    read_structure(nested(MAX_DEPTH))
    with pytest.raises(Refused):
        read_structure(nested(MAX_DEPTH + 1))


def test_many_multiparts_beside_each_other_are_not_deep() -> None:
    inner = b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n"
    read_structure(HEAD + inner * 300 + b"--b--\r\n")
    unclosed = b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n"
    read_structure(HEAD + unclosed * 300)


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n"])
def test_text_that_looks_like_structure_is_text(line_end: bytes) -> None:
    text = b"--\r\n--signature\r\nContent-Type: multipart/mixed; boundary=z\r\n" * 3000
    read_structure((HEAD + PART + text + b"--b--\r\n").replace(b"\r\n", line_end))


@pytest.mark.parametrize(
    "mail",
    [
        HEAD + PART + b"JVBERi0xLjcKJeLjz9MKMSAwIG9iago8PC9UeXBlL0NhdGFsb2c+PgplbmRvYmoKMiAw\r\n" * 500_000,
        HEAD + PART + b"--\r\n" * 5_000_000,
        nested(MAX_DEPTH) + b"--\r\n" * 5_000_000,
        HEAD + PART + b"--bx\r\n" * 200_000,
        HEAD + PART + b"--b" + b"-" * 20_000_000,
        b"Content-Type: message/rfc822\r\n\r\n" * 100_000,
        HEAD + b"--b\r\nContent-Type: a/b" + b";" * 250_000 + b"\r\n\r\n",
        HEAD + b"--b\r\nContent-Type: a/b; x=" + b'";' * 125_000 + b"\r\n\r\n",
    ],
    ids=["base64", "dashes", "dashes-deep", "almost", "long-line", "messages", "parameters", "quotes"],
)
def test_a_large_mail_is_passed_quickly(mail: bytes) -> None:
    with bounded_work():
        read_structure(mail)
