"""Every script is legible: each character leaves ink on the fax page, none is a missing glyph's box."""

import unicodedata
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from drawn_pages import texts_of
from PIL import Image, ImageSequence

from config.fax import Paper
from convert import typesetting
from convert.body_facts import BodyFacts
from convert.body_task import draw_body
from convert.page_task import make_pages

_SAMPLES = {
    "Arabic": "مرحبا بالعالم، تقرير الطبيب ٠١٢٣٤٥٦٧٨٩ اردو ٹ",
    "Hebrew": "שלום עולם ץ״",
    "Devanagari": "नमस्ते दुनिया क्षत्रिय ०१२३",
    "Bengali": "বাংলা ভাষা",
    "Tamil": "தமிழ் மொழி",
    "Indic": "తెలుగు ಕನ್ನಡ മലയാളം ગુજરાતી ਪੰਜਾਬੀ ଓଡ଼ିଆ සිංහල",
    "Thai and Lao": "ภาษาไทย ฿ ພາສາລາວ",
    "Khmer and Myanmar": "ភាសាខ្មែរ မြန်မာ",
    "Chinese": "中文测试漢字、。《》",
    "Japanese": "日本語かなカナ「」ｶﾅａｂｃ",
    "Korean": "한국어 조선말",
    "European": "Ελληνικά ώ Привет щ їґ Đđ Łł Þþ ẞß Ýý",
    "Caucasus": "ქართული Հայերեն",
    "Ethiopic and Cherokee": "አማርኛ ትግርኛ ᏣᎳᎩ",
    "symbols": "☎☑☐☒₿½¼✔✓→←↑↓★①♥€£¥₹",
    "signs": "∑√≠≤≥°µ‰™©®†‡§¶•…“”‘’–—",
    "drawing": "┌─┐│└┘█▓░∀∃∈∪∩∫",
    "emoji": "😀😂🎉👍🙏❤🔥✅❌⚠📎📞📅🚑🏥💊",
}
_FEWEST_DOTS = 8
_BLANK_ROWS = 9
"""Fewer rows than that without ink are within a line."""
_SEQUENCES = {
    "skin colour": "👍🏽👋🏿",
    "family": "👨‍👩‍👧‍👦 👩‍⚕️",
    "flags": "🇩🇪🇺🇸",
    "keycaps": "1️⃣#️⃣",
    "marks": "e\u0301 a\u030a\u0323 q\u0308",
}


def _fax(pdf: bytes, folder: Path) -> list[npt.NDArray[np.bool_]]:
    """The black dots of each page as the fax has it."""
    source, target = folder / "body.pdf", folder / "body.tif"
    source.write_bytes(pdf)
    make_pages(
        {
            "source": str(source), "target": str(target), "name": "body", "resolution": "fine", "paper": "A4",
            "most_pages": 50, "pages_at_once": 50,
        }
    )  # fmt: skip
    with Image.open(target) as fax:
        return [np.asarray(page.convert("L")) < 128 for page in ImageSequence.Iterator(fax)]


def _ink(pages: list[npt.NDArray[np.bool_]]) -> list[int]:
    """The black dots of each line of text, from the top."""
    inks = []
    for page in pages:
        inked = (
            np.convolve(page.any(axis=1), np.ones(_BLANK_ROWS), "same") > 0
        )  # a dot over a letter is its own
        rows = np.concatenate(([False], inked, [False]))
        edges = np.flatnonzero(rows[1:] != rows[:-1])
        inks += [int(page[start:end].sum()) for start, end in edges.reshape(-1, 2)]
    return inks


def _alone(sample: str) -> list[str]:
    """Each letter, digit and symbol once; marks stand on letters, not alone."""
    return [each for each in dict.fromkeys(sample) if unicodedata.category(each)[0] in "LNSP"]


@pytest.fixture
def undrawable(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The code points for which no font has a glyph."""
    codes: list[int] = []

    def name(code: int) -> str:
        codes.append(code)
        return "none"

    monkeypatch.setattr(typesetting, "_name", name)
    return codes


@pytest.mark.parametrize("script", _SAMPLES)
def test_each_character_leaves_ink(script: str, undrawable: list[int], tmp_path: Path) -> None:
    characters = _alone(_SAMPLES[script])

    # Between bars, so that a line is one stretch of rows with ink whatever its character looks like.
    lines = [f"|{each}|" for each in (" ", *characters)]
    pdf = draw_body(BodyFacts(paper=Paper.A4, body_text="\n\n".join(lines))).pdf

    drawn = "".join(texts_of(pdf))
    assert not undrawable
    assert not [each for each in characters if unicodedata.normalize("NFKC", each) not in
                unicodedata.normalize("NFKC", drawn)]  # fmt: skip
    bars, *inks = _ink(_fax(pdf, tmp_path))
    assert len(inks) == len(characters)
    assert [each for each, ink in zip(characters, inks, strict=True) if ink < bars + _FEWEST_DOTS] == []


@pytest.mark.parametrize("sample", [*_SAMPLES.values(), *_SEQUENCES.values()])
def test_words_and_sequences_are_drawn_with_nothing_missing(
    sample: str, undrawable: list[int], tmp_path: Path
) -> None:
    pdf = draw_body(BodyFacts(paper=Paper.A4, body_text=sample)).pdf

    (page,) = _fax(pdf, tmp_path)
    assert not undrawable
    assert page.sum() > 60 * len(_alone(sample))


def test_the_box_of_a_missing_glyph_is_never_drawn() -> None:
    lone = "\ue000\U000f0001\u0378\U000e1234"

    (text,) = texts_of(draw_body(BodyFacts(paper=Paper.A4, body_text=lone)).pdf)

    assert text == "[U+E000][U+F0001][U+0378][U+E1234]"


@pytest.mark.parametrize(
    "harmless", ["\x00\x07\x1b", "\ud800\udfff", "\ufdd0\uffff", "\u202e\u2066", "\U000e0041"]
)
def test_what_is_no_character_does_no_harm(harmless: str) -> None:
    (text,) = texts_of(draw_body(BodyFacts(paper=Paper.A4, body_text=f"be{harmless}fore")).pdf)

    assert text.replace("\ufffd", "") == "before"
