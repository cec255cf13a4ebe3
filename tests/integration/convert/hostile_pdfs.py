"""PDFs that are made to harm: each function writes one, small on the disk, and returns its path."""

import zlib
from collections.abc import Sequence
from pathlib import Path

import pikepdf

_MEGABYTE = 1 << 20


def deflated(pattern: bytes, megabytes: int) -> bytes:
    """A zlib stream of so many megabytes of a pattern; its checksum is wrong, and no reader of PDFs minds."""
    unit = (pattern * (_MEGABYTE // len(pattern) + 1))[:_MEGABYTE]
    packer = zlib.compressobj(9)
    begin = packer.compress(unit) + packer.flush(zlib.Z_FULL_FLUSH)
    middle = packer.compress(unit) + packer.flush(zlib.Z_FULL_FLUSH)
    return begin + middle * (megabytes - 1) + packer.flush(zlib.Z_FINISH)


def _raw_pdf(path: Path, objects: Sequence[bytes]) -> Path:
    """A PDF of these objects, of which the first is the catalogue."""
    out, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    begin = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, begin)
    path.write_bytes(out)
    return path


def _stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<<%b/Length %d>>stream\n%b\nendstream" % (entries, len(content), content)


def _one_page(path: Path, content: bytes, *more: bytes, page: bytes = b"/MediaBox[0 0 612 792]") -> Path:
    """A page with this content stream (object 4) and further objects from 5 on."""
    return _raw_pdf(
        path,
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/Contents 4 0 R%b>>" % page,
            content,
            *more,
        ],
    )


_FORM = b"/Type/XObject/Subtype/Form/BBox[0 0 612 792]"
_FIRST_FORM = b"/MediaBox[0 0 612 792]/Resources<</XObject<</X 5 0 R>>>>"


def pdf_of_a_form_in_itself(path: Path) -> Path:
    """A form XObject that draws itself."""
    form = _stream(b"0 0 100 100 re f /X Do /X Do", _FORM + b"/Resources<</XObject<</X 5 0 R>>>>")
    return _one_page(path, _stream(b"/X Do"), form, page=_FIRST_FORM)


def pdf_of_forms_in_forms(path: Path, *, depth: int = 12) -> Path:
    """Form XObjects of which each draws the next ten times: a billion laughs."""
    forms = [
        _stream(b"/X Do " * 10, _FORM + b"/Resources<</XObject<</X %d 0 R>>>>" % number)
        for number in range(6, 6 + depth)
    ]
    return _one_page(path, _stream(b"/X Do"), *forms, _stream(b"0 0 9 9 re f", _FORM), page=_FIRST_FORM)


def pdf_of_a_long_stream(path: Path, *, megabytes: int = 1024) -> Path:
    """A page whose content is so long when it is unpacked."""
    return _one_page(path, _stream(deflated(b"0 0 m 9 9 l S ", megabytes), b"/Filter/FlateDecode"))


def pdf_of_a_stream_packed_twice(path: Path, *, megabytes: int = 1024) -> Path:
    """The same, packed again: some kilobytes."""
    packed = zlib.compress(deflated(b"0 0 m 9 9 l S ", megabytes), 9)
    return _one_page(path, _stream(packed, b"/Filter[/FlateDecode/FlateDecode]"))


def pdf_of_a_large_image(path: Path, side: int, *, bits: int = 8, beside: bytes = b"") -> Path:
    """A page with a picture of so many pixels each way, all there, of zeros, over what is beside it."""
    megabytes = side * ((side * bits + 7) // 8) // _MEGABYTE + 1
    entries = b"/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent %d" % (
        side,
        side,
        bits,
    )
    image = _stream(deflated(b"\0", megabytes), entries + b"/Filter/FlateDecode")
    return _one_page(path, _stream(beside + b"612 0 0 792 0 0 cm /X Do"), image, page=_FIRST_FORM)


def pdf_of_a_damaged_image(path: Path) -> Path:
    """A page with a bar, and above it a picture that says it is a JPEG."""
    entries = b"/Subtype/Image/Width 90/Height 90/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/DCTDecode"
    content = _stream(b"99 99 400 9 re f 400 0 0 400 99 200 cm /X Do")
    return _one_page(path, content, _stream(b"no picture", entries), page=_FIRST_FORM)


def pdf_that_lies_about_its_pages(path: Path) -> Path:
    """One page, and a count of two thousand million."""
    return _raw_pdf(
        path,
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 2000000000>>",
            b"<</Type/Page/Parent 2 0 R/Contents 4 0 R/MediaBox[0 0 612 792]>>",
            _stream(b"9 9 300 300 re f"),
        ],
    )


def pdf_of_a_tree_in_itself(path: Path) -> Path:
    """A page tree whose child it is itself."""
    return _raw_pdf(path, [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 9>>"])


def pdf_of_a_fine_pattern(path: Path) -> Path:
    """A page filled with a pattern of a hundred million tiles."""
    pattern = _stream(
        b"0 0 .01 .01 re f",
        b"/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 .02 .02]/XStep .02/YStep .02"
        b"/Resources<<>>",
    )
    return _one_page(
        path,
        _stream(b"/Pattern cs /P scn 0 0 612 792 re f"),
        pattern,
        page=b"/MediaBox[0 0 612 792]/Resources<</Pattern<</P 5 0 R>>>>",
    )


def pdf_of_an_endless_page(path: Path) -> Path:
    """A page of ten million kilometres."""
    return _one_page(path, _stream(b"0 0 500 500 re f"), page=b"/MediaBox[0 0 1000000000 1000000000]")


def pdf_that_calls_home(path: Path, address: str) -> Path:
    """A page with actions on opening: JavaScript, an address, a program, a form that is sent."""
    home = b"/URI(%b)" % address.encode()
    script = b"/JS(app.launchURL\\('%b'\\);this.submitForm\\('%b'\\);)" % (address.encode(), address.encode())
    then = b"/Next<</S/URI%b/Next<</S/Launch/F(/bin/true)>>>>" % home
    page = b"/MediaBox[0 0 612 792]/Resources<</XObject<</X 5 0 R>>>>/AA<</O<</S/URI%b>>>>" % home
    image = b"<</Subtype/Image/Width 9/Height 9/ColorSpace/DeviceGray/BitsPerComponent 8/F<</FS/URL/F(%b)>>"
    return _raw_pdf(
        path,
        [
            b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript%b%b>>>>" % (script, then),
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/Contents 4 0 R%b>>" % page,
            _stream(b"9 9 300 300 re f 300 0 0 300 200 200 cm /X Do"),
            image % address.encode() + b"/Length 0>>stream\n\nendstream",
        ],
    )


def pdf_of_many_pages(path: Path, count: int) -> Path:
    """So many pages, which share their content."""
    with pikepdf.new() as document:
        document.add_blank_page()
        document.pages[0].Contents = document.make_stream(b"9 9 300 300 re f")
        for _ in range(count - 1):
            document.pages.append(document.pages[0])
        document.save(path)
    return path


def dynamic_form_pdf(path: Path) -> Path:
    """A form whose pages a viewer must make of XFA; what stands in the PDF asks for another viewer."""
    return _raw_pdf(
        path,
        [
            b"<</Type/Catalog/Pages 2 0 R/NeedsRendering true/AcroForm<</Fields[]/XFA 5 0 R>>>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/Contents 4 0 R/MediaBox[0 0 612 792]>>",
            _stream(b"9 9 300 300 re f"),
            _stream(b"<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'/>"),
        ],
    )
