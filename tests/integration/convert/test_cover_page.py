"""Cover pages as WeasyPrint lays them out: what is on them, on how many pages, and what never gets there."""

import asyncio
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from drawn_pages import SIZES_PT, full_cover, grey_pages, sizes_of, texts_of
from fontTools.colorLib.builder import buildCOLR, buildCPAL
from fontTools.fontBuilder import FontBuilder
from fontTools.ttLib.tables._g_l_y_f import Glyph

from config.fax import Paper
from convert import typesetting
from convert.cover_facts import CoverFacts, CoverRecipient, CoverSender
from convert.cover_task import cover_page, draw_cover
from convert.facts_file import hand_over
from convert.templates import cover_templates
from sandbox import Limits, Nursery, TaskRefused

_TEMPLATES = [template.name for template in cover_templates()]
_LONG_TEXT = "\n\n".join(
    f"Paragraph {number}. " + "Some words that fill a line or two. " * 12 for number in range(24)
)
_BLANK_INCHES = 0.15


@pytest.mark.parametrize("paper", Paper)
@pytest.mark.parametrize("template", _TEMPLATES)
def test_every_template_says_every_fact_on_every_paper(template: str, paper: Paper) -> None:
    cover = draw_cover(full_cover(template=template, paper=paper))

    (text,) = texts_of(cover.pdf)
    assert cover.pages == 1
    assert sizes_of(cover.pdf) == [SIZES_PT[paper]]
    for fact in (
        "Dr. Jonathan Doe", "Lakeside Clinic", "Head of Surgery", "+1 206 555 1234", "Ana Ruiz",
        "General Hospital", "Radiology", "Radiographer", "+1 206 555 0101", "+1 206 555 0100",
        "ana@hospital.example", "1200 Harbor Avenue", "Seattle", "Referral for Monday",
        "Please call back before noon.", "11/23/2026 09:14 am PST", "4, with this cover", "K7Q2-M9",
        "REF-4711",
    ):  # fmt: skip
        assert fact in text


def test_billing_and_custom_fields_stay_in_the_senders_own_records() -> None:
    (text,) = texts_of(draw_cover(full_cover()).pdf)

    assert "B-99" not in text
    assert "R-17" not in text


@pytest.mark.parametrize("template", _TEMPLATES)
def test_a_cover_of_a_number_alone_has_no_holes(template: str) -> None:
    facts = CoverFacts(template=template, paper=Paper.A4, recipient=CoverRecipient(number="+1 206 555 1234"))

    (text,) = texts_of(draw_cover(facts).pdf)

    assert "+1 206 555 1234" in text
    assert "1 206 555 1234 PAGES 1" in text
    for label in ("FROM", "Phone", "E-mail", "DATE", "REFERENCE", "FAX JOB", "SUBJECT"):
        assert label not in text


def test_only_the_healthcare_cover_has_the_notice() -> None:
    default, healthcare = (texts_of(draw_cover(full_cover(template=name)).pdf)[0] for name in _TEMPLATES)

    assert "HIPAA" not in default
    assert "HIPAA" in healthcare
    assert "by telephone at +1 206 555 0101" in healthcare


def test_the_notice_is_on_the_first_page_however_much_stands_there() -> None:
    crowded = full_cover(
        template="healthcare",
        subject="A very long subject that goes on. " * 40,
        recipient=CoverRecipient(number="+1", name="Maximiliana " * 30, company="Company of names " * 30),
        body_text=_LONG_TEXT,
    )

    texts = texts_of(draw_cover(crowded).pdf)

    assert len(texts) > 2
    assert ["HIPAA" in text for text in texts] == [True] + [False] * (len(texts) - 1)


@pytest.mark.parametrize("template", _TEMPLATES)
def test_a_long_message_flows_on_and_the_total_counts_its_pages(template: str) -> None:
    cover = draw_cover(full_cover(template=template, body_text=_LONG_TEXT, pages_following=9))

    texts = texts_of(cover.pdf)
    assert cover.pages == len(texts) > 2
    assert f"{cover.pages + 9}, with this cover" in texts[0]
    for number in range(24):
        assert sum(f"Paragraph {number}." in text for text in texts) == 1
    for text in texts[1:]:
        assert "Fax to Dr. Jonathan Doe: Referral for Monday" in text
        assert "continued" in text
    assert "continued" not in texts[0]
    assert ["Continued on the next page" in text for text in texts] == [True] * (len(texts) - 1) + [False]


def test_a_message_that_just_fills_its_pages_is_counted_right() -> None:
    for lines in range(18, 30):
        cover = draw_cover(full_cover(body_text="line\n" * lines, pages_following=0))
        count = f"{cover.pages}, with this cover" if cover.pages > 1 else "PAGES 1 "

        assert count in texts_of(cover.pdf)[0] + " "
        assert len(sizes_of(cover.pdf)) == cover.pages


