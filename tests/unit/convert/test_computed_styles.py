"""Styles that begin with what holds where nothing was said come to what WeasyPrint's own come to."""

from typing import Any

import pytest
from weasyprint import CSS, HTML, css
from weasyprint.css.properties import INITIAL_VALUES
from weasyprint.text.fonts import FontConfiguration

from convert import computed_styles

_OWN = {"ComputedStyle": css.ComputedStyle, "AnonymousStyle": css.AnonymousStyle}
_WEASYPRINTS = {name: ours.__mro__[1] for name, ours in _OWN.items()}
_STYLE = """
html { font: 11pt/1.4 "Noto Sans", sans-serif; color: #123; --gap: 3px; text-indent: calc(10% + 2px) }
p { margin: 1em 2%; border-left: 2pt solid; text-decoration: underline overline; page: chapter; width: 50% }
p b { border-style: dotted; border-width: var(--gap); letter-spacing: 0.1em; font-size: larger; all: unset }
.logical { margin-inline: 1em 2em; padding-block-start: 3px; border-inline-start: 1px solid red }
.logical .logical { inline-size: 9em; max-block-size: 40% }
[dir=rtl] { direction: rtl; float: left; outline: 3px solid }
ul { columns: 2; column-rule: 1px solid; column-gap: 4em }
li::before { content: "x"; color: inherit; border-top-style: double }
td { position: absolute; inset-inline-start: 4px; display: inline; width: max(2em, 10px) }
th { position: running(head); padding-left: inherit; border-color: red }
q { color: wrong; width: var(--none); font-weight: bolder; line-height: inherit; border-radius: 3px 4px }
"""
_PAGE = """
<html lang=en><body><p>One <b>two <i>three</i></b></p>
<div class=logical>four<div dir=rtl class=logical>five</div></div>
<ul><li>six<li>seven</ul><table><tr><th>0<td>eight</table><q>nine</q><blockquote><p>ten</p></blockquote><hr>
<h1>eleven<small>twelve</small></h1>
"""
_NAMES = [name for name in INITIAL_VALUES if name not in computed_styles.PHYSICAL]
"""Logical properties are none that WeasyPrint asks for: they stand for physical ones."""


def _told(value: Any) -> Any:
    return value.serialize() if hasattr(value, "serialize") else value  # calc() is like itself alone


def _styles(classes: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Every property of every element, and of a box without an element within it."""
    for name, kind in classes.items():
        monkeypatch.setattr(css, name, kind)
    fonts = FontConfiguration()
    page = HTML(string=_PAGE)
    styles = css.get_all_computed_styles(page, [CSS(string=_STYLE, font_config=fonts)], font_config=fonts)
    found = []
    for element in page.etree_element.iter():
        for pseudo in (None, "before", "marker", "footnote-call"):
            if (style := styles(element, pseudo)) is not None:
                assert isinstance(style, classes["ComputedStyle"])
                inner = style.anonymous_style
                found += [
                    {name: _told(each[name]) for name in _NAMES} for each in (style, inner, style.copy())
                ]
    return found


def test_all_properties_come_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = (_styles(classes, monkeypatch) for classes in (_OWN, _WEASYPRINTS))
    assert len(ours) == len(theirs) > 100
    for mine, other in zip(ours, theirs, strict=True):
        assert mine == other


def test_weasyprint_makes_its_styles_of_ours() -> None:
    assert css.ComputedStyle.__module__ == css.AnonymousStyle.__module__ == computed_styles.__name__
