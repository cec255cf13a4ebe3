"""The message of a mail as HTML that can be laid out."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convert.message import message_markup, text_markup
from sandbox import Refused


@pytest.mark.parametrize(
    ("text", "html", "printed"),
    [
        ("the text", "", "the text"),
        (" \r\n ", "<p>the html</p>", "the html"),
        ("the *results*\n[image: logo]\n<https://a.example/>", "<p>the <b>results</b></p>", "<b>results</b>"),
        ("Sodium\n\n140", "<table><tr><td>Sodium<td>140<tr><td>Potassium<td>4</table>", "<table>"),
        ("all of it: 7 words more than HTML", "<p>all of it</p>", "7 words"),
        ("診断書を送ります", "<p>診断書を<br>送ります</p>", "診断書を\n送ります"),
    ],
)
def test_the_body_that_says_all_is_printed_and_the_html_before_the_text(
    text: str, html: str, printed: str
) -> None:
    markup = message_markup(text=text, html=html)

    assert printed in markup
    assert "<hr>" not in markup


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Your mail program shows no HTML.", "<p>The results are here</p>"),
        ("The dose is 25 mg", "<p>The dose is 20 mg</p>"),
    ],
)
def test_where_neither_body_says_all_both_are_printed(text: str, html: str) -> None:
    markup = message_markup(text=text, html=html)

    assert text in markup
    assert html in _without_directions(markup)
    assert markup.count("<hr>") == 1


def test_html_that_cannot_be_read_is_its_words_or_the_mails_text() -> None:
    deep = "<div>" * 5000 + "lost &amp; found<br>again" + "</div>" * 5000

    assert "lost &amp; found\nagain" in message_markup(text="", html=deep)
    assert message_markup(text="text", html=deep) == text_markup("text")


@pytest.mark.parametrize(
    "text",
    [
        "Test      Value\nSodium    140",
        "Test\tValue\nSodium\t140",
        "| Test | Value |\n| Na | 140 |",
        "┌──┐\n│a │\n└──┘",
    ],
)
def test_columns_of_a_text_stay_below_one_another(text: str) -> None:
    assert 'class="lines columns"' in text_markup(text)
    assert "columns" not in text_markup(f"{text.partition(chr(10))[0]}\nand a sentence")


def _without_directions(markup: str) -> str:
    return re.sub(r' dir="\w+"', "", markup)


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
