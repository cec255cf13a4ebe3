"""Calls that failed in the fax itself: the next goes on at its page, with settings that may do better."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import sample_documents
from PIL import Image
from scene import Scene

from transmit.station.record import CallRecord

pytestmark = pytest.mark.asyncio(loop_scope="module")

Page = npt.NDArray[np.bool_]


async def sent(scene: Scene, number: str, *, pages: int = 1, **mail: Any) -> Any:
    job_id = await scene.mail(number, attachments=[("pages.pdf", sample_documents.pdf(pages))], **mail)
    return await scene.finished(job_id)


def told(job: Any, name: str) -> list[Any]:
    return [attempt["outcome"][name] for attempt in job["attempts"]]


def calls(scene: Scene, number: str) -> list[CallRecord]:
    """The station's own record, the first call first."""
    found = [call for call in scene.world.station.calls if number.endswith(call.number.removeprefix("+"))]
    return sorted(found, key=lambda call: call.started_at)


def received(scene: Scene, call: CallRecord) -> list[Page]:
    """The pages of a call, True for black."""
    with Image.open(Path(scene.world.folder) / "station/received" / call.document) as file:
        pages = []
        for number in range(getattr(file, "n_frames", 1)):
            file.seek(number)
            pages.append(~np.asarray(file.convert("1")))
        return pages


def last_inked_row(page: Page) -> int:
    return int(np.flatnonzero(page.any(axis=1))[-1])


async def test_a_fax_that_broke_off_goes_on_with_the_first_page_that_was_not_confirmed(scene: Scene) -> None:
    job = await sent(scene, "+12065550109", pages=4)
    assert told(job, "status") == ["Transmission Failed", "Success"]
    confirmed = told(job, "pages_confirmed")
    assert confirmed[0] >= 1
    assert sum(confirmed) == 4
    assert [attempt["first_page"] for attempt in job["attempts"]] == [0, confirmed[0]]
    assert job["pages_confirmed"] == 4
    first, second = calls(scene, "+12065550109")
    assert second.pages == 4 - confirmed[0]
    # Each page has a block at a height of its own: what came second is what was missing.
    ends = [
        last_inked_row(page) for page in (*received(scene, first)[: confirmed[0]], *received(scene, second))
    ]
    assert ends == sorted(ends, reverse=True)
    assert len(set(ends)) == 4


async def test_the_frames_of_each_call_are_told(scene: Scene) -> None:
    job = await sent(scene, "+12065550120")
    ran = await scene.postfax("show", job["id"], "--transcript")
    assert ran.out.startswith("Call 1, ")
    told_frames = [line.split()[-1] for line in ran.out.splitlines()[1:]]
    for frame in ("DIS", "DCS", "CFR", "MCF", "DCN"):
        assert frame in told_frames
    assert told_frames.index("DIS") < told_frames.index("DCS") < told_frames.index("MCF")
    assert any(line.split()[2:4] == ["far", "end:"] for line in ran.out.splitlines() if "DIS" in line)


async def test_a_page_says_that_the_fax_is_continued_where_the_policy_wants_one(scene: Scene) -> None:
    job = await sent(scene, "+12065550119", pages=3, sender="continued@hospital.example")
    assert told(job, "status") == ["Transmission Failed", "Success"]
    confirmed = told(job, "pages_confirmed")
    assert sum(confirmed) == 3
    _, second = calls(scene, "+12065550119")
    assert second.pages == 3 - confirmed[0] + 1


async def test_a_machine_without_fine_pages_gets_coarse_ones_the_second_time_and_from_then_on(
    scene: Scene,
) -> None:
    fields = {"X-Fax-Resolution": "fine"}
    job = await sent(scene, "+12065550110", fields=fields)
    assert told(job, "status") == ["Negotiation Failed", "Success"]
    assert set(told(job, "remote_finest")) == {"standard"}
    again = await sent(scene, "+12065550110", fields=fields, subject="Again")
    assert told(again, "status") == ["Success"]
    [page] = received(scene, calls(scene, "+12065550110")[-1])
    assert 1000 < len(page) < 1200


