"""LibreOffice behind a Unix socket: `office_server.py --socket PATH [--folder WORK]`, one document at a time.

Runs inside a sandbox that it does not make itself: bubblewrap (`convert.office_process`) or a systemd unit
with PrivateNetwork. It needs nothing of ours, so the sandbox shows it this one file. XML-RPC over the
socket:

    convert(document, load_filter, load_options, pages, seconds) → the PDF's octets
    wear() → [conversions, seconds since the start, MiB of memory]
    end()

Whatever goes wrong in LibreOffice is a Fault. If a document outlasts its time, or LibreOffice dies, this
process ends and takes LibreOffice with it; who watches it starts another.
"""

import argparse
import contextlib
import math
import os
import resource
import shutil
import signal
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
import xmlrpc.server
from pathlib import Path
from typing import Any
from xmlrpc.client import Binary

import uno
from unoserver.converter import UnoConverter

try:
    from convert import office_symbols
except ImportError:  # in the sandbox that file stands beside this one, and nothing else of ours
    import office_symbols  # type: ignore[import-not-found,no-redef]

_LIMITS = (
    (resource.RLIMIT_AS, 4 << 30),
    (resource.RLIMIT_FSIZE, 512 << 20),
    (resource.RLIMIT_CORE, 0),
)
_START_SECONDS = 60.0
_UNO_PORT = "2002"
_TIMED_OUT, _OFFICE_DIED = 75, 76

_PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Calc/Content/Update">
<prop oor:name="Link" oor:op="fuse"><value>1</value></prop></item>
</oor:items>
"""
"""Beside what every load says itself: no macros, no links followed out of the document, none updated."""

_LOAD_ALWAYS = {
    "Hidden": True,  # with a view, LibreOffice 7.4 aborts on every spreadsheet
    "ReadOnly": True,
    "MacroExecutionMode": 0,  # com.sun.star.document.MacroExecMode.NEVER_EXECUTE
    "UpdateDocMode": 0,  # com.sun.star.document.UpdateDocMode.NO_UPDATE
}
_TEXT = "com.sun.star.text.TextDocument"
_SPREADSHEETS = "com.sun.star.sheet.SpreadsheetDocument"
_UNSCALED = 100
_LEAST_SCALE = 0.6
"""Cells are not made smaller than this: 10 points become 6, which a fax still shows."""
_TURNS = 1.15
"""How many times wider than the upright page a sheet is that is laid on its side."""
_MOST_COLUMNS = 1000
_EXPORT = (
    "ExportFormFields=false",
    "ExportBookmarks=false",
    "UseTaggedPDF=false",
    "ReduceImageResolution=true",
    "MaxImageResolution=300",
)


class _CarefulDesktop:
    """LibreOffice's desktop, on which every document is loaded hidden, without macros and link updates."""

    def __init__(self, desktop: Any) -> None:
        self._desktop = desktop
        self.load_filter = self.load_options = ""

    def loadComponentFromURL(self, url: str, _target: str, flags: int, _given: Any) -> Any:  # noqa: N802 - UNO's
        """Load with our properties instead of the caller's."""
        wanted = {**_LOAD_ALWAYS, "FilterName": self.load_filter}
        if self.load_options:
            wanted["FilterOptions"] = self.load_options
        properties = tuple(
            uno.createUnoStruct("com.sun.star.beans.PropertyValue", Name=name, Value=value)
            for name, value in wanted.items()
        )
        document = self._desktop.loadComponentFromURL(url, "_blank", flags, properties)
        # UNO's exceptions are made at run time, and what cannot be mended is printed as it is.
        with contextlib.suppress(Exception):
            self._mend(document)
        return document

    def _mend(self, document: Any) -> None:
        """Change what would not come out well on paper."""
        if document.supportsService(_SPREADSHEETS):
            _fit_sheets(document, of_text=bool(self.load_options))
        if document.supportsService(_TEXT):
            office_symbols.mend(document)


def _fit_sheets(document: Any, *, of_text: bool) -> None:
    """Have sheets that are too wide for the paper printed on fewer pages, where their author left it open."""
    styles = document.StyleFamilies.getByName("PageStyles")
    for name in document.Sheets.ElementNames:
        sheet = document.Sheets.getByName(name)
        area = _printed_area(sheet)
        cells = sheet.getCellRangeByPosition(area.StartColumn, 0, area.EndColumn, 0)
        style = styles.getByName(sheet.PageStyle)
        if of_text:
            cells.Columns.OptimalWidth = True
            _lay_out(sheet, style)
        _fit(style, cells.Size.Width)


def _lay_out(sheet: Any, style: Any) -> None:
    """What a table that came as text does not say: where its cells end, and that its first row names them."""
    style.HeaderIsOn = False  # it would show the name that the file has here
    title = sheet.getTitleRows()
    title.StartRow = title.EndRow = 0
    sheet.setTitleRows(title)
    sheet.setPrintTitleRows(True)


def _printed_area(sheet: Any) -> Any:
    areas = sheet.getPrintAreas()
    if areas:
        return max(areas, key=lambda area: area.EndColumn - area.StartColumn)
    cursor = sheet.createCursor()
    cursor.gotoEndOfUsedArea(False)
    area = cursor.RangeAddress
    area.StartColumn, area.EndColumn = 0, min(area.EndColumn, _MOST_COLUMNS)
    return area


