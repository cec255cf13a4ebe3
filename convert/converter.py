"""The converter of a service: preloaded confined processes for the pages, LibreOffice for office documents.

`convert` may be called for several mails at one time; tasks wait for a free process, office documents for
LibreOffice.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog

from config.server import ConvertSettings
from convert.fax_making import make_faxes
from convert.formats import Kind
from convert.office_pool import OfficePool
from convert.request import ConversionRequest, ConvertedFax, ConverterUnavailable, InvalidDocument
from convert.runner import Call, after_failure, task_limits
from sandbox import FailureKind, Limits, Nursery, TaskFailed, TaskRefused

_log = structlog.get_logger(__name__)

_TASKS = (
    "convert.page_task", "convert.leading_task", "convert.own_cover_task", "convert.sheet_task",
    "convert.warm_up",
)  # fmt: skip
_MOST_OFFICES = 4
_REHEARSALS = {
    "convert.warm_up:rehearse": (
        "convert.leading_task:make_cover", "convert.leading_task:make_body",
        "convert.own_cover_task:make_html_cover",
    ),
    "convert.warm_up:rehearse_pages": ("convert.page_task:make_pages",),
}  # fmt: skip
"""What typesets, and what draws: half of their time was spent on the first touch of their memory."""


_SHEET = "convert.sheet_task:make_sheet"
_SHEET_LIMITS = Limits(seconds=30.0, cpu_seconds=25, memory=1 << 30, file_size=16 << 20)


class Converter:
    """Makes the faxes of mails."""

    def __init__(self, settings: ConvertSettings, *, office: bool = True) -> None:
        """Nothing is started yet.

        Args:
            settings: how many documents are worked on at one time, and where systemd's LibreOffice is.
            office: whether LibreOffice is started at once, and not with the first document that needs it.
        """
        self._nursery = Nursery(preload=_TASKS, processes=settings.processes, rehearsals=_REHEARSALS)
        self._processes = settings.processes
        self._begin_with_office = office
        self._office = OfficePool(settings.office_socket, most=min(settings.processes, _MOST_OFFICES))

    @property
    def processor_seconds(self) -> float:
        """What the tasks have spent of the processor, LibreOffice and rehearsals not counted."""
        return self._nursery.processor_seconds

    async def start(self) -> None:
        """Begin to start LibreOffice, and load what the tasks need. Documents wait for what is not there yet.

        Raises:
            ConverterUnavailable: The tasks cannot be run.
        """
        if self._begin_with_office:
            self._office.start()
        await _started(self._nursery)

    async def stop(self) -> None:
        """End everything that was started; conversions in progress fail."""
        await self._office.stop()
        await self._nursery.stop()

    async def convert(self, request: ConversionRequest) -> tuple[ConvertedFax, ...]:
        """Make the fax of every sheet of one mail, in the order of its sheets.

        Raises:
            InvalidDocument: A document cannot be made into pages: the sender's to mend.
            ConverterUnavailable: A part of ours is missing or broken: the administrator's.
            OSError: The folder cannot be written.
        """
        runner = _ServiceRunner(self._nursery, self._office, request, at_once=self._processes)
        return await make_faxes(request, runner)

    async def sheet(self, html: str, folder: Path) -> bytes:
        """A sheet of our own making as a PDF.

        Args:
            html: It may show `convert.sheet.PICTURE`, where that is in the folder.
            folder: Where it is made.

        Raises:
            TaskFailed: It could not be laid out; the text says why.
            OSError: The folder cannot be written.
        """
        source, target = folder / "sheet.html", folder / "sheet.pdf"
        source.write_text(html, encoding="utf-8")
        arguments = {"source": source.name, "target": target.name}
        try:
            await self._nursery.run(_SHEET, arguments, folder=folder, limits=_SHEET_LIMITS)
        except TaskFailed as failed:
            if failed.kind is not FailureKind.CRASHED:
                raise
            # What ended the task may have been the end of its parent.
            await self._nursery.run(_SHEET, arguments, folder=folder, limits=_SHEET_LIMITS)
        return target.read_bytes()


async def _started(nursery: Nursery) -> None:
    try:
        await nursery.start()
    except TaskFailed as failed:
        raise ConverterUnavailable(f"documents cannot be converted: {failed.detail}") from failed


class _ServiceRunner:
    """Runs one request's tasks in the nursery."""

    def __init__(
        self, nursery: Nursery, office: OfficePool, request: ConversionRequest, *, at_once: int
    ) -> None:
        self.at_once = at_once
        self._nursery = nursery
        self._office = office
        self._seconds = request.limits.seconds
        self._limits = task_limits(request)

    @property
    def free(self) -> int:
        """See `Runner.free`."""
        return self._nursery.free

    async def run_all(self, calls: Sequence[Call]) -> list[dict[str, Any]]:
        """See `Runner.run_all`. All end before a failure is told, so that none writes on unattended."""
        answers = await asyncio.gather(*(self._run(call) for call in calls), return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        return [answer for answer in answers if not isinstance(answer, BaseException)]

    async def _run(self, call: Call) -> dict[str, Any]:
        try:
            return await self._try(call)
        except TaskFailed as failed:
            if failed.kind is not FailureKind.CRASHED:
                raise self._told(call, failed) from failed
        # What ended the task may have been the end of its parent, and not the document.
        await _started(self._nursery)
        try:
            return await self._try(call)
        except TaskFailed as failed:
            raise self._told(call, failed) from failed

    async def _try(self, call: Call) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = await self._nursery.run(
                call.task, call.arguments, folder=call.folder, limits=call.limits(self._limits)
            )
        except TaskRefused as refused:
            raise InvalidDocument(call.name, str(refused)) from refused
        except TaskFailed as failed:
            _log.warning("conversion_task_failed", task=call.task, kind=failed.kind, detail=failed.detail)
            raise
        return answer

    def _told(self, call: Call, failed: TaskFailed) -> InvalidDocument | ConverterUnavailable:
        return after_failure(call, failed, seconds=self._seconds)

    async def to_pdf(self, document: Path, target: Path, *, name: str, kind: Kind, pages: int) -> None:
        """See `Runner.to_pdf`."""
        await self._office.to_pdf(document, target, name=name, kind=kind, pages=pages, seconds=self._seconds)
