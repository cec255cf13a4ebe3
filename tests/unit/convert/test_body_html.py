"""HTML that came by mail, simplified."""

import re

import pytest
from bounded_work import bounded_work
from hypothesis import given
from hypothesis import strategies as st

from convert.body_html import simplified_html
from sandbox import Refused

_ALLOWED = re.compile(
    r"</?(?:p|div|h[1-6]|blockquote|pre|ul|ol|li|b|strong|i|em|u|s|sub|sup|code|hr|table|thead|tbody|tfoot|tr|td|th"
    r'|caption)(?: dir="(?:ltr|rtl)"| class="[a-z ]+"| (?:colspan|rowspan)="\d{1,2}"'
    r'| style="(?:list-style-type: [a-z-]+)?(?:; )?(?:counter-reset: list-item calc\(\d{1,4} - 1\))?")*>'
)


def _without_directions(html: str) -> str:
    return re.sub(r' dir="\w+"', "", simplified_html(html))


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p onclick='x()' style='color:red'>Hello <b class=x>you</b></p>", "<p>Hello <b>you</b></p>"),
        ("one<br>two", "one\ntwo"),
        ("<p>a\n   b\t c</p>", "<p>a b c</p>"),
        ("<pre>a\n  b</pre>", '<pre class="lines">a\n  b</pre>'),
        ("<section><span style='font-weight:700'>x</span></section>", "<div><b>x</b></div>"),
        ("<p><span style='text-decoration: line-through'>x</span></p>", "<p><s>x</s></p>"),
        ("<ol start=3><li>x</ol>", '<ol style="counter-reset: list-item calc(3 - 1)"><li>x</li></ol>'),
        (
            "<ol><li value=2019>x</ol>",
            '<ol><li style="counter-reset: list-item calc(2019 - 1)">x</li></ol>',
        ),
        ("<ol type=i><li>x</ol>", '<ol style="list-style-type: lower-roman"><li>x</li></ol>'),
        ("<p>1 &lt; 2 &amp; 3</p>", "<p>1 &lt; 2 &amp; 3</p>"),
        ("<p>a</p><!-- no --><![if !mso]><p>b</p><![endif]>", "<p>a</p><p>b</p>"),
    ],
)
def test_listed_elements_pass_without_their_attributes(html: str, expected: str) -> None:
    assert _without_directions(html) == expected


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>no</script>",
        "<style>no</style>",
        "<title>no</title>",
        "<svg><text>no</text></svg>",
        "<iframe src='http://192.0.2.1/'>no</iframe>",
        "<div style='display: none'>no</div>",
        "<div style='color:red;DISPLAY:NONE!important'>no</div>",
        "<span style='font-size:0px'>no</span>",
        "<span style='max-height: 0; overflow: hidden'>no</span>",
        "<span style='mso-hide:all'>no</span>",
        "<p hidden>no</p>",
        "<img src='http://192.0.2.1/x.png' width=1 height=1 alt='no'>",
        "<img src='http://192.0.2.1/x.png' alt='no.png'>",
        "<xml><w:View>no</w:View></xml>",
        "<div style='font-size:0'>no <span>no</span></div>",
        "<a href='javascript:no()'></a>",
        "<table style='display:none'><tr><td>no</td></tr></table>",
    ],
)
def test_what_the_reader_would_not_see_is_dropped(hidden: str) -> None:
    result = simplified_html(f"<p>before</p>{hidden}<p>after</p>")

    assert "no" not in result
    assert "before" in result
    assert "after" in result


