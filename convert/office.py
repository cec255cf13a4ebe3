"""LibreOffice, supervised: office documents in, PDF out, whatever the documents do to it.

After any fault LibreOffice has to convert a plain text. If it does, the document was at fault; if it does
not, it is ended and started again, and the document gets one more chance.
"""

import asyncio
import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import structlog

from convert import office_client
from convert.formats import FORMATS, Format, Kind
from convert.office_client import OfficeFault, OfficeGone
from convert.office_process import OfficeProcess, OfficeUnit, SandboxedOffice
from convert.office_warm_up import CANARY, warm_up_documents
from convert.office_wear import worn_by
from convert.request import ConverterUnavailable, InvalidDocument
from convert.wording import too_slow

_log = structlog.get_logger(__name__)

_CANARY_SECONDS = 20.0
_UNREADABLE = "LibreOffice cannot read it; it may be damaged"


class Office:
    """One LibreOffice. Documents wait for one another."""

    def __init__(self, socket: Path | None = None) -> None:
        """With `socket` LibreOffice is systemd's, without it ours."""
        self._process: OfficeProcess = OfficeUnit(socket) if socket else SandboxedOffice()
        # One thread: documents queue up for it, and LibreOffice ends with the thread that started it.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="office")
        self._stopping = False
        self.worn = ""
        """What it is worn out by, so that it should be renewed; empty while it is good."""

    def start(self) -> None:
        """Begin to start LibreOffice; returns at once. If it fails now, the first document tries again."""
        self._thread.submit(self._start_early)

    async def warm_up(self) -> bool:
        """Start LibreOffice and let it load what documents need; whether it is there then."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._start_early)

    async def renew(self) -> None:
        """End LibreOffice, and start and warm up another. If that fails, the next document tries again."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._start_anew)

    async def stop(self) -> None:
        """End LibreOffice if it is ours. A document in work is given up."""
        await asyncio.to_thread(self.stop_blocking)

    def stop_blocking(self) -> None:
        """As `stop`."""
        self._stopping = True
        self._process.kill()
        self._thread.shutdown(cancel_futures=True)
        self._process.kill()  # what a conversion in work may have started since

    async def to_pdf(
        self, document: Path, target: Path, *, name: str, kind: Kind, pages: int, seconds: float
    ) -> None:
        """Write the document's first pages as a PDF to `target`.

        Raises:
            InvalidDocument: LibreOffice cannot make pages of it.
            ConverterUnavailable: LibreOffice is missing or does not work at all.
        """
        await asyncio.get_running_loop().run_in_executor(
            self._thread,
            lambda: self.to_pdf_blocking(
                document, target, name=name, kind=kind, pages=pages, seconds=seconds
            ),
        )

    async def take_stock(self) -> None:
        """Find out whether it is worn out, once its last document is closed; nothing once it is stopped."""
        if not self._stopping:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._take_stock)

    def to_pdf_blocking(
        self, document: Path, target: Path, *, name: str, kind: Kind, pages: int, seconds: float
    ) -> None:
        """As `to_pdf`, for a program that has nothing else to do. Always call it from the same thread."""
        octets, form = document.read_bytes(), FORMATS[kind]
        pdf = self._convert(octets, form, pages, seconds, name) or self._convert(
            octets, form, pages, seconds, name
        )
        if pdf is None:
            self._ensure()
            if not self._sings():
                raise ConverterUnavailable("LibreOffice does not even convert a plain text")
            raise InvalidDocument(name, _UNREADABLE)
        target.write_bytes(pdf)

    def _convert(self, document: bytes, form: Format, pages: int, seconds: float, name: str) -> bytes | None:
        """The PDF, or None if LibreOffice had to be ended and the document may have been innocent."""
        self._ensure()
        began = time.monotonic()
        try:
            return self._call(document, form, pages, seconds, name)
        except OfficeFault as fault:
            if self._sings():
                _log.info("office_document_refused", document=name, cause=str(fault))
                raise InvalidDocument(name, _UNREADABLE) from fault
            self._renew("fault", str(fault))
            return None
        except OfficeGone as gone:
            self._renew("gone", str(gone))
            if gone.late or time.monotonic() - began >= seconds:
                raise InvalidDocument(name, too_slow(seconds)) from gone
            return None

    def _take_stock(self) -> None:
        wear = office_client.wear(self._process.socket)
        self.worn = worn_by(wear) if wear else ""

    def _call(
        self, document: bytes, form: Format, pages: int, seconds: float, name: str = "document"
    ) -> bytes:
        return office_client.convert(
            self._process.socket, document, load_filter=form.load_filter_of(document),
            load_options=form.load_options, pages=pages, seconds=seconds, name=name,
        )  # fmt: skip

    def _sings(self) -> bool:
        """Whether LibreOffice converts what it must be able to convert."""
        try:
            return bool(self._call(CANARY, FORMATS[Kind.TEXT], 1, _CANARY_SECONDS))
        except (OfficeFault, OfficeGone):
            return False

    def _renew(self, cause: str, detail: str) -> None:
        _log.warning("office_restarted", cause=cause, detail=detail)
        self.worn = ""
        office_client.end(self._process.socket)
        self._process.kill()

    def _ensure(self) -> None:
        if self._stopping:
            raise ConverterUnavailable("LibreOffice is being stopped")
        began = time.monotonic()
        if self._process.ensure():
            _log.info("office_started", seconds=round(time.monotonic() - began, 2))

    def _start_early(self) -> bool:
        try:
            self._ensure()
        except ConverterUnavailable as problem:
            if not self._stopping:
                _log.error("office_unavailable", cause=str(problem))
            return False
        if self._sings():  # the first conversion loads what the others find loaded
            for kind, document in warm_up_documents():
                with contextlib.suppress(OfficeFault, OfficeGone):
                    self._call(document, FORMATS[kind], 1, _CANARY_SECONDS)
        return True

    def _start_anew(self) -> None:
        if not self._stopping:
            self._renew("worn", self.worn)
            self._start_early()
