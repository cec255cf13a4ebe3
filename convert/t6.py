"""T.6 coding (MMR, ITU-T T.6) of packed rows, by libtiff.

A page is a numpy array of rows × 216 octets, most significant bit leftmost, 1 for black: just what a strip
decodes to with PhotometricInterpretation MinIsWhite (TIFF 6.0 §11). libtiff works on files, so each call uses
an anonymous one in memory.
"""

import ctypes
import functools
import os

import numpy as np
import numpy.typing as npt

from convert import fax_tiff
from convert.layout import WIDTH
from convert.request import ConverterUnavailable

Packed = npt.NDArray[np.uint8]

_LIBRARY = "libtiff.so.6"
_IMAGE_WIDTH, _IMAGE_LENGTH, _BITS, _COMPRESSION, _PHOTOMETRIC = 256, 257, 258, 259, 262
_SAMPLES, _ROWS_PER_STRIP, _FILL_ORDER = 277, 278, 266
_CCITT_FAX4 = 4


@functools.cache
def _libtiff() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(_LIBRARY)
    except OSError as problem:
        raise ConverterUnavailable(f"{_LIBRARY} is missing: install the Debian package libtiff6") from problem
    library.TIFFFdOpen.restype = ctypes.c_void_p
    library.TIFFFdOpen.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p]
    for function in (library.TIFFWriteEncodedStrip, library.TIFFReadEncodedStrip):
        function.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_ssize_t]
        function.restype = ctypes.c_ssize_t
    library.TIFFClose.argtypes = [ctypes.c_void_p]
    library.TIFFClose.restype = None
    for silenced in (library.TIFFSetErrorHandler, library.TIFFSetWarningHandler):
        silenced.argtypes = [ctypes.c_void_p]
        silenced.restype = ctypes.c_void_p
        silenced(None)
    return library


def _opened(library: ctypes.CDLL, memory: int, mode: bytes) -> ctypes.c_void_p:
    handle = library.TIFFFdOpen(os.dup(memory), b"page", mode)
    if handle is None:
        raise OSError("libtiff could not open a page")
    return ctypes.c_void_p(handle)


def encode(page: Packed) -> bytes:
    """The T.6 data of a page, EOFB included.

    Raises:
        OSError: No memory, or no room.
    """
    library = _libtiff()
    page = np.ascontiguousarray(page)
    rows, octets_per_row = page.shape
    fields = {
        _IMAGE_WIDTH: octets_per_row * 8, _IMAGE_LENGTH: rows, _BITS: 1, _SAMPLES: 1,
        _COMPRESSION: _CCITT_FAX4, _PHOTOMETRIC: 0, _FILL_ORDER: 1, _ROWS_PER_STRIP: rows,
    }  # fmt: skip
    memory = os.memfd_create("t6", os.MFD_CLOEXEC)
    try:
        tiff = _opened(library, memory, b"wl")
        for tag, value in fields.items():
            library.TIFFSetField(tiff, ctypes.c_uint32(tag), ctypes.c_uint32(value))
        written = library.TIFFWriteEncodedStrip(tiff, 0, page.ctypes.data, page.nbytes)
        library.TIFFClose(tiff)
        if written != page.nbytes:
            raise OSError("libtiff could not code a page")
        os.lseek(memory, 0, os.SEEK_SET)  # the duplicates share one position
        with os.fdopen(os.dup(memory), "rb") as file:
            (coded,) = fax_tiff.read_pages(file)
    finally:
        os.close(memory)
    return coded.strip


def decode(strip: bytes, rows: int) -> Packed:
    """The packed rows of a page's T.6 data. From where data is damaged the rest is white.

    Raises:
        OSError: No memory, or no room.
    """
    library = _libtiff()
    page = np.zeros((rows, WIDTH // 8), np.uint8)
    memory = os.memfd_create("t6", os.MFD_CLOEXEC)
    try:
        with os.fdopen(os.dup(memory), "wb") as file:
            fax_tiff.write_pages(file, [fax_tiff.CodedPage(rows=rows, strip=strip)], resolution="fine")
        os.lseek(memory, 0, os.SEEK_SET)
        tiff = _opened(library, memory, b"r")
        got = library.TIFFReadEncodedStrip(tiff, 0, page.ctypes.data, page.nbytes)
        library.TIFFClose(tiff)
    finally:
        os.close(memory)
    if got != page.nbytes:
        raise OSError("libtiff could not decode a page")
    return page
