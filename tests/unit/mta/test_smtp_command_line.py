"""What is a command line, and xtext."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mta.reply import Reply
from mta.smtp.command_line import COMMAND_LIMIT, TOO_LONG, parse_command_line
from mta.smtp.xtext import decode_xtext


def encode_xtext(text: str) -> str:
    return "".join(one if "!" <= one <= "~" and one not in "+=" else f"+{ord(one):02X}" for one in text)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_xtext_is_read_as_it_was_meant(text: str) -> None:
    assert decode_xtext(encode_xtext(text)) == text


@given(st.text(max_size=30))
def test_any_text_is_xtext_or_not(text: str) -> None:
    decoded = decode_xtext(text)
    assert decoded is None or (decoded.isascii() and decoded.isprintable())


@pytest.mark.parametrize("text", ["+", "+4", "+4G", "a=b", "a b", "+0A", "+7F", "+FF", "ü"])
def test_what_is_no_xtext(text: str) -> None:
    assert decode_xtext(text) is None


@given(st.binary(max_size=60))
def test_any_octets_are_a_command_or_refused(octets: bytes) -> None:
    parsed = parse_command_line(octets + b"\r\n")
    if isinstance(parsed, Reply):
        assert (parsed.code, parsed.enhanced) == (500, "5.5.2")
    else:
        verb, argument = parsed
        assert verb
        assert " " not in verb
        assert not set(verb + argument) & set("\r\n\0")


@pytest.mark.parametrize(
    ("line", "parsed"),
    [
        (b"NOOP\r\n", ("NOOP", "")),
        (b"noop \r\n", ("NOOP", "")),
        (b"Mail FROM:<A@b>  X=y \r\n", ("MAIL", "FROM:<A@b>  X=y")),
        ("RCPT TO:<jörg@b>\r\n".encode(), ("RCPT", "TO:<jörg@b>")),
    ],
)
def test_verb_and_argument(line: bytes, parsed: tuple[str, str]) -> None:
    assert parse_command_line(line) == parsed


@pytest.mark.parametrize(
    "line",
    [
        b"NOOP\n", b"\r\n", b" \r\n", b"NO\x00OP\r\n", b"NOOP\r\r\n", b"NOOP\t\r\n", b"NOOP \xff\r\n",
        b"MAIL FROM:<\xff@b>\r\n", "EHLO ü\r\n".encode(), b"RSET\rNOOP\r\n",
    ],
)  # fmt: skip
def test_what_is_no_command_line(line: bytes) -> None:
    assert isinstance(parse_command_line(line), Reply)


def test_a_line_may_be_so_long() -> None:
    assert parse_command_line(b"NOOP" + b" " * (COMMAND_LIMIT - 6) + b"\r\n") == ("NOOP", "")
    assert parse_command_line(b"NOOP" + b" " * (COMMAND_LIMIT - 5) + b"\r\n") is TOO_LONG
