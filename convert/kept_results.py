"""Results that an Excel workbook keeps of formulas which LibreOffice does not know.

A cell keeps its formula and what Excel reckoned. LibreOffice reckons anew what fills several cells (UNIQUE,
FILTER), and texts in workbooks of programs that it does not know; of functions that came with Excel after it
(XLOOKUP, LET) all that it prints then is #NAME?. Those are marked in the file ([MS-XLSX] §2.2.2: `_xlfn.`);
their formulas are taken out, so that the results stay, which are what the sender sees. So is that of a cell
which shows where the workbook is kept: here it is in a folder of ours. Untrusted input: runs in a confined
task.
"""

import re
import zipfile
import zlib
from pathlib import Path

_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
_MARKS = re.compile(rb"_xlfn\.|_xlws\.|_xludf\.|CELL\(&quot;filename")
_FORMULA = re.compile(rb"<((?:\w+:)?)f\b([^>/]*)>([^<]*)</\1f>(?=\s*<\1v>[^<])")
_SHARED = re.compile(rb"""\bsi=["'](\d+)["']""")
_OF_SHARED = re.compile(rb"<(?:\w+:)?f\b([^>]*)(?:/>|></(?:\w+:)?f>)")
_LARGEST = 32 << 20
"""Octets of a sheet that is looked through; a larger one is printed by nobody."""
_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, RuntimeError, ValueError, EOFError,
)  # fmt: skip


def keep_results(source: Path, target: Path) -> bool:
    """Write the workbook to `target` without those formulas; False if it has none, or cannot be read."""
    try:
        with zipfile.ZipFile(source) as package:
            mended = {
                entry.filename: sheet
                for entry in package.infolist()
                if _SHEET.fullmatch(entry.filename) and entry.file_size <= _LARGEST
                if (sheet := _mended(package.read(entry))) is not None
            }
            if mended:
                _write(package, mended, target)
    except _UNREADABLE:
        return False
    return bool(mended)


def _write(package: zipfile.ZipFile, mended: dict[str, bytes], target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as written:
        for entry in package.infolist():
            name = entry.filename
            written.writestr(name, mended[name] if name in mended else package.read(entry))


def _mended(sheet: bytes) -> bytes | None:
    """The sheet without such formulas; None if it has none."""
    if not _MARKS.search(sheet):
        return None
    shared: set[bytes] = set()

    def without(found: re.Match[bytes]) -> bytes:
        if not _MARKS.search(found[3]):
            return found[0]
        shared.update(_SHARED.findall(found[2]))
        return b""

    def without_shared(found: re.Match[bytes]) -> bytes:
        return b"" if shared.intersection(_SHARED.findall(found[1])) else found[0]

    mended = _FORMULA.sub(without, sheet)
    return _OF_SHARED.sub(without_shared, mended) if shared else mended
