"""What changes while the service runs: blocked numbers, locks, the policy and what of it is not let in."""

import asyncio
from pathlib import Path

import aiosmtplib
import pytest
from scene import Scene

from postfax.demonstration.serve_process import Event

pytestmark = pytest.mark.asyncio(loop_scope="module")

A_SECOND = 1.0
PATIENT = """\
  Patience:
    users:
      - name: Pia
        email: pia@hospital.example
        settings: {retry: {attempts: 30, interval: 2 s, statuses: {BUSY: {interval: 2 s}}}}
"""


def policy_file(scene: Scene) -> Path:
    return scene.world.folder / "policy.yaml"


async def taken_over(scene: Scene, *, after: int) -> Event:
    """Wait until the changed policy holds in the service and at each of its doors; how it was changed."""
    event = await scene.service.wait_for("policy_reloaded", seconds=300, after=after)
    for worker in range(scene.world.processes):
        await scene.service.wait_for("policy_in_force", seconds=300, after=after, worker=worker)
    return event


async def refusal_of(scene: Scene, number: str, sender: str) -> str:
    with pytest.raises(aiosmtplib.SMTPResponseException) as refused:
        await scene.mail(number, sender=sender, text="Hello.")
    return f"{refused.value.code} {refused.value.message}"


async def test_a_changed_policy_is_taken_over_by_itself(scene: Scene) -> None:
    seen = len(scene.service.events)
    policy_file(scene).write_text(policy_file(scene).read_text() + PATIENT)
    event = await taken_over(scene, after=seen)
    assert (event["added"], event["removed"]) == (1, 0)
    assert await scene.mail("12", sender="pia@hospital.example", text="Hello.")


async def test_a_number_that_is_blocked_while_a_fax_waits_is_not_called_again(scene: Scene) -> None:
    job_id = await scene.mail("+12065550102", sender="pia@hospital.example", text="Hello.")
    await scene.service.wait_for("attempt_ended", seconds=300, job=job_id, status="BUSY")
    ran = await scene.postfax("blocklist", "add", "+1 206 555 01??", "--reason", "asked us not to")
    assert ran.status == 0, ran.err
    assert (
        "+120655501??  blocked\n1 fax that waits goes to such a number and will end as Blocked\n" in ran.out
    )
    job = await scene.finished(job_id, seconds=300)
    assert (job["state"], job["status"]) == ("failed", "Blocked")
    *called, last = job["attempts"]
    assert {attempt["outcome"]["status"] for attempt in called} == {"BUSY"}
    assert last["outcome"]["cause"] == "blocked by +120655501??"
    [notice] = scene.notices(job_id, "delivery")
    assert "Blocked" in notice.as_string()


async def test_a_new_fax_to_a_blocked_number_is_refused_with_a_notice(scene: Scene) -> None:
    job = await scene.finished(await scene.mail("+12065550101", text="Hello."), seconds=300)
    assert (job["status"], job["attempts"]) == ("Blocked", [])
    looked_up = await scene.postfax("blocklist", "lookup", "206-555-0101", "--json")
    assert [entry["blocked_by"] for entry in looked_up.json["by"]] == ["+120655501??"]
    assert (await scene.postfax("blocklist", "remove", "+120655501??")).status == 0
    await asyncio.sleep(A_SECOND)
    assert (await scene.finished(await scene.mail("+12065551234", text="Hello."), seconds=300))[
        "status"
    ] == "Success"


async def test_a_locked_user_is_refused_within_a_second(scene: Scene) -> None:
    ran = await scene.postfax("user", "lock", "pia@hospital.example", "--reason", "left")
    assert (ran.status, ran.out) == (0, "pia@hospital.example is locked\n")
    await asyncio.sleep(A_SECOND)
    said = await refusal_of(scene, "12", "pia@hospital.example")
    assert said.startswith("550 5.7.1 the sender's account is locked; ask the administrator")
    assert (await scene.postfax("user", "unlock", "pia@hospital.example")).status == 0
    await asyncio.sleep(A_SECOND)
    assert await scene.mail("12", sender="pia@hospital.example", text="Hello.")
    refused = (await scene.postfax("refused", "--json")).json
    assert "locked" in refused[0]["answer"]


async def test_users_do_not_vanish_with_their_department_until_that_is_approved(scene: Scene) -> None:
    seen = len(scene.service.events)
    whole = policy_file(scene).read_text()
    policy_file(scene).write_text(whole.replace(PATIENT, ""))
    event = await scene.service.wait_for("policy_not_reloaded", seconds=300, after=seen)
    assert (event["users"], event["named"], event["departments"]) == (1, "pia@hospital.example", "Patience")
    assert await scene.mail("12", sender="pia@hospital.example", text="Hello.")
    examined = await scene.postfax("doctor", "--only", "policy")
    assert "1 user would vanish with Patience (pia@hospital.example)" in " ".join(examined.out.split())
    ran = await scene.postfax("policy", "approve", "--yes")
    assert ran.status == 0, ran.err
    await taken_over(scene, after=seen)
    assert "Unauthorized Sending Address" in await refusal_of(scene, "12", "pia@hospital.example")


async def test_what_people_did_can_be_looked_up(scene: Scene) -> None:
    deeds = (await scene.postfax("audit", "--json")).json
    assert [deed["action"] for deed in deeds] == ["approve policy", "unlock", "lock", "unblock", "block"]
    ran = await scene.postfax("audit", "--subject", "PIA@hospital.example", "--action", "lock")
    assert ran.out.splitlines()[1].split()[-3:] == ["lock", "pia@hospital.example", "left"]