@pytest.mark.parametrize(
    "style",
    [
        "font-size: 0.9em", "opacity: 0.5", "line-height: 0", "font-size:1px; color:#fff", "max-height: 0",
        "color: white; background: white",
    ],
)  # fmt: skip
def test_what_only_looks_hidden_is_kept(style: str) -> None:
    assert "yes" in simplified_html(f'<p style="{style}">yes</p>')


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("<a href='https://a.example/x'>the page</a>", "the page (https://a.example/x)"),
        ("<a href='https://www.a.example/'>a.example</a>", "a.example"),
        ("<a href='mailto:a@a.example'>a@a.example</a>", "a@a.example"),
        ("<a href='mailto:a@a.example'>write</a>", "write (a@a.example)"),
        ("<a href='javascript:alert(1)'>click</a>", "click"),
        ("<a href='https://a.example/x'><img src=logo></a>done", "done"),
        ("<a href='#top'>up</a>", "up"),
        ("<a href='https://a.example/?a=1&b=<'>x</a>", "x (https://a.example/?a=1&amp;b=&lt;)"),
    ],
)
def test_a_link_shows_its_address_where_it_differs(link: str, expected: str) -> None:
    assert _without_directions(f"<p>{link}</p>") == f"<p>{expected}</p>"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>Hi <img src=x alt='😀'></p>", "<p>Hi 😀</p>"),
        ("<p>Hi <img src=x alt='General  Hospital'></p>", "<p>Hi [General Hospital]</p>"),
        (
            "<p>Hi <a href='https://a.example/'><img alt='Pay'></a></p>",
            "<p>Hi [Pay] (https://a.example/)</p>",
        ),
        ("<p>Hi <input type=checkbox checked>yes <input type=checkbox>no</p>", "<p>Hi ☑ yes ☐ no</p>"),
        ("<p>Hi <span style='font-family:Wingdings'>J</span> J</p>", "<p>Hi ☺ J</p>"),
        ("<p>Hi <font face=Symbol>m</font>g</p>", "<p>Hi μg</p>"),
        (
            "<p>Hi <span style='font-family:Wingdings'><span style='font-family:Arial'>J</span></span></p>",
            "<p>Hi J</p>",
        ),
    ],
)
def test_pictures_are_what_they_say(html: str, expected: str) -> None:
    assert _without_directions(html) == expected


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        (
            "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fa.example%2Fx&data=5",
            "w (https://a.example/x)",
        ),
        ("https://www.google.com/url?q=https://a.example/x&sa=D", "w (https://a.example/x)"),
        ("https://a.example/" + "x" * 500, "w (https://a.example/" + "x" * 142 + "…)"),
        ("https://a.example/click?to=" + "x" * 50, "w (https://a.example/click?…)"),
        ("https://[broken/", "w (https://[broken/)"),
    ],
)
def test_the_address_is_the_one_that_a_person_can_use(link: str, expected: str) -> None:
    assert (
        simplified_html(f"<p>9<a href='{link}'>w</a></p>").replace("\u200b", "").endswith(f"9{expected}</p>")
    )


def test_cells_without_a_size_hide_only_their_own_text() -> None:
    html = "<td style='font-size:0px;padding:20px 0'> no <div style='font-size:13px'>yes</div></td>"

    assert _without_directions(
        f"<table role=presentation><tr>{html}</table>"
    ) == '<div><div class="part"> <div>yes</div></div></div>'.replace("> <", "><")


def test_words_lists_have_their_marks() -> None:
    item = (
        "<p class=MsoListParagraph><span style='mso-list:Ignore'>{}<span>&nbsp;&nbsp; </span></span>Text</p>"
    )

    for mark in ("·", "o", "§"):
        assert "•\u2002Text" in simplified_html(item.format(mark))
    assert "2.\u2002Text" in simplified_html(item.format("2."))


def test_a_table_too_wide_for_the_page_becomes_records() -> None:
    heads = "".join(f"<th>Heading{number}" for number in range(12))
    cells = "".join(f"<td>value{number}" for number in range(12))

    result = _without_directions(f"<table><tr>{heads}<tr>{cells}<tr>{cells}</table>")

    assert "<table" not in result
    assert result.count('<div class="record">') == 2
    assert result.count("<b>Heading7:</b> value7") == 2


def test_a_row_of_a_layout_stays_on_one_line_if_it_can() -> None:
    assert (
        _without_directions("<table><tr><td>Order<td>4711</table>") == "<div><div>Order\u20034711</div></div>"
    )


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>a</p>" + "<p>&nbsp;</p>" * 9 + "<p>b</p>", '<p>a</p><div class="gap"></div><p>b</p>'),
        (
            "<div>a</div>" + "<div><br></div>" * 9 + "<div>b</div>",
            '<div>a</div><div class="gap"></div><div>b</div>',
        ),
        ("a" + "<br>" * 9 + "b", "a\n\nb"),
        ("<div><p></p><b></b><ul><li></ul>a<br></div>", "<div>a</div>"),
        ("a<br><p>b</p>", "a<p>b</p>"),
        ("<div>a</div><br><div>b</div>", '<div>a</div><div class="gap"></div><div>b</div>'),
        ("<p>a&nbsp;&#847;&zwnj;&nbsp;&zwnj;&nbsp;&zwnj;&nbsp;&zwnj;b</p>", "<p>a b</p>"),
        ("<p>a&nbsp;&nbsp;&nbsp;&nbsp;&nbsp;&nbsp;&nbsp;b</p>", "<p>a" + "\u00a0" * 7 + "b</p>"),
    ],
)
def test_of_many_blank_lines_one_is_left(html: str, expected: str) -> None:
    assert _without_directions(html).strip() == expected


