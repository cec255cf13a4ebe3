"""What calls come to, each provoked at a real receiving station, and what is done about it."""

from typing import Any

import pytest
import sample_documents
from scene import Scene

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def sent(scene: Scene, number: str) -> tuple[str, Any]:
    job_id = await scene.mail(number, attachments=[("page.pdf", sample_documents.pdf())])
    return job_id, await scene.finished(job_id)


def statuses(job: Any) -> list[str]:
    return [attempt["outcome"]["status"] for attempt in job["attempts"]]


async def test_a_busy_station_is_called_again_and_the_fax_delivered(scene: Scene) -> None:
    job_id, job = await sent(scene, "+12065550101")
    assert statuses(job) == ["BUSY", "BUSY", "Success"]
    [notice] = scene.notices(job_id, "delivery")
    assert "delivered (1 page)" in str(notice["Subject"])


async def test_after_four_attempts_the_sender_is_told_that_it_failed(scene: Scene) -> None:
    job_id, job = await sent(scene, "+12065550102")
    assert statuses(job) == ["BUSY"] * 4
    assert job["state"] == "failed"
    [notice] = scene.notices(job_id, "delivery")
    assert str(notice["Subject"]).endswith("not delivered: Busy after 4 attempts")
    assert str(notice["Auto-Submitted"]) == "auto-replied"
    assert str(notice["Return-Path"]) == "<>"


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+12065550103", ["Voice Answer"] * 2),
        ("+12065550104", ["No Answer"] * 4),
        ("+12065550105", ["Sit-Tone / Operator Msg"]),
        ("+12065550106", ["Not a Fax Machine"] * 2),
        ("+12065550108", ["Fast Busy"] * 4),
    ],
)
async def test_what_is_no_fax_has_its_status_and_its_redials(
    scene: Scene, number: str, expected: list[str]
) -> None:
    _, job = await sent(scene, number)
    assert statuses(job) == expected
    assert job["status"] == expected[0]


async def test_a_station_without_t38_is_sent_to_over_audio(scene: Scene) -> None:
    _, job = await sent(scene, "+12065550107")
    assert job["status"] == "Success"
    assert job["attempts"][0]["outcome"]["transport"] == "G.711"


async def test_a_job_is_cancelled_between_its_calls_and_in_a_call(scene: Scene) -> None:
    waiting = await scene.mail("+12065554102", attachments=[("page.pdf", sample_documents.pdf(12))])
    await scene.service.wait_for("call_answered", seconds=300, job=waiting)
    ran = await scene.postfax("cancel", waiting, "ZZZZ-ZZ")
    assert ran.status == 1
    assert "hung up" in ran.out
    job = await scene.finished(waiting)
    assert (job["state"], job["status"]) == ("cancelled", "Job Cancelled")
    [notice] = scene.notices(waiting, "delivery")
    assert "cancelled" in str(notice["Subject"]).lower()
