"""Modified UTF-7, and the other small rules of IMAP's text."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mta.imap import replies
from mta.imap.folder_name import folder_argument, modified_utf7, quoted
from mta.imap.replies import Announced, Line
from mta.imap.waiting import Waiting


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("INBOX.Faxed", "INBOX.Faxed"),
        ("Gefaxt & mehr", "Gefaxt &- mehr"),
        ("Müll", "M&APw-ll"),
        ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),  # RFC 3501 §5.1.3
        ("a😀b", "a&2D3eAA-b"),
        ("tab\there", "tab&AAk-here"),
    ],
)
def test_folder_names(name: str, written: str) -> None:
    assert modified_utf7(name) == written


@given(st.text())
def test_a_folder_argument_is_printable_and_closed(name: str) -> None:
    argument = folder_argument(name)
    assert argument.isascii()
    assert argument.isprintable()
    inner = argument[1:-1]
    assert '"' not in inner.replace("\\\\", "").replace('\\"', "")


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_a_folder_name_can_be_read_back(name: str) -> None:
    assert _decoded(modified_utf7(name)) == name


def _decoded(written: str) -> str:
    name, rest = "", written
    while rest:
        before, shift, behind = rest.partition("&")
        name += before
        if not shift:
            break
        code, _, rest = behind.partition("-")
        padded = code.replace(",", "/")
        name += f"+{padded}-".encode().decode("utf-7") if code else "&"
    return name


def test_quotes_and_backslashes() -> None:
    assert quoted('a"b\\c') == '"a\\"b\\\\c"'


def test_what_a_select_says() -> None:
    lines = [b"FLAGS (\\Seen)", b"3 EXISTS", b"OK [UIDVALIDITY 1795470929] UIDs valid", b"[READ-WRITE] Done."]
    assert replies.uidvalidity(lines) == 1795470929
    assert not replies.is_read_only(lines)
    assert replies.is_read_only([b"OK [READ-ONLY] not the end", b"[Read-Only] Select completed."])
    assert not replies.is_read_only([b"OK [READ-ONLY] not the end", b"Done"])
    assert replies.uidvalidity([b"3 EXISTS"]) is None


def test_what_a_search_says() -> None:
    assert replies.uids([b"7 3 12", b"SEARCH 5 3 ", b"Search completed (0.001 + 0.000 secs)."]) == (
        3,
        5,
        7,
        12,
    )
    assert replies.uids([b"", b"4 EXISTS", b"Search completed."]) == ()


def test_what_a_fetch_announces() -> None:
    lines = [
        b'1 FETCH (UID 7 RFC822.SIZE 1234 INTERNALDATE " 1-Nov-2026 09:00:00 +0000")',
        b"2 FETCH (FLAGS (\\Seen))",
        b"3 FETCH (RFC822.SIZE 5 UID 9)",
        b"Fetch completed.",
    ]
    assert replies.announced(lines) == {
        7: Announced(size=1234, arrived="1-Nov-2026 09:00:00 +0000"),
        9: Announced(size=5, arrived=""),
    }


def test_the_message_that_was_asked_for() -> None:
    body = bytearray(b"BODY[] {3}")
    before: list[Line] = [b"2 FETCH (FLAGS () UID 8)", b"1 FETCH (UID 7 BODY[] {10}", body, b")", b"done"]
    assert replies.message(before, 7) is body
    assert replies.message(before, 8) is None
    behind: list[Line] = [b"1 FETCH (BODY[] {10}", body, b" UID 7)", b"done"]
    assert replies.message(behind, 7) is body
    assert replies.message([b"1 FETCH (UID 7 BODY[] NIL)", b"done"], 7) is None
    header: list[Line] = [b"1 FETCH (UID 7 BODY[HEADER] {10}", body, b")", b"done"]
    assert replies.message(header, 7) is None


def test_the_pauses_grow_up_to_a_limit() -> None:
    waiting = Waiting(first=timedelta(seconds=1), longest=timedelta(minutes=2))
    assert [waiting.after(n).total_seconds() for n in (1, 2, 3, 7, 8, 10_000)] == [1, 2, 4, 64, 120, 120]