@pytest.mark.parametrize("dpi", [98, 204])
@pytest.mark.parametrize("template", _TEMPLATES)
def test_the_band_for_the_header_line_is_blank_and_nothing_is_clipped(template: str, dpi: int) -> None:
    pages = grey_pages(draw_cover(full_cover(template=template, body_text=_LONG_TEXT)).pdf, dpi)

    for page in pages:
        edge = round(dpi * 0.5)
        assert (page[: round(dpi * _BLANK_INCHES)] == 255).all()
        assert (page[-round(dpi * 0.3) :] == 255).all()
        assert (page[:, :edge] == 255).all()
        assert (page[:, -edge:] == 255).all()
        assert (page < 128).any()


def test_pages_have_no_greys_but_those_of_edges() -> None:
    (page,) = grey_pages(draw_cover(full_cover(template="healthcare")).pdf, 612)

    in_between = np.count_nonzero((page > 40) & (page < 215))
    assert in_between < 0.25 * np.count_nonzero(page < 128)


def test_what_people_wrote_stays_text() -> None:
    hostile = "</td><script>alert(1)</script><style>*{display:none}</style>{{ 7 * 7 }}{% raw %}&amp;"
    cover = draw_cover(
        full_cover(
            subject=hostile,
            body_text=hostile,
            recipient=CoverRecipient(number="+1 206 555 1234", name=hostile, company=hostile),
            sender=CoverSender(name=hostile, address=hostile),
        )
    )

    text = texts_of(cover.pdf)[0].replace(" ", "")
    assert text.count(hostile.replace(" ", "")) == 6
    assert "49" not in text


def test_a_name_of_many_characters_wraps_within_the_page() -> None:
    name = "Wolfeschlegelsteinhausenbergerdorff" * 8
    cover = draw_cover(full_cover(recipient=CoverRecipient(number="+1", name=name), subject=name))

    assert texts_of(cover.pdf)[0].replace(" ", "").count(name) == 2
    assert (grey_pages(cover.pdf)[0][:, -100:] == 255).all()


@pytest.mark.parametrize("letters", ["Rechtsanwaltskanzlei ", "山田太郎"])
@pytest.mark.parametrize("count", [399, 800, 5000])
def test_however_long_a_name_or_reference_is_nothing_of_it_is_cut_off(letters: str, count: int) -> None:
    name = (letters * count)[:count].strip()
    facts = full_cover(
        recipient=CoverRecipient(number="+1 206-555-1234", name=name, company=name[:200]),
        sender=CoverSender(name=name, phone="+1"),
        reference=name,
    )
    cover = draw_cover(facts)
    for page in grey_pages(cover.pdf):
        assert (page[-40:] == 255).all()
    said = "".join("".join(texts_of(cover.pdf)).split())
    assert "+1206-555-1234" in said


def test_bidirectional_controls_cannot_disguise_a_name() -> None:
    (text,) = texts_of(draw_cover(full_cover(subject="invoice\u202efdp.exe\u2066!")).pdf)

    assert "invoicefdp.exe!" in text


@pytest.mark.parametrize(
    "words",
    [
        "Ελληνικά", "Привет", "中文测试", "日本語かな", "한국어", "ไทย", "ქართული", "Հայերեն", "ትግርኛ", "ᏣᎳᎩ",
        "☎✔→★①", "😀", "❤",
    ],
)  # fmt: skip
def test_any_script_has_its_glyphs(words: str) -> None:
    (text,) = texts_of(draw_cover(full_cover(subject=words)).pdf)

    assert words in text


