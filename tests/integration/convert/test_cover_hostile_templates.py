"""Templates that try to get out, to look around, or never to end: the fax goes out, nothing else does."""

import asyncio
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from drawn_pages import full_cover, texts_of
from own_templates import HTML, changed_part, cover_faxes, saved_by_libreoffice, write_docx
from PIL import Image

from convert.converter import Converter
from convert.cover_facts import CoverFacts
from convert.request import ConvertedFax

pytestmark = pytest.mark.asyncio(loop_scope="session")

MESSAGE = "~CoverText~"


class Listener:
    """Somebody on loopback whom nobody should call."""

    def __init__(self, port: int, calls: list[bytes]) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self.calls = calls


@pytest_asyncio.fixture(loop_scope="session")
async def listener() -> AsyncIterator[Listener]:
    calls: list[bytes] = []

    async def called(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        calls.append(await reader.read(1000))
        writer.close()

    server = await asyncio.start_server(called, "127.0.0.1", 0)
    async with server:
        yield Listener(server.sockets[0].getsockname()[1], calls)


def own(path: Path) -> CoverFacts:
    return full_cover(template="letter", own_file=str(path))


async def made(converter: Converter, tmp_path: Path, source: str) -> ConvertedFax:
    path = tmp_path / "letter.html"
    path.write_text(source, encoding="utf-8")
    (fax,) = await cover_faxes(converter, tmp_path, own(path))
    return fax


@pytest.mark.parametrize(
    ("attack", "told"),
    [
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "line 2: it tries what no template may"),
        ("{{ self.__init__.__globals__ }}", "line 2: it tries what no template may"),
        ("{{ recipient.__init__.__globals__ }}", "line 2: there is no token recipient.__init__"),
        ("{{ message.__init__ }}", "line 2: it tries what no template may"),
        ("{{ '{0.__class__}'.format(subject) }}", "line 2: it tries what no template may"),
        ("{{ subject | attr('__class__') }}", "line 2: it tries what no template may"),
        ("{% include '/etc/passwd' %}", "line 2: a template stands alone"),
        ("{% import '/etc/passwd' as x %}", "line 2: a template stands alone"),
        ("{% extends 'default.html' %}", "line 2: a template stands alone"),
        ("{% for i in range(1000000000) %}x{% endfor %}", "line 2: range too big"),
        ("{% for i in range(10**9) %}x{% endfor %}", "** is not allowed in a template"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "a macro calls itself without end"),
        (
            "{% for i in range(90000) %}{{ 'x' * 1200 }}{% endfor %}",
            "it writes more than 20 million characters",
        ),
        ("{{ 'x' | center(100000000000) }}", "it needs more memory than one document may have"),
        ("{{ '%099999999999d' % 1 }}", "% is not allowed in a template"),
    ],
)
async def test_a_template_that_tries_what_it_may_not_gives_way(
    converter: Converter, tmp_path: Path, attack: str, told: str
) -> None:
    fax = await made(converter, tmp_path, f"<p>{MESSAGE}\n{attack}")

    assert told in fax.cover_trouble
    assert "The built-in default has taken its place." in fax.cover_trouble
    assert [page.origin for page in fax.made] == ["cover"]


async def test_loops_that_never_end_are_ended(converter: Converter, tmp_path: Path) -> None:
    endless = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"

    fax = await made(converter, tmp_path, f"<p>\n\n{endless}")

    assert "line 3: it takes longer than 5 seconds; does a loop never end?" in fax.cover_trouble
    assert [page.origin for page in fax.made] == ["cover"]


async def test_nothing_is_fetched_from_the_network(
    converter: Converter, tmp_path: Path, listener: Listener
) -> None:
    base = listener.base
    attack = (
        f"<link rel=stylesheet href='{base}/link.css'><style>@import '{base}/import.css';"
        f"@font-face {{ font-family: f; src: url({base}/font.ttf) }} p {{ font-family: f }}"
        f"h1 {{ background: url({base}/background.png) }}"
        f"ul {{ list-style-image: url({base}/list.png) }}</style>"
        f"<img src='{base}/img.png'><object data='{base}/object'></object><embed src='{base}/embed'>"
        f"<iframe src='{base}/frame'></iframe><svg width=10 height=10><image href='{base}/svg.png' width=9 />"
        f"<use href='{base}/use.svg#x'/></svg><img src=\"data:image/svg+xml,"
        "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'>"
        f"<image href='{base}/inner.png'/></svg>\">"
        "<ul><li>point</ul>"
    )

    fax = await made(converter, tmp_path, HTML.replace("<h1>", f"{attack}<h1>"))
    await asyncio.sleep(0.05)

    assert listener.calls == []
    for name in ("link.css", "import.css", "font.ttf", "background.png", "img.png", "svg.png"):
        assert f"{base}/{name} is not fetched" in fax.cover_trouble
    assert "The page was made without." in fax.cover_trouble
    assert "Dr. Jonathan Doe" in texts_drawn(fax)


