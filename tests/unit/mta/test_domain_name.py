"""Domain names as they are compared."""

import pytest

from mta.domain_name import aligned, ascii_domain, organisational_domain


@pytest.mark.parametrize(
    ("domain", "name"),
    [
        ("Hospital.Example.", "hospital.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("a..b", None),
        ("a" * 64 + ".example", None),
        (".", None),
        ("", None),
        ("_spf.example", "_spf.example"),
    ],
)
def test_ascii_domain(domain: str, name: str | None) -> None:
    assert ascii_domain(domain) == name


@pytest.mark.parametrize(
    ("domain", "organisation"),
    [
        ("mx.example.co.uk", "example.co.uk"),
        ("example.co.uk", "example.co.uk"),
        ("co.uk", "co.uk"),
        ("a.b.test", "b.test"),
    ],
)
def test_organisational_domain(domain: str, organisation: str) -> None:
    assert organisational_domain(domain) == organisation


def test_alignment_is_of_organisations() -> None:
    assert aligned("bounce.example.co.uk", "mail.EXAMPLE.co.uk")
    assert not aligned("other.co.uk", "example.co.uk")
    assert not aligned("a.github.io", "b.github.io")
    assert not aligned("", "example.com")
    assert not aligned("", "")
