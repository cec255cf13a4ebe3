"""Authentication-Results: what providers write is read, what is not the grammar is not, ours comes back."""

import pytest
from bounded_work import bounded_work
from hypothesis import given
from hypothesis import strategies as st

from mta.proof.authentication_results import (
    AuthenticationResults,
    MethodResult,
    compose,
    parse,
    parse_sealed,
)

GOOGLE = (
    "mx.google.com;\r\n       dkim=pass header.i=@hospital.example header.s=s1 header.b=aB/c+d=;\r\n"
    "       spf=pass (google.com: domain of ana@hospital.example designates 192.0.2.1 as permitted sender)"
    " smtp.mailfrom=ana@hospital.example;\r\n"
    "       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=hospital.example"
)
MICROSOFT = (
    "i=1; mx.microsoft.com 1; spf=pass\r\n smtp.mailfrom=hospital.example; dmarc=pass action=none\r\n"
    " header.from=hospital.example; dkim=pass header.d=hospital.example; arc=none"
)


def test_large_providers_are_read() -> None:
    google = parse(GOOGLE)
    assert google is not None
    assert google.authserv_id == "mx.google.com"
    assert [(one.method, one.result) for one in google.results] == [
        ("dkim", "pass"),
        ("spf", "pass"),
        ("dmarc", "pass"),
    ]
    assert google.of("dkim")[0].value("header.b") == "aB/c+d="
    assert google.of("spf")[0].value("smtp.mailfrom") == "ana@hospital.example"
    sealed = parse_sealed(MICROSOFT)
    assert sealed is not None
    instance, microsoft = sealed
    assert (instance, microsoft.authserv_id) == (1, "mx.microsoft.com")
    assert microsoft.of("dmarc")[0].value("action") == "none"
    assert microsoft.of("dmarc")[0].value("header.from") == "hospital.example"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("example.org; none", []),
        ("example.org 1; none", []),
        ("example.org", []),
        ("(c) example.org (x (y) \\) z) 1 ; none (w)", []),
        ("example.org; spf=pass;", ["spf=pass"]),
        ("example.org;; spf = pass (c) ; dkim/1=fail", ["spf=pass", "dkim=fail"]),
        ('"example org"; SPF=Pass', ["spf=pass"]),
        ("example.org; x-own_thing=some_result policy.a.b=c", None),
        ("spf=pass smtp.mailfrom=x.example; dkim=none", None),
        ("", None),
        ("; spf=pass", None),
        ("example.org spf=pass", None),
        ("example.org; spf", None),
        ("example.org; spf=", None),
        ("example.org; spf=pass smtp.mailfrom", None),
        ("example.org; spf=pass (never closed", None),
        ('example.org; spf=pass smtp.mailfrom="never closed', None),
        ("example.org; spf=pass " + "(" * 30 + ")" * 30, None),
        ("example.org; " + "spf=pass; " * 4000, None),
    ],
)
def test_the_grammar(value: str, expected: list[str] | None) -> None:
    found = parse(value)
    assert (found and [f"{one.method}={one.result}" for one in found.results]) == expected


def test_what_a_sender_chose_begins_no_result() -> None:
    field = parse('mx.example; spf=fail smtp.mailfrom="x; dmarc=pass header.from=h.example"@evil.example')
    assert field is not None
    assert [one.method for one in field.results] == ["spf"]
    commented = parse("mx.example; spf=fail (x; dmarc=pass) smtp.helo=h")
    assert commented is not None
    assert not commented.of("dmarc")


def test_a_property_with_two_values_has_none() -> None:
    field = parse("mx.example; dmarc=pass header.from=a.example header.from=b.example")
    assert field is not None
    assert not field.results[0].value("header.from")
    assert field.results[0].properties == (("header.from", "a.example"), ("header.from", "b.example"))


@pytest.mark.parametrize("value", ["", "example.org; none", "i=x; e; none", "j=1; e; none", "i=1", "i=1; ;"])
def test_what_is_not_sealed(value: str) -> None:
    assert parse_sealed(value) is None


def test_ours_is_written_as_the_rfc_shows() -> None:
    spf = MethodResult(method="spf", result="fail", properties=(("smtp.mailfrom", "ana@hospital.example"),))
    dkim = MethodResult(
        method="dkim", result="pass", reason='it "is"', properties=(("header.d", "h.example"),)
    )
    field = AuthenticationResults(authserv_id="fax.example.com", results=(spf, dkim))
    assert compose(field) == (
        "fax.example.com; spf=fail smtp.mailfrom=ana@hospital.example; "
        'dkim=pass reason="it \\"is\\"" header.d=h.example'
    )
    assert compose(AuthenticationResults(authserv_id="fax.example.com")) == "fax.example.com; none"


printable = st.text(st.characters(min_codepoint=32, exclude_characters="\x7f", exclude_categories=["Cs"]))
names = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True).filter(
    lambda name: name not in {"none", "reason"}
)
results = st.builds(
    MethodResult,
    method=names,
    result=names,
    reason=printable,
    properties=st.lists(st.tuples(st.builds("{}.{}".format, names, names), printable), max_size=4).map(tuple),
)


@given(authserv_id=printable, found=st.lists(results, min_size=1, max_size=4))
def test_what_is_written_is_read_the_same(authserv_id: str, found: list[MethodResult]) -> None:
    field = AuthenticationResults(authserv_id=authserv_id, results=tuple(found))
    assert parse(compose(field)) == field


@given(st.text(alphabet=st.sampled_from('ab=.;/()\\"@ \t\r\n1-é')) | st.text())
def test_anything_is_read_or_not(value: str) -> None:
    parse(value)


@pytest.mark.parametrize(
    "value", ["x" * 32_000, "x; a=" + '"\\' * 15_000, "x; a=b " + "((" * 15_000, "x;" + ";" * 30_000]
)
def test_a_hostile_value_takes_no_time(value: str) -> None:
    with bounded_work():
        parse(value)
