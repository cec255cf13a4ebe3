"""SIP messages as peers really write them, and what must not come through."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sipmessage import Request, Response

from config.values import HostPort
from transmit.sip.addresses import host_of, tag_of, uri_of, user_of
from transmit.sip.message import (
    SipError,
    branch_of,
    contacts_of,
    field,
    note_source,
    parse,
    q850_cause,
    request,
    response,
    route_fields,
    sent_by,
)

INVITE = b"""INVITE sip:+12065551234@192.0.2.1:5060 SIP/2.0\r
Via: SIP/2.0/UDP 192.0.2.9:5062;branch=z9hG4bK~a!b%20c;rport\r
From: "Ana; R" <sip:+12065550100@192.0.2.9>;tag=a%20!b\r
To: <sip:+12065551234@192.0.2.1;user=phone>\r
Call-ID: 1@192.0.2.9\r
CSeq: 7 INVITE\r
Content-Length: 3\r
\r
v=0 and a trailer"""


def _invite() -> Request:
    message = parse(INVITE)
    assert isinstance(message, Request)
    return message


def test_a_request_is_read_and_its_body_ends_at_content_length() -> None:
    message = _invite()
    assert message.method == "INVITE"
    assert message.body == b"v=0"
    assert message.uri.user == "+12065551234"
    assert message.cseq.sequence == 7
    assert user_of(field(message, "From")) == "+12065550100"


def test_tags_and_branches_stay_as_they_were_written() -> None:
    message = _invite()
    assert tag_of(field(message, "From")) == "a%20!b"
    assert tag_of(field(message, "To")) == ""
    assert branch_of(message) == "z9hG4bK~a!b%20c"
    assert sent_by(message) == HostPort("192.0.2.9", 5062)


def test_a_tag_in_the_uri_is_not_the_tag() -> None:
    assert tag_of("<sip:a@b;tag=wrong>;Tag=right") == "right"
    assert tag_of("sip:a@b;tag=x") == "x"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\r\n", b"\n"),
        (b"Call-ID: 1@192.0.2.9", b"i:1@192.0.2.9"),
        (b"Call-ID: 1@192.0.2.9", b"Call-ID  :  1@192.0.2.9"),
        (b"Call-ID: 1@192.0.2.9", b"Call-ID:\r\n 1@192.0.2.9"),
        (b"Content-Length: 3\r\n", b""),
    ],
)
def test_other_spellings_are_the_same_message(old: bytes, new: bytes) -> None:
    message = parse(INVITE.replace(old, new))
    assert message.call_id == "1@192.0.2.9"
    assert tag_of(field(message, "From")) == "a%20!b"


def test_an_empty_reason_phrase_is_taken() -> None:
    answer = parse(bytes(response(_invite(), 200)).replace(b"200 OK", b"200"))
    assert isinstance(answer, Response)
    assert answer.code == 200


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"hello",
        b"\xff\xfe\r\n\r\n",
        INVITE.replace(b"Via", b"Vie"),
        INVITE.replace(b"CSeq: 7 INVITE", b"CSeq: 7 BYE"),
        INVITE.replace(b"CSeq: 7 INVITE", b"CSeq: seven INVITE"),
        INVITE.replace(b"Content-Length: 3", b"Content-Length: 300"),
        INVITE.replace(b"Content-Length: 3", b"Content-Length: -3"),
        INVITE.replace(b"sip:+12065551234@192.0.2.1:5060", b"mailto:a@b"),
        INVITE.replace(b"CSeq: ", b"CSeq"),
        bytes(response(parse(INVITE), 200)).replace(b"CSeq: 7", b"CSeq: seven"),  # type: ignore[arg-type]
        INVITE.replace(b"Call-ID: 1", b"Call-ID: 1\rVia: x"),
        INVITE.replace(b"Call-ID: 1", b"Call-ID: \0"),
    ],
)
def test_a_damaged_message_is_a_sip_error(datagram: bytes) -> None:
    with pytest.raises(SipError):
        parse(datagram)


@given(st.integers(0, len(INVITE) - 1), st.binary(max_size=6))
@example(0, b"\r\n\r\n")
def test_whatever_arrives_is_read_or_refused(place: int, noise: bytes) -> None:
    datagram = INVITE[:place] + noise + INVITE[place + len(noise) :]
    try:
        message = parse(datagram)
        branch_of(message)
        sent_by(message)
    except SipError:
        return
    assert message.call_id is not None


def test_a_phrase_in_another_charset_is_taken() -> None:
    busy = bytes(response(_invite(), 486)).replace(b"Busy Here", "Anschluß besetzt".encode("latin-1"))
    answer = parse(busy)
    assert isinstance(answer, Response)
    assert (answer.code, answer.phrase) == (486, "Anschluß besetzt")


def test_a_response_copies_what_the_rfc_wants() -> None:
    made = parse(bytes(response(_invite(), 180, tag="mine", fields=[("Contact", "<sip:x@y>")])))
    assert isinstance(made, Response)
    assert made.phrase == "Ringing"
    assert field(made, "Via") == field(_invite(), "Via")
    assert field(made, "From") == field(_invite(), "From")
    assert tag_of(field(made, "To")) == "mine"
    assert made.content_length == 0


def test_a_request_uri_may_have_parameters_in_its_user_part() -> None:
    message = parse(INVITE.replace(b"sip:+12065551234@", b"sip:+12065551234;npdi;rn=%2B1206@"))
    assert isinstance(message, Request)
    assert str(message.uri) == "sip:+12065551234;npdi;rn=%2B1206@192.0.2.1:5060"
    assert message.uri.user == "+12065551234;npdi;rn=+1206"


def test_nothing_can_be_smuggled_into_a_message() -> None:
    with pytest.raises(SipError):
        request("INVITE", "sip:1@h", fields=[("From", "<sip:a@b>\r\nX: y")])
    with pytest.raises(SipError):
        request("INVITE", "sip:1 @h\r\n", fields=[])


def test_a_request_uri_is_sent_as_it_was_given() -> None:
    uri = "sip:1@192.0.2.1:5060;line=a[b]:c&d"
    assert bytes(request("BYE", uri, fields=[])).startswith(f"BYE {uri} SIP/2.0\r\n".encode())


def test_a_response_goes_back_to_the_port_that_the_client_asked_for() -> None:
    message = _invite()
    source = HostPort("198.51.100.7", 40000)
    assert note_source(message, source) == source
    assert ";rport=40000;received=198.51.100.7" in field(message, "Via")
    plain = parse(INVITE.replace(b";rport", b""))
    assert isinstance(plain, Request)
    assert note_source(plain, source) == HostPort("198.51.100.7", 5062)


def test_routes_come_in_one_field_or_in_many() -> None:
    message = _invite()
    message.headers.add("Record-Route", "<sip:a;lr>, <sip:b;lr>")
    message.headers.add("Record-Route", "<sip:c;lr>")
    assert route_fields(message, "Record-Route") == ("<sip:a;lr>", "<sip:b;lr>", "<sip:c;lr>")


def test_places_of_a_redirection_are_told_apart_however_they_are_written() -> None:
    moved = response(_invite(), 302)
    moved.headers.add("Contact", '"Fax, <Inc>" <sip:a@x;m=1,2>;q=0.5, "B" <sip:b@x>;q=1, sip:c@x;q=0.7')
    moved.headers.add("Contact", "Last <sip:d@x>;q=0.1")
    assert contacts_of(moved) == ("sip:b@x", "sip:c@x", "sip:a@x;m=1,2", "sip:d@x")


_URIS = st.from_regex(r"sip:[a-z0-9+]{1,8}@[a-z0-9.]{1,12}(;[a-z]=[a-z,]{1,3})?", fullmatch=True)
_NAMES = st.one_of(
    st.just(""),
    st.from_regex(r"[A-Za-z]{1,9} ?", fullmatch=True),
    st.text(st.sampled_from('ab,;<>\\" '), max_size=12).map(
        lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '" '
    ),
)


@given(st.lists(st.tuples(_NAMES, _URIS, st.sampled_from(["", ";q=1", ";expires=60;q=1.0"])), max_size=5))
def test_every_list_of_addresses_comes_apart_as_it_was_written(
    written: list[tuple[str, str, str]],
) -> None:
    moved = response(_invite(), 302)
    moved.headers.add("Contact", ", ".join(f"{name}<{uri}>{more}" for name, uri, more in written))
    assert contacts_of(moved) == tuple(uri for _, uri, _ in written)


def test_addresses_and_uris_are_taken_apart() -> None:
    assert uri_of('"x" <sip:a@b;c=d>;tag=1') == "sip:a@b;c=d"
    assert uri_of("sip:a@b;tag=1") == "sip:a@b"
    assert host_of("sip:a@[::1]:99") == HostPort("::1", 99)
    assert host_of("sip:b") == HostPort("b", 5060)
    assert host_of("nonsense") is None
    assert user_of("<tel:+1>") == "+1"
    assert user_of("<nonsense>") == ""


def test_the_q850_cause_is_found_among_the_reasons() -> None:
    message = _invite()
    assert q850_cause(message) is None
    message.headers.add("Reason", "SIP;cause=486")
    message.headers.add("Reason", 'Q.850 ;text="user busy" ;cause=17')
    assert q850_cause(message) == 17


def test_a_text_in_a_reason_is_no_list() -> None:
    message = _invite()
    message.headers.add("Reason", 'SIP;cause=503;text="a, Q.850;cause=1", Q.850;text="no, none";cause=34')
    assert q850_cause(message) == 34
