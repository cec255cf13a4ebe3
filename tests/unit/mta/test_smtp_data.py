"""Reading a message: however its octets arrive, the same message comes out."""

import itertools
import re
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mta.dedupe import digest_of
from mta.smtp.data import ArrivingMessage, DataFault, DataFeed, Faulty, SpooledMessage
from store.incoming import IncomingBody

LINES = st.lists(
    st.one_of(st.sampled_from([b"", b".", b"..", b".x", b"\x00", b"x" * 70]), st.binary(max_size=30)),
    max_size=40,
).map(lambda lines: [line.replace(b"\r", b"").replace(b"\n", b"") for line in lines])


def on_the_wire(message: bytes) -> bytes:
    stuffed = (b"." if message.startswith(b".") else b"") + message.replace(b"\r\n.", b"\r\n..")
    return stuffed + b".\r\n"


def no_file() -> IncomingBody:
    raise AssertionError("small messages need no file")


def receive(octets: bytes, cuts: list[int], *, limit: int = 1 << 20, piece: int = 64) -> bytes | Faulty:
    """Feed the octets in pieces; what follows the message must come out again."""
    arriving = ArrivingMessage(limit=limit, open_body=no_file)
    feed, rest = DataFeed(arriving, piece=piece), None
    places = sorted({cut % (len(octets) + 1) for cut in cuts} | {0, len(octets)})
    for start, end in itertools.pairwise(places):
        if rest is None:
            rest = feed.feed(octets[start:end])
        else:
            rest += octets[start:end]
    assert rest == b"NEXT\r\n"
    return octets_of(arriving.finish())


def octets_of(message: SpooledMessage | Faulty) -> bytes | Faulty:
    if isinstance(message, Faulty):
        return message
    with message:
        return message.octets()


@settings(max_examples=300, deadline=None)
@given(LINES, st.lists(st.integers(0, 4000), max_size=12), st.sampled_from([8, 64, 1 << 16]))
def test_a_message_comes_out_as_it_was_sent(lines: list[bytes], cuts: list[int], piece: int) -> None:
    message = b"".join(line + b"\r\n" for line in lines)
    assert receive(on_the_wire(message) + b"NEXT\r\n", cuts, piece=piece) == message


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from([b"\r\n", b"\r", b"\n", b".", b"x", b"\r\n."]), max_size=30).map(b"".join),
    st.lists(st.integers(0, 100), max_size=8),
)
def test_a_bare_line_end_is_found_wherever_it_is_cut(message: bytes, cuts: list[int]) -> None:
    wire = message + b"\r\n.\r\n"
    assume((b"\r\n" + wire).find(b"\r\n.\r\n") == len(message) + 2)
    result = receive(wire + b"NEXT\r\n", cuts, piece=8)
    if re.search(rb"(?<!\r)\n|\r(?!\n)", message + b"\r\n"):
        assert result == Faulty(DataFault.BARE_LINE_END)
    else:
        assert result == (message + b"\r\n").replace(b"\r\n.", b"\r\n").removeprefix(b".")


def test_the_limit_is_on_the_message_and_no_octet_less() -> None:
    message = b"x" * 98 + b"\r\n"
    assert receive(on_the_wire(message) + b"NEXT\r\n", [], limit=100) == message
    assert receive(on_the_wire(message) + b"NEXT\r\n", [], limit=99) == Faulty(DataFault.TOO_BIG)


def test_far_beyond_the_limit_it_is_not_read_on() -> None:
    arriving = ArrivingMessage(limit=100, open_body=no_file)
    feed = DataFeed(arriving, piece=64)
    assert feed.feed(b"x" * 150) is None
    assert feed.feed(b"x" * 150) == b""
    assert arriving.finish() == Faulty(DataFault.ENDLESS)


@pytest.fixture
def shelves(tmp_path: Path) -> Path:
    for number in range(256):
        (tmp_path / f"{number:02x}").mkdir()
    return tmp_path


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_full_disk_is_told_after_the_message_was_read() -> None:
    def full() -> IncomingBody:
        raise OSError(28, "No space left on device")

    arriving = ArrivingMessage(limit=100_000, open_body=full)
    assert DataFeed(arriving).feed(b"a" * 70_000 + b"\r\n.\r\nNEXT\r\n") == b"NEXT\r\n"
    assert arriving.finish() == Faulty(DataFault.STORAGE, "[Errno 28] No space left on device")


def test_a_message_that_is_given_up_leaves_nothing_behind(shelves: Path) -> None:
    arriving = ArrivingMessage(limit=1 << 20, open_body=lambda: IncomingBody(shelves, ".eml"))
    assert DataFeed(arriving).feed(b"x" * 200_000) is None
    assert files(shelves)
    arriving.discard()
    assert not files(shelves)


@pytest.mark.parametrize("size", [10, 3 << 20])
def test_small_and_large_messages_alike(shelves: Path, size: int) -> None:
    message = b"y" * size + b"\r\n"
    arriving = ArrivingMessage(limit=4 << 20, open_body=lambda: IncomingBody(shelves, ".eml"))
    feed, wire = DataFeed(arriving), on_the_wire(message)
    rests = [feed.feed(wire[start : start + 5000]) for start in range(0, len(wire), 5000)]
    assert rests == [None] * (len(rests) - 1) + [b""]
    assert octets_of(arriving.finish()) == message
    assert not files(shelves)


def test_a_large_message_that_is_handed_over_can_be_kept(shelves: Path) -> None:
    message = b"y" * 100_000 + b"\r\n"
    arriving = ArrivingMessage(limit=1 << 20, open_body=lambda: IncomingBody(shelves, ".eml"))
    assert DataFeed(arriving).feed(on_the_wire(message)) == b""
    result = arriving.finish()
    assert isinstance(result, SpooledMessage)
    with result:
        body = result.hand_over()
    assert isinstance(body, IncomingBody)
    kept = body.keep()
    assert (shelves / kept.removeprefix("file:")).read_bytes() == message


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from([b"\r\n", b"\r", b"\n", b".", b"x", b"\r\n."]), max_size=30).map(b"".join),
    st.lists(st.integers(0, 100), max_size=8),
)
def test_bdat_takes_octets_as_they_are_but_no_bare_line_end(message: bytes, cuts: list[int]) -> None:
    arriving = ArrivingMessage(limit=1 << 20, open_body=no_file)
    places = sorted({cut % (len(message) + 1) for cut in cuts} | {0, len(message)})
    for start, end in itertools.pairwise(places):
        arriving.add(message[start:end])
    result = octets_of(arriving.finish())
    bare = re.search(rb"(?<!\r)\n|\r(?!\n)", message)
    assert result == (Faulty(DataFault.BARE_LINE_END) if bare else message)


def test_the_digest_made_on_the_way_is_that_of_the_message() -> None:
    message = b"From: a@b\r\n\r\n" + b"line\r\n" * 3
    arriving = ArrivingMessage(limit=1 << 20, open_body=no_file)
    wire = b"\r\n" + on_the_wire(message)
    for place in range(len(wire) - 5):
        arriving.add_stuffed(wire[place : place + 1], last=False)
    arriving.add_stuffed(wire[-5:], last=True)
    result = arriving.finish()
    assert isinstance(result, SpooledMessage)
    assert result.content.finish() == digest_of(message).finish()
