"""LibreOffice behind a Unix socket: `office_server.py --socket PATH [--folder WORK]`, one document at a time.

Runs inside a sandbox that it does not make itself: bubblewrap (`convert.office_process`) or a systemd unit
with PrivateNetwork. It needs nothing of ours, so the sandbox shows it this one file. XML-RPC over the
socket:

    convert(document, load_filter, load_options, pages, seconds, name) → the PDF's octets
    wear() → [conversions, seconds since the start, MiB of memory]
    end()

Whatever goes wrong in LibreOffice is a Fault. If a document outlasts its time, or LibreOffice dies, this
process ends and takes LibreOffice with it; who watches it starts another.
"""

import argparse
import contextlib
import itertools
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
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from xmlrpc.client import Binary

import uno
from unoserver.converter import UnoConverter, get_doc_type

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
<item oor:path="/org.openoffice.Office.Writer/AutoFunction/Completion">
<prop oor:name="CollectWords" oor:op="fuse"><value>false</value></prop></item>
<item oor:path="/org.openoffice.Office.Writer/Revision/TextDisplay/Insert">
<prop oor:name="Attribute" oor:op="fuse"><value>0</value></prop></item>
<item oor:path="/org.openoffice.Office.Writer/Revision/TextDisplay/ChangedAttribute">
<prop oor:name="Attribute" oor:op="fuse"><value>0</value></prop></item>
<item oor:path="/org.openoffice.Office.Writer/Revision/LinesChanged">
<prop oor:name="Mark" oor:op="fuse"><value>0</value></prop></item>
<item oor:path="/org.openoffice.Office.Linguistic/SpellChecking">
<prop oor:name="IsSpellAuto" oor:op="fuse"><value>false</value></prop></item>
</oor:items>
"""
"""Beside what every load says itself: no macros, no links followed out of the document, none updated. Tracked
changes leave no mark. And nothing for somebody who types: no words learnt to complete theirs, no spelling
looked at."""

_LOAD_ALWAYS = {
    "Hidden": True,  # with a view, LibreOffice 7.4 aborts on every spreadsheet
    "HiddenForConversion": True,  # no places for tool bars around it, which cost a tenth of a letter's time
    "ReadOnly": True,
    "MacroExecutionMode": 0,  # com.sun.star.document.MacroExecMode.NEVER_EXECUTE
    "UpdateDocMode": 0,  # com.sun.star.document.UpdateDocMode.NO_UPDATE
}
_COMMENTED = {
    "MS Word 2007 XML": b"comments",
    "Rich Text Format": b"annotation",
    "MS Word 97": b"",
    "MS Word 2003 XML": b"",
    "writer8": b"",
    "OpenDocument Text Flat XML": b"",
}
"""By the filters of texts: what stands in the octets of one with comments, as the names of a package's parts
do; empty where that is not so easily told."""
_PAGE_PREVIEW = 7
"""Writer's number of the view that shows a text as printed; with it a letter takes a quarter longer. The
view to write in makes a window for each comment: Debian's -nogui packages lack what that looks like, and
LibreOffice aborts."""
_TEXT = "com.sun.star.text.TextDocument"
_SPREADSHEETS = "com.sun.star.sheet.SpreadsheetDocument"
_INSERTED = 1
"""com.sun.star.document.RedlineDisplayType"""
_UTF_8 = {"LC_ALL": "C.UTF-8"}
"""Or files whose names are not ASCII are not found; the C locale of glibc has no language."""
_WITH_FOLDER, _NAME_AND_ENDING = (0, 1), 3
"""com.sun.star.text.FilenameDisplayFormat: FULL and PATH; NAME_AND_EXT"""
_MARGINS = tuple(f"{page}Page{place}Content" for page in ("Left", "Right") for place in ("Header", "Footer"))
_UNSCALED = 100
_LEAST_SCALE = 0.6
"""Cells are not made smaller than this: 10 points become 6, which a fax still shows."""
_TURNS = 1.15
"""How many times wider than the upright page a sheet is that is laid on its side."""
_MOST_COLUMNS = 1000
_AT_THE_TOP = 1
"""com.sun.star.table.CellVertJustify2.TOP"""
_WIDEST_COLUMN = 0.6
"""Of the paper's room: a column of sentences leaves some to its neighbours, and no line ends at the edge."""
_PDF = "pdf_Portable_Document_Format"
"""LibreOffice's name of the type."""
_EXPORT = {
    "ExportFormFields": False,
    "ExportBookmarks": False,
    "UseTaggedPDF": False,
    "ReduceImageResolution": True,
    "MaxImageResolution": 300,
}