async def test_an_address_that_is_made_of_values_is_not_told(converter: Converter, tmp_path: Path) -> None:
    picture = '<img src="logo-{{ recipient.name }}.png">'
    fax = await made(converter, tmp_path, HTML.replace("<h1>", f"{picture}<h1>"))
    assert "an address that is put together of values is not there" in fax.cover_trouble
    assert "Doe" not in fax.cover_trouble


def texts_drawn(fax: ConvertedFax) -> str:
    (folder,) = fax.path.parent.glob("own-cover-*")
    return " ".join(texts_of((folder / "cover.pdf").read_bytes()))


async def test_no_file_outside_of_the_templates_folder_is_seen(converter: Converter, tmp_path: Path) -> None:
    Image.new("L", (400, 400), 0).save(tmp_path / "secret.png")
    (tmp_path / "secret.txt").write_text("the secret")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link.png").symlink_to(tmp_path / "secret.png")
    attack = "".join(
        f'<img src="{address}" style="width: 2in">'
        for address in (
            "link.png", "../secret.png", "%2e%2e/secret.png", f"{tmp_path}/secret.png",
            f"file://{tmp_path}/secret.png", "file:///etc/passwd", "/etc/passwd.png",
        )
    )  # fmt: skip
    attack += f"<style>@import 'file://{tmp_path}/secret.txt';</style><object data='../secret.txt'></object>"
    path = inside / "letter.html"
    path.write_text(HTML.replace("<h1>", f"{attack}<h1>"), encoding="utf-8")
    plain = inside / "plain.html"
    plain.write_text(HTML, encoding="utf-8")

    attacked, untouched = await cover_faxes(converter, tmp_path, own(path), own(plain))

    assert black_pixels(attacked) < black_pixels(untouched) + 500
    assert "link.png is not there" in attacked.cover_trouble
    assert "file:///etc/passwd is not fetched" in attacked.cover_trouble


def black_pixels(fax: ConvertedFax) -> int:
    with Image.open(fax.path) as pages:
        return int(np.count_nonzero(~np.asarray(pages.convert("1"))))


async def test_a_value_cannot_become_part_of_the_template(converter: Converter, tmp_path: Path) -> None:
    hostile = "</td><img src='http://127.0.0.1:9/x'>{{ 7 * 7 }}~SenderPhone~{% raw %}"
    path = tmp_path / "letter.html"
    path.write_text(HTML, encoding="utf-8")
    facts = full_cover(template="letter", own_file=str(path), subject=hostile, body_text=hostile)

    (fax,) = await cover_faxes(converter, tmp_path, facts)

    assert fax.cover_trouble == ""
    assert texts_drawn(fax).replace(" ", "").count(hostile.replace(" ", "")) == 2


# --- Word and OpenDocument --------------------------------------------------------------------------------

DOCTYPE = b'<!DOCTYPE x [<!ENTITY secret SYSTEM "file:///etc/passwd">]>'


def with_entity(part: bytes) -> bytes:
    declaration, rest = part.split(b"?>", 1)
    return declaration + b"?>" + DOCTYPE + rest.replace(b"~RecipientName~", b"&secret;")


async def document_trouble(converter: Converter, tmp_path: Path, path: Path) -> str:
    (fax,) = await cover_faxes(converter, tmp_path, own(path))
    assert [page.origin for page in fax.made] == ["cover"]
    return fax.cover_trouble


async def test_entities_are_refused_in_both_word_formats(converter: Converter, tmp_path: Path) -> None:
    template = write_docx(tmp_path / "letter.docx")
    odt = changed_part(saved_by_libreoffice(template, "odt"), "content.xml", with_entity)
    docx = changed_part(template, "word/document.xml", with_entity)

    for path, part in ((docx, "word/document.xml"), (odt, "content.xml")):
        told = await document_trouble(converter, tmp_path, path)
        assert f"its part {part} has a document type, which no word processor writes" in told


