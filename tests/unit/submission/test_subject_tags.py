import pytest
from hypothesis import given
from hypothesis import strategies as st

from submission.subject_tags import split_subject


@pytest.mark.parametrize(
    ("subject", "rest", "asked"),
    [
        ("Referral /cover=none /ref=4711", "Referral", {"cover": "none", "reference": "4711"}),
        ("/priority=high Urgent", "Urgent", {"priority": "high"}),
        ("A /to=John_Doe b", "A b", {"to": "John Doe"}),
        ('A /to="John Doe, MD"', "A", {"to": "John Doe, MD"}),
        ("A /to=“John Doe, MD” b", "A b", {"to": "John Doe, MD"}),
        ("/to=„Dr. Müller“ b", "b", {"to": "Dr. Müller"}),
        ('/to="" b', "b", {"to": ""}),
        ("/to=“John b", "/to=“John b", {}),
        ("/REF=a/b", "", {"reference": "a/b"}),
        ("A /ref=", "A", {"reference": ""}),
        ("24/7 and/or  1/2", "24/7 and/or  1/2", {}),
        ("http://x/ref=1", "http://x/ref=1", {}),
        ("path /etc=x /foo=bar", "path /etc=x /foo=bar", {}),
        ("x/ref=1", "x/ref=1", {}),
        ("/cover none", "/cover none", {}),
        ("[FAX] 2065551234, +4930123456 /ref=1", "", {"reference": "1"}),
        ("[FAX] 2065551234 for Monday", "[FAX] 2065551234 for Monday", {}),
        ("", "", {}),
    ],
)
def test_tags_of_known_keys_are_taken_out(subject: str, rest: str, asked: dict[str, str]) -> None:
    printed, found = split_subject(subject)
    assert (printed, {one.name: one.value for one in found}) == (rest, asked)


@given(st.text('a/=_ ref"cover', max_size=40))
def test_what_is_left_has_no_tags(subject: str) -> None:
    rest, found = split_subject(subject)
    assert all(one.quote in subject for one in found)
    assert found or rest == subject
