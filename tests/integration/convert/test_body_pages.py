"""A mail's body as pages of its own."""

from pathlib import Path

import numpy as np
import pytest
from drawn_pages import SIZES_PT, grey_pages, sizes_of, texts_of

from config.fax import Paper
from convert.body_facts import BodyFacts
from convert.body_task import body_pages, draw_body
from convert.facts_file import hand_over


@pytest.mark.parametrize("paper", Paper)
def test_heading_and_text_stand_on_every_paper(paper: Paper) -> None:
    body = draw_body(
        BodyFacts(
            paper=paper,
            subject="Referral for Monday",
            sender="Ana Ruiz <ana@hospital.example>",
            recipient="Dr. Doe, +1 206 555 1234",
            date="11/23/2026 09:14 am PST",
            body_text="First line\r\nsecond line\r\n\r\n> quoted\r\n",
        )
    )

    assert sizes_of(body.pdf) == [SIZES_PT[paper]]
    (text,) = texts_of(body.pdf)
    assert text == (
        "Referral for Monday FROM Ana Ruiz <ana@hospital.example> TO Dr. Doe, +1 206 555 1234 "
        "DATE 11/23/2026 09:14 am PST First line second line quoted"
    )


def test_a_body_without_any_heading_is_its_text_alone() -> None:
    assert texts_of(draw_body(BodyFacts(paper=Paper.A4, body_text="text")).pdf) == ["text"]


def test_a_long_body_is_continued_with_its_subject_and_nothing_is_lost() -> None:
    lines = "\n".join(f"Line {number} of the body." for number in range(300))
    body = draw_body(BodyFacts(paper=Paper.LETTER, subject="Minutes " * 30, body_text=lines))

    texts = texts_of(body.pdf)
    assert body.pages == len(texts) > 4
    assert all(f"Line {number} of the body." in " ".join(texts) for number in range(300))
    assert all("continued" in text and "Minutes Minutes" in text for text in texts[1:])
    assert "Continued on the next page" not in texts[-1]
    for page in grey_pages(body.pdf):
        assert (page[:31] == 255).all()


def test_tables_lists_and_quotations_of_html_are_readable() -> None:
    html = (
        "<ul><li>First</li><li>Second</li></ul><ol start=7><li>Seventh</li></ol>"
        "<table><tr><th>Test</th><th>Value</th></tr><tr><td>Sodium</td><td>140</td></tr></table>"
        "<blockquote>Earlier</blockquote><pre>a   b</pre>"
    )

    (text,) = texts_of(draw_body(BodyFacts(paper=Paper.A4, body_html=html)).pdf)

    for words in ("First", "Second", "7.", "Seventh", "Test Value", "Sodium 140", "Earlier", "a b"):
        assert words in text


def test_of_a_mail_with_text_and_html_the_tables_are_printed() -> None:
    html = "<p>Results:</p><table><tr><td>Sodium<td>140<tr><td>Potassium<td>4.2</table>"
    text = "Results:\n\nSodium\n\n140\n\nPotassium\n\n4.2\n"

    (printed,) = texts_of(draw_body(BodyFacts(paper=Paper.A4, body_text=text, body_html=html)).pdf)

    assert printed == "Results: Sodium 140 Potassium 4.2"


@pytest.mark.parametrize(("columns", "rows"), [(10, 40), (16, 3), (40, 3)])
def test_of_a_wide_table_nothing_is_cut_off(columns: int, rows: int) -> None:
    cells = [[f"v{row}x{column}" for column in range(columns)] for row in range(rows)]
    html = "".join("<tr>" + "".join(f"<td>{cell}" for cell in row) for row in cells)

    body = draw_body(BodyFacts(paper=Paper.LETTER, body_html=f"<table>{html}</table>"))

    text = " ".join(texts_of(body.pdf))
    assert all(cell in text for row in cells for cell in row)
    for page in grey_pages(body.pdf):
        assert (page[:, -100:] == 255).all()


def test_writing_from_right_to_left_begins_at_the_right() -> None:
    (page,) = grey_pages(draw_body(BodyFacts(paper=Paper.LETTER, body_text="שלום")).pdf)

    columns = np.flatnonzero((page < 128).any(axis=0))
    assert columns.min() > page.shape[1] * 0.7
    assert columns.max() > page.shape[1] - 0.8 * 204


def test_a_line_without_blanks_wraps_in_good_time() -> None:
    body = draw_body(BodyFacts(paper=Paper.A4, body_text="x" * 50_000))

    assert "".join(texts_of(body.pdf)).count("x") >= 50_000
    for page in grey_pages(body.pdf, 72):
        assert (page[:, -36:] == 255).all()


def test_the_task_writes_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    facts = BodyFacts(paper=Paper.LEGAL, body_text="text").to_json()

    assert body_pages(hand_over(facts, folder=tmp_path, name="facts.json")) == {"pdf": "body.pdf", "pages": 1}
    assert (tmp_path / "body.pdf").read_bytes().startswith(b"%PDF-")
