"""Each of the seven modes, with and without body text and attachment, by a mail through the SMTP port."""

import asyncio
from collections import Counter

import pytest
import sample_documents
from scene import Scene

pytestmark = pytest.mark.asyncio(loop_scope="module")

COVER, BODY, PDF = "cover", "body", "page.pdf"
REFUSED = "No Attachment"
# (mode, body text, attachment) → the pages in order, or the status of the refusal
EXPECTED: dict[tuple[str, bool, bool], list[str] | str] = {
    ("automatic", True, True): [COVER, PDF],
    ("automatic", True, False): [COVER],
    ("automatic", False, True): [COVER, PDF],
    ("automatic", False, False): [COVER],
    ("none", True, True): [BODY, PDF],
    ("none", True, False): [BODY],
    ("none", False, True): [PDF],
    ("none", False, False): REFUSED,
    ("on_demand", True, True): [BODY, PDF],
    ("on_demand", True, False): [BODY],
    ("on_demand", False, True): [PDF],
    ("on_demand", False, False): REFUSED,
    ("with_body_text", True, True): [COVER, PDF],
    ("with_body_text", True, False): [COVER],
    ("with_body_text", False, True): [PDF],
    ("with_body_text", False, False): REFUSED,
    ("on_demand_requires_attachment", True, True): [BODY, PDF],
    ("on_demand_requires_attachment", True, False): REFUSED,
    ("on_demand_requires_attachment", False, True): [PDF],
    ("on_demand_requires_attachment", False, False): REFUSED,
    ("with_body_text_requires_attachment", True, True): [COVER, PDF],
    ("with_body_text_requires_attachment", True, False): REFUSED,
    ("with_body_text_requires_attachment", False, True): [PDF],
    ("with_body_text_requires_attachment", False, False): REFUSED,
    ("automatic_requires_attachment", True, True): [COVER, PDF],
    ("automatic_requires_attachment", True, False): REFUSED,
    ("automatic_requires_attachment", False, True): [COVER, PDF],
    ("automatic_requires_attachment", False, False): REFUSED,
}


async def test_every_mode(scene: Scene) -> None:
    ids = {}
    for number, (mode, body, attachment) in enumerate(EXPECTED):
        ids[mode, body, attachment] = await scene.mail(
            f"+1206555{2000 + number}",
            sender=f"{mode}@hospital.example",
            text="Please see the attached page." if body else "",
            attachments=[(PDF, sample_documents.pdf())] if attachment else [],
        )
    jobs = dict(zip(ids, await asyncio.gather(*map(scene.finished, ids.values())), strict=True))
    seen = {
        case: [page["origin"] for page in job["document"]["pages"]] if job["document"] else job["status"]
        for case, job in jobs.items()
    }
    assert seen == EXPECTED
    outcomes = Counter(job["status"] for job in jobs.values())
    assert outcomes == {"Success": 19, REFUSED: 9}


async def test_a_cover_page_on_demand(scene: Scene) -> None:
    job_id = await scene.mail(
        "+12065552100",
        sender="on_demand@hospital.example",
        attachments=[(PDF, sample_documents.pdf())],
        fields={"X-Fax-Cover": "yes"},
    )
    job = await scene.finished(job_id)
    assert [page["origin"] for page in job["document"]["pages"]] == [COVER, PDF]


async def test_no_attachment_is_told_by_the_initial_notice(scene: Scene) -> None:
    job_id = await scene.mail(
        "+12065552101", sender="automatic_requires_attachment@hospital.example", text="x"
    )
    job = await scene.finished(job_id)
    assert job["status"] == REFUSED
    [notice] = scene.notices(job_id, "initial")
    assert "not sent" in str(notice["Subject"])
    assert scene.notices(job_id, "delivery") == []