async def test_a_slow_machine_and_one_without_error_correction_take_their_faxes_at_once(scene: Scene) -> None:
    slow = await sent(scene, "+12065550111")
    assert (told(slow, "status"), told(slow, "bit_rate")) == (["Success"], [4_800])
    plain = await sent(scene, "+12065550112")
    assert (told(plain, "status"), told(plain, "ecm")) == (["Success"], [False])


async def batch(scene: Scene, number: str, *pages: int) -> list[str]:
    """Faxes to one number of which none is called before the last one is there."""
    assert (await scene.postfax("line", "hold", "demo")).status == 0
    await asyncio.sleep(1.5)  # the service knows within a second
    jobs = []
    for count in pages:
        attachment = ("pages.pdf", sample_documents.pdf(count))
        job_id = await scene.mail(number, sender="batched@hospital.example", attachments=[attachment])
        await scene.service.wait_for("document_made", seconds=300, job=job_id)
        jobs.append(job_id)
    assert (await scene.postfax("line", "release", "demo")).status == 0
    return jobs


async def test_a_call_of_three_faxes_that_breaks_off_in_the_second_is_right_for_each(scene: Scene) -> None:
    first, second, third = await batch(scene, "+12065550113", 2, 4, 1)
    done = {job_id: await scene.finished(job_id) for job_id in (first, second, third)}
    assert told(done[first], "status") == ["Success"]
    for job_id in (second, third):
        statuses = told(done[job_id], "status")
        assert (statuses[0], statuses[-1]) == ("Transmission Failed", "Success")
    confirmed = told(done[second], "pages_confirmed")
    assert confirmed[0] >= 1
    assert sum(confirmed) == 4
    assert done[second]["attempts"][1]["first_page"] == confirmed[0]
    assert told(done[third], "pages_confirmed")[0] == 0
    shared = {job_id: job["attempts"][0]["shares_call_of"] for job_id, job in done.items()}
    assert shared == {first: "", second: f"{first}#1", third: f"{first}#1"}
    for job_id, count in ((first, 2), (second, 4), (third, 1)):
        [notice] = scene.notices(job_id, "delivery")
        assert f"delivered ({count} page{'s' if count > 1 else ''})" in str(notice["Subject"])
    # Each page of a document has a block at a height of its own, the first page's lowest.
    for job_id, before, count in ((first, 0, 2), (second, 2, 4), (third, 6, 1)):
        ends = [last_inked_row(page) for page in confirmed_pages(scene, done[job_id], before)]
        assert (len(ends), ends) == (count, sorted(set(ends), reverse=True))


def confirmed_pages(scene: Scene, job: Any, before: int) -> list[Page]:
    """What the station has of a fax, in the order in which it confirmed it.

    Of the first call the pages of other faxes go `before` it.
    """
    pages: list[Page] = []
    for number, attempt in enumerate(job["attempts"]):
        if count := attempt["outcome"]["pages_confirmed"]:
            times = attempt["started_at"], attempt["outcome"]["ended_at"]
            began, ended = map(datetime.fromisoformat, times)
            [call] = [one for one in calls(scene, job["number"]) if began <= one.started_at <= ended]
            begin = 0 if number else before
            pages += received(scene, call)[begin : begin + count]
    return pages


async def test_faxes_share_a_call_over_audio_too(scene: Scene) -> None:
    first, second = await batch(scene, "+12065550114", 1, 2)
    done = [await scene.finished(job_id) for job_id in (first, second)]
    assert [told(job, "status") for job in done] == [["Success"], ["Success"]]
    assert {transport for job in done for transport in told(job, "transport")} == {"G.711"}
    [call] = calls(scene, "+12065550114")
    ends = [last_inked_row(page) for page in received(scene, call)]
    assert (len(ends), ends[0] == ends[1], ends[1] > ends[2]) == (3, True, True)