def _fit(style: Any, width: int) -> None:
    """Lay the paper of a page style on its side, and scale it, for sheets of a width in 1/100 mm."""
    chosen = style.ScaleToPages or style.ScaleToPagesX or style.ScaleToPagesY or style.PageScale != _UNSCALED
    if chosen or width <= _room(style):
        return
    if not style.IsLandscape and width > _room(style) * _TURNS:
        style.IsLandscape, style.Width, style.Height = True, style.Height, style.Width
    style.ScaleToPagesX = max(1, math.ceil(width * _LEAST_SCALE / _room(style)))


def _room(style: Any) -> int:
    return int(style.Width - style.LeftMargin - style.RightMargin)


class _Converter(UnoConverter):  # type: ignore[misc]
    """unoserver's converter on a careful desktop."""

    def __init__(self) -> None:
        super().__init__(port=_UNO_PORT)
        self.desktop: _CarefulDesktop = _CarefulDesktop(self.desktop)

    def to_pdf(self, document: bytes, load_filter: str, load_options: str, pages: int) -> bytes:
        """The first pages of the document as PDF."""
        self.desktop.load_filter, self.desktop.load_options = load_filter, load_options
        pdf = self.convert(
            indata=document,
            convert_to="pdf",
            filter_options=[*_EXPORT, f"PageRange=1-{pages}"],
            update_index=False,
        )
        return bytes(pdf)


class _Server(socketserver.UnixStreamServer, xmlrpc.server.SimpleXMLRPCDispatcher):
    """XML-RPC on a Unix socket."""

    logRequests = False  # noqa: N815 - what its request handler reads
    request_queue_size = 16

    def __init__(self, path: str) -> None:
        xmlrpc.server.SimpleXMLRPCDispatcher.__init__(self, allow_none=True)
        socketserver.UnixStreamServer.__init__(self, path, _Handler)


class _Handler(xmlrpc.server.SimpleXMLRPCRequestHandler):
    """One connection."""

    rpc_paths = ("/",)
    disable_nagle_algorithm = False  # there is none on a Unix socket

    def address_string(self) -> str:
        """A Unix client has no address."""
        return "client"


class _Service:
    """LibreOffice, and what may be asked of it."""

    def __init__(self, profile: Path) -> None:
        self._profile = profile
        self._office = _start_office(profile)
        signal.signal(signal.SIGTERM, lambda *_: self.end())
        threading.Thread(target=self._watch, daemon=True).start()
        self._converter = _connect()
        self._began = time.monotonic()
        self._conversions = 0

    def convert(self, *asked: Any) -> Binary:
        """The first pages of a document as PDF; the arguments are in the module's docstring."""
        document, load_filter, load_options, pages, seconds = asked
        deadline = threading.Timer(seconds, self.end, [_TIMED_OUT])
        deadline.daemon = True
        deadline.start()
        try:
            return Binary(self._converter.to_pdf(document.data, load_filter, load_options, pages))
        finally:
            deadline.cancel()
            self._conversions += 1

    def wear(self) -> list[int]:
        """What LibreOffice has behind it; it keeps what memory it has once taken."""
        return [self._conversions, round(time.monotonic() - self._began), _memory_of(self._office.pid) >> 20]

    def end(self, status: int = 0) -> None:
        """End LibreOffice, its profile and this process."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._office.pid, signal.SIGKILL)
        shutil.rmtree(self._profile, ignore_errors=True)
        os._exit(status)

    def _watch(self) -> None:
        self._office.wait()
        self.end(_OFFICE_DIED)


def main(arguments: list[str]) -> None:
    """Start LibreOffice and serve until ended."""
    parser = argparse.ArgumentParser(description="LibreOffice for Postfax, behind a Unix socket")
    parser.add_argument("--socket", type=Path, required=True, help="where to listen")
    parser.add_argument("--folder", type=Path, help="where to work; by default the system's temporary folder")
    chosen = parser.parse_args(arguments)
    if chosen.folder:
        chosen.folder.mkdir(exist_ok=True)
        tempfile.tempdir = str(chosen.folder)
    for limit, most in _LIMITS:
        resource.setrlimit(limit, (most, most))
    service = _Service(Path(tempfile.mkdtemp(prefix="office-")))
    chosen.socket.unlink(missing_ok=True)
    with _Server(str(chosen.socket)) as server:
        server.register_function(service.convert)
        server.register_function(service.wear)
        server.register_function(service.end)
        server.serve_forever()


def _memory_of(session: int) -> int:
    """The octets of all processes of a session."""
    pages = 0
    for process in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = process.read_text().rpartition(")")[2].split()
            # proc(5): field 6 is the session, field 24 the resident set; the first here is field 3
            pages += int(fields[21]) if int(fields[3]) == session else 0
    return pages * resource.getpagesize()


def _start_office(profile: Path) -> subprocess.Popen[bytes]:
    user = profile / "user"
    user.mkdir()
    (user / "registrymodifications.xcu").write_text(_PROFILE)
    return subprocess.Popen(
        [
            "/usr/bin/soffice", "--headless", "--invisible", "--nocrashreport", "--nodefault", "--nologo",
            "--nofirststartwizard", "--norestore", f"-env:UserInstallation={profile.as_uri()}",
            f"--accept=socket,host=127.0.0.1,port={_UNO_PORT},tcpNoDelay=1;urp;StarOffice.ComponentContext",
        ],
        stdin=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip


def _connect() -> _Converter:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            return _Converter()
        except Exception:  # UNO's exceptions are made at run time; all that matters is whether it answers
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


if __name__ == "__main__":
    main(sys.argv[1:])
