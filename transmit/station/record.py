"""What the station keeps of each call: `NAME.json`, and `NAME.tif` where pages were received.

Both appear complete or not at all, the record last: whoever sees a record finds its pages.
"""

import json
import os
import re
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class CallRecord:
    """One call, as the station saw it."""

    name: str
    """Unique; the file name without ending."""
    number: str
    """The number that was called."""
    caller: str
    """The caller id."""
    sip_call_id: str
    behaviour: str
    started_at: datetime
    ended_at: datetime
    ending: str
    """How it ended, in SIP's or T.30's words."""
    csid: str = ""
    """The caller's station identity (TSI)."""
    pages: int = 0
    """Pages received."""
    t30_code: int | None = None
    t30_result: str = ""
    transport: str = ""
    """`T.38` or `G.711`."""
    bit_rate: int | None = None
    ecm: bool | None = None
    compression: str = ""
    document: str = ""
    """The file name of the pages; empty if there are none."""


class Received:
    """The folder where calls are kept."""

    def __init__(self, folder: Path) -> None:
        """Makes the folders.

        Raises:
            OSError: that is not possible.
        """
        self._folder = folder / "received"
        self._unfinished = folder / "receiving"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._unfinished.mkdir(exist_ok=True)

    def unfinished(self, name: str) -> Path:
        """Where the pages of a call are written while they come in."""
        return self._unfinished / f"{name}.tif"

    def document(self, record: CallRecord) -> Path | None:
        """The pages of a call that is over, or None."""
        return self._folder / record.document if record.document else None

    def keep_pages(self, name: str, pages: int) -> str:
        """Moves what was received to its place; gives its file name, or an empty text for no pages."""
        unfinished = self.unfinished(name)
        if pages == 0 or not unfinished.exists():
            unfinished.unlink(missing_ok=True)
            return ""
        final = self._folder / f"{name}.tif"
        unfinished.replace(final)
        return final.name

    def keep_record(self, record: CallRecord) -> None:
        """Writes the record."""
        final = self._folder / f"{record.name}.json"
        text = json.dumps(asdict(record), default=datetime.isoformat, indent=2)
        unfinished = self._unfinished / final.name
        with unfinished.open("w") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(final)


def name_of(number: str, started_at: datetime, sip_call_id: str) -> str:
    """A call's name: when, whom, and enough of the Call-ID to be unique."""
    digits = re.sub(r"[^0-9+]", "", number)
    unique = re.sub(r"[^0-9A-Za-z]", "", sip_call_id)[:12]
    return f"{started_at:%Y%m%dT%H%M%S}_{digits}_{unique}"
