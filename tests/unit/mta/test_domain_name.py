"""Domain names by the organisation that owns them."""

import pytest

from mta.domain_name import aligned, organisational_domain


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


def test_a_name_that_only_looks_alike_is_of_another_organisation() -> None:
    assert aligned("mail.xn--strae-oqa.example", "straße.example")
    assert not aligned("strasse.example", "straße.example")
