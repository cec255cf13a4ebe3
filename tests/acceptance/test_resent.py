"""A fax is sent again by command, the whole way: made anew, called, told, found and looked at."""

from pathlib import Path

import pytest
import sample_documents
from scene import Scene

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_fax_is_sent_again_to_another_number(scene: Scene, tmp_path: Path) -> None:
    first = await scene.mail("+12065550105", attachments=[("page.pdf", sample_documents.pdf(1))])
    failed = await scene.finished(first)
    assert failed["status"] == "Sit-Tone / Operator Msg"
    ran = await scene.postfax("resend", first, "--to", "+12065554103", "--json")
    assert ran.status == 0
    [told] = ran.json
    again = await scene.finished(told["new_id"])
    assert (again["status"], again["number"], again["resend_of"]) == ("Success", "+12065554103", first)
    assert again["pages_confirmed"] == failed["pages"]
    assert scene.notices(told["new_id"], "delivery")
    activity = (await scene.postfax("activity", f"resend_of={first}", "--json")).json
    assert [fax["job"] for fax in activity["faxes"]] == [told["new_id"]]
    audit = (await scene.postfax("audit", "--subject", first, "--json")).json
    assert [entry["action"] for entry in audit] == ["resend"]
    pdf = await scene.postfax("download", told["new_id"], "-o", tmp_path)
    assert pdf.status == 0