async def test_a_billion_laughs_cost_one_cover_its_looks(converter: Converter, tmp_path: Path) -> None:
    laughs = b"".join(
        b'<!ENTITY l%d "%s">' % (number, b"&l%d;" % (number - 1) * 10) for number in range(1, 12)
    )
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">' + laughs + b"]><x>&l11;</x>"
    path = changed_part(write_docx(tmp_path / "letter.docx"), "word/document.xml", lambda _: bomb)

    assert "cannot be used: its part word/document.xml" in await document_trouble(converter, tmp_path, path)


async def test_a_zip_bomb_is_refused(converter: Converter, tmp_path: Path) -> None:
    path = changed_part(
        write_docx(tmp_path / "letter.docx"), "word/media/bomb.bin", lambda _: bytes(120 << 20)
    )

    assert path.stat().st_size < 1 << 20
    assert "unpacked it has more than 100 MB" in await document_trouble(converter, tmp_path, path)


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (b"PK\x03\x04 and then nothing", "it is no Word or OpenDocument file, or is damaged"),
        (b"just text", "it is no Word or OpenDocument file, or is damaged"),
        (bytes.fromhex("D0CF11E0A1B11AE1") + bytes(600), "it is protected with a password, or older"),
        (zlib.compress(bytes(9999)), "it is no Word or OpenDocument file, or is damaged"),
    ],
)
async def test_what_is_no_document_is_told(
    converter: Converter, tmp_path: Path, octets: bytes, told: str
) -> None:
    path = tmp_path / "letter.docx"
    path.write_bytes(octets)

    assert told in await document_trouble(converter, tmp_path, path)


async def test_pictures_from_elsewhere_are_not_fetched_and_are_told(
    converter: Converter, tmp_path: Path, listener: Listener
) -> None:
    relation = (
        b'<Relationship Id="rIdX" TargetMode="External" Target="%s/logo.png" '
        b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image"/></Relationships>'
        % listener.base.encode()
    )
    drawing = (
        b'<w:p><w:r><w:pict xmlns:v="urn:schemas-microsoft-com:vml" xmlns:r="http://schemas.openxmlformats.org/'
        b'officeDocument/2006/relationships"><v:shape style="width:90pt;height:90pt">'
        b'<v:imagedata r:id="rIdX"/></v:shape></w:pict></w:r></w:p><w:sectPr'
    )
    path = write_docx(tmp_path / "letter.docx")
    changed_part(
        path, "word/_rels/document.xml.rels", lambda part: part.replace(b"</Relationships>", relation)
    )
    changed_part(path, "word/document.xml", lambda part: part.replace(b"<w:sectPr", drawing, 1))

    told = await document_trouble(converter, tmp_path, path)
    await asyncio.sleep(0.05)

    assert f"{listener.base}/logo.png is not in the document, and is not fetched" in told
    assert listener.calls == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "Phone: {{ sender.phnoe }}",
            'at "Phone: {{ sender.phnoe }}": there is no token sender.phnoe; did you',
        ),
        ("~RecipientNmae~ there", "there is no token ~RecipientNmae~; did you mean ~RecipientName~?"),
        ("{{ ''.__class__ }}", "at \"{{ ''.__class__ }}\": it tries what no template may"),
        ("a {% if subject %} b", "unexpected end of template"),
        ("{% include 'x' %}", "a template stands alone"),
    ],
)
async def test_mistakes_in_documents_are_told_with_the_paragraph(
    converter: Converter, tmp_path: Path, text: str, told: str
) -> None:
    path = write_docx(tmp_path / "letter.docx")
    changed_part(path, "word/document.xml", lambda part: part.replace(b"~DateTime~", text.encode(), 1))

    assert told in await document_trouble(converter, tmp_path, path)


async def test_a_statement_over_a_cells_end_is_told(converter: Converter, tmp_path: Path) -> None:
    path = write_docx(tmp_path / "letter.docx")
    changed_part(
        path, "word/document.xml",
        lambda part: part.replace(b"~DateTime~", b"x {% if not subject %}", 1).replace(
            b"<w:sectPr", b"<w:p><w:r><w:t>y {% endif %}</w:t></w:r></w:p><w:sectPr", 1
        ),
    )  # fmt: skip

    told = await document_trouble(converter, tmp_path, path)

    assert "a statement begins and ends in different places" in told
