"""HylaFAX's jobs: read from their files, judged by code or words; parameters that say what we mean."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.status import Status
from transmit.hylafax.job import HylafaxJob, JobStage, job_of
from transmit.hylafax.statuses import judge_job
from transmit.hylafax.submission import JobSettings, job_parameters, quoted
from transmit.line import CallOrder
from transmit.sheet import Sheet

FILE = """\
tts:1795737042
state:7
npages:4
nskip:1
totdials:1
tottries:1
external:+12065550100
jobid:17
jobtag:K7Q2-M9#1
signalrate:14400
dataformat:2-D MMR
commid:000000009
csi:<UNSPECIFIED>
status:first line\\
second: line\\

statuscode:347
!fax:0:77:docq/doc1.tif;01
"""
FINE = Sheet(lines_per_inch=196.0, longest=280)


def failed(status: str, code: int = 0, **more: object) -> HylafaxJob:
    return HylafaxJob(
        job_id="1",
        tag="A#1",
        stage=JobStage.FAILED,
        status=status,
        status_code=code,
        **more,  # type: ignore[arg-type]
    )


def test_a_queue_file_is_read() -> None:
    assert job_of(FILE) == HylafaxJob(
        job_id="17",
        tag="K7Q2-M9#1",
        stage=JobStage.DONE,
        pages_sent=3,
        calls=1,
        answered_calls=1,
        status_code=347,
        status="first line second: line",
        bit_rate=14_400,
        compression="MMR",
        session="000000009",
    )


@pytest.mark.parametrize("text", ["", "jobid:1", "<html>", "state:7\njobid"])
def test_what_is_no_queue_file_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no job"):
        job_of(text)


@given(st.text())
def test_any_text_is_a_job_or_none(text: str) -> None:
    job = job_of(f"jobid:1\nstate:8\n{text}")
    assert job.pages_sent >= 0


def test_a_state_that_is_not_known_is_none_that_a_job_ends_in() -> None:
    assert not job_of("jobid:1\nstate:12\n").stage.final


@pytest.mark.parametrize(
    ("job", "status"),
    [
        (failed("Busy signal detected", 1), Status.BUSY),
        (failed("Busy signal detected; too many attempts to dial", 333), Status.BUSY),
        (failed("No answer from remote; too many attempts to dial", 333), Status.NO_ANSWER),
        (failed("Busy signal detected {E001}; too many attempts to dial {E333}"), Status.BUSY),
        (failed("No carrier detected", 2), Status.NOT_A_FAX_MACHINE),
        (
            failed("No receiver protocol (T.30 T1 timeout); too many attempts to send", 334),
            Status.NOT_A_FAX_MACHINE,
        ),
        (failed("No local dialtone", 4), Status.FAST_BUSY),
        (
            failed("Failure to train remote modem at 2400 bps or minimum speed", 137),
            Status.NEGOTIATION_FAILED,
        ),
        (failed("Remote fax disconnected prematurely", 128), Status.NEGOTIATION_FAILED),
        (failed("Remote fax disconnected prematurely", 128, bit_rate=9600), Status.TRANSMISSION_FAILED),
        (failed("Failure to transmit clean ECM image data.", 143), Status.EXCEEDED_ECM_RETRANSMIT),
        (
            failed("No response to EOP repeated 3 tries; too many attempts to dial", 333),
            Status.TRANSMISSION_FAILED,
        ),
        (failed("Kill time expired", 325), Status.GENERAL_ERROR),
        (failed("Job aborted by request", 345), Status.JOB_CANCELLED),
        (failed("REJECT: Unable to convert dial string to canonical format", 327), Status.INVALID_FAX_NUMBER),
        (failed("something new", 777), Status.GENERAL_ERROR),
        (failed(""), Status.GENERAL_ERROR),
    ],
)
def test_every_end_has_its_status(job: HylafaxJob, status: Status) -> None:
    verdict = judge_job(job, pages_asked=2, cancelled=False)
    assert verdict.status is status
    assert job.status in verdict.cause


@given(st.sampled_from(JobStage), st.integers(0, 9), st.integers(0, 9), st.booleans())
def test_success_is_every_page_confirmed(stage: JobStage, sent: int, asked: int, cancelled: bool) -> None:  # noqa: FBT001
    job = HylafaxJob(job_id="1", tag="A#1", stage=stage, pages_sent=sent)
    verdict = judge_job(job, pages_asked=asked, cancelled=cancelled)
    assert (verdict.status is Status.SUCCESS) == (stage is JobStage.DONE and sent == asked > 0)


def parameters(sheet: Sheet = FINE, *, plus: bool = True, **order: object) -> dict[str, str]:
    call = CallOrder(
        job_id="A",
        attempt_id="A#1",
        number="+12065550100",
        document=Path("x"),
        pages=3,
        **order,  # type: ignore[arg-type]
    )
    settings = JobSettings(
        sender="postfax", modem="any", plus=plus, caller="12065550199", keep_for=timedelta(minutes=90)
    )
    said = job_parameters(call, sheet, settings, "/tmp/doc1.tif")  # noqa: S108 - a name at the server
    return {name: value for name, _, value in (one.partition(" ") for one in said)}


def test_hylafax_calls_once_and_adds_nothing() -> None:
    said = parameters()
    assert {said["MAXDIALS"], said["MAXTRIES"]} == {"1"}
    assert (said["USETAGLINE"], said["NOTIFY"], said["PAGECHOP"]) == ("NO", '"NONE"', '"NONE"')
    assert (said["JOBINFO"], said["DIALSTRING"], said["LASTTIME"]) == ('"A#1"', '"+12065550100"', "000130")
    assert (said["TSI"], said["DOCUMENT"]) == ('"12065550199"', "/tmp/doc1.tif")  # noqa: S108
    assert not {"SUBADDR", "BEGBR", "PAGERANGE"} & said.keys()


def test_what_a_call_asks_for_is_said() -> None:
    said = parameters(plus=False, subaddress="12", max_rate=9600, first_page=1, station_id='a"b\r\nJKILL 1')
    assert (said["DIALSTRING"], said["SUBADDR"], said["BEGBR"]) == ('"12065550100"', '"12"', "9600")
    assert (said["PAGERANGE"], said["TSI"]) == ('"2-3"', '"a b  JKILL 1"')


@pytest.mark.parametrize(
    ("lines", "vres", "extended"), [(98.0, "98", "NO"), (196.0, "196", "NO"), (391.0, "196", "YES")]
)
def test_the_resolution_is_the_pages(lines: float, vres: str, extended: str) -> None:
    said = parameters(Sheet(lines_per_inch=lines, longest=400))
    assert (said["VRES"], said["USEXVRES"], said["PAGELENGTH"]) == (vres, extended, "400")


@given(st.text())
def test_a_text_stays_one_text(text: str) -> None:
    written = quoted(text)
    assert written.count('"') == 2
    assert written.isprintable()
