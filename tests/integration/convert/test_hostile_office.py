"""Office documents that are made to harm: nothing is fetched, nothing runs, nothing is read or left."""

import asyncio
import contextlib
import os
import re
import socket
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import documents_made as made
import docx
import drawn_pages
import hostile_office as hostile
import pytest
import pytest_asyncio
from converter_fixtures import Convert
from hostile_pdfs import pdf_that_calls_home
from test_office_supervision import processes_named

from convert.converter import Converter
from convert.formats import Kind
from convert.request import ConversionLimits, InvalidDocument

pytestmark = pytest.mark.asyncio(loop_scope="session")

UNREADABLE = "LibreOffice cannot read it; it may be damaged"


class Listener:
    """Every way to be reached from this machine, and whether anybody came."""

    def __init__(self, port: int, visits: list[str]) -> None:
        self.address = f"http://127.0.0.1:{port}/picture.png"
        self.visits = visits


@pytest_asyncio.fixture(loop_scope="session")
async def listener() -> AsyncIterator[Listener]:
    """TCP and UDP on one port."""
    visits: list[str] = []

    async def take(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visits.append("TCP")
        writer.close()

    class Datagrams(asyncio.DatagramProtocol):
        def datagram_received(self, _data: bytes, _address: object) -> None:
            visits.append("UDP")

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        Datagrams, local_addr=("127.0.0.1", port)
    )
    async with server:
        yield Listener(port, visits)
    transport.close()


def written(path: Path, octets: str | bytes) -> Path:
    path.write_bytes(octets if isinstance(octets, bytes) else octets.encode())
    return path


Make = Callable[[Path, str], Path]
FETCHING: dict[str, Make] = {
    "calls-home.pdf": pdf_that_calls_home,
    "linked-picture.docx": lambda path, address: made.docx_letter(path, picture_url=address),
    "fields.docx": hostile.docx_of_fields,
    "formulas.xlsx": hostile.xlsx_of_formulas,
    "links.odt": hostile.odt_of_links,
    "drawing.odt": lambda path, address: hostile.odt_with_a_drawing(path, hostile.hostile_drawing(address)),
    "drawing.svg": lambda path, address: written(path, hostile.hostile_drawing(address)),
    "page.html": lambda path, address: written(path, hostile.hostile_page(address)),
    "letter.rtf": lambda path, address: written(path, hostile.hostile_rich_text(address)),
    "table.csv": lambda path, address: written(path, f'=WEBSERVICE("{address}"),row\n'),
}


@pytest.mark.parametrize("name", FETCHING)
async def test_what_is_elsewhere_stays_there(
    convert: Convert, listener: Listener, tmp_path: Path, name: str
) -> None:
    with contextlib.suppress(InvalidDocument):
        assert (await convert(FETCHING[name](tmp_path / name, listener.address))).pages
    assert listener.visits == []


async def test_the_listener_hears_who_comes(listener: Listener) -> None:
    host, port = "127.0.0.1", int(listener.address.split(":")[2].split("/")[0])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"x", (host, port))
    _, writer = await asyncio.open_connection(host, port)
    writer.close()
    async with asyncio.timeout(30):
        while len(listener.visits) < 2:
            await asyncio.sleep(0.01)
    assert sorted(listener.visits) == ["TCP", "UDP"]


async def text_of(converter: Converter, path: Path, kind: Kind) -> str:
    """What LibreOffice puts on the first pages."""
    pdf = path.with_suffix(".pdf")
    await converter._office.to_pdf(path, pdf, name=path.name, kind=kind, pages=3, seconds=60)
    return " ".join(drawn_pages.texts_of(pdf.read_bytes()))


@pytest.mark.parametrize(
    ("name", "kind", "stays"),
    [
        ("fields.docx", Kind.DOCX, "Result"),
        ("links.odt", Kind.ODT, "Links"),
        ("drawing.odt", Kind.ODT, "Drawing"),
        ("page.html", Kind.HTML, "What can be read"),
    ],
)
async def test_no_file_of_the_system_is_read(
    converter: Converter, tmp_path: Path, name: str, kind: Kind, stays: str
) -> None:
    text = await text_of(converter, FETCHING[name](tmp_path / name, "file:///etc/passwd"), kind)
    assert stays in text
    assert "root:" not in text


async def test_a_macro_does_not_run(converter: Converter, tmp_path: Path) -> None:
    text = await text_of(converter, hostile.odt_with_a_macro(tmp_path / "macro.odt"), Kind.ODT)
    assert text == "With a macro"


@pytest.mark.parametrize(
    "make",
    [
        hostile.docx_of_laughs,
        partial(hostile.docx_of_an_outside_entity, address="file:///etc/passwd"),
    ],
)
async def test_entities_are_not_followed(
    convert: Convert, tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    with pytest.raises(InvalidDocument) as caught:
        await convert(make(tmp_path / "a.docx"))
    assert caught.value.reason == UNREADABLE


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (made.docx_letter, "word/document.xml"),
        (made.xlsx, "xl/worksheets/sheet1.xml"),
        (made.odt, "content.xml"),
    ],
)
async def test_a_package_that_swells_is_not_unpacked(
    convert: Convert, tmp_path: Path, make: Callable[[Path], Path], part: str
) -> None:
    with pytest.raises(InvalidDocument, match="larger than 512 MB"):
        await convert(hostile.swollen(make(tmp_path / "a.zip"), part))


async def test_a_package_that_swells_less_is_ended(convert: Convert, tmp_path: Path) -> None:
    path = hostile.docx_of_blanks(tmp_path / "blanks.docx", megabytes=60)
    with pytest.raises(InvalidDocument):
        await convert(path, limits=ConversionLimits(seconds=5))
    assert len((await convert(made.docx_letter(tmp_path / "letter.docx"))).pages) == 1


async def test_a_picture_of_promises_in_a_letter_costs_only_itself(convert: Convert, tmp_path: Path) -> None:
    picture = made.png_bomb(tmp_path / "a.png")
    path = hostile.docx_with_a_picture(tmp_path / "letter.docx", picture)
    with contextlib.suppress(InvalidDocument):
        assert len((await convert(path, limits=ConversionLimits(seconds=10))).pages) == 1
    assert len((await convert(made.docx_letter(tmp_path / "next.docx"))).pages) == 1


async def test_a_cut_off_package_is_damaged(convert: Convert, tmp_path: Path) -> None:
    path = made.docx_letter(tmp_path / "letter.docx")
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(InvalidDocument, match="the file is damaged, perhaps cut off"):
        await convert(path)


async def test_a_font_that_nobody_has_is_replaced(converter: Converter, tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph().add_run("Still readable").font.name = "No Such Face 9"
    document.save(str(tmp_path / "a.docx"))
    assert await text_of(converter, tmp_path / "a.docx", Kind.DOCX) == "Still readable"


async def test_libreoffice_itself_is_confined(convert: Convert, tmp_path: Path) -> None:
    await convert(made.docx_letter(tmp_path / "letter.docx"))
    confined = processes_named("soffice.bin", below=os.getpid())
    assert confined
    for process in confined:
        status = Path(f"/proc/{process}/status").read_text()
        assert "Seccomp:\t2" in status
        assert "NoNewPrivs:\t1" in status
        limits = Path(f"/proc/{process}/limits").read_text()
        assert re.search(r"Max address space +4294967296 +4294967296", limits)
        assert Path(f"/proc/{process}/ns/net").readlink() != Path("/proc/self/ns/net").readlink()
        assert not list(Path(f"/proc/{process}/root/home").glob("*"))
