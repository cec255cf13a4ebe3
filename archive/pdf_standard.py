"""What makes a PDF of fax pages a PDF/A-2b (ISO 19005-2), beyond the pages themselves.

The pages are black and white in DeviceGray, which §6.2.4.3 allows where the file says for what output it is
meant: an output intent with the profile of sRGB. The XMP metadata (§6.6) say what the document information
says, and which part and level of the standard the file keeps to.
"""

from datetime import datetime
from functools import cache
from typing import Any

import pikepdf
from PIL import ImageCms

VERSION = "1.7"
"""Of PDF, that the standard is made for."""
_PROFILE_DATE = slice(24, 36)
"""ICC.1 §7.2.1: when a profile was made. Littlecms writes the time of the call."""
_MADE = bytes((7, 232, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0))
_PRODUCER = "Postfax"


def keep_to_standard(pdf: pikepdf.Pdf, *, title: str, made_at: datetime | None) -> None:
    """Let a PDF be a PDF/A-2b; its pages keep to the standard already.

    Args:
        pdf: of fax pages.
        title: what viewers show; empty for none.
        made_at: when the document was made; None if nobody knows.
    """
    profile: Any = pikepdf.Stream(pdf, _srgb(), N=3, Alternate=pikepdf.Name.DeviceRGB)
    intent = pikepdf.Dictionary(
        Type=pikepdf.Name.OutputIntent,
        S=pikepdf.Name.GTS_PDFA1,
        OutputConditionIdentifier="sRGB IEC61966-2.1",
        Info="sRGB IEC61966-2.1",
        RegistryName="http://www.color.org",
        DestOutputProfile=pdf.make_indirect(profile),
    )
    pdf.Root.OutputIntents = pikepdf.Array([pdf.make_indirect(intent)])
    with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=True) as metadata:
        metadata["pdfaid:part"] = "2"
        metadata["pdfaid:conformance"] = "B"
        metadata["pdf:Producer"] = _PRODUCER
        if title:
            metadata["dc:title"] = title
        if made_at:
            metadata["xmp:CreateDate"] = made_at.isoformat(timespec="seconds")


@cache
def _srgb() -> bytes:
    """The profile of sRGB, the same octets every time."""
    made = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    octets = bytearray(made.tobytes())
    octets[_PROFILE_DATE] = _MADE
    return bytes(octets)
