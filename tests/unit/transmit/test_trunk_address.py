"""What a line's settings say in the words of SIP."""

from typing import Any

import pytest

from config.lines import SipLine
from transmit.line import LineError
from transmit.sip.transport import TransportKind
from transmit.trunk_address import CallerId, TrunkAddress


def address(**settings: Any) -> TrunkAddress:
    return TrunkAddress("main", SipLine(**{"sip": "sip:trunk.example", **settings}))


def test_a_trunk_alone() -> None:
    plain = address(sip="sip:[2001:db8::1]:5070", listen="[::]:0", caller="+12065550100")
    assert plain.called("+12065551234") == "sip:+12065551234@[2001:db8::1]:5070"
    assert plain.caller("") == CallerId(user="+12065550100", domain="[2001:db8::1]", fields=())
    assert plain.route(TransportKind.UDP) == ()
    assert plain.tls_name == "2001:db8::1"
    assert plain.kind is None


def test_an_outbound_proxy_stands_before_the_trunk() -> None:
    behind = address(outbound_proxy="sip:sbc.example:5080", transport="tls")
    assert behind.route(TransportKind.TLS) == ("<sip:sbc.example:5080;transport=tls;lr>",)
    assert (behind.first.host, behind.first.port) == ("sbc.example", 5080)
    assert behind.tls_name == "sbc.example"
    assert behind.kind is TransportKind.TLS
    assert behind.registrar == "sip:trunk.example"


def test_a_registered_account_is_found_under_its_name() -> None:
    account = address(username="us er", register_for="10 min", domain="acme.example", hide_caller="true")
    assert account.account == "<sip:us%20er@acme.example>"
    assert account.contact_user == "us%20er"
    assert account.registrar == "sip:acme.example"


def test_a_call_without_any_number_is_the_accounts_or_nobodys() -> None:
    assert address(username="us").caller("").user == "us"
    assert address().caller("").user == "anonymous"
    assert address(identity="asserted").caller("").fields == ()


@pytest.mark.parametrize(
    ("rule", "uri", "followed"),
    [
        ("same_number", "sip:12065551234@gw", True),
        ("same_number", "sip:%2B12065551234;rn=+1206@gw", True),
        ("same_number", "sip:12065551235@gw", False),
        ("same_number", "sip:gw", False),
        ("same_number", "sips:12065551234@gw", False),
        ("same_number", "tel:+12065551234", False),
        ("any", "sip:12065551235@gw", True),
        ("never", "sip:12065551234@gw", False),
    ],
)
def test_which_redirections_are_followed(rule: str, uri: str, followed: bool) -> None:  # noqa: FBT001 - a parameter
    assert address(redirects=rule).is_followed(uri, "+12065551234") is followed


@pytest.mark.parametrize("setting", ["sip", "outbound_proxy"])
def test_an_address_that_is_none_is_told_with_its_setting(setting: str) -> None:
    with pytest.raises(LineError, match=rf"no SIP trunk.*lines\.main\.{setting}\."):
        address(**{setting: "sip:127.0.0.1:99999"})


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("+1 (206) 555-0100", "+12065550100"),
        ("+49 (0)30 90.18-20", "+4930901820"),
        ("+39 (0)6 6982 0000", "+390669820000"),
        ("+1 (0)12", "+1012"),
        ("030/90 18 20", "030901820"),
        ("1001", "1001"),
        ("fax office", "fax%20office"),
        ("account2", "account2"),
    ],
)
def test_a_caller_id_is_told_without_what_people_put_between_its_digits(written: str, told: str) -> None:
    trunk = address(caller=written)
    assert trunk.caller("").user == told
    assert address().caller(written).user == told
