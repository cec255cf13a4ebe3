"""What people attach: pages, or a sentence that names what cannot be faxed."""

import pytest
import sample_documents
from scene import Scene

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_documents_of_many_kinds_become_one_fax_in_their_order(scene: Scene) -> None:
    attachments = [
        ("letter.docx", sample_documents.word()),
        ("two.pdf", sample_documents.pdf(2)),
        ("note.txt", "Grüße aus Köln\n".encode()),
        ("photo.png", sample_documents.picture("PNG")),
        ("photo.jpg", sample_documents.picture("JPEG")),
        ("scan.tif", sample_documents.picture("TIFF")),
    ]
    job = await scene.finished(await scene.mail("+12065553001", attachments=attachments))
    assert job["status"] == "Success"
    assert [page["origin"] for page in job["document"]["pages"]] == [
        "letter.docx", "two.pdf", "two.pdf", "note.txt", "photo.png", "photo.jpg", "scan.tif",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "octets", "said"),
    [
        ("locked.pdf", sample_documents.pdf(password="secret"), "password"),
        ("broken.pdf", sample_documents.pdf()[:200], "broken.pdf"),
        ("tool.exe", b"MZ" + bytes(3000), "tool.exe"),
        ("letter.docx", bytes(range(256)) * 20, "letter.docx"),
        ("empty.pdf", b"", "empty.pdf"),
    ],
)
async def test_what_cannot_be_faxed_is_named_with_the_reason(
    scene: Scene, name: str, octets: bytes, said: str
) -> None:
    job_id = await scene.mail("+12065553002", text="Please see below.", attachments=[(name, octets)])
    job = await scene.finished(job_id)
    assert job["status"] == "Invalid Attachment"
    assert job["attempts"] == []
    [notice] = scene.notices(job_id, "initial")
    assert name in str(notice["Subject"])
    body = notice.get_body(("plain",))
    assert body is not None
    assert said in " ".join(str(body.get_content()).split())


async def test_one_bad_number_does_not_hold_up_the_good_one(scene: Scene) -> None:
    group = await scene.mail(
        "+12065553003", "206555", "4930123456", attachments=[("page.pdf", sample_documents.pdf())]
    )
    good = await scene.finished(f"{group}-1")
    bad = [await scene.job(f"{group}-{number}") for number in (2, 3)]
    assert good["status"] == "Success"
    assert [job["status"] for job in bad] == ["Invalid Fax Number"] * 2
    [notice] = scene.notices(group, "initial")
    body = notice.get_body(("plain",))
    assert body is not None
    assert "206555" in body.get_content()
    assert "+1 206 555 3003" in body.get_content()


async def test_copies_are_filed_by_mail_and_on_the_server(scene: Scene) -> None:
    job_id = await scene.mail("+12065553004", attachments=[("page.pdf", sample_documents.pdf())])
    job = await scene.finished(job_id)
    assert sorted(copy["method"] for copy in job["copies"]) == ["email", "sftp"]
    filed = [file.name for file in scene.world.archive.folder.rglob(f"{job_id}*")]
    assert sorted(filed) == [f"{job_id}_+12065553004_Success.tif", f"{job_id}_+12065553004_Success.xml"]
