"""`postfax doctor` on a whole installation: before its service runs, beside it, and with much wrong."""

from pathlib import Path
from typing import Any

import pytest
from patient_service import PatientService
from scene import run_postfax

from postfax.demonstration.dns_stub import Zone
from postfax.demonstration.world import DOMAIN, World

pytestmark = pytest.mark.asyncio(loop_scope="module")


def published() -> Zone:
    zone = Zone()
    zone.add(DOMAIN, "MX", f"10 {DOMAIN}.")
    zone.add(DOMAIN, "A", "127.0.0.1")
    zone.add_text(DOMAIN, "v=spf1 ip4:127.0.0.1 -all")
    zone.add_text(f"_dmarc.{DOMAIN}", "v=DMARC1; p=none")
    return zone


def states(report: Any) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for finding in report["findings"]:
        found.setdefault(finding["check"], set()).add(finding["state"])
    return found


async def test_a_good_installation_without_and_with_its_service(tmp_path: Path) -> None:
    async with World(folder=tmp_path, zone=published()) as world:
        before = await run_postfax("--config", world.settings_file, "doctor", "--json")
        assert before.status == 0, before.out
        assert states(before.json)["book"] == {"not checked"}
        service = PatientService(world.settings_file)
        await service.start()
        try:
            listen = f'smtp: "127.0.0.1:{service.smtp_port}"'
            settings = world.settings_file.read_text().replace('smtp: "127.0.0.1:0"', listen)
            beside = tmp_path / "beside.yaml"
            beside.write_text(settings)
            ran = await run_postfax("--config", beside, "doctor", "--json")
            troubles = [e for e in service.events if e.get("level") in {"error", "critical"}]
        finally:
            status = await service.stop()
    assert (ran.status, status) == (0, 0), ran.out
    found = states(ran.json)
    # On a busy machine it may be told that the resolver is slow.
    assert [f["found"][:10] for f in ran.json["findings"] if f["check"] == "resolver"] == ["answers in"]
    for name in ("mx", "addresses", "dmarc", "smarthost", "trunk", "book", "policy"):
        assert found[name] == {"ok"}, ran.out
    assert [f["found"] for f in ran.json["findings"] if f["check"] == "ports"] == ["served by Postfax"]
    assert troubles == []
    assert not world.sink.mails


async def test_an_installation_in_which_much_is_wrong(tmp_path: Path) -> None:
    async with World(folder=tmp_path) as world:
        settings = world.settings_file.read_text()
        settings = settings.replace(f"port: {world.sink.port}", "port: 9")
        settings = settings.replace("sqlite:state/book.db", "sqlite:/proc/no/book.db")
        world.settings_file.write_text(settings)
        (tmp_path / "policy.yaml").write_text("company: A\nunknown: 1\n")
        ran = await run_postfax("--config", world.settings_file, "doctor")
        one = await run_postfax("--config", world.settings_file, "doctor", "--only", "trunk")
    assert ran.status == 1
    assert "\x1b" not in ran.out
    for words in ("policy.yaml:2:1", "neither MX nor address", "127.0.0.1:9 failed", "/proc/no"):
        assert words in ran.out
    assert ran.err == ""
    assert (one.status, one.out.splitlines()[0], one.out.splitlines()[-1]) == (0, "Calls", "1 ok")


async def test_settings_that_cannot_be_read(tmp_path: Path) -> None:
    file = tmp_path / "postfax.yaml"
    file.write_text("domain: x\n")
    ran = await run_postfax("--config", file, "doctor", "--only", "clock")
    assert ran.status == 1
    assert "postfax.yaml:1:9" in ran.out
    assert "not checked  clock" in ran.out
    usage = await run_postfax("--config", file, "doctor", "--only", "weather")
    assert usage.status == 2
