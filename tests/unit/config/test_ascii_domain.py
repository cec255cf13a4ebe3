"""Domain names as they are compared."""

from email.headerregistry import Address

import idna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.domain_name import ascii_domain, carried_address
from config.mail_values import _LOCAL_PART


@pytest.mark.parametrize(
    ("domain", "name"),
    [
        ("Hospital.Example.", "hospital.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("bu\u0308cher.example", "xn--bcher-kva.example"),
        ("bücher。example", "xn--bcher-kva.example"),
        ("XN--Bcher-KVA.example", "xn--bcher-kva.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("σίσυφος.example", idna.encode("σίσυφος.example").decode()),
        ("_spf.bücher.example", "_spf.xn--bcher-kva.example"),
        ("a..b", None),
        ("a" * 64 + ".example", None),
        ("ü" * 64 + ".example", None),
        ("i❤.example", None),
        (".", None),
        ("", None),
        ("_spf.example", "_spf.example"),
    ],
)
def test_ascii_domain(domain: str, name: str | None) -> None:
    assert ascii_domain(domain) == name


@given(st.text(st.characters(codec="utf-8"), max_size=30))
def test_a_name_is_compared_as_what_it_comes_to(domain: str) -> None:
    name = ascii_domain(domain)
    if name is not None:
        assert name.isascii()
        assert ascii_domain(name) == name


def test_an_address_is_carried_without_smtputf8_where_it_can_be() -> None:
    assert carried_address("ana@Hospital.example") == "ana@Hospital.example"
    assert carried_address("ana@bücher.example") == "ana@xn--bcher-kva.example"
    assert carried_address("jürgen@bücher.example") == "jürgen@bücher.example"
    assert carried_address("ana@i❤.example") == "ana@i❤.example"


@pytest.mark.parametrize(
    ("address", "carried"),
    [
        ("o'brien+fax@hospital.example", "o'brien+fax@hospital.example"),
        ("ana.@docomo.example", '"ana."@docomo.example'),
        (".ana@docomo.example", '".ana"@docomo.example'),
        ("a..b@docomo.example", '"a..b"@docomo.example'),
        ('"ana ruiz"@hospital.example', '"ana ruiz"@hospital.example'),
        ("ana@[192.0.2.1]", "ana@[192.0.2.1]"),
        ("", ""),
    ],
)
def test_a_local_part_that_is_no_dot_atom_is_quoted(address: str, carried: str) -> None:
    assert carried_address(address) == carried


@given(local=st.from_regex(_LOCAL_PART, fullmatch=True).filter(str.isascii))
def test_every_address_that_a_policy_may_have_can_be_written(local: str) -> None:
    Address(addr_spec=carried_address(f"{local}@hospital.example"))