def _mend(document: Any, *, of_text: bool) -> None:
    """Change what would not come out well on paper."""
    if document.supportsService(_SPREADSHEETS):
        _fit_sheets(document, of_text=of_text)
    if document.supportsService(_TEXT):
        office_symbols.mend(document)


def _fit_sheets(document: Any, *, of_text: bool) -> None:
    """Have sheets that are too wide for the paper printed on fewer pages, where their author left it open."""
    styles = document.StyleFamilies.getByName("PageStyles")
    if of_text:
        document.StyleFamilies.getByName("CellStyles").getByName("Default").VertJustify = _AT_THE_TOP
    for name in document.Sheets.ElementNames:
        sheet = document.Sheets.getByName(name)
        area = _printed_area(sheet)
        cells = sheet.getCellRangeByPosition(area.StartColumn, 0, area.EndColumn, 0)
        style = styles.getByName(sheet.PageStyle)
        if of_text:
            _lay_out(sheet, style)
            _size_cells(sheet, area, _room(style))
        _fit(style, cells.Size.Width)


def _lay_out(sheet: Any, style: Any) -> None:
    """What a table that came as text does not say: where its cells end, and that its first row names them."""
    style.HeaderIsOn = False  # it would show the name that the file has here
    title = sheet.getTitleRows()
    title.StartRow = title.EndRow = 0
    sheet.setTitleRows(title)
    sheet.setPrintTitleRows(True)


def _size_cells(sheet: Any, area: Any, room: int) -> None:
    """Columns as wide as what is in them, but no wider than a page shows; rows as high as their lines."""
    cells = sheet.getCellRangeByPosition(area.StartColumn, 0, area.EndColumn, max(area.EndRow, 0))
    cells.Columns.OptimalWidth = True
    widest = int(room * _WIDEST_COLUMN)
    columns = [cells.Columns.getByIndex(number) for number in range(cells.Columns.Count)]
    too_wide = [column for column in columns if column.Width > widest]
    for column in too_wide:
        column.Width, column.IsTextWrapped = widest, True
    cells.Rows.OptimalHeight = True
    if too_wide:  # else pages are made for where the lines ended before they were broken
        sheet.setPrintAreas((cells.RangeAddress,))


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


def _hide_deleted(document: Any) -> None:
    """Show a text as its tracked changes have made it: what they delete is nobody's to read."""
    if document.supportsService(_TEXT) and document.Redlines.hasElements():
        document.RedlineDisplayType = _INSERTED


def _name_only(document: Any) -> None:
    """Have fields that say where the document is kept say its name: here it is in a folder of ours."""
    if document.supportsService(_TEXT):
        if _shorten(document.TextFields):
            document.TextFields.refresh()
    elif document.supportsService(_SPREADSHEETS):
        styles = document.StyleFamilies.getByName("PageStyles")
        for name, place, side in itertools.product(
            styles.ElementNames, _MARGINS, ("Left", "Center", "Right")
        ):
            style = styles.getByName(name)
            content = getattr(style, place)
            if content is not None and _shorten(getattr(content, f"{side}Text").TextFields):
                setattr(style, place, content)


def _shorten(fields: Any) -> bool:
    """Whether there was a field that tells the folder."""
    shortened = False
    each = fields.createEnumeration()
    while each.hasMoreElements():
        field = each.nextElement()
        if getattr(field, "FileFormat", None) in _WITH_FOLDER:
            field.FileFormat = _NAME_AND_ENDING
            shortened = True
    return shortened


