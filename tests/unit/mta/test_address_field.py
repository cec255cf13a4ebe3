"""The mailboxes of an address field."""

import pytest
from bounded_work import bounded_work
from hypothesis import given
from hypothesis import strategies as st

from mta.address_field import parse_address_field


def parsed(text: str) -> list[tuple[str, str | None]]:
    return [(one.name, str(one.mailbox) if one.mailbox else None) for one in parse_address_field(text)]


@pytest.mark.parametrize(
    ("text", "mailboxes"),
    [
        ("ana@hospital.example", [("", "ana@hospital.example")]),
        ("Ana Ruiz <ana@hospital.example>", [("Ana Ruiz", "ana@hospital.example")]),
        ('"Ruiz, Ana" <ana@hospital.example>', [("Ruiz, Ana", "ana@hospital.example")]),
        ('"a\\"b@c" <ana@hospital.example>', [('a"b@c', "ana@hospital.example")]),
        ("ana@hospital.example (Ana (R.) Ruiz)", [("Ana (R.) Ruiz", "ana@hospital.example")]),
        ("Ana (x <b@c>) < ana@hospital.example >", [("Ana", "ana@hospital.example")]),
        ('<"a>b"@c.example>', [("", '"a>b"@c.example')]),
        ("a@b, c@d", [("", "a@b"), ("", "c@d")]),
        ("a@b,, ,c@d,", [("", "a@b"), ("", "c@d")]),
        ("Team: a@b, C <c@d>;", [("", "a@b"), ("C", "c@d")]),
        ("undisclosed-recipients:;", []),
        ("", []),
        ("nobody", [("", None)]),
        ("Ruiz, Ana <ana@hospital.example>", [("", None), ("Ana", "ana@hospital.example")]),
        ("=?utf-8?q?Ruiz,_Ana?= <ana@h>", [("=?utf-8?q?Ruiz=2C_Ana?=", "ana@h")]),
        ("=?utf-8?q?(Ruiz)?= <ana@h>, c@d", [("=?utf-8?q?=28Ruiz=29?=", "ana@h"), ("", "c@d")]),
        ("=?x?q?a<x@y>,b?= <ana@h>", [("=?x?q?a", "x@y"), ("b?=", "ana@h")]),
        ("<@relay.example,@b.example:ana@h>", [("", "ana@h")]),
        ("<@relay.example>", [("", None)]),
        ("<a@b> <c@d>", [("", None)]),
        ("<a@b> c@d", [("c@d", None)]),
        ("<a@b", [("", None)]),
        ('"open <a@b>', [("", None)]),
        ("(open <a@b>", [("open <a@b>", None)]),
        ("a@b c@d", [("", None)]),
        ("<>", [("", None)]),
        ("evil@a <good@b>", [("evil@a", "good@b")]),
        ("Jörg <jörg@bücher.example>", [("Jörg", "jörg@bücher.example")]),
    ],
)
def test_fields(text: str, mailboxes: list[tuple[str, str | None]]) -> None:
    assert parsed(text) == mailboxes


@given(st.text(st.sampled_from('ab@<>",;:()\\ .é'), max_size=60))
def test_any_text_is_scanned_and_every_mailbox_stood_in_it(text: str) -> None:
    for one in parse_address_field(text):
        if one.mailbox:
            assert one.mailbox.domain in text


def test_a_hostile_field_costs_what_it_weighs() -> None:
    with bounded_work():
        for text in (
            "(" * 250_000,
            "<" * 250_000,
            '"' * 250_001,
            "a@b," * 60_000,
            "\\" * 250_000,
            ":" * 250_000,
        ):
            parse_address_field(text)
