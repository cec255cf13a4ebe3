"""What the targets share whose parsers are other people's: documents through the whole of a conversion.

The libraries that draw (pdfium, Pillow, LibreOffice) may fail as they like, in processes that are confined.
What must hold is that the conversion ends in its time, in pages with something on them or in a sentence, that
our own code foresaw what it met, and that neither a process nor a file is left.
"""

import functools
import os
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import confined_tasks

import convert.picture_file
from convert import fax_tiff, heif
from convert.fax_making import make_faxes
from convert.office import Office
from convert.one_shot import OnceRunner, finish
from convert.request import ConversionLimits, ConversionRequest, InvalidDocument, Sheet, Source
from sandbox import FailureKind, Limits, TaskFailed, TaskRefused
from sandbox.once import OnceTask, run_together

__all__ = ["check_document", "check_mail", "confined_tasks", "convert", "heif", "try_documents", "try_mails"]
"""What the tasks need is loaded before they are forked."""

LIMITS = ConversionLimits(seconds=8, memory=1 << 30, pages=20)
_TOGETHER = Limits(seconds=60, cpu_seconds=20, memory=1 << 30, file_size=64 << 20)
_MAIL_LIMITS = Limits(seconds=8, cpu_seconds=8, memory=1 << 30, file_size=64 << 20)


def check_document(octets: bytes, name: str) -> None:
    """A document ends in pages or in a reason."""
    with tempfile.TemporaryDirectory(prefix="postfax-fuzz-") as folder:
        source, work = Path(folder) / "source", Path(folder) / "work"
        source.write_bytes(octets)
        work.mkdir()
        request = ConversionRequest(
            sources=(Source(name=name, path=source),), sheets=(Sheet(key="fax"),), resolution="standard",
            paper=None, limits=LIMITS, folder=work,
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


def try_documents(documents: Sequence[bytes], name: str) -> Counter[str]:
    """How often documents came to what; as `check_document`, and faster.

    They are drawn in one confined process. If that does not end well, each has one of its own, as in the
    service.
    """
    task = {
        "name": name, "resolution": "standard", "paper": None, "most_pages": LIMITS.pages,
        "pages_at_once": LIMITS.pages,
    }  # fmt: skip
    return _try_together(
        "confined_tasks:make_pages_of_each",
        {"page_task": task},
        documents,
        lambda octets: check_document(octets, name),
    )


def try_mails(mails: Sequence[bytes]) -> Counter[str]:
    """The same of mails, as `check_mail`."""
    return _try_together("confined_tasks:take_apart_each", {}, mails, check_mail)


def _try_together(
    task: str, arguments: dict[str, Any], inputs: Sequence[bytes], check: Callable[[bytes], None]
) -> Counter[str]:
    with tempfile.TemporaryDirectory(prefix="postfax-fuzz-") as folder:
        for number, octets in enumerate(inputs):
            (Path(folder) / str(number)).write_bytes(octets)
        with _warnings_of_libraries():
            (answer,) = run_together(
                [
                    OnceTask(
                        task=task,
                        arguments={**arguments, "count": len(inputs)},
                        folder=Path(folder),
                        limits=_TOGETHER,
                    )
                ]
            )
    _check_nothing_is_left()
    if not isinstance(answer, TaskRefused | TaskFailed):
        return Counter(answer)
    for octets in inputs:
        check(octets)
    return Counter({f"alone, after {answer.kind if isinstance(answer, TaskFailed) else answer}": len(inputs)})


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
