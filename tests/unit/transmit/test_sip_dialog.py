"""Dialogs: numbers, routes, targets, and the pause after a glare."""

from random import Random

import pytest
from sipmessage import Request

from config.values import HostPort
from transmit.sip.dialog import Dialog, glare_delay
from transmit.sip.message import SipError, parse, request, response

SOURCE = HostPort("192.0.2.50", 5060)


def _dialog() -> Dialog:
    return Dialog(
        call_id="call",
        local="<sip:a@x>;tag=ours",
        remote="<sip:b@y>",
        contact="<sip:a@192.0.2.9:5062>",
        remote_target="sip:b@trunk.example",
        first_hop=SOURCE,
    )


def _request(method: str, number: int, *extra: tuple[str, str]) -> Request:
    fields = [
        ("Via", "SIP/2.0/UDP 192.0.2.9:5062;branch=z9hG4bK1"),
        ("From", "<sip:b@y>;tag=theirs"),
        ("To", "<sip:a@x>"),
        ("Call-ID", "call"),
        ("CSeq", f"{number} {method}"),
        *extra,
    ]
    return request(method, "sip:a@x", fields=fields)


def test_requests_are_numbered_one_after_the_other_and_an_ack_as_its_invite() -> None:
    dialog = _dialog()
    invite = dialog.compose("INVITE", via="SIP/2.0/UDP h;branch=z9hG4bK1")
    ack = dialog.compose("ACK", via="SIP/2.0/UDP h;branch=z9hG4bK2", cseq=1)
    bye = dialog.compose("BYE", via="SIP/2.0/UDP h;branch=z9hG4bK3")
    assert [message.headers["CSeq"] for message in (invite, ack, bye)] == ["1 INVITE", "1 ACK", "2 BYE"]
    assert invite.headers["Contact"] == "<sip:a@192.0.2.9:5062>"


def test_an_answer_gives_tag_target_and_routes_in_reverse() -> None:
    dialog = _dialog()
    invite = dialog.compose("INVITE", via="SIP/2.0/UDP h;branch=z9hG4bK1")
    invite.headers.add("Record-Route", "<sip:203.0.113.1;lr>, <sip:203.0.113.2:5070;lr>")
    dialog.establish(response(invite, 200, tag="t~1", fields=[("Contact", "<sip:gw@10.0.0.1:5080;ob>")]))
    assert dialog.remote_tag == "t~1"
    bye = dialog.compose("BYE", via="SIP/2.0/UDP h;branch=z9hG4bK2")
    assert bytes(bye).startswith(b"BYE sip:gw@10.0.0.1:5080;ob SIP/2.0\r\n")
    assert bye.headers.getlist("Route") == ["<sip:203.0.113.2:5070;lr>", "<sip:203.0.113.1;lr>"]
    assert dialog.next_hop == HostPort("203.0.113.2", 5070)


def test_without_routes_the_target_is_the_next_hop_unless_it_is_a_name() -> None:
    dialog = _dialog()
    assert dialog.next_hop == SOURCE
    dialog.remote_target = "sip:gw@10.0.0.1:5080"
    assert dialog.next_hop == HostPort("10.0.0.1", 5080)


def test_a_strict_router_is_the_target_and_the_target_the_last_route() -> None:
    dialog = _dialog()
    dialog.route_set = ("<sip:203.0.113.1>", "<sip:203.0.113.2;lr>")
    bye = dialog.compose("BYE", via="SIP/2.0/UDP h;branch=z9hG4bK2")
    assert bytes(bye).startswith(b"BYE sip:203.0.113.1 SIP/2.0\r\n")
    assert bye.headers.getlist("Route") == ["<sip:203.0.113.2;lr>", "<sip:b@trunk.example>"]
    assert dialog.next_hop == HostPort("203.0.113.1", 5060)


def test_a_private_target_that_is_told_from_outside_is_not_where_to_send() -> None:
    dialog = _dialog()
    dialog.first_hop = HostPort("8.8.8.8", 5060)
    dialog.remote_target = "sip:gw@192.168.1.7:5080"
    assert dialog.next_hop == HostPort("8.8.8.8", 5060)


def test_over_a_connection_the_same_host_is_the_same_way() -> None:
    dialog = _dialog()
    dialog.connected = True
    dialog.remote_target = "sip:gw@192.0.2.50:5080"
    assert dialog.next_hop == SOURCE
    dialog.remote_target = "sip:gw@192.0.2.51:5080"
    assert dialog.next_hop == HostPort("192.0.2.51", 5080)


def test_the_callees_side_turns_the_addresses_around() -> None:
    incoming = _request("INVITE", 7, ("Contact", "sip:b@192.0.2.3:5066;x=y"))
    dialog = Dialog.answered(incoming, "mine", "<sip:postfax@192.0.2.1>", SOURCE)
    assert dialog.local == "<sip:a@x>;tag=mine"
    assert dialog.remote_tag == "theirs"
    assert dialog.next_hop == HostPort("192.0.2.3", 5066)
    bye = parse(bytes(dialog.compose("BYE", via="SIP/2.0/UDP h;branch=z9hG4bK9")))
    assert bye.headers["From"] == "<sip:a@x>;tag=mine"


def test_old_requests_are_refused() -> None:
    dialog = Dialog.answered(_request("INVITE", 7), "mine", "<sip:c>", SOURCE)
    dialog.take(_request("BYE", 9))
    for number in (9, 8):
        with pytest.raises(SipError):
            dialog.take(_request("BYE", number))


def test_two_ends_never_wait_equally_long_after_a_glare() -> None:
    random = Random(1)  # noqa: S311 - repeatable on purpose
    owner = [glare_delay(random, owns_call_id=True) for _ in range(200)]
    other = [glare_delay(random, owns_call_id=False) for _ in range(200)]
    assert min(owner) >= 2.1
    assert max(owner) <= 4.0
    assert min(other) >= 0
    assert max(other) <= 2.0
