import os
import shutil
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import documents_made as made
import pytest
from converter_fixtures import Convert

from convert import office_client, office_process
from convert.converter import Converter
from convert.formats import FORMATS, Kind
from convert.office import Office
from convert.office_process import OfficeUnit, SandboxedOffice
from convert.office_wear import OfficeWear
from convert.request import ConverterUnavailable, InvalidDocument

pytestmark = pytest.mark.asyncio(loop_scope="session")


def processes_named(word: str, *, below: int) -> list[int]:
    """Process ids of all descendants whose command contains the word."""
    found, parents = [], {below}
    listed = sorted(int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit())
    for process in listed:
        try:
            parent = int((Path("/proc") / str(process) / "stat").read_text().rpartition(")")[2].split()[1])
            command = (Path("/proc") / str(process) / "cmdline").read_bytes()
        except OSError:
            continue
        if parent in parents:
            parents.add(process)
            if word.encode() in command:
                found.append(process)
    return found


async def test_a_killed_libreoffice_is_back_for_the_next_document(convert: Convert, tmp_path: Path) -> None:
    letter = made.docx_letter(tmp_path / "letter.docx")
    before = await convert(letter)
    victims = processes_named("soffice.bin", below=os.getpid())  # several, if there was much to do before
    for victim in victims:
        os.kill(victim, signal.SIGKILL)
    after = await convert(letter)
    assert len(before.pages) == len(after.pages) == 1
    successors = processes_named("soffice.bin", below=os.getpid())
    assert victims
    assert successors
    assert not set(successors) & set(victims)


async def test_libreoffice_has_its_memory_from_jemalloc(convert: Convert, tmp_path: Path) -> None:
    await convert(made.docx_letter(tmp_path / "letter.docx"))
    offices = processes_named("soffice.bin", below=os.getpid())
    assert offices
    for office in offices:
        assert "libjemalloc.so.2" in Path(f"/proc/{office}/maps").read_text()


async def test_a_stopped_libreoffice_is_too_slow_and_replaced(
    converter: Converter, convert: Convert, tmp_path: Path
) -> None:
    letter = made.docx_letter(tmp_path / "letter.docx")
    await convert(letter)
    victims = processes_named("soffice.bin", below=os.getpid())
    for victim in victims:
        os.kill(victim, signal.SIGSTOP)
    with pytest.raises(InvalidDocument, match="takes longer than 2 seconds"):
        await converter._office.to_pdf(
            letter, tmp_path / "a.pdf", name="letter.docx", kind=Kind.DOCX, pages=5, seconds=2
        )
    for victim in set(victims) & set(processes_named("soffice.bin", below=os.getpid())):
        os.kill(victim, signal.SIGCONT)
    assert len((await convert(letter)).pages) == 1
    assert set(victims) - set(processes_named("soffice.bin", below=os.getpid()))


async def test_a_document_that_libreoffice_cannot_read_is_the_senders(
    converter: Converter, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(b"PK\3\4 no document")
    before = processes_named("soffice.bin", below=os.getpid())
    with pytest.raises(InvalidDocument, match="damaged"):
        await converter._office.to_pdf(
            broken, tmp_path / "a.pdf", name="broken", kind=Kind.XLSX, pages=5, seconds=20
        )
    assert processes_named("soffice.bin", below=os.getpid()) == before


async def test_a_worn_libreoffice_gives_way_to_a_fresh_one_when_nobody_waits(
    converter: Converter, convert: Convert, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = made.docx_letter(tmp_path / "letter.docx")
    await convert(letter)
    before = processes_named("soffice.bin", below=os.getpid())
    worn: list[OfficeWear] = []

    def by_age(wear: OfficeWear) -> str:
        worn.append(wear)
        return "age"

    with monkeypatch.context() as patched:
        patched.setattr("convert.office.worn_by", by_age)
        await convert(letter)
    assert len((await convert(letter)).pages) == 1  # waits for the fresh one
    after = processes_named("soffice.bin", below=os.getpid())
    assert worn[0].conversions > 0
    assert worn[0].memory > 50 << 20
    assert set(before) - set(after)


@contextmanager
def loopback_listener() -> Iterator[tuple[str, list[str]]]:
    """A server's address, and who came."""
    came: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def note() -> None:
            while True:
                try:
                    connection, address = server.accept()
                except OSError:
                    return
                came.append(str(address))
                connection.close()

        threading.Thread(target=note, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/picture.png", came
        server.shutdown(socket.SHUT_RDWR)


async def test_nothing_is_fetched_from_the_network(convert: Convert, tmp_path: Path) -> None:
    with loopback_listener() as (address, came):
        letter = made.docx_letter(tmp_path / "letter.docx", "Text", picture_url=address)
        page = tmp_path / "page.html"
        page.write_text(f'<!DOCTYPE html><html><body><p>Text</p><img src="{address}"></body></html>')
        for path in (letter, page):
            assert len((await convert(path)).pages) == 1
        assert came == []
        with socket.create_connection(("127.0.0.1", int(address.split(":")[2].split("/")[0]))):
            pass  # the listener does listen


async def test_no_file_of_the_host_gets_into_a_fax(converter: Converter, tmp_path: Path) -> None:
    secret = tmp_path / "secret.html"
    secret.write_text("<html><body>" + "<p>SECRET</p>" * 400 + "</body></html>")
    page = tmp_path / "page.html"
    page.write_text(
        f'<!DOCTYPE html><html><body>Text <iframe src="{secret.as_uri()}"></iframe></body></html>'
    )
    pdf = tmp_path / "page.pdf"
    await converter._office.to_pdf(page, pdf, name="page.html", kind=Kind.HTML, pages=20, seconds=20)
    assert b"secret" not in pdf.read_bytes().lower()


@pytest.mark.parametrize(
    ("tool", "package"), [("bwrap", "bubblewrap"), ("soffice", "libreoffice-writer-nogui")]
)
async def test_a_missing_tool_is_named_with_its_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tool: str, package: str
) -> None:
    there = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: None if name == tool else there(name))
    office = Office()
    document = made.docx_letter(tmp_path / "a.docx")
    with pytest.raises(ConverterUnavailable, match=f"{tool} is missing.*{package}"):
        await office.to_pdf(document, tmp_path / "a.pdf", name="a.docx", kind=Kind.DOCX, pages=5, seconds=5)
    await office.stop()


async def test_what_dies_while_starting_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office_process, "_SERVER", Path(__file__))  # runs, and ends
    with pytest.raises(ConverterUnavailable, match="ended while starting; it said"):
        SandboxedOffice().ensure()


async def test_libreoffice_may_be_somebody_elses(converter: Converter, tmp_path: Path) -> None:
    office = Office(converter._office.offices[0]._process.socket)
    assert isinstance(office._process, OfficeUnit)
    letter = made.docx_letter(tmp_path / "letter.docx")
    await office.to_pdf(letter, tmp_path / "a.pdf", name="a.docx", kind=Kind.DOCX, pages=5, seconds=20)
    await office.stop()
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
    form = FORMATS[Kind.TEXT]
    assert office_client.convert(
        converter._office.offices[0]._process.socket, rb"{\rtf1 still there}", load_filter=form.load_filter,
        load_options=form.load_options, pages=1, seconds=20,
    )  # fmt: skip


async def test_a_unit_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(office_process, "_START_SECONDS", 0.1)
    with pytest.raises(ConverterUnavailable, match="systemctl status postfax-office"):
        OfficeUnit(tmp_path / "nobody").ensure()
