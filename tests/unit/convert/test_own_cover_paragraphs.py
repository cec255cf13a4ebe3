"""Tokens in the paragraphs of word processors: however they are split, whatever stands around them."""

import re

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from markupsafe import escape

from convert.cover_language import CoverSource, make_environment
from convert.cover_package import OPEN_DOCUMENT, TEXT, WORD, DocumentFormat, W
from convert.cover_paragraphs import DELIMITERS, paragraph_at, template_text
from convert.cover_text import message_text

NAMES = (
    f'xmlns:w="{W.strip("{}")}" xmlns:text="{TEXT.strip("{}")}" '
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
    'xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0"'
)
ENVIRONMENT = make_environment(lambda value: value, trim_blocks=False, **DELIMITERS)
VALUES = {
    "recipient": {"name": "Jo & Co"}, "subject": "Referral", "reference": "", "message": "one\n\nthree",
    "body_text": "one\n\nthree", "message_lines": ["one", "", "three"], "pages_total": 4,
}  # fmt: skip


def filled(body: str, form: DocumentFormat) -> str:
    root = etree.fromstring(f"<x {NAMES}>{body}</x>")
    text = template_text(root, form)
    made = CoverSource(text, ENVIRONMENT).filled_in(VALUES)
    etree.fromstring(made)
    return re.sub(r"^<x[^>]*>|</x>$|\n", "", made)


def shown(xml: str) -> str:
    return re.sub(r"<[^>]*>", "", xml)


def word(*runs: str) -> str:
    """A paragraph of runs."""
    return "<w:p>" + "".join(f"<w:r><w:t>{escape(run)}</w:t></w:r>" for run in runs) + "</w:p>"


def cuts(text: str) -> st.SearchStrategy[list[str]]:
    places = st.lists(st.integers(0, len(text)), max_size=12).map(sorted)
    return places.map(lambda at: [text[a:b] for a, b in zip([0, *at], [*at, len(text)], strict=True)])


SENTENCE = (
    "To {{ recipient.name }}, ~Subject~: {% if subject %}about{% endif %} ~50 {x} ~TotalPages~ pages{# no #}."
)
SAID = "To Jo &amp; Co, Referral: about ~50 {x} 4 pages."


@given(cuts(SENTENCE))
def test_word_may_split_a_paragraph_anywhere(runs: list[str]) -> None:
    assert shown(filled(word(*runs), WORD)) == SAID


@given(cuts(SENTENCE), st.data())
def test_opendocument_may_split_a_paragraph_anywhere(parts: list[str], data: st.DataObject) -> None:
    inner = "".join(
        f"<text:span>{escape(part)}</text:span>" if data.draw(st.booleans()) else str(escape(part))
        for part in parts
    )

    assert shown(filled(f"<text:p>{inner}</text:p>", OPEN_DOCUMENT)) == SAID


def test_a_token_has_the_looks_of_the_run_that_it_begins_in() -> None:
    bold = "<w:p><w:r><w:rPr><w:b/></w:rPr><w:t>{{ sub</w:t></w:r><w:r><w:t>ject }}!</w:t></w:r></w:p>"

    assert '<w:b/></w:rPr><w:t xml:space="preserve">Referral</w:t>' in filled(bold, WORD)


def test_curly_quotation_marks_and_hard_blanks_are_as_good_as_straight_ones() -> None:
    assert shown(filled(word("{{\u00a0recipient[“name”] }}{{ ‘x’ }}"), WORD)) == "Jo &amp; Cox"


def test_braces_elsewhere_are_no_statements() -> None:
    body = '<w:p w:rsid="{{x}}"><w:r><w:t>{28A0092B} {{ subject }}</w:t></w:r></w:p><w:q w:uri="{% y %}"/>'

    assert filled(body, WORD).count("{{x}}") == 1
    assert shown(filled(body, WORD)) == "{28A0092B} Referral"


def test_paragraphs_and_rows_of_statements_alone_give_way() -> None:
    row = "<w:tr><w:tc>{}</w:tc><w:tc>{}</w:tc></w:tr>"
    table = (
        "<w:tbl>"
        + row.format(word("{% if reference %}"), word(""))
        + row.format(word("Reference"), word("{{ reference }}"))
        + row.format(word("{% endif %}"), word(""))
        + row.format(word("Re"), word("~Subject~"))
        + "</w:tbl>"
    )
    body = word("{% if", " reference %}") + word("Reference {{ reference }}") + word("{% endif %}") + table

    made = filled(body, WORD)

    assert shown(made) == "ReReferral"
    assert made.count("<w:tr>") == 1
    assert made.count("<w:p>") == 2


def test_a_paragraph_of_the_message_alone_is_one_for_each_of_its_lines() -> None:
    made = filled(word("~Cover", "Text~"), WORD)

    assert re.findall(r"<w:t[^>]*>([^<]*)</w:t>", made)[::2] == ["one", "", "three"]
    assert made.count("<w:p>") == made.count('<w:spacing w:before="0" w:after="0"/>') == 3


def test_a_message_in_opendocument_has_a_style_without_room_of_its_own() -> None:
    styles = (
        '<office:automatic-styles><style:style style:name="P1" style:family="paragraph">'
        '<style:paragraph-properties fo:margin-top="1in" fo:text-align="end"/></style:style>'
        "</office:automatic-styles>"
    )

    made = filled(f'{styles}<text:p text:style-name="P1">~CoverText~</text:p>', OPEN_DOCUMENT)

    assert made.count('text:style-name="P1_tight"') == 3
    tight = made.split('style:name="P1_tight"')[1].split("</style:style>")[0]
    assert 'fo:margin-top="0in"' in tight
    assert 'fo:text-align="end"' in tight
    assert 'style:name="P1" style:family="paragraph"><style:paragraph-properties fo:margin-top="1in"' in made


def test_a_paragraph_with_a_picture_stays() -> None:
    body = "<w:p><w:r><w:t>{% if reference %}{% endif %}</w:t></w:r><w:r><w:drawing/></w:r></w:p>"

    assert "<w:drawing/>" in filled(body, WORD)


def test_a_line_number_tells_its_paragraph() -> None:
    root = etree.fromstring(
        f"<x {NAMES}>{word('first')}{word('{% if a < b %}')}{word('Phone: {{ nope }}')}</x>"
    )
    text = template_text(root, WORD)
    lines = [number for number, line in enumerate(text.split("\n"), 1) if "nope" in line]

    assert [paragraph_at(text, number) for number in lines] == ["Phone: {{ nope }}"]
    assert paragraph_at(text, 0) == ""
    assert "{% if a < b %}" in [paragraph_at(text, number) for number in range(1, 9)]


def test_a_message_of_html_keeps_its_lines() -> None:
    html = (
        "<p>Dear Doe,<br>second line</p><p>list:</p><ul><li>one</li><li>two &amp; three</li></ul>"
        "<ol><li>x<li>y</ol>"
        "<blockquote>quoted<p>more</p></blockquote>"
        "<table><tr><td>a<td>b<tr><td>c<td>d</table><p>end</p>"
    )

    assert message_text(text="", html=html) == (
        "Dear Doe,\nsecond line\n\nlist:\n\n• one\n• two & three\n\n1. x\n2. y\n\n> quoted\n> more\n\n"
        "a\tb\nc\td\n\nend"
    )
    assert message_text(text="a\r\n\r\n  b\tc\n", html=html) == "a\n\n  b\tc"
