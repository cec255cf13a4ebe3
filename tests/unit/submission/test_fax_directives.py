from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from submission_facts import NOW

from config.fax import Paper, Resolution
from config.fax_values import DIRECTIVES
from store.job import Priority, Refusal
from store.status import Status
from submission.directives import Circumstances, CoverWish, Directives, in_force, read_directives
from submission.written import ALIASES, FLAGS, HYLAFAX, Place, Written, header_directives, refuse_unknown


def facts(lines: Collection[str] = ("main",)) -> Circumstances:
    zone = ZoneInfo("America/Los_Angeles")
    return Circumstances(
        now=NOW, time_zone=zone, lines=lines, may_be_told=lambda one: one.endswith("@x.example")
    )


def read(**fields: str) -> Directives | Refusal:
    """What header fields say: `read(cover="yes")`."""
    written, unknown = header_directives({f"x-fax-{name}": value for name, value in fields.items()})
    assert not unknown
    found = in_force(written)
    return found if isinstance(found, Refusal) else read_directives(found, facts())


@pytest.mark.parametrize(
    ("value", "wish", "template"),
    [
        ("yes", CoverWish.YES, ""),
        ("YES", CoverWish.YES, ""),
        ("none", CoverWish.NO, ""),
        ("Off", CoverWish.NO, ""),
        ("no", CoverWish.NO, ""),
        (" healthcare ", CoverWish.YES, "healthcare"),
        ("Letter  Head", CoverWish.YES, "Letter Head"),
    ],
)
def test_a_cover_page_is_asked_for(value: str, wish: CoverWish, template: str) -> None:
    directives = read(cover=value)
    assert isinstance(directives, Directives)
    assert (directives.cover, directives.template) == (wish, template)


def test_names_and_references_are_taken_as_one_line() -> None:
    directives = read(to="John   Doe", company="Acme", reference="47-11", billing="R 17", title="Dr")
    assert directives == Directives(
        to="John Doe", company="Acme", reference="47-11", billing="R 17", title="Dr"
    )


def test_a_mail_that_says_nothing_asks_for_nothing() -> None:
    assert read() == Directives()


def test_every_directive_has_a_reader() -> None:
    for name in DIRECTIVES:
        written = Written(name=name, value="~", quote=name, place=Place.HEADER)
        assert isinstance(read_directives({name: written}, facts()), Directives | Refusal)
    assert set(ALIASES.values()) == set(DIRECTIVES)
    assert set(HYLAFAX.values()) | {name for name, _ in FLAGS.values()} <= set(DIRECTIVES)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"priority": "High"}, Directives(priority=Priority.HIGH)),
        ({"priority": "191"}, Directives(priority=Priority.BULK)),
        ({"resolution": "standard"}, Directives(resolution=Resolution.STANDARD)),
        ({"vres": "196"}, Directives(resolution=Resolution.FINE)),
        ({"paper": "a4"}, Directives(paper=Paper.A4)),
        ({"pagesize": "us-leg"}, Directives(paper=Paper.LEGAL)),
        ({"retries": "0"}, Directives(retries=0)),
        ({"maxdials": "12"}, Directives(retries=11)),
        ({"retry-interval": "90 s"}, Directives(retry_interval=timedelta(seconds=90))),
        ({"retry_interval": "2 h"}, Directives(retry_interval=timedelta(hours=2))),
        ({"retrytime": "300"}, Directives(retry_interval=timedelta(minutes=5))),
        ({"line": "MAIN"}, Directives(line="main")),
        ({"notify": "a@x.example; b@x.example"}, Directives(notify=("a@x.example", "b@x.example"))),
        ({"from": "Dr Ruiz"}, Directives(sender_name="Dr Ruiz")),
        ({"jobtag": "17"}, Directives(reference="17")),
        ({"at": "2026-11-27 08:00"}, Directives(at=datetime(2026, 11, 27, 16, 0, tzinfo=UTC))),
        ({"sendtime": "now + 2 hours"}, Directives(at=NOW + timedelta(hours=2))),
        ({"expire": "+ 3 h"}, Directives(expire=NOW + timedelta(hours=3))),
        ({"autocoverpage": "no"}, Directives(cover=CoverWish.NO, cover_quote="X-Fax-Autocoverpage: no")),
    ],
)
def test_each_is_read_in_its_words(fields: dict[str, str], expected: Directives) -> None:
    assert read(**fields) == expected


