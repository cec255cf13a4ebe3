"""Which attachments may be faxed."""

from typing import Annotated

from pydantic import Field

from config.fax_values import DOCUMENT_TYPES, DocumentType
from config.section import Section
from config.values import ByteSize, Toggle


class AttachmentSettings(Section):
    """Which attachments may be faxed."""

    allowed: tuple[DocumentType, ...] = DOCUMENT_TYPES
    """Types of documents, as their bytes say; a mail with another one is refused."""
    most: Annotated[int, Field(ge=1, le=1000)] = 100
    """How many attachments a mail may have, those inside forwarded mails included."""
    largest: ByteSize = 100_000_000
    """The size that one attachment may have."""
    largest_of: dict[DocumentType, ByteSize] = {}
    """The same for one type, where it differs: `{pdf: 20 MB}`."""
    drop_blank_ends: Toggle = True
    """Whether blank pages at the end of an attachment are left out: the back of the last sheet of a scan,
    a last page that a word processor adds. Blank pages before others always stay."""
