"""`postfax download` and `postfax view`: the pages as they were sent, all or some, and who looked at them."""

import stat
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2 as pdfium
import pytest
from click.testing import CliRunner
from command_line import CommandLine
from PIL import Image
from recorded_faxes import RecordedFaxes

from config.upkeep import RetentionSettings
from convert import fax_tiff, t6, text_layer
from convert.fax_tiff import CodedPage
from postfax.command import postfax as main_command
from postfax.failures import ExitCode
from postfax.person import person
from store.audit_entry import AuditAction, AuditFilter
from store.book import Book
from store.job import FaxJob, Refusal
from store.page_word import PageWord
from store.status import Status

ROWS = 2156


@pytest.fixture
def postfax(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


@pytest.fixture
def fax(postfax: CommandLine, tmp_path: Path) -> RecordedFaxes:
    """Documents of three pages: a black bar across the first, second, third part of each."""
    path = tmp_path / "three.tif"
    pages = []
    for place in range(3):
        rows = np.zeros((ROWS, 1728 // 8), dtype=np.uint8)
        rows[200 + place * 600 : 600 + place * 600] = 0xFF
        pages.append(CodedPage(rows=ROWS, strip=t6.encode(rows)))
    fax_tiff.write(path, pages, resolution="fine")
    return RecordedFaxes(postfax=postfax, folder=tmp_path, pages=path.read_bytes())


def deeds(postfax: CommandLine, action: AuditAction) -> list[tuple[str, str, str]]:
    entries = postfax.of_book(lambda book: book.audit(AuditFilter(actions=frozenset({action}))))
    return [(entry.subject, entry.by, entry.detail) for entry in entries]


def test_a_fax_is_written_as_pdf_and_as_tiff(
    postfax: CommandLine, fax: RecordedFaxes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = fax(Status.SUCCESS, pages=3)
    folder = tmp_path / "out"
    folder.mkdir()
    monkeypatch.chdir(folder)
    said = postfax("download", job.id.lower())
    assert said.out.startswith(f"{job.id}.pdf  3 pages, ")
    with pikepdf.open(folder / f"{job.id}.pdf") as pdf:
        assert len(pdf.pages) == 3
    told = postfax("download", job.id, "-o", "some.tif", "--pages", "3,1", "--json").json
    assert (told["id"], told["file"], told["format"], told["pages"]) == (job.id, "some.tif", "tiff", [3, 1])
    with Image.open(folder / "some.tif") as tiff:
        assert tiff.n_frames == 2  # type: ignore[attr-defined]  # of a TIFF
        assert tiff.getpixel((800, 200 + 2 * 600 + 100)) == 0  # the bar of the third page comes first
        header = tiff.crop((0, 0, 1728, 60)).convert("L")
        assert header.getextrema()[0] == 0  # the header line of the call
    assert deeds(postfax, AuditAction.DOWNLOAD) == [
        (job.id, person(), "pages 3, 1 of 3 as tiff"),
        (job.id, person(), "3 pages as pdf"),
    ]
    assert stat.S_IMODE((folder / "some.tif").stat().st_mode) == 0o600


@pytest.mark.parametrize("way", ["download", "view"])
def test_a_pdf_can_be_searched_also_one_of_some_pages(
    postfax: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    blank = CodedPage(rows=ROWS, strip=t6.encode(np.zeros((ROWS, 1728 // 8), dtype=np.uint8)))
    said = [(PageWord(word, 100, 300, 400, 340),) for word in ("Anna", "Berta", "Clara")]
    source = tmp_path / "said.tif"
    fax_tiff.write(source, [blank] * 3, resolution="fine")
    pages = source.read_bytes() + text_layer.packed(said)
    job = RecordedFaxes(postfax=postfax, folder=tmp_path, pages=pages)(Status.SUCCESS, pages=3)
    target = tmp_path / f"{job.id}.pdf"
    if way == "download":
        assert postfax("download", job.id, "-o", target, "--pages", "3,1").code == ExitCode.DONE
    else:
        opened: list[Path] = []
        monkeypatch.setattr("postfax.commands.view.shutil.which", lambda _: "/usr/bin/xdg-open")
        monkeypatch.setattr(
            "postfax.commands.view.subprocess.run", lambda command, **_: opened.append(Path(command[1]))
        )
        assert postfax("view", job.id, "--window", "--pages", "3,1").code == ExitCode.DONE
        [target] = opened
    with pdfium.PdfDocument(target) as pdf:
        assert pdf.get_metadata_value("Title") == f"Fax {job.id}"
        texts = [page.get_textpage().get_text_range() for page in pdf]
    assert ["Clara" in texts[0], "Anna" in texts[1], "Berta" in "".join(texts)] == [True, True, False]
    assert ["3/3" in texts[0], "1/3" in texts[1]] == [True, True]  # of the header line


def test_a_file_that_is_there_is_not_written_over(
    postfax: CommandLine, fax: RecordedFaxes, tmp_path: Path
) -> None:
    job = fax(Status.SUCCESS, pages=3)
    target = tmp_path / "fax.pdf"
    target.write_text("mine", encoding="utf-8")
    said = postfax("download", job.id, "-o", target)
    assert (said.code, "is there already" in said.failure) == (ExitCode.REFUSED, True)
    assert target.read_text(encoding="utf-8") == "mine"
    assert deeds(postfax, AuditAction.DOWNLOAD) == []
    assert postfax("download", job.id, "-o", target, "--force").code == ExitCode.DONE
    assert target.read_bytes().startswith(b"%PDF")
    assert "cannot be written" in postfax("download", job.id, "-o", tmp_path / "none" / "fax.pdf").failure


@pytest.mark.parametrize("command", ["download", "view"])
def test_pages_that_are_not_there_are_told(postfax: CommandLine, fax: RecordedFaxes, command: str) -> None:
    job = fax(Status.SUCCESS, pages=3)
    refusal = Refusal(status=Status.INVALID_FAX_NUMBER, explanation="12 is too short.")
    refused = fax(number="12", refusal=refusal)
    far = postfax(command, job.id, "--pages", "4")
    assert (far.code, far.failure) == (ExitCode.USAGE, "there is no page 4: the fax has 3 pages.")
    none = postfax(command, refused.id)
    assert (none.code, none.failure) == (ExitCode.NOT_FOUND, f"{refused.id} has no pages: 12 is too short.")
    assert postfax(command, "ZZZZ-ZZ").code == ExitCode.NOT_FOUND


@pytest.mark.parametrize("command", ["download", "view"])
def test_pages_that_were_kept_long_enough_are_gone(
    postfax: CommandLine, fax: RecordedFaxes, command: str
) -> None:
    job: FaxJob = fax(Status.BUSY, pages=3)
    gone = RetentionSettings(documents=timedelta(0), metadata=timedelta(days=9), audit=timedelta(days=9))

    async def purge(book: Book) -> None:
        for notice in await book.notices_of(job.mail_id):
            await book.notice_delivered(notice.id)
        await book.purge_faxes(lambda _: gone, gone, everything=True)

    postfax.of_book(purge)
    said = postfax(command, job.id)
    assert said.code == ExitCode.NOT_FOUND
    assert f"the pages of {job.id} were removed on " in said.failure


def test_a_page_is_drawn_in_the_terminal(
    postfax: CommandLine, fax: RecordedFaxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    job = fax(Status.SUCCESS, pages=3)
    said = postfax("view", job.id, "--pages", "2")
    *lines, last = said.out.splitlines()
    assert last == f"── {job.id}, page 2 of 3"
    assert all(len(line) <= 60 for line in lines)
    black = [place for place, line in enumerate(lines) if line == "⣿" * 60]
    assert len(lines) * 0.36 < min(black) < max(black) < len(lines) * 0.58  # the bar of the second page
    assert deeds(postfax, AuditAction.VIEW) == [(job.id, person(), "page 2 of 3")]


def test_a_pdf_goes_to_standard_output(postfax: CommandLine, fax: RecordedFaxes) -> None:
    job = fax(Status.SUCCESS, pages=3)
    arguments = ["--config", str(postfax.settings_file), "download", job.id, "-o", "-"]
    ran = CliRunner().invoke(main_command, arguments, standalone_mode=False)
    with pikepdf.open(BytesIO(ran.stdout_bytes)) as pdf:
        assert len(pdf.pages) == 3
