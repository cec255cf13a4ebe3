"""Parameters of Content-Type and Content-Disposition, in every way that programs write them."""

import pytest
from bounded_work import bounded_work
from hypothesis import given
from hypothesis import strategies as st

from mta.header_scan import HEADER_LIMIT
from mta.mime.parameters import MAX_PARAMETERS, FieldValue


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("text/PLAIN; charset=x", "text/plain"),
        ("text/plain (words)", "text/plain"),
        ("", ""),
        (";charset=x", ""),
        ("charset=x", ""),
        ("attachment", "attachment"),
        ("attachment filename=x.pdf", "attachment"),
        ('multipart/mixed  boundary="x"', "multipart/mixed"),
        ("multipart/mixed, boundary=x; charset=y", "multipart/mixed"),
        ("name = x", ""),
    ],
)
def test_the_value(written: str, value: str) -> None:
    assert FieldValue(written).value == value


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("x; name=scan.pdf", "scan.pdf"),
        ("x; name = scan.pdf ;a=b", "scan.pdf"),
        ("x;NAME=scan.pdf", "scan.pdf"),
        ("x; name=my scan (1).pdf", "my scan (1).pdf"),
        ('x; name="a;b=c.pdf"', "a;b=c.pdf"),
        ('x; name="a\\"b\\\\c.pdf"', 'a"b\\c.pdf'),
        ('x; name="C:\\Users\\ana.pdf"', "C:\\Users\\ana.pdf"),
        ('x; name="never closed.pdf', "never closed.pdf"),
        ('x; name="never closed.pdf; size=3', "never closed.pdf"),
        ('x; name="a.pdf" trailing; y=z', "a.pdf"),
        ("name=forgotten.pdf", "forgotten.pdf"),
        ('application/pdf name="without semicolon.pdf"; x=y', "without semicolon.pdf"),
        ("attachment name*=utf-8''gr%C3%BCn.pdf", "grün.pdf"),
        ("x; a; =b; ;; name=found.pdf", "found.pdf"),
        ("x; name=first.pdf; name=second.pdf", "first.pdf"),
        ("x; name=plain.pdf; name*=utf-8''better%2Epdf", "better.pdf"),
        ("x; name=plain.pdf; name*0=pieces; name*1=.pdf", "pieces.pdf"),
        ("x; name=plain.pdf; name*=utf-8''", "plain.pdf"),
    ],
)
def test_a_parameter(written: str, name: str) -> None:
    assert FieldValue(written).text("name") == name


@pytest.mark.parametrize(
    "written",
    [
        "name*=utf-8''gr%C3%BCn.pdf",
        "name*=UTF-8'de'gr%c3%bcn.pdf",
        "name* = \"utf-8''gr%C3%BCn.pdf\"",
        "name*=iso-8859-1''gr%FCn.pdf",
        "name*=''gr%C3%BCn.pdf",
        "name*=gr%C3%BCn.pdf",
        "name*=nonsense''gr%C3%BCn.pdf",
        "name*=utf-8''gr\udcc3\udcbcn.pdf",
        "name=utf-8''gr%C3%BCn.pdf",
        "name*0*=utf-8''gr%C3%BC; name*1*=n.pdf",
        "name*0*=utf-8''gr%C3; name*1*=%BCn.pdf",
        "name*1*=n.pdf; name*0*=utf-8''gr%C3%BC",
        "name*1*=utf-8''gr%C3%BC; name*2*=n.pdf",
        "name*0*=utf-8''gr%C3%BC; name*2=n.pdf",
        "name*00*=utf-8''gr%C3%BC; name*01=n.pdf",
        "name*0=\"utf-8''gr%C3%BC\"; name*1=n.pdf",
        'name*0="=?utf-8?q?gr=C3=BC"; name*1="n=2Epdf?="',
        'name*0="=?utf-8?q?gr=C3=BCn?="; name*1=".pdf"',
        'name="=?utf-8?q?gr=C3=BCn=2Epdf?="',
        "name==?utf-8?q?gr=C3=BCn=2Epdf?=",
        'name="=?utf-8?b?Z3LD?= =?utf-8?b?vG4ucGRm?="',
        "name=gr\udcc3\udcbcn.pdf",
        "name=gr\udcfcn.pdf",
    ],
)
def test_a_name_beyond_ascii(written: str) -> None:
    assert FieldValue(f"x; {written}").text("name") == "grün.pdf"


def test_what_only_looks_like_an_encoding_is_left_alone() -> None:
    assert FieldValue("x; name=100%25 O'Neill's.pdf").text("name") == "100%25 O'Neill's.pdf"
    assert FieldValue("x; name*=utf-8''100%zz.pdf").text("name") == "100%zz.pdf"
    assert FieldValue("x; name*99999*=a; *0=b; **=c").text("name") == ""


def test_a_boundary_is_left_as_it_was_written() -> None:
    value = FieldValue('multipart/mixed; boundary="=?a  b?="')
    assert value.written("boundary") == "=?a  b?="
    assert FieldValue("x; boundary*0=a; boundary*1=b").written("boundary") == "ab"


def test_tokens_are_without_comments() -> None:
    value = FieldValue("text/plain; charset=US-ASCII (plain text); format=Flowed")
    assert (value.token("charset"), value.token("format"), value.token("delsp")) == ("us-ascii", "flowed", "")


def test_there_is_an_end_to_parameters() -> None:
    value = FieldValue("x" + "".join(f"; a{number}=b" for number in range(MAX_PARAMETERS + 1)))
    assert value.text(f"a{MAX_PARAMETERS - 1}") == "b"
    assert value.text(f"a{MAX_PARAMETERS}") == ""


@given(st.text(st.sampled_from("ax;=*'\"%\\ 0\udcff?utf-8"), max_size=60))
def test_nothing_raises(written: str) -> None:
    value = FieldValue(written)
    for name in ("a", "x", "u", ""):
        value.text(name).encode()
        value.written(name)


@pytest.mark.parametrize(
    "piece", [";", '";', "a=", '\\"', "name*0*=x;", " ", ';x="', ";x='", "a*1=b;", "=?", "%41", "'"]
)
def test_time_is_in_proportion(piece: str) -> None:
    with bounded_work():
        FieldValue(("x;name=" + piece * HEADER_LIMIT)[:HEADER_LIMIT]).text("name")