@pytest.mark.parametrize("words", ["שלום עולם", "مرحبا بالعالم", "नमस्ते दुनिया", "தமிழ் மொழி", "မြန်မာ", "ខ្មែរ"])
def test_scripts_that_are_shaped_are_drawn_with_nothing_missing(
    words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: list[int] = []
    monkeypatch.setattr(typesetting, "_name", names.append)

    with_words, without = (
        grey_pages(draw_cover(full_cover(subject=subject)).pdf)[0] for subject in (words, "")
    )

    assert not names
    assert np.count_nonzero(with_words < 128) > np.count_nonzero(without < 128) + 1000


def test_what_no_font_can_draw_is_written_by_its_name() -> None:
    (text,) = texts_of(draw_cover(full_cover(subject="Hi 🥰 \ue000 \U000f0001 there", body_text="🥺")).pdf)

    assert "Hi [smiling face with smiling eyes and three hearts] [U+E000] [U+F0001] there" in text
    assert "[face with pleading eyes]" in text


def test_control_characters_and_surrogates_do_no_harm() -> None:
    (text,) = texts_of(
        draw_cover(full_cover(subject="a\x00b\x07c\ud800d\r\n e", body_text="x\x0cy\ufffez")).pdf
    )

    assert "abc\ufffdd e" in text
    assert "x yz" in text


def test_the_mails_html_is_the_message_if_there_is_no_text() -> None:
    html = "<p>Dear <b>Dr. Doe</b></p><script>no()</script><p>see <a href='https://a.example/'>here</a></p>"
    (text,) = texts_of(draw_cover(full_cover(body_text="", body_html=html)).pdf)

    assert "Dear Dr. Doe see here (https://a.example/)" in text
    assert "no()" not in text


async def test_nothing_is_fetched_from_anywhere(tmp_path: Path) -> None:
    connections: list[object] = []
    server = await asyncio.start_server(lambda *_: connections.append(_), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    base = f"http://127.0.0.1:{port}"
    html = (
        f"<link rel=stylesheet href='{base}/a.css'><style>@import '{base}/b.css';</style>"
        f"<img src='{base}/c.png'><svg><image href='{base}/f'/></svg>"
        f"<div style=\"background:url('{base}/d.png')\">text</div><object data='{base}/e'></object>"
        f"<iframe src='file://{secret}'></iframe><img src='file://{secret}'>"
    )

    async with server:
        cover = await asyncio.to_thread(draw_cover, full_cover(body_text="", body_html=html))
        await asyncio.sleep(0.05)

    assert not connections
    assert "text" in texts_of(cover.pdf)[0]
    assert "secret" not in texts_of(cover.pdf)[0]


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://127.0.0.1/", "data:text/css,p{}"])
def test_even_a_template_could_fetch_nothing(url: str) -> None:
    with pytest.raises(ValueError, match="fetch nothing"):
        typesetting._fetch_nothing(url)


def test_colour_fonts_are_not_used(tmp_path: Path) -> None:
    _write_colour_font(tmp_path / "fonts" / "colour.ttf")
    places = {**os.environ, "XDG_DATA_HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    ours = {**places, "FONTCONFIG_FILE": str(Path(typesetting.__file__).parent / "fonts.conf")}

    def listed(environment: dict[str, str]) -> str:
        command = ["fc-list", ":family=Colourful", "family"]
        return subprocess.run(command, env=environment, capture_output=True, check=True, text=True).stdout

    assert "Colourful" in listed(places)
    assert "Colourful" not in listed(ours)


def _write_colour_font(path: Path) -> None:
    path.parent.mkdir()
    font = FontBuilder(1000)
    font.setupGlyphOrder([".notdef", "face"])
    font.setupCharacterMap({0x1F600: "face"})
    font.setupGlyf({".notdef": Glyph(), "face": Glyph()})
    font.setupHorizontalMetrics({".notdef": (500, 0), "face": (500, 0)})
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({"familyName": "Colourful", "styleName": "Regular"})
    font.setupOS2()
    font.setupPost()
    font.font["COLR"] = buildCOLR({"face": [("face", 0)]})
    font.font["CPAL"] = buildCPAL([[(1.0, 0.0, 0.0, 1.0)]])
    font.save(path)


async def test_the_task_works_confined_and_refuses_in_words(tmp_path: Path) -> None:
    nursery = Nursery(preload=("convert.cover_task",), processes=1)
    limits = Limits(seconds=60, cpu_seconds=60, memory=1 << 30, file_size=1 << 26)
    facts = full_cover(subject="שלום 中文 ไทย", body_text=_LONG_TEXT)
    await nursery.start()
    try:
        arguments = hand_over(facts.to_json(), folder=tmp_path, name="facts.json")
        answer = await nursery.run("convert.cover_task:cover_page", arguments, folder=tmp_path, limits=limits)
        assert answer == {"pdf": "cover.pdf", "pages": len(texts_of((tmp_path / "cover.pdf").read_bytes()))}

        endless = replace(facts, body_text="word " * 300_000).to_json()
        arguments = hand_over(endless, folder=tmp_path, name="facts.json")
        with pytest.raises(TaskRefused, match="its text is longer than 1 million characters"):
            await nursery.run("convert.cover_task:cover_page", arguments, folder=tmp_path, limits=limits)
    finally:
        await nursery.stop()


def test_the_task_writes_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    answer = cover_page(hand_over(full_cover().to_json(), folder=tmp_path, name="facts.json"))

    assert answer == {"pdf": "cover.pdf", "pages": 1}
    assert (tmp_path / "cover.pdf").read_bytes().startswith(b"%PDF-")


def test_a_template_that_there_is_not_is_an_error() -> None:
    with pytest.raises(KeyError):
        draw_cover(full_cover(template="page"))


def test_a_layout_that_never_settles_is_told() -> None:
    sheet = typesetting.style_sheet("page.css")

    def flapping(pages: int) -> str:
        return "<p>one" if pages != 1 else "<p>one<p style='break-before:page'>two"

    with pytest.raises(typesetting.UnsettledLayoutError):
        typesetting.typeset(flapping, sheet)
