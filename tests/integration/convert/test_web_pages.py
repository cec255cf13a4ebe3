import socket
from pathlib import Path

import numpy as np
import pytest
from converter_fixtures import Convert
from drawn_pages import grey_pages, sizes_of, texts_of

from convert import fax_tiff, t6
from convert.web_page import web_pages

GREETING = "Größe 1,80 m, Grüße für Müller"


def page_of(body: str, *, head: str = "") -> str:
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>"


def test_it_is_laid_out_as_its_style_says() -> None:
    boxes = '<div style="display: flex"><div style="flex: 1">Left</div><div style="flex: 1">Right</div></div>'
    (page,) = grey_pages(web_pages(page_of(boxes).encode(), paper="A4"))
    inked = np.flatnonzero((page < 128).any(axis=1))
    assert np.ptp(inked) < 45  # on one line


@pytest.mark.parametrize("paper", ["A4", "Letter", None])
def test_what_is_wider_than_paper_is_not_cut_off(paper: str | None) -> None:
    cells = "".join(f"<td>Column&nbsp;number&nbsp;{number}</td>" for number in range(12))
    pdf = web_pages(page_of(f"<table><tr>{cells}</tr></table>").encode(), paper=paper)
    ((width, height),) = sizes_of(pdf)
    assert width > 700
    assert height / width == pytest.approx(297 / 210 if paper == "A4" else 279.4 / 215.9, abs=0.01)
    assert "Column number 11" in texts_of(pdf)[0]
    (page,) = grey_pages(pdf)
    inked = np.flatnonzero((page < 128).any(axis=0))
    assert inked[-1] < page.shape[1] * 0.99


@pytest.mark.parametrize(
    "body",
    [
        f"<pre>{'x' * 900} END</pre>",
        f"<p style='white-space: nowrap'>{'words in one line ' * 60} END</p>",
        f"<table><tr><td nowrap>{'words in one line ' * 60} END</td></tr></table>",
        f"<p>{'x' * 900} END</p>",
    ],
)
def test_a_line_that_no_paper_is_wide_enough_for_is_broken(body: str) -> None:
    pdf = web_pages(page_of(body).encode(), paper="A4")
    assert sizes_of(pdf) == [(595, 842)]
    (page,) = grey_pages(pdf)
    inked = np.flatnonzero((page < 128).any(axis=0))
    assert inked[-1] < page.shape[1] * 0.99


def test_what_a_form_hides_is_not_shown() -> None:
    form = "<input value=typed><input type=hidden value=token><input type=password value=secret>"
    assert "".join(texts_of(web_pages(page_of(form).encode(), paper=None))).split() == ["typed"]


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ("", "utf-8"),
        ("", "utf-8-sig"),
        ("", "utf-16"),
        ("", "cp1252"),
        ('<meta charset="iso-8859-15">', "iso8859_15"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=utf-8">', "utf-8"),
    ],
)
def test_its_encoding_is_read_out_of_it(head: str, encoding: str) -> None:
    pdf = web_pages(page_of(f"<p>{GREETING}</p>", head=head).encode(encoding), paper=None)
    assert GREETING in texts_of(pdf)[0]


def test_an_xhtml_page_is_read_in_its_encoding() -> None:
    page = f'<html xmlns="http://www.w3.org/1999/xhtml"><body>{GREETING}</body></html>'
    xhtml = f'<?xml version="1.0" encoding="utf-8"?>\n{page}'
    assert GREETING in texts_of(web_pages(xhtml.encode(), paper=None))[0]


def test_a_page_that_says_its_own_size_gets_the_paper() -> None:
    pdf = web_pages(page_of("<p>x</p>", head="<style>@page { size: 9m 9m }</style>").encode(), paper="A4")
    assert sizes_of(pdf) == [(595, 842)]


def test_pictures_are_shown_where_they_are_in_the_page() -> None:
    black = "data:image/gif;base64,R0lGODdhAQABAIAAAAAAAP///ywAAAAAAQABAAACAkQBADs="
    (page,) = grey_pages(web_pages(page_of(f'<img src="{black}" width=90 height=90>').encode(), paper=None))
    assert (page < 128).sum() > 150 * 150


def test_nothing_is_fetched() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        there = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
        style = f'@import "{there}"; p {{ background: url({there}) }}'
        head = f'<link rel=stylesheet href="{there}"><style>{style}</style>'
        body = (
            f'<p>Text <img src="{there}"><object data="{there}"></object><svg><image href="{there}"/></svg>'
        )
        assert "Text" in texts_of(web_pages(page_of(body, head=head).encode(), paper=None))[0]
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.mark.asyncio(loop_scope="session")
async def test_a_web_page_becomes_fax_pages(convert: Convert, tmp_path: Path) -> None:
    source = tmp_path / "page.bin"
    source.write_text(page_of("<p>One</p><p style='page-break-before: always'>Two</p>"))
    fax = await convert(source)
    assert [page.steps for page in fax.made] == [("web", "drawn")] * 2
    assert all(t6.decode(page.strip, page.rows).any() for page in fax_tiff.read(fax.path).pages)
