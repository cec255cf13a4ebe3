"""File names: decoded however they were written, never a path."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mta.mime.names import declared_name, made_name, numbered_name, safe_name
from mta.mime.part import Part
from mta.mime.structure import read_structure


def part(field: bytes) -> Part:
    return read_structure(field + b"\r\n\r\nx")


@pytest.mark.parametrize(
    ("field", "name"),
    [
        (b'Content-Disposition: attachment; filename="scan.pdf"', "scan.pdf"),
        (b"Content-Disposition: attachment; filename*=utf-8''gr%C3%BCn.pdf", "grün.pdf"),
        (b"Content-Disposition: attachment; filename*0*=utf-8''gr%C3%BC; filename*1=n.pdf", "grün.pdf"),
        (b"Content-Disposition: attachment; filename*=iso-8859-1'de'gr%FCn.pdf", "grün.pdf"),
        (b'Content-Disposition: attachment; filename="=?utf-8?q?gr=C3=BCn=2Epdf?="', "grün.pdf"),
        (b'Content-Disposition: attachment; filename="gr\xc3\xbcn.pdf"', "grün.pdf"),
        (b'Content-Disposition: attachment; filename="gr\xfcn.pdf"', "grün.pdf"),
        (b'Content-Type: application/pdf; name="by type.pdf"', "by type.pdf"),
        (b'Content-Disposition: inline\r\nContent-Type: application/pdf; name="by type.pdf"', "by type.pdf"),
        (b'Content-Disposition: attachment;\r\n filename="fol\r\n ded.pdf"', "fol ded.pdf"),
        (b'Content-Disposition: attachment; filename="../../etc/passwd"', "passwd"),
        (b'Content-Disposition: attachment; filename="C:\\\\Users\\\\ana\\\\x.doc"', "x.doc"),
        (b"Content-Disposition: attachment; filename*=nonsense''a%FFb.pdf", "aÿb.pdf"),
        (b"Content-Disposition: attachment; filename*=idna''a%FFb.pdf", "aÿb.pdf"),
        (b'Content-Disposition: attachment; filename="C:\\Users\\ana\\x.doc"', "x.doc"),
        (b'Content-Type: application/pdf; filename="by type.pdf"', "by type.pdf"),
        (b'Content-Disposition: attachment; name="by disposition.pdf"', "by disposition.pdf"),
        (b'Content-Disposition: filename="no disposition.pdf"', "no disposition.pdf"),
        (b'Content-Type: name="no; type.pdf"', "no; type.pdf"),
        (b"Content-Disposition: attachment", ""),
    ],
)  # fmt: skip
def test_names_are_decoded(field: bytes, name: str) -> None:
    assert declared_name(part(field)) == name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("a\x00b\r\nc.pdf", "a b c.pdf"),
        ("invoice\u202efdp.exe", "invoice fdp.exe"),
        ("..", ""),
        (".hidden", "hidden"),
        ("  ", ""),
        ("a/", ""),
        ("x" * 200 + ".pdf", "x" * 116 + ".pdf"),
        ("x" * 200, "x" * 120),
        ("e\u0301.pdf", "é.pdf"),
    ],
)
def test_names_are_made_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(st.binary(max_size=120))
def test_no_field_raises_and_no_name_is_a_path(octets: bytes) -> None:
    for field in (
        b"Content-Disposition: attachment; filename=",
        b"Content-Type: a/b; name*0*=",
        b"Content-Type: ",
    ):
        name = declared_name(part(field + octets.replace(b"\r", b"").replace(b"\n", b"")))
        assert not set(name) & set("/\\\x00\r\n")
        assert name not in {".", ".."}
        assert len(name) <= 120
        name.encode()


def test_names_are_made_by_type_and_by_what_the_octets_say() -> None:
    assert made_name("application/pdf", b"", 2) == "attachment-2.pdf"
    assert made_name("application/x-nobody-knows", b"", 1) == "attachment-1"
    assert made_name("application/octet-stream", b"%PDF-1.4", 3) == "attachment-3.pdf"
    assert made_name("application/octet-stream", b"\x89PNG\r\n", 4) == "attachment-4.png"


@pytest.mark.parametrize(
    ("name", "second"),
    [
        ("scan.pdf", "scan (2).pdf"),
        ("scan", "scan (2)"),
        (".pdf", ".pdf (2)"),
        ("Dr. No and his friends", "Dr. No and his friends (2)"),
        ("a.tar.gz", "a.tar (2).gz"),
    ],
)
def test_a_second_document_of_a_name_has_a_number(name: str, second: str) -> None:
    assert (numbered_name(name, 1), numbered_name(name, 2)) == (name, second)
