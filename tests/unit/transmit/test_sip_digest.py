"""Digest answers against the examples of the RFCs, and challenges as servers really write them."""

from functools import partial
from hashlib import new

import pytest
from sipmessage import Response

from transmit.sip.digest import Challenge, Credentials, authorization, challenge_of, parse_challenge
from transmit.sip.message import SipError

md5 = partial(new, "md5", usedforsecurity=False)
MUFASA = Credentials(username="Mufasa", password="Circle of Life")
RFC7616 = Challenge(
    realm="http-auth@example.org",
    nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
    qop="auth",
    opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
)
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_rfc_7616(algorithm: str, response: str) -> None:
    challenge = Challenge(
        realm=RFC7616.realm, nonce=RFC7616.nonce, qop="auth", opaque=RFC7616.opaque, algorithm=algorithm
    )
    value = authorization(challenge, MUFASA, method="GET", uri="/dir/index.html", cnonce=CNONCE)
    assert f'response="{response}"' in value
    assert "nc=00000001" in value
    assert f'opaque="{RFC7616.opaque}"' in value


def test_sha_512_256_is_the_strongest_of_rfc_7616() -> None:
    refusal = Response(401, "Unauthorized")
    for number, algorithm in enumerate(("SHA-256", "SHA-512-256", "MD5")):
        refusal.headers.add("WWW-Authenticate", f'Digest realm="x", nonce="{number}", algorithm={algorithm}')
    challenge = challenge_of(refusal)
    assert challenge.nonce == "1"
    value = authorization(challenge, MUFASA, method="INVITE", uri="sip:x", cnonce="c")
    secret, asked = (
        new("sha512_256", text).hexdigest() for text in (b"Mufasa:x:Circle of Life", b"INVITE:sip:x")
    )
    assert f'response="{new("sha512_256", f"{secret}:1:{asked}".encode()).hexdigest()}"' in value


def test_a_server_that_wants_the_body_vouched_for_gets_it() -> None:
    challenge = parse_challenge('Digest realm="x", nonce="n", qop="auth-int"', "Authorization")
    assert challenge is not None
    value = authorization(challenge, MUFASA, method="INVITE", uri="sip:x", cnonce="c", body=b"v=0")
    # RFC 7616 §3.4.3, reckoned by hand.
    secret = md5(b"Mufasa:x:Circle of Life").hexdigest()
    asked = md5(b"INVITE:sip:x:" + md5(b"v=0").hexdigest().encode()).hexdigest()
    proof = md5(f"{secret}:n:00000001:c:auth-int:{asked}".encode()).hexdigest()
    assert f'response="{proof}"' in value
    assert "qop=auth-int" in value


def test_without_qop_the_answer_is_that_of_rfc_2069() -> None:
    challenge = Challenge(realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093")
    credentials = Credentials(username="Mufasa", password="CircleOfLife")
    value = authorization(challenge, credentials, method="GET", uri="/dir/index.html", cnonce="unused")
    assert 'response="1949323746fe6a43ef61f9606e7febea"' in value
    assert "cnonce" not in value


def test_a_list_of_qops_and_a_comma_in_the_realm_are_read() -> None:
    value = (
        'Digest realm="fax, inc. \\"west\\"",nonce="abc==", qop="auth-int,auth", algorithm=MD5, stale=TRUE'
    )
    challenge = parse_challenge(value, "Authorization")
    assert challenge is not None
    assert challenge.realm == 'fax, inc. "west"'
    assert challenge.nonce == "abc=="
    assert challenge.qop == "auth"
    assert challenge.stale


@pytest.mark.parametrize(
    "value",
    [
        'Basic realm="x"',
        'Digest realm="x", nonce="n", algorithm=AKAv1-MD5',
        'Digest realm="x", nonce="n", qop="auth-conf"',
        'Digest realm="x"',
        "Digest",
        "",
    ],
)
def test_what_cannot_be_answered_is_left(value: str) -> None:
    assert parse_challenge(value, "Authorization") is None


def test_the_stronger_of_two_challenges_is_answered() -> None:
    refusal = Response(407, "Proxy Authentication Required")
    refusal.headers.add("Proxy-Authenticate", 'Digest realm="x", nonce="1", algorithm=MD5')
    refusal.headers.add("Proxy-Authenticate", 'Digest realm="x", nonce="2", algorithm=SHA-256')
    challenge = challenge_of(refusal)
    assert challenge.nonce == "2"
    assert challenge.field == "Proxy-Authorization"


def test_a_refusal_without_challenge_is_an_error() -> None:
    with pytest.raises(SipError):
        challenge_of(Response(401, "Unauthorized"))


def test_the_password_is_not_shown() -> None:
    assert "Life" not in repr(MUFASA)
