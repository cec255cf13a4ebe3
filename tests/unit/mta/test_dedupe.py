"""Which mails are one."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from mta.dedupe import ContentDigest, dedupe_key, digest_of
from mta.header_scan import scan_header
from store.mail import Envelope

MAIL = b"From: a@b\r\nMessage-ID: <1@b>\r\nSubject: s\r\n\r\nbody\r\n"


def key(message: bytes = MAIL, *recipients: str, return_path: str = "a@b", nonce: str = "n") -> str:
    envelope = Envelope(return_path=return_path, recipients=recipients or ("1@f", "2@f"))
    return dedupe_key(envelope=envelope, header=scan_header(message), content=digest_of(message), nonce=nonce)


def test_a_redelivery_is_the_same_mail() -> None:
    traced = (
        b"Return-Path: <a@b>\r\nReceived: from x\r\n by y;\r\n\tnow\r\nARC-Seal: i=1;\r\n b=zz\r\n"
        b"DKIM-Signature: v=1;\r\n b=xx\r\nAuthentication-Results: mx; spf=pass\r\n"
    )
    assert key() == key(traced + MAIL)
    assert key() == key(MAIL, "2@f", "1@f")
    assert key() == key(nonce="other")


def test_what_differs_is_another_mail() -> None:
    others = [
        key(MAIL.replace(b"body", b"bodY")),
        key(MAIL.replace(b"Subject: s", b"Subject: t")),
        key(MAIL.replace(b"<1@b>", b"<2@b>")),
        key(MAIL, "1@f"),
        key(MAIL, "1@f", "3@f"),
        key(return_path="c@b"),
        key(MAIL.replace(b"\r\n\r\n", b"\r\n\r\nReceived: in the body\r\n")),
    ]
    assert len({key(), *others}) == len(others) + 1


def test_without_message_id_the_date_tells_them_apart_and_without_both_each_is_one() -> None:
    dated = MAIL.replace(b"Message-ID: <1@b>", b"Date: Mon, 23 Nov 2026 09:00:00 +0000")
    assert key(dated, nonce="1") == key(dated, nonce="2")
    bare = MAIL.replace(b"Message-ID: <1@b>\r\n", b"")
    assert key(bare, nonce="1") != key(bare, nonce="2")


def test_a_mail_that_was_put_together_anew_is_the_same_mail() -> None:
    def assembled(boundary: bytes, text: bytes = b"hello") -> bytes:
        return (
            b'From: a@b\r\nMessage-ID: <1@b>\r\nContent-Type: multipart/mixed; boundary="'
            + boundary
            + b'"\r\n\r\n'
            b"--" + boundary + b"\r\n\r\n" + text + b"\r\n--" + boundary + b"--\r\n"
        )

    first = key(assembled(b"===============7182818284590452353=="))
    assert first == key(assembled(b"===============3141592653589793238=="))
    assert first != key(assembled(b"===============3141592653589793238==", b"hallo"))


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                b"\r\n--",
                b"\r\n",
                b"boundary=",
                b"Boundary=",
                b'"',
                b"abcdefgh",
                b"abcdefghij",
                b"--",
                b" ",
                b"x" * 90,
            ]
        ),
        max_size=40,
    ).map(b"".join),
    st.lists(st.integers(0, 2000), max_size=8),
)
def test_the_digest_does_not_depend_on_the_pieces(message: bytes, cuts: list[int]) -> None:
    pieces = ContentDigest()
    places = sorted({cut % (len(message) + 1) for cut in cuts} | {0, len(message)})
    for start, end in itertools.pairwise(places):
        pieces.add(message[start:end])
    assert pieces.finish() == digest_of(message).finish()
