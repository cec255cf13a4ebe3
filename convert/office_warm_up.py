"""Small documents that a fresh LibreOffice converts before the first real one: what it loads for them stays.

One for each part of it that office documents need. The text is also its canary: who cannot convert it is
broken.
"""

import io
import zipfile

from convert.formats import Kind

CANARY = rb"{\rtf1 A text that every word processor can read.}"

_SPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (
        ("office", "office"),
        ("draw", "drawing"),
        ("text", "text"),
        ("svg", "svg-compatible"),
    )
)
_SLIDE = (
    f'<office:document-content {_SPACES} office:version="1.2"><office:body><office:presentation><draw:page>'
    '<draw:frame svg:x="1cm" svg:y="1cm" svg:width="9cm" svg:height="3cm"><draw:text-box>'
    "<text:p>Slide</text:p></draw:text-box></draw:frame></draw:page></office:presentation></office:body></office:document-content>"
)
_MANIFEST = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
_KIND = "application/vnd.oasis.opendocument.presentation"


def warm_up_documents() -> tuple[tuple[Kind, bytes], ...]:
    """A sheet and a slide; the text of the canary goes before them."""
    return (Kind.CSV, b"1,2\n3,4\n"), (Kind.ODP, _slide())


def _slide() -> bytes:
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w") as package:
        package.writestr("mimetype", _KIND)
        package.writestr("content.xml", _SLIDE)
        entries = "".join(
            f'<m:file-entry m:full-path="{path}" m:media-type="{kind}"/>'
            for path, kind in (("/", _KIND), ("content.xml", "text/xml"))
        )
        manifest = f'<m:manifest xmlns:m="{_MANIFEST}">{entries}</m:manifest>'
        package.writestr("META-INF/manifest.xml", manifest)
    return octets.getvalue()