class _Converter(UnoConverter):  # type: ignore[misc]
    """unoserver's connection to LibreOffice, and documents on their way through it, one after another."""

    def __init__(self) -> None:
        super().__init__(port=_UNO_PORT)
        self._document: Any = None
        self._folder = ""

    def to_pdf(
        self, document: bytes, load_filter: str, load_options: str, pages: int, name: str = "document"
    ) -> bytes:
        """The first pages of the document as PDF. It is open until it is closed."""
        self._folder = tempfile.mkdtemp(prefix="document-")
        # Documents say their own name, at the foot of their pages for instance.
        inside = Path(self._folder, "inside")
        inside.mkdir()
        source, target = inside / name, Path(self._folder, "pages.pdf")
        source.write_bytes(document)
        self._document = self._loaded(source, load_filter, load_options)
        # UNO's exceptions are made at run time, and what cannot be mended is printed as it is.
        with contextlib.suppress(Exception):
            _hide_deleted(self._document)
        with contextlib.suppress(Exception):
            _name_only(self._document)
        with contextlib.suppress(Exception):
            _mend(self._document, of_text=bool(load_options))
        export = (*_EXPORT.items(), ("PageRange", f"1-{pages}"))
        filter_data = uno.Any("[]com.sun.star.beans.PropertyValue", _properties(export))
        export_filter = self.find_filter(get_doc_type(self._document), _PDF)
        how = (("FilterName", export_filter), ("Overwrite", True), ("FilterData", filter_data))
        self._document.storeToURL(target.as_uri(), _properties(how))
        return target.read_bytes()

    def _loaded(self, source: Path, load_filter: str, load_options: str) -> Any:
        """The document, hidden, without macros and link updates."""
        wanted = {**_LOAD_ALWAYS, "FilterName": load_filter}
        if load_filter in _COMMENTED and _COMMENTED[load_filter] in source.read_bytes():
            wanted["ViewId"] = uno.Any("short", _PAGE_PREVIEW)
        if load_options:
            wanted["FilterOptions"] = load_options
            wanted["ReadOnly"] = False  # or nobody may change its columns and rows
        document = self.desktop.loadComponentFromURL(
            uno.systemPathToFileUrl(str(source)), "_blank", 0, _properties(wanted.items())
        )
        if document is None:
            raise RuntimeError(f"LibreOffice loads nothing with {load_filter}")
        return document

    def close(self) -> None:
        """Close the document that was converted last, and remove its files."""
        document, self._document = self._document, None
        try:
            if document is not None:
                document.close(True)
        finally:
            if self._folder:
                shutil.rmtree(self._folder, ignore_errors=True)
                self._folder = ""


def _properties(values: Iterable[tuple[str, Any]]) -> tuple[Any, ...]:
    return tuple(
        uno.createUnoStruct("com.sun.star.beans.PropertyValue", Name=name, Value=value)
        for name, value in values
    )


class _Server(socketserver.UnixStreamServer, xmlrpc.server.SimpleXMLRPCDispatcher):
    """XML-RPC on a Unix socket."""

    logRequests = False  # noqa: N815 - what its request handler reads
    request_queue_size = 16

    def __init__(self, path: str, settle: Callable[[], None]) -> None:
        xmlrpc.server.SimpleXMLRPCDispatcher.__init__(self, allow_none=True)
        socketserver.UnixStreamServer.__init__(self, path, _Handler)
        self._settle = settle

    def service_actions(self) -> None:
        """After each request, and now and then: what nobody waits for."""
        self._settle()


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
        self._deadline: threading.Timer | None = None
        """Of the document that is open."""

    def convert(self, *asked: Any) -> Binary:
        """The first pages of a document as PDF; the arguments are in the module's docstring.

        Who was started before an upgrade gives no name.
        """
        document, load_filter, load_options, pages, seconds, *names = asked
        self._deadline = threading.Timer(seconds, self.end, [_TIMED_OUT])
        self._deadline.daemon = True
        self._deadline.start()
        self._conversions += 1
        return Binary(self._converter.to_pdf(document.data, load_filter, load_options, pages, *names[:1]))

    def settle(self) -> None:
        """Close the document, once it is answered: its PDF need not wait for that. Its time runs on."""
        if self._deadline is None:
            return
        try:
            self._converter.close()
        except Exception:  # noqa: BLE001 - UNO's are made at run time; what stays open is never got rid of
            self.end(_OFFICE_DIED)
        self._deadline.cancel()
        self._deadline = None

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
    with _Server(str(chosen.socket), service.settle) as server:
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
        stdin=subprocess.DEVNULL, start_new_session=True, env={**os.environ, **_UTF_8, **_allocator()},
    )  # fmt: skip


def _allocator() -> dict[str, str]:
    """What has LibreOffice's memory come from jemalloc (Debian's libjemalloc2) where that is installed.

    A document is a great many small objects: glibc takes a quarter of LibreOffice's time for them.
    """
    installed = sorted(Path("/usr/lib").glob("*/libjemalloc.so.2"))
    return {"LD_PRELOAD": str(installed[0])} if installed else {}


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
