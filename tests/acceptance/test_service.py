"""The service as an administrator meets it: refusing to start, reloading, stopping, going on."""

import asyncio
import shutil
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import sample_documents
from patient_service import PatientService
from scene import Scene, run_postfax

from postfax.demonstration.serve_process import ServiceEnded
from postfax.demonstration.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with World(folder=tmp_path, clock=8, behaviours={"0102": "busy"}) as world:
        yield world


async def ending_of(world: World) -> str:
    service = PatientService(world.settings_file)
    with pytest.raises(ServiceEnded) as caught:
        await service.start()
    assert service.returncode not in {0, None}
    assert "Traceback" not in str(caught.value)
    return str(caught.value)


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


async def test_mistakes_are_listed_and_the_service_does_not_start(world: World) -> None:
    policy = world.folder / "policy.yaml"
    change(policy, "mode: automatic", "mode: automatik")
    change(policy, "email: ana@hospital.example", "email: ana@hospital")
    checked = await run_postfax("--config", world.settings_file, "check")
    assert checked.status == 4
    lines = checked.out.splitlines()
    assert lines[0].startswith("policy.yaml:4:")
    assert "'automatik' is not one of automatic," in lines[0]
    assert any("'ana@hospital' is not an e-mail address" in line for line in lines)
    assert lines[-1].startswith("2 mistakes")
    assert "policy.yaml:4:" in await ending_of(world)


async def test_without_a_line_it_does_not_start(world: World) -> None:
    text = world.settings_file.read_text()
    world.settings_file.write_text(text[: text.index("lines:")])
    assert "no telephone line" in await ending_of(world)


async def test_a_port_in_use_is_a_sentence(world: World) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        change(world.settings_file, 'smtp: "127.0.0.1:0"', f'smtp: "127.0.0.1:{port}"')
        said = await ending_of(world)
    assert f"port {port} on 127.0.0.1 is in use" in said
    assert "mail.listen" in said


async def test_a_folder_that_cannot_be_used_is_a_sentence(world: World) -> None:
    shutil.rmtree(world.folder / "state")
    (world.folder / "state").write_text("a file where a folder should be")
    assert str(world.folder / "state") in await ending_of(world)


async def test_a_policy_with_mistakes_is_not_reloaded_and_a_good_one_is(world: World) -> None:
    service = PatientService(world.settings_file)
    await service.start()
    scene = Scene(world=world, service=service)
    policy = world.folder / "policy.yaml"
    good = policy.read_text()
    policy.write_text(good.replace("mode: automatic", "mode: automatik"))
    service.reload()
    event = await service.wait_for("policy_not_reloaded", seconds=300)
    assert "policy.yaml:4" in event["mistakes"][0]
    job = await scene.finished(await scene.mail("+12065551234", text="Still with the old policy."))
    assert job["status"] == "Success"
    policy.write_text(good.replace("email: ana@", "email: bea@"))
    service.reload()
    await service.wait_for("policy_reloaded", seconds=300)
    for worker in range(world.processes):
        await service.wait_for("policy_in_force", seconds=300, worker=worker)
    assert await scene.mail("+12065551234", sender="bea@hospital.example", text="New.")
    assert await service.stop() == 0


async def test_a_call_in_progress_may_finish_when_the_service_stops(world: World) -> None:
    service = PatientService(world.settings_file)
    await service.start()
    scene = Scene(world=world, service=service)
    job_id = await scene.mail("+12065551234", attachments=[("page.pdf", sample_documents.pdf(3))])
    await service.wait_for("call_negotiated", seconds=300, job=job_id)
    assert await service.stop() == 0
    job = await scene.job(job_id)
    assert job["status"] == "Success"
    assert job["pages_confirmed"] == 4


async def test_a_killed_service_goes_on_where_it_was(world: World) -> None:
    service = PatientService(world.settings_file)
    await service.start()
    scene = Scene(world=world, service=service)
    job_id = await scene.mail("+12065551234", attachments=[("page.pdf", sample_documents.pdf(3))])
    await service.wait_for("call_page_confirmed", seconds=300, job=job_id)
    assert await service.kill() == -signal.SIGKILL
    await asyncio.sleep(0.5)
    scene.service = PatientService(world.settings_file)
    await scene.service.start()
    job = await scene.finished(job_id, seconds=300)
    assert job["status"] == "Success"
    assert [attempt["interrupted"] for attempt in job["attempts"]] == [True, False]
    assert job["tries"] == 1
    assert await scene.service.stop() == 0


async def test_a_fax_that_was_submitted_while_the_service_was_down_is_sent(
    world: World, tmp_path: Path
) -> None:
    service = PatientService(world.settings_file)
    await service.start()
    assert await service.stop() == 0
    document = tmp_path / "page.pdf"
    document.write_bytes(sample_documents.pdf())
    ran = await run_postfax(
        "--config", world.settings_file, "send", "--from", "ana@hospital.example", "--to", "+1 206 555 1234",
        "--json", document,
    )  # fmt: skip
    assert ran.status == 0
    service = PatientService(world.settings_file)
    await service.start()
    job = await Scene(world=world, service=service).finished(ran.json["mail_id"])
    assert job["status"] == "Success"
    assert job["mail"]["proof"]["method"] == "local"
    assert await service.stop() == 0