@pytest.mark.parametrize(
    ("fields", "explanation"),
    [
        ({"cover": "  "}, "'X-Fax-Cover: ' names no cover page."),
        ({"priority": "asap"}, "'X-Fax-Priority: asap' is none of the choices."),
        ({"retries": "-1"}, "'X-Fax-Retries: -1' is no number of further calls."),
        ({"retries": "50"}, "'X-Fax-Retries: 50' is no number of further calls."),
        ({"retries": "٣"}, "'X-Fax-Retries: ٣' is no number of further calls."),
        ({"retry-interval": "10 s"}, "'X-Fax-Retry-Interval: 10 s' is no time between two calls."),
        ({"paper": "A3"}, "'X-Fax-Paper: A3' is none of the choices."),
        ({"line": "other"}, "'X-Fax-Line: other' names no line that you may use."),
        ({"notify": "a@y.example"}, "'X-Fax-Notify: a@y.example' cannot be followed: a@y.example is not"),
        ({"notify": "a@y.example, b@y.example"}, "a@y.example and b@y.example are not registered here."),
        ({"notify": " "}, "'X-Fax-Notify: ' names no address."),
        ({"at": "whenever"}, "'X-Fax-At: whenever' cannot be followed: 'whenever' is not a time"),
        ({"expire": "now"}, "'X-Fax-Expire: now' has passed already."),
        ({"at": "+3 h", "expire": "+2 h"}, "'X-Fax-Expire: +2 h' is not after 'X-Fax-At: +3 h'"),
        ({"reference": "x" * 201}, "is longer than 200 characters."),
    ],
)
def test_what_cannot_be_followed_is_quoted(fields: dict[str, str], explanation: str) -> None:
    refusal = read(**fields)
    assert isinstance(refusal, Refusal)
    assert refusal.status is Status.GENERAL_ERROR
    assert explanation in refusal.explanation
    assert refusal.advice


def test_an_unknown_field_is_quoted_with_those_that_are_known() -> None:
    written, unknown = header_directives({"x-fax-cover": "yes", "x-fax-tries": "3", "x-fax-covr": "none"})
    assert [one.name for one in written] == ["cover"]
    assert refuse_unknown(unknown, ("cover", "to")) == Refusal(
        status=Status.GENERAL_ERROR,
        explanation="'X-Fax-Tries: 3' and 'X-Fax-Covr: none' are not understood.",
        advice="You may use cover, to. Take the other away and send the mail again.",
    )


def test_one_place_that_contradicts_itself_is_refused() -> None:
    refusal = read(reference="1", jobtag="2")
    assert isinstance(refusal, Refusal)
    assert refusal.explanation == "'X-Fax-Reference: 1' and 'X-Fax-Jobtag: 2' contradict each other."
    assert read(reference="a", jobtag="A") == Directives(reference="a")


@given(
    st.lists(
        st.builds(
            Written,
            name=st.sampled_from(DIRECTIVES),
            value=st.text(max_size=12),
            quote=st.just("q"),
            place=st.sampled_from(Place),
        ),
        max_size=6,
    )
)
def test_no_directives_whatever_raise(written: list[Written]) -> None:
    found = in_force(written)
    if isinstance(found, dict):
        assert all(
            one.place == min(w.place for w in written if w.name == name) for name, one in found.items()
        )
        assert isinstance(read_directives(found, facts()), Directives | Refusal)
