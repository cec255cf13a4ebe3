"""Content-Transfer-Encodings undone, also where they are damaged or not there."""

import binascii
from base64 import encodebytes

import pytest
from bounded_work import bounded_work
from hypothesis import given
from hypothesis import strategies as st

from mta.mime import transfer
from mta.mime.transfer import transfer_decoded
from sandbox import Refused


@pytest.mark.parametrize(
    ("octets", "decoded"),
    [
        (b"JVBERg==\r\n", b"%PDF"),
        (b"JV\r\nBE\r\nRg", b"%PDF"),
        (b"JVBERg=", b"%PDF"),
        (b"JVBERgA", b"%PDF\x00"),
        (b"JVBERgAAA", b"%PDF\x00\x00"),
        (b"JVBE\r\n!Rg==", b"%PDF"),
        (b"JVBE\r\n> Rg==", b"%PDF"),
        (b"JVA=\r\nREY=\r\n", b"%PDF"),
        (b"JVBERg==\r\n-- \r\nScanned by nobody.\r\n", b"%PDF"),
        (b"JVBERg== scanned", b"%PDF"),
        (b"JVBE\r\n-- \r\nScanned by nobody.\r\n", b"%PD"),
        (b"JVBERi0xLjQKJeLj\r\nThis mail was scanned.\r\n", b"%PDF-1.4\n%\xe2\xe3"),
        (b"JVBERg==\r\n\r\nVertraulich f\xc3\xbcr Sie.\r\n", b"%PDF"),
        (b"Hello\r\nKlinik K\xc3\xb6ln\r\n", b"Hello\r\nKlinik K\xc3\xb6ln\r\n"),
        (b"please see the attached page", b"please see the attached page"),
        (b"Hello\r\n\r\nplease see attached\r\n", b"Hello\r\n\r\nplease see attached\r\n"),
        (b"", b""),
        (b"=", b""),
        (b"%PDF-1.4\n%\xe2\xe3", b"%PDF-1.4\n%\xe2\xe3"),
        (b"Subject: x\r\n\r\ntext", b"Subject: x\r\n\r\ntext"),
    ],
)
def test_base64(octets: bytes, decoded: bytes) -> None:
    assert transfer_decoded(octets, "base64") == decoded


def test_words_in_the_midst_of_base64_end_nothing() -> None:
    octets = b"QUFB\r\nThis mail was scanned.\r\n" + b"QUFB" * 19 + b"\r\n"
    assert len(transfer_decoded(octets, "base64")) > 19 * 3


@pytest.mark.parametrize(
    ("octets", "decoded"),
    [
        (b"begin 644 u\r\n$)5!$1@``\r\n`\r\nend\r\n", b"%PDF"),
        (b"words\n\nbegin 0644 my file.pdf\n$)5!$1@\n \nend\nwords", b"%PDF"),
        (b"begin 644 u\n$)5!$1@``  trailing\n", b"%PDF"),
        (b"begin 644 u\n\x7f\x7f\x7f\n$)5!$1@``\n", b"%PDF"),
        (b"begin 644 u", b""),
        (b"no beginning", b"no beginning"),
    ],
)
def test_uuencode(octets: bytes, decoded: bytes) -> None:
    assert transfer_decoded(octets, "x-uuencode") == decoded


def test_other_encodings() -> None:
    assert transfer_decoded(b"gr=C3=BCn=\r\n=zz", "quoted-printable") == b"gr\xc3\xbcn=zz"
    assert transfer_decoded(b"soft= \t\r\nly= \nso \r\n", "quoted-printable") == b"softlyso \r\n"
    assert transfer_decoded(b"=41", "quotedprintable") == b"A"
    for unknown in ("7bit", "8bit", "binary", "", "x-nobody-knows"):
        assert transfer_decoded(b"=41", unknown) == b"=41"


@given(st.binary(max_size=300))
def test_what_was_encoded_comes_back(octets: bytes) -> None:
    assert transfer_decoded(encodebytes(octets), "base64") == octets
    assert transfer_decoded(binascii.b2a_qp(octets, istext=False), "quoted-printable") == octets
    lines = [binascii.b2a_uu(octets[at : at + 45]) for at in range(0, len(octets), 45)]
    assert transfer_decoded(b"begin 644 x\n" + b"".join(lines) + b"`\nend\n", "x-uuencode") == octets


@given(st.binary(max_size=300), st.sampled_from(["base64", "quoted-printable", "x-uuencode"]))
def test_nothing_raises(octets: bytes, encoding: str) -> None:
    transfer_decoded(octets, encoding)
    transfer_decoded(b"begin 644 x\n" + octets, encoding)


def test_two_octets_that_stand_for_many_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(transfer_decoded(b"begin 644 x\nM\nM\n", "x-uuencode")) == 90
    monkeypatch.setattr(transfer, "MAX_DECODED", 89)
    with pytest.raises(Refused, match="too large once it is decoded"):
        transfer_decoded(b"begin 644 x\nM\nM\n", "x-uuencode")


def test_lines_have_a_limit() -> None:
    with pytest.raises(Refused, match="too many lines"):
        transfer_decoded(b"begin 644 x\n" + b"!x\n" * transfer.MAX_LINES, "x-uuencode")


@pytest.mark.parametrize(
    ("encoding", "piece"),
    [
        ("base64", b"eA==\r\n"), ("base64", b"="), ("base64", b"e\r\n"), ("base64", b"!"), ("base64", b"= A"),
        ("base64", b"e e "), ("base64", b"\n e"), ("base64", b"\n "), ("quoted-printable", b"= "),
        ("quoted-printable", b"="), ("quoted-printable", b"=\r\n"), ("quoted-printable", b" \t"),
        ("x-uuencode", b"begin 644 "), ("x-uuencode", b"\n"), ("x-uuencode", b"#AAAA\n"),
    ],
)  # fmt: skip
def test_time_is_in_proportion(encoding: str, piece: bytes) -> None:
    with bounded_work():
        transfer_decoded(b"eA==\r\n" + (piece * 2_000_000)[:2_000_000], encoding)
