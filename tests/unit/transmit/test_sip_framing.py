"""Messages in a stream come out whole, however the octets arrive."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transmit.sip.framing import LARGEST_BODY, LARGEST_HEAD, PING, MessageSplitter
from transmit.sip.message import SipError

FIRST = b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 5\r\n\r\nhello"
SECOND = b"BYE sip:a SIP/2.0\r\nl : 0\r\n\r\n"
THIRD = b"SIP/2.0 200 OK\nCSeq: 1 BYE\n\n"  # bare line feeds, and no Content-Length
STREAM = FIRST + b"\r\n" + SECOND + PING + THIRD


@given(st.lists(st.integers(0, len(STREAM)), max_size=30))
def test_messages_come_out_whole_wherever_the_stream_is_cut(cuts: list[int]) -> None:
    splitter = MessageSplitter()
    places = [0, *sorted(cuts), len(STREAM)]
    found = [message for start, end in pairwise(places) for message in splitter.feed(STREAM[start:end])]
    assert found == [FIRST, SECOND, PING, THIRD]


@given(st.text("\r\n", max_size=12), st.integers(1, 5))
def test_line_breaks_are_the_same_wherever_they_are_cut(breaks: str, size: int) -> None:
    octets = breaks.encode() + SECOND
    whole, cut = MessageSplitter(), MessageSplitter()
    pieces = [octets[start : start + size] for start in range(0, len(octets), size)]
    found = [message for piece in pieces for message in cut.feed(piece)]
    assert found == whole.feed(octets)
    assert found[-1] == SECOND


def test_single_line_breaks_say_nothing() -> None:
    splitter = MessageSplitter()
    assert splitter.feed(b"\r\n") == []
    assert splitter.feed(b"\n\n\n\n" + SECOND) == [SECOND]


@pytest.mark.parametrize(
    "octets",
    [
        b"x" * (LARGEST_HEAD + 1),
        b"A: " + b"x" * LARGEST_HEAD + b"\r\n\r\n",
        b"BYE sip:a SIP/2.0\r\nContent-Length: %d\r\n\r\n" % (LARGEST_BODY + 1),
        b"BYE sip:a SIP/2.0\r\nContent-Length: 1\r\nl: 2\r\n\r\n",
        b"BYE sip:a SIP/2.0\r\nContent-Length: -1\r\n\r\n",
        b"BYE sip:a SIP/2.0\r\nContent-Length: 99999999999\r\n\r\n",
    ],
)
def test_what_cannot_be_followed_is_refused(octets: bytes) -> None:
    with pytest.raises(SipError):
        MessageSplitter().feed(octets)
