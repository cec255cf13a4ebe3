"""The files of one copy, in the order in which they are written: the document, then its sidecars.

Who watches the archive takes a sidecar as the sign that the copy is complete.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from archive import metadata
from archive.document import as_archived
from archive.facts import FaxFacts
from archive.naming import file_name
from config.archive import ArchiveSettings
from store.page_word import PageWord

_ENDINGS = {"tiff": ("tif", "image/tiff"), "pdf": ("pdf", "application/pdf")}
_SIDECARS = {"xml": (metadata.xml, "application/xml"), "json": (metadata.json, "application/json")}


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchiveFile:
    """One file of a copy."""

    path: str
    """Relative, with `/` between its segments."""
    media_type: str
    octets: bytes

    @property
    def name(self) -> str:
        """The last segment of the path."""
        return self.path.rpartition("/")[2]


def files_of(
    facts: FaxFacts,
    document: Path | None,
    archive: ArchiveSettings,
    words: Sequence[Sequence[PageWord]] = (),
) -> tuple[ArchiveFile, ...]:
    """The files of a copy; reads the document. `words` is what stands on its pages, to be found in a PDF.

    A fax that never had a document leaves its facts alone: the sidecars that are asked for, XML if none is.

    Raises:
        PatternMistake: no name can be made of the archive's `file_name`.
        ArchivePermanent: the document is not a fax TIFF.
        OSError: it cannot be read.
    """
    stem = file_name(archive.file_name, facts)
    files = []
    if document:
        ending, media_type = _ENDINGS[archive.document]
        octets = as_archived(
            document,
            archive.document,
            title=f"Fax {facts.job.id}",
            made_at=facts.job.finished_at,
            words=words,
        )
        files.append(ArchiveFile(path=f"{stem}.{ending}", media_type=media_type, octets=octets))
    for kind in archive.metadata or (() if document else ("xml",)):
        describe, media_type = _SIDECARS[kind]
        files.append(ArchiveFile(path=f"{stem}.{kind}", media_type=media_type, octets=describe(facts)))
    return tuple(files)


def temporary_name(name: str, copy_id: str) -> str:
    """What a file is called until it is complete: the copy's own, so that the next try writes over it."""
    return f".{name}.{copy_id.replace(':', '-')}.part"
