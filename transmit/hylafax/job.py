"""A job as its file in HylaFAX's queue tells it: `sendq/q17` while it is to be done, `doneq/q17` afterwards.

Pure. A line is `name:value`; a value goes on in the next line where its line ends in a backslash.
"""

import re
from dataclasses import dataclass, replace
from enum import IntEnum

from transmit.idents import shown

_NOBODY = "<UNSPECIFIED>"
_COMPRESSIONS = {"1-D MH": "MH", "2-D MR": "MR", "2-D MMR": "MMR"}


class JobStage(IntEnum):
    """The states of a job, by HylaFAX's numbers."""

    UNDEFINED = 0
    SUSPENDED = 1
    """Not submitted yet."""
    PENDING = 2
    SLEEPING = 3
    BLOCKED = 4
    READY = 5
    ACTIVE = 6
    """In its call."""
    DONE = 7
    FAILED = 8

    @property
    def final(self) -> bool:
        """Whether HylaFAX is done with it."""
        return self in {JobStage.DONE, JobStage.FAILED}


@dataclass(frozen=True, kw_only=True, slots=True)
class HylafaxJob:
    """A job."""

    job_id: str
    tag: str
    """What we gave it: the id of our attempt."""
    stage: JobStage
    pages_sent: int = 0
    """Pages that the far end confirmed, all calls together; those that were left out are not among them."""
    calls: int = 0
    """Calls that were placed, answered or not."""
    answered_calls: int = 0
    status_code: int = 0
    status: str = ""
    """HylaFAX's words."""
    bit_rate: int | None = None
    compression: str = ""
    remote_csid: str = ""
    session: str = ""
    """The number of the log of its last call."""

    @property
    def spent(self) -> bool:
        """Whether it waits to be given up: its one call is over, and HylaFAX has not looked at it again."""
        return self.calls > 0 and self.stage in _WAITING

    def ended_as(self, other: "HylafaxJob") -> "HylafaxJob":
        """This job, over for the reason that another look at it told."""
        return replace(self, status_code=other.status_code, status=other.status)


_WAITING = frozenset({JobStage.PENDING, JobStage.SLEEPING, JobStage.BLOCKED, JobStage.READY})


def job_of(text: str) -> HylafaxJob:
    """The job that a queue file tells of.

    Raises:
        ValueError: it is no such file.
    """
    values = _values(text)
    if "jobid" not in values or "state" not in values:
        raise ValueError("no job of HylaFAX")
    csid = shown(values.get("csi", ""))
    rate = re.search(r"\d+", values.get("signalrate", ""))
    return HylafaxJob(
        job_id=values["jobid"],
        tag=values.get("jobtag", ""),
        stage=_stage(values["state"]),
        pages_sent=max(0, _number(values, "npages") - _number(values, "nskip")),
        calls=_number(values, "totdials"),
        answered_calls=_number(values, "tottries"),
        status_code=_number(values, "statuscode"),
        status=" ".join(values.get("status", "").split()),
        bit_rate=int(rate[0]) if rate else None,
        compression=_COMPRESSIONS.get(values.get("dataformat", "").strip(), ""),
        remote_csid="" if csid == _NOBODY else csid[:_LONGEST_ID],
        session=values.get("commid", ""),
    )


_LONGEST_ID = 40


def _values(text: str) -> dict[str, str]:
    joined = re.sub(r"\\\r?\n", " ", text)
    lines = (line.partition(":") for line in joined.splitlines())
    return {name: value for name, colon, value in lines if colon}


def _stage(value: str) -> JobStage:
    try:
        return JobStage(int(value))
    except ValueError:
        return JobStage.UNDEFINED


def _number(values: dict[str, str], name: str) -> int:
    value = values.get(name, "")
    return int(value) if re.fullmatch(r"\d{1,9}", value) else 0