def test_a_table_with_data_stays_one() -> None:
    result = _without_directions("<table><tr><th>A<th>B<tr><td colspan=2 rowspan=999999>1<td>2</table>")

    assert result == '<table><tr><th>A</th><th>B</th></tr><tr><td colspan="2">1</td><td>2</td></tr></table>'


@pytest.mark.parametrize(
    "table",
    [
        "<table role=presentation><tr><td>A<td>B<tr><td>C<td>D</table>",
        "<table><tr><td>A<td>B</table>",
        "<table><tr><td><table><tr><td>A<td>B</table><td>C<tr><td>D<td>E</table>",
        "<table>" + ("<tr>" + "<td>wider words" * 12) * 2 + "</table>",
    ],
)
def test_a_table_that_only_arranges_becomes_its_parts(table: str) -> None:
    result = simplified_html(table)

    assert "<table" not in result
    assert "<td" not in result
    assert "<div" in result


def test_directions_come_from_the_attribute_or_the_text() -> None:
    assert '<p dir="rtl">abc' in simplified_html("<p dir=rtl>abc</p>")
    assert '<p dir="rtl">שלום' in simplified_html("<p>שלום abc</p>")
    assert "<p>123" in simplified_html("<p dir='javascript:x'>123</p>")


def test_elements_nested_beyond_reason_keep_their_text() -> None:
    result = simplified_html("<blockquote>" * 1000 + "deep" + "</blockquote>" * 1000 + "after")

    assert result.count("<blockquote") == 100
    assert result.count("</blockquote>") == 100
    assert "deep" in result
    assert "after" in result


def test_html_that_cannot_be_read_to_its_end_is_refused_in_words() -> None:
    with pytest.raises(Refused, match="nested too deeply"):
        simplified_html("<div>" * 5000 + "lost")
    with pytest.raises(Refused, match="longer than 8 million characters"):
        simplified_html("<p>" + "word " * 2_000_000)


def test_pictures_within_the_html_do_not_count() -> None:
    assert "text" in simplified_html(f"<img src='data:image/png;base64,{'A' * 3_000_000}'><p>text</p>")


@pytest.mark.parametrize(
    "html", ["", "   ", "<!-- -->", "<p>&nbsp;<br></p>", "<style>p{}</style>", "<img src=x>"]
)
def test_html_without_anything_to_read_is_empty(html: str) -> None:
    assert simplified_html(html) == ""


def test_words_that_look_like_a_picture_are_kept() -> None:
    assert "and these words" in simplified_html("<p>data:image/png;base64,AAAA and these words</p>")


def test_entities_cannot_bring_back_what_may_not_print() -> None:
    assert _without_directions("<p>a&#x202e;b&#0;c&#xd800;d</p>") == "<p>ab\ufffdc\ufffdd</p>"


_PIECES = (
    "<p>", "</p>", "<b>", "</b>", "<table>", "</table>", "<tr>", "<td>", "<td", ">", "<", "&", "'", '"',
    "</a>", "<a href=http://x>", "<br>", "<ul><li>", "</ul>", "<div dir=rtl>", "</div>", "<pre>", "<!--",
    "-->", "word", " ", "<script>", "<td colspan=3>", "<hr>", "<x-y>", "</body>", "<![CDATA[",
    "<span style='opacity:0'>", "style='display:none'",
)  # fmt: skip


@given(st.lists(st.sampled_from(_PIECES)))
def test_whatever_comes_only_listed_tags_come_out_and_they_are_balanced(pieces: list[str]) -> None:
    result = simplified_html("".join(pieces))

    rest = _ALLOWED.sub("", result)
    assert "<" not in rest
    assert ">" not in rest
    open_tags: list[str] = []
    for closing, name in re.findall(r"<(/?)(\w+)", result):
        if closing:
            assert open_tags.pop() == name
        elif name != "hr":
            open_tags.append(name)
    assert not open_tags


def test_two_megabytes_are_simplified_in_seconds() -> None:
    with bounded_work():
        simplified_html("<div><p>x <b>y</b> <a href='https://a.example/'>z</a></p></div>" * 30_000)


def test_six_megabytes_of_styles_are_simplified_in_seconds() -> None:
    paragraph = f"<p class=MsoNormal style='{'mso-fareast-language:EN-US;' * 110}'>word<o:p></o:p></p>"
    with bounded_work():
        result = simplified_html(paragraph * 2000)

        assert result.count("word") == 2000
