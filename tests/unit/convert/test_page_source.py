"""Pages are read sooner, and as they were: by which parser, and by which of WeasyPrint's own rules."""

import pytest
from weasyprint import HTML

from convert.message import message_markup
from convert.page_source import PageSource
from convert.typesetting import typeset

_MESSAGE = message_markup(
    text="",
    html="<p>One<br>two &amp; three &lt;br&gt;<hr><ol start=3><li>four<li>five</ol><table><tr><th>a<th>b"
    "<tr><td>1<td>2<tr><td>3<td colspan=2>4</table><blockquote>“six” &nbsp; <b>seven</b></blockquote>שלום",
)


def _page(text: str, *, ours: bool) -> PageSource:
    return PageSource(text, ours=ours, fetcher=None)


def test_a_page_of_ours_is_read_as_xml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HTML, "__init__", lambda *_, **__: pytest.fail("read as HTML"))
    root = _page(f"<!DOCTYPE html><html><body>{_MESSAGE}</body></html>", ours=True).etree_element
    assert {each.tag for each in root.iter()} >= {"p", "hr", "ol", "li", "table", "td", "blockquote", "b"}
    said = "".join(root.itertext())
    assert "three <br>" in said
    assert "שלום" in said


def test_what_is_no_xml_is_read_as_html_is() -> None:
    root = _page("<p>One<p>two &eacute; <img src=x>", ours=True).etree_element
    assert [each.text for each in root.iter("p")] == ["One", "two é "]


def test_what_is_not_ours_is_read_as_html_is() -> None:
    root = _page(
        "<html><body><P>One</P><table><tr><td>two</td></tr></table></body></html>", ours=False
    ).etree_element
    assert root.find("body/p") is not None
    assert root.find("body/table/tbody/tr") is not None


def _pages(body: str, style: str = "", *, ours: bool = False) -> bytes:
    html = f"<!DOCTYPE html><html><head><style>{style}</style></head><body>{body}</body></html>"
    return typeset(lambda _: html, ours=ours).pdf


def test_both_ways_of_reading_give_one_page() -> None:
    assert _pages(_MESSAGE, ours=True) == _pages(_MESSAGE)


@pytest.mark.parametrize(
    ("body", "style"),
    [
        ("One<span>two</span>", "span { float: footnote }"),
        ("<p>One<p>two", "p { display: list-item; list-style: decimal inside }"),
        ("<ul><li>One", "li::marker { font-size: 2em }"),
    ],
)
def test_notes_and_lists_of_others_have_their_rules(
    body: str, style: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = _pages(body, style)
    monkeypatch.setattr(PageSource, "_ua_stylesheets", HTML._ua_stylesheets)
    assert _pages(body, style) == ours


def test_a_page_without_them_has_the_short_rules() -> None:
    (short,), (all_of_them,) = (
        _page(text, ours=False)._ua_stylesheets()
        for text in ("<p>One", "<p>One<style>p{float:footnote}</style>")
    )
    assert short is not all_of_them
