"""Who runs the tasks of a conversion: the service's nursery, or a program that converts once and ends."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from convert import fax_tiff
from convert.fax_tiff import CodedPage
from convert.formats import Kind
from convert.page_account import Step
from convert.request import ConversionRequest, ConverterUnavailable, InvalidDocument, MadePage
from convert.wording import too_slow
from sandbox.confinement import Limits
from sandbox.failures import FailureKind, TaskFailed

TARGET = "pages.tif"
"""What a task calls the file it writes."""
UNFIT = "it could not be made into pages"
"""What is told of a document whose task answered what no task of ours answers."""
_LARGEST_FILE = 512 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A task to be run in a confined process."""

    task: str
    """`module:function`."""
    arguments: dict[str, Any]
    folder: Path
    name: str
    """Of the document, for whoever has to tell that it failed."""
    ours: bool = False
    """Whether the document is of our own making, so that a failure that nobody foresaw is ours too."""
    seconds: float | None = None
    """The most time for it, where that is less than a document has."""

    @property
    def words(self) -> bool:
        """Whether the pages' words are wanted."""
        pages = self.arguments.get("pages", self.arguments)
        return isinstance(pages, dict) and bool(pages.get("words"))

    def limits(self, most: Limits) -> Limits:
        """What it may use, of what one task may use at most."""
        if self.seconds is None or self.seconds >= most.seconds:
            return most
        return replace(most, seconds=self.seconds, cpu_seconds=max(1, round(self.seconds)))


@dataclass(frozen=True, kw_only=True, slots=True)
class FinishedPages:
    """Finished pages and where they come from."""

    origin: str
    """`cover`, `body`, or the attachment's name."""
    pages: tuple[CodedPage, ...]
    steps: tuple[tuple[Step, ...], ...] = ()
    """By which steps each was made; empty for pages of our own making."""

    @property
    def made(self) -> tuple[MadePage, ...]:
        """What is told of each."""
        steps = self.steps or ((),) * len(self.pages)
        return tuple(
            MadePage(origin=self.origin, rows=page.rows, octets=len(page.strip), steps=each)
            for page, each in zip(self.pages, steps, strict=True)
        )


class Runner(Protocol):
    """Runs the tasks, and LibreOffice."""

    @property
    def at_once(self) -> int:
        """How many tasks run at one time."""

    @property
    def free(self) -> int:
        """How many tasks would begin now if they were asked for."""

    async def run_all(self, calls: Sequence[Call]) -> list[dict[str, Any]]:
        """Run the calls, at one time as far as possible; their answers in the same order.

        Raises:
            InvalidDocument: A task refused its document, or the document ended it.
            ConverterUnavailable: Tasks cannot be run.
        """

    async def to_pdf(self, document: Path, target: Path, *, name: str, kind: Kind, pages: int) -> None:
        """Have LibreOffice write the first pages of a document as a PDF; raises like `Office.to_pdf`."""


def page_arguments(request: ConversionRequest, name: str, *, pages_at_once: int) -> dict[str, Any]:
    """The fields of a `PageTask` that follow from the request."""
    return {
        "target": TARGET,
        "name": name,
        "resolution": str(request.resolution),
        "paper": str(request.paper) if request.paper else None,
        "turn": request.turn,
        "most_pages": request.limits.pages,
        "pages_at_once": pages_at_once,
        **({"words": True} if request.words else {}),
    }


def written_pages(call: Call, target: str = TARGET) -> tuple[CodedPage, ...]:
    """The pages that a call has left in its folder.

    Raises:
        InvalidDocument: The files are not what our own task writes: the document took its process over.
    """
    try:
        if call.words:
            # Only here: nobody else waits for it to load.
            from convert.text_layer import pages_with_words  # noqa: PLC0415

            return pages_with_words(call.folder / target)
        return fax_tiff.read(call.folder / target).pages
    except (fax_tiff.NotAFaxTiff, OSError) as problem:
        raise InvalidDocument(call.name, UNFIT) from problem


def task_limits(request: ConversionRequest) -> Limits:
    """What one task may use."""
    seconds = request.limits.seconds
    return Limits(
        seconds=seconds,
        cpu_seconds=max(1, round(seconds)),
        memory=request.limits.memory,
        file_size=_LARGEST_FILE,
    )


def after_failure(
    call: Call, failed: TaskFailed, *, seconds: float
) -> InvalidDocument | ConverterUnavailable:
    """What a task that ended without an answer means for its document."""
    match failed.kind:
        case FailureKind.TIME:
            return InvalidDocument(call.name, too_slow(min(seconds, call.seconds or seconds)))
        case FailureKind.MEMORY:
            return InvalidDocument(call.name, "it needs more memory than one document may have")
        case FailureKind.CRASHED | FailureKind.ERROR if call.ours:
            return ConverterUnavailable(f"{call.name} could not be made: {failed.detail}")
        case FailureKind.CRASHED | FailureKind.ERROR:
            return InvalidDocument(call.name, "it could not be made into pages; it may be damaged")
