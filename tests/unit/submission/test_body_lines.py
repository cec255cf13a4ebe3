import pytest
from hypothesis import given
from hypothesis import strategies as st

from submission.body_lines import BodyLines, misplaced_html_lines, misplaced_lines, split_html, split_text


def asked(found: BodyLines) -> dict[str, str]:
    return {one.name: one.value for one in found.directives}


@pytest.mark.parametrize(
    ("text", "rest", "directives"),
    [
        ("#fax cover: none\nHello\n", "Hello\n", {"cover": "none"}),
        ("\r\n  #Fax Ref = 47 11\r\n#fax to: J\r\n\r\nHello", "\r\nHello", {"reference": "47 11", "to": "J"}),
        ("#fax retry_interval: 10 min", "", {"retry-interval": "10 min"}),
        ("# fax cover: none\u200b\nHello", "Hello", {"cover": "none"}),
        ("*#fax cover: none*\n*#fax* to: A\nHello", "Hello", {"cover": "none", "to": "A"}),
        ("**#fax cover:** none\n_#fax ref: 1_\nHello", "Hello", {"cover": "none", "reference": "1"}),
        ("＃fax　cover：none\nHello", "Hello", {"cover": "none"}),
        ('#fax to: "Dr. Lee"\n#fax co: “Lee & Co”\n', "", {"to": "Dr. Lee", "company": "Lee & Co"}),
        ('#fax ref: "a" and "b"\n', "", {"reference": '"a" and "b"'}),
        ("#fax ref: *1*\n", "", {"reference": "*1*"}),
        ("*Important*\nHello", "*Important*\nHello", {}),
        ("# fax machines\nHello", "# fax machines\nHello", {}),
        ("\ufeff#fax cover: none\nHello", "Hello", {"cover": "none"}),
        ("Hello\n#fax cover: none\n", "Hello\n#fax cover: none\n", {}),
        ("#faxes are fine\n", "#faxes are fine\n", {}),
        ("", "", {}),
    ],
)
def test_lines_at_the_top_of_a_text(text: str, rest: str, directives: dict[str, str]) -> None:
    found = split_text(text)
    assert (found.rest, asked(found), found.unknown) == (rest, directives, [])


@pytest.mark.parametrize(
    ("html", "rest", "directives"),
    [
        ("<div>#fax cover: none</div><p>Hello</p>", "<div></div><p>Hello</p>", {"cover": "none"}),
        ("<p>&#35;fax cover: no</p>x", "<p></p>x", {"cover": "no"}),
        ("<p>&#8203;#fax cover: no</p>x", "<p></p>x", {"cover": "no"}),
        ("#fax ref: 1<br>#fax to: A &amp; B<br>Hi", "<br><br>Hi", {"reference": "1", "to": "A & B"}),
        ("<p><b>#fax</b>&nbsp;cover: <i>no</i></p>x", "<p><b></b><i></i></p>x", {"cover": "no"}),
        (
            "<pre>#fax ref: 1\n#fax to: A\r\n\nHello\n</pre>",
            "<pre>\n\r\n\nHello\n</pre>",
            {"reference": "1", "to": "A"},
        ),
        (
            '<p style="white-space: pre-wrap">#fax <b>ref</b>: 1\nHello</p>',
            '<p style="white-space: pre-wrap"><b></b>\nHello</p>',
            {"reference": "1"},
        ),
        ("<pre></pre><p>#fax ref: 1\n2</p>Hello", "<pre></pre><p></p>Hello", {"reference": "1 2"}),
        ("<style>#fax cover: x</style><p>Hello</p>", "<style>#fax cover: x</style><p>Hello</p>", {}),
        ("<p>Hi</p><p>#fax cover: none</p>", "<p>Hi</p><p>#fax cover: none</p>", {}),
    ],
)
def test_lines_at_the_top_of_html(html: str, rest: str, directives: dict[str, str]) -> None:
    found = split_html(html)
    assert (found.rest, asked(found)) == (rest, directives)


def test_a_line_that_is_no_directive_is_told_and_not_printed() -> None:
    found = split_text("#fax covr: none\n#fax\nHello")
    assert (found.rest, found.unknown) == ("Hello", ["#fax covr: none", "#fax"])


def test_lines_further_down_are_found() -> None:
    assert misplaced_lines(
        "Hello\n #fax cover: none\nthe #fax cover: x\n#fax is a hashtag\n*#fax to: y*"
    ) == ["#fax cover: none", "*#fax to: y*"]
    assert misplaced_html_lines("<p>Hello<p>#fax covr=none<p>bye") == ["#fax covr=none"]


@given(st.lists(st.sampled_from(["#fax cover: none", "#fax x", "Hello", "", " #fax to: y"]), max_size=6))
def test_no_line_of_ours_is_left_at_the_top(lines: list[str]) -> None:
    rest = split_text("\n".join(lines)).rest
    assert not rest.strip().lower().startswith("#fax ")
    assert split_text(rest).rest == rest
