"""Fuzz target: PDFs through the confined conversion; the seeds are not compressed: changes reach far."""

from collections import Counter
from collections.abc import Sequence

from confined_document import check_document, try_documents

WORDS = (
    b"/Type", b"/Page", b"/Pages", b"/Kids", b"/Count", b"/Parent", b"/MediaBox", b"/Rotate 90",
    b"/Contents", b"/Resources", b"/XObject", b"/Subtype/Form", b"/Subtype/Image", b"/Width 60000",
    b"/Height 1", b"/BitsPerComponent 16", b"/ColorSpace/Indexed", b"/Filter/FlateDecode",
    b"/Filter/CCITTFaxDecode", b"/Filter/DCTDecode", b"/Filter/JBIG2Decode", b"/Filter/JPXDecode",
    b"/Filter/LZWDecode", b"/DecodeParms", b"/Predictor 15", b"/Columns 4294967295", b"/K -1", b"/SMask",
    b"/Pattern", b"/Shading", b"/Annots", b"/AcroForm", b"/Encrypt", b"/ObjStm", b"/XRef", b"1 0 R",
    b"4 0 R", b"endobj", b"stream\n", b"endstream", b"xref", b"trailer", b"startxref", b" Do ", b" Tj ",
    b" cm ", b" re f ", b" q ", b" Q ", b"BI ", b"ID ", b"EI ", b"-1", b"0", b"99999999999", b"1e38",
    b"2147483647", b"[", b"]", b"<<", b">>", b"(", b")",
)  # fmt: skip


def check(octets: bytes) -> None:
    """It becomes pages, or is refused in a sentence."""
    check_document(b"%PDF-1.7\n" + octets, "a.pdf")


def try_many(inputs: Sequence[bytes]) -> Counter[str]:
    """The same of many, and how often they came to what."""
    return try_documents([b"%PDF-1.7\n" + octets for octets in inputs], "a.pdf")
