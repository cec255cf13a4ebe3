"""What the targets share whose parsers are other people's: documents through the whole of a conversion.

The libraries that draw (pdfium, Pillow, LibreOffice) may fail as they like, in processes that are confined.
What must hold is that the conversion ends in its time, in pages with something on them or in a sentence, that
our own code foresaw what it met, and that neither a process nor a file is left.
"""

import functools
import os
import tempfile
import warnings
from pathlib import Path
from typing import Any

import convert.page_task
import convert.picture_file
import mta.mime.task
from convert import fax_tiff, heif
from convert.fax_making import make_faxes
from convert.office import Office
from convert.one_shot import OnceRunner, finish
from convert.request import ConversionLimits, ConversionRequest, InvalidDocument, Sheet, Source
from sandbox import FailureKind, Limits, TaskFailed, TaskRefused
from sandbox.once import OnceTask, run_together

__all__ = ["check_document", "check_mail", "convert", "heif", "mta"]
"""What the tasks need is loaded before they are forked."""

LIMITS = ConversionLimits(seconds=8, memory=1 << 30, pages=20)
_MAIL_LIMITS = Limits(seconds=8, cpu_seconds=8, memory=1 << 30, file_size=64 << 20)


def check_document(octets: bytes, name: str) -> None:
    """A document ends in pages or in a reason."""
    with tempfile.TemporaryDirectory(prefix="postfax-fuzz-") as folder:
        source, work = Path(folder) / "source", Path(folder) / "work"
        source.write_bytes(octets)
        work.mkdir()
        request = ConversionRequest(
            sources=(Source(name=name, path=source),), sheets=(Sheet(key="fax"),), resolution="standard",
            paper="Letter", limits=LIMITS, folder=work,
        )  # fmt: skip
        runner = OnceRunner(request, lambda: None)
        runner._office = _office()
        try:
            with _warnings_of_libraries():
                (fax,) = finish(make_faxes(request, runner))
        except InvalidDocument as refused:
            _check_refusal(refused)
        else:
            pages = fax_tiff.read(fax.path).pages
            assert 0 < len(pages) == len(fax.made) <= LIMITS.pages
            assert all(page.rows > 0 and page.strip for page in pages)
    _check_nothing_is_left()


def check_mail(octets: bytes) -> None:
    """A mail is taken apart, or refused with a sentence."""
    with tempfile.TemporaryDirectory(prefix="postfax-fuzz-") as folder:
        (Path(folder) / "mail").write_bytes(octets)
        task = OnceTask(
            task="mta.mime.task:take_apart",
            arguments={"mail": "mail"},
            folder=Path(folder),
            limits=_MAIL_LIMITS,
        )
        with _warnings_of_libraries():
            (answer,) = run_together([task])
        match answer:
            case TaskRefused():
                _check_sentence(str(answer))
            case TaskFailed():
                _check_foreseen(answer)
            case _:
                _check_parts(answer, Path(folder))
    _check_nothing_is_left()


def _warnings_of_libraries() -> "warnings.catch_warnings[None]":
    """What libraries say about broken documents is no mistake of ours, whatever a test makes of warnings."""
    return warnings.catch_warnings(action="ignore")


def _check_parts(answer: dict[str, Any], folder: Path) -> None:
    for part in answer["attachments"]:
        file = folder / part["path"]
        assert file.resolve().parent == folder.resolve()
        assert file.is_file()


def _check_refusal(refused: InvalidDocument) -> None:
    _check_sentence(refused.reason)
    if isinstance(refused.__cause__, TaskFailed):
        _check_foreseen(refused.__cause__)


def _check_foreseen(failed: TaskFailed) -> None:
    assert failed.kind is not FailureKind.ERROR, failed.detail


def _check_sentence(text: str) -> None:
    assert text.strip()
    assert text.isprintable()


def _check_nothing_is_left() -> None:
    """No child but LibreOffice's bubblewrap, ended or not."""
    mine = f"/proc/{os.getpid()}/task/{os.getpid()}/children"
    for child in Path(mine).read_text(encoding="ascii").split():
        assert b"bwrap" in Path(f"/proc/{child}/cmdline").read_bytes()


@functools.cache
def _office() -> Office:
    """One for the whole run: it is started by the first document that needs it, and ends with us."""
    return Office()
