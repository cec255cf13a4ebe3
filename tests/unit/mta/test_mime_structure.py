"""The look before parsing: bombs are refused at once, ordinary mails pass."""

import time

import pytest

from mta.header_scan import HEADER_LIMIT
from mta.mime.structure import MAX_DEPTH, MAX_ENCODED_WORDS, MAX_PARTS, check_structure
from sandbox import Refused

HEAD = b"From: a@b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
PART = b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n"


def nested(levels: int) -> bytes:
    opened = b"".join(
        b'Content-Type: multipart/mixed;\r\n boundary="b%d"\r\n\r\n--b%d\r\n' % (level, level)
        for level in range(levels)
    )
    return b"From: a@b\r\n" + opened + b"Content-Type: text/plain\r\n\r\nx\r\n"


def nested_messages(levels: int) -> bytes:
    return b"Content-Type: message/rfc822\r\n\r\n" * levels + b"Subject: x\r\n\r\nbody\r\n"


@pytest.mark.parametrize(
    ("mail", "words"),
    [
        (HEAD + PART * 100_000 + b"--b--\r\n", "more than 1000 parts"),
        (HEAD + b"--b\r\n" * 100_000, "more than 1000 parts"),
        (nested(3000), "nested more than 50 deep"),
        (nested_messages(3000), "nested more than 50 deep"),
        (b"Subject:" + b" =?utf-8?q?x?=" * 15_000 + b"\r\n\r\n", "too complicated"),
        (b"X: y\r\n" * HEADER_LIMIT, "too long to be read"),
        (HEAD + b"--b\r\n" + b"X: y\r\n" * HEADER_LIMIT, "too long to be read"),
    ],
    ids=["parts", "empty-parts", "multiparts", "messages", "words", "header", "part-header"],
)
def test_bombs(mail: bytes, words: str) -> None:
    before = time.process_time()
    with pytest.raises(Refused, match=words):
        check_structure(mail)
    assert time.process_time() - before < 1


def test_the_limits_are_exact() -> None:
    check_structure(HEAD + PART * (MAX_PARTS - 1))
    with pytest.raises(Refused):
        check_structure(HEAD + PART * MAX_PARTS)
    check_structure(nested(MAX_DEPTH))
    with pytest.raises(Refused):
        check_structure(nested(MAX_DEPTH + 1))
    check_structure(b"Subject: " + b"=?" * MAX_ENCODED_WORDS + b"\r\n\r\n")


def test_many_multiparts_beside_each_other_are_not_deep() -> None:
    inner = b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n"
    check_structure(HEAD + inner * 300 + b"--b--\r\n")
    unclosed = b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n"
    check_structure(HEAD + unclosed * 300)


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n"])
def test_text_that_looks_like_structure_is_text(line_end: bytes) -> None:
    text = b"--\r\n--signature\r\nContent-Type: multipart/mixed; boundary=z\r\n" * 3000
    check_structure((HEAD + PART + text + b"--b--\r\n").replace(b"\r\n", line_end))


def test_a_large_attachment_is_passed_quickly() -> None:
    attachment = (
        b"JVBERi0xLjcKJeLjz9MKMSAwIG9iago8PC9UeXBlL0NhdGFsb2c+PgplbmRvYmoKMiAwIG9i" + b"\r\n"
    ) * 500_000
    before = time.process_time()
    check_structure(HEAD + PART + attachment + b"--b--\r\n")
    assert time.process_time() - before < 1
