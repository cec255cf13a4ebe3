"""A built-in template as a file of one's own is right, and looks the same to the pixel."""

from pathlib import Path

import pytest
from drawn_pages import full_cover, grey_pages

from config.fax import Paper
from convert.cover_export import exported
from convert.cover_facts import CoverFacts, CoverRecipient
from convert.cover_html import draw_html_cover, html_source
from convert.cover_structure import structure_mistakes
from convert.cover_task import draw_cover
from convert.templates import cover_templates

LONG = "\n\n".join(
    f"Paragraph {number}. " + "Some words that fill a line or two. " * 12 for number in range(14)
)
NAMES = [template.name for template in cover_templates()]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "facts",
    [
        full_cover(),
        full_cover(body_text=LONG, paper=Paper.A4),
        full_cover(body_text="", body_html="<div>a<div>b</div></div><ul><li>c</ul>", subject="中文 שלום"),
        CoverFacts(template="default", paper=Paper.LEGAL, recipient=CoverRecipient(number="+1 206 555 1234")),
    ],
    ids=["full", "long", "html", "bare"],
)
def test_it_looks_the_same(name: str, facts: CoverFacts, tmp_path: Path) -> None:
    built_in = CoverFacts.from_json({**facts.to_json(), "template": name})

    own = draw_html_cover(html_source(exported(name).encode()), facts, tmp_path)

    assert (own.refused, own.complaints, own.says_message) == ((), (), True)
    expected, seen = grey_pages(draw_cover(built_in).pdf), grey_pages(own.pdf)
    assert len(seen) == len(expected)
    for page, other in zip(seen, expected, strict=True):
        assert (page == other).all()


@pytest.mark.parametrize("name", NAMES)
def test_it_stands_alone_and_is_well_formed(name: str, tmp_path: Path) -> None:
    (tmp_path / "own.html").write_text(exported(name), encoding="utf-8")

    assert structure_mistakes(tmp_path / "own.html") == ()
    for word in ("{% block", "{% extends", "endblock", "<link", "@import"):
        assert word not in exported(name)


def test_there_are_no_others() -> None:
    with pytest.raises(KeyError):
        exported("page")
