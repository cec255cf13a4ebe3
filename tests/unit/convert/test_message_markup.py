"""The message of a mail as HTML that can be laid out."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convert.message import message_markup, text_markup
from sandbox import Refused


def test_the_text_goes_before_the_html() -> None:
    assert "text" in message_markup(text="the text", html="<p>the html</p>")
    assert "html" in message_markup(text=" \r\n ", html="<p>the html</p>")


def test_a_mail_that_says_nothing_has_an_empty_message() -> None:
    assert message_markup(text="\r\n", html="<p>&nbsp;</p>") == ""


def test_paragraphs_end_at_blank_lines_and_lines_are_kept() -> None:
    assert text_markup("one\r\ntwo\r\n\r\n\r\nthree") == (
        '<p class="lines" dir="ltr">one\ntwo</p><p class="lines" dir="ltr">three</p>'
    )


def test_quoted_lines_become_nested_quotations() -> None:
    markup = text_markup("Yes.\n> Really?\n>> Perhaps.\n> No.\nEnd.")

    assert re.sub(r'<p class="lines" dir="ltr">(.*?)</p>', r"\1;", markup) == (
        "Yes.;<blockquote>Really?;<blockquote>Perhaps.;</blockquote>No.;</blockquote>End.;"
    )


@pytest.mark.parametrize(
    "line", [">5 mg twice a day", "> 5 mg", "> .5 mg", ">text without a blank", "-> left"]
)
def test_a_quantity_or_an_arrow_is_no_quotation(line: str) -> None:
    markup = text_markup(line)

    assert "blockquote" not in markup
    assert markup.unescape().count(line) == 1


def test_markup_in_a_text_stays_text() -> None:
    markup = text_markup("<script>alert(1)</script> & {{ 7 * 7 }}")

    assert "<script>" not in markup
    assert "{{ 7 * 7 }}" in markup


def test_writing_from_right_to_left_is_a_paragraph_of_its_own() -> None:
    markup = text_markup("Hello\nשלום\nbye")

    assert re.findall(r'dir="(\w+)"', markup) == ["ltr", "rtl", "ltr"]


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["word", "", "5", "שלום"]))))
def test_quotations_are_always_closed_and_no_line_is_lost(lines: list[tuple[int, str]]) -> None:
    markup = text_markup("\n".join("> " * depth + word for depth, word in lines))

    assert markup.count("<blockquote>") == markup.count("</blockquote>")
    for word in ("word", "שלום"):
        assert markup.count(word) == sum(each == word for _, each in lines)


def test_a_text_beyond_any_fax_is_refused_in_words() -> None:
    with pytest.raises(Refused, match="longer than 1 million characters"):
        message_markup(text="word " * 300_000, html="")
