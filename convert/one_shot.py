"""Conversion for a program that converts once and ends: `postfax convert`.

The tasks are forked from the program itself, confined as in the service. What is not needed is not loaded: no
event loop, no typesetting, and LibreOffice only for a document that needs it.
"""

import os
import shutil
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from convert.fax_making import make_faxes
from convert.formats import Kind
from convert.layout import Turn
from convert.request import ConversionLimits, ConversionRequest, ConvertedFax, InvalidDocument, Sheet, Source
from convert.runner import Call, after_failure, task_limits
from sandbox.failures import TaskFailed, TaskRefused
from sandbox.once import OnceTask, run_together
from sandbox.temporary_folder import TemporaryFolder

if TYPE_CHECKING:
    from config.fax import Paper, Resolution
    from convert.office import Office

_TASKS_AT_ONCE = 2
_HEAD = 512
_BEFORE_MARKUP = b"\xef\xbb\xbf\xff\xfe\0\t\r\n "
"""Byte order marks, and blanks in every encoding."""
_T = TypeVar("_T")


def convert_files(
    files: Sequence[Path | Source],
    target: Path,
    *,
    resolution: "Resolution | str" = "fine",
    paper: "Paper | str | None" = None,
    turn: Turn = "wide",
    limits: ConversionLimits | None = None,
    drop_blank_ends: bool = True,
    before_office: Callable[[], None] = lambda: None,
) -> ConvertedFax:
    """Make one fax of files of any kind, without cover page and header line, and write it to `target`.

    Blocks, and forks: the program must have one thread. Without `paper` each page keeps its own length.
    `before_office` is called before LibreOffice is started, which then logs.

    Raises:
        InvalidDocument: A file cannot be made into pages.
        ConverterUnavailable: A part that is needed is missing or broken.
        OSError: A file cannot be read or written.
    """
    sources = tuple(each if isinstance(each, Source) else Source(name=each.name, path=each) for each in files)
    _load([source.path for source in sources])
    with TemporaryFolder("convert") as folder:
        request = ConversionRequest(
            sources=sources,
            sheets=(Sheet(key="fax"),),
            resolution=resolution,
            paper=paper,
            turn=turn,
            limits=limits or ConversionLimits(),
            drop_blank_ends=drop_blank_ends,
            folder=folder,
        )
        with OnceRunner(request, before_office) as runner:
            (fax,) = finish(make_faxes(request, runner))
        shutil.copyfile(fax.path, target)
    return ConvertedFax(key=fax.key, path=target, made=fax.made, sha256=fax.sha256)


def _load(files: Sequence[Path]) -> None:
    """Import what the tasks need, before they are forked."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy would start threads, and a fork loses them
    import convert.page_task  # noqa: PLC0415

    if any(map(_may_be_web_page, files)):  # a second's work, which no other document shall wait for
        import convert.web_page  # noqa: F401, PLC0415


def _may_be_web_page(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(_HEAD).lstrip(_BEFORE_MARKUP).startswith(b"<")


def finish(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine that never waits: with this runner every step is done when it returns."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        value: _T = done.value
        return value
    raise AssertionError("a one-shot conversion waited for an event")


class OnceRunner:
    """Runs the tasks as children of this process; blocks."""

    def __init__(self, request: ConversionRequest, before_office: Callable[[], None]) -> None:
        self._before_office = before_office
        self._seconds = request.limits.seconds
        self._limits = task_limits(request)
        self._office: Office | None = None

    @property
    def at_once(self) -> int:
        """See `Runner.at_once`."""
        return _TASKS_AT_ONCE

    @property
    def free(self) -> int:
        """See `Runner.free`."""
        return _TASKS_AT_ONCE

    async def run_all(self, calls: Sequence[Call]) -> list[dict[str, Any]]:
        """See `Runner.run_all`."""
        answers: list[dict[str, Any]] = []
        for begin in range(0, len(calls), _TASKS_AT_ONCE):
            answers += self._run_together(calls[begin : begin + _TASKS_AT_ONCE])
        return answers

    def _run_together(self, calls: Sequence[Call]) -> list[dict[str, Any]]:
        tasks = [
            OnceTask(
                task=call.task, arguments=call.arguments, folder=call.folder, limits=call.limits(self._limits)
            )
            for call in calls
        ]
        answers = []
        for call, answer in zip(calls, run_together(tasks), strict=True):
            match answer:
                case TaskRefused():
                    raise InvalidDocument(call.name, str(answer)) from answer
                case TaskFailed():
                    raise after_failure(call, answer, seconds=self._seconds) from answer
            answers.append(answer)
        return answers

    async def to_pdf(self, document: Path, target: Path, *, name: str, kind: Kind, pages: int) -> None:
        """See `Runner.to_pdf`."""
        if self._office is None:
            self._before_office()
            from convert.office import Office  # noqa: PLC0415 - and with it LibreOffice, for those who need it

            self._office = Office()
        self._office.to_pdf_blocking(
            document, target, name=name, kind=kind, pages=pages, seconds=self._seconds
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._office:
            self._office.stop_blocking()
