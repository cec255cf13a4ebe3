"""Challenges of one or several servers: answered once each, renewed when stale, never answered for ever."""

from random import Random

import pytest
from sipmessage import Response

from transmit.sip.authenticator import Authenticator
from transmit.sip.digest import Credentials, challenges_of
from transmit.sip.message import SipError, request, response

ASKED = request(
    "INVITE",
    "sip:x",
    fields=[
        ("Via", "SIP/2.0/UDP h;branch=z9hG4bK1"),
        ("From", "<sip:a@x>;tag=1"),
        ("To", "<sip:b@x>"),
        ("Call-ID", "c"),
        ("CSeq", "1 INVITE"),
    ],
)


def refusal(code: int, *challenges: str) -> Response:
    name = "Proxy-Authenticate" if code == 407 else "WWW-Authenticate"
    return response(ASKED, code, fields=[(name, challenge) for challenge in challenges])


@pytest.fixture
def authenticator() -> Authenticator:
    return Authenticator(Credentials(username="us", password="secret"), Random(1))  # noqa: S311 - repeatable


def test_two_servers_are_convinced_in_one_request(authenticator: Authenticator) -> None:
    assert authenticator.fields("INVITE", "sip:x") == ()
    assert authenticator.may_answer(refusal(407, 'Digest realm="proxy", nonce="1"'))
    authenticator.fields("INVITE", "sip:x")
    assert authenticator.may_answer(refusal(401, 'Digest realm="callee", nonce="2"'))
    names = [name for name, _ in authenticator.fields("INVITE", "sip:x")]
    assert names == ["Proxy-Authorization", "Authorization"]


def test_the_second_refusal_of_a_fresh_nonce_is_the_last(authenticator: Authenticator) -> None:
    assert authenticator.may_answer(refusal(401, 'Digest realm="x", nonce="1"'))
    authenticator.fields("INVITE", "sip:x")
    assert not authenticator.may_answer(refusal(401, 'Digest realm="x", nonce="2"'))


def test_a_nonce_that_served_before_is_renewed_without_being_called_stale(
    authenticator: Authenticator,
) -> None:
    assert authenticator.may_answer(refusal(401, 'Digest realm="x", nonce="1"'))
    authenticator.fields("INVITE", "sip:x")
    assert not authenticator.may_answer(response(ASKED, 200))
    authenticator.fields("BYE", "sip:x")
    assert authenticator.may_answer(refusal(401, 'Digest realm="x", nonce="2"'))
    [(_, value)] = authenticator.fields("BYE", "sip:x")
    assert 'nonce="2"' in value


def test_a_server_that_finds_every_nonce_stale_is_given_up(authenticator: Authenticator) -> None:
    tries = 0
    while authenticator.may_answer(refusal(401, f'Digest realm="x", nonce="{tries}", stale=true')):
        authenticator.fields("INVITE", "sip:x")
        tries += 1
    assert tries == 8


def test_nobody_answers_nothing() -> None:
    nobody = Authenticator(None, Random(1))  # noqa: S311 - repeatable
    assert not nobody.may_answer(refusal(401, 'Digest realm="x", nonce="1"'))


def test_a_challenge_that_is_not_known_is_told(authenticator: Authenticator) -> None:
    with pytest.raises(SipError, match="401 without"):
        authenticator.may_answer(refusal(401, 'Bearer realm="x"'))


def test_challenges_in_one_field_are_told_apart() -> None:
    value = 'Digest realm="a, Digest realm=b", nonce="1,2",Digest nonce="3", realm="c", algorithm=SHA-256'
    found = {challenge.realm: challenge for challenge in challenges_of(refusal(401, value))}
    assert {realm: challenge.nonce for realm, challenge in found.items()} == {
        "a, Digest realm=b": "1,2",
        "c": "3",
    }
