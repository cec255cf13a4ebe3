"""The Debian package: what can be said of it without building it (`./dev package`, `./dev package-test`)."""

import re
import subprocess
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest
from run_requirements import TESTED_WITH, run_requirements
from settle import settle
from third_parties import paragraph, paragraphs

from config.policy import read_policy
from config.server import read_server_settings

ROOT = Path(__file__).resolve().parents[2]
DEBIAN = ROOT / "debian"
BUILT_WITH = {"python3", "python3-venv", "python3-dev", "gcc", "libc6-dev", "libspandsp-dev", "libspandsp2"}
"""Of what a checkout runs with, what the package was built with, or finds out by itself."""
SCRIPTS = (
    "dev", "debian/build.sh", "debian/trial/boot.sh", "debian/trial/steps.sh",
    "debian/postfax.postinst", "debian/postfax.prerm", "debian/postfax.postrm",
)  # fmt: skip


@pytest.mark.parametrize("script", SCRIPTS)
def test_shell_scripts_are_understood(script: str) -> None:
    ran = subprocess.run(["sh", "-n", ROOT / script], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_it_is_of_the_version_that_the_program_is_of() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert (DEBIAN / "changelog").read_text("utf-8").startswith(f"postfax ({version}) ")


def test_it_depends_on_what_a_checkout_runs_with() -> None:
    control = (DEBIAN / "control").read_text("utf-8")
    wanted = re.search(r'^RUN_PACKAGES="(.*?)"', (ROOT / "dev").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    depends = re.search(r"^Depends:(.*?)^Recommends", control, re.MULTILINE | re.DOTALL)
    assert wanted
    assert depends
    named = {name.strip() for name in depends.group(1).split(",") if "${" not in name}
    assert named == set(wanted.group(1).split()) - BUILT_WITH


def test_what_is_installed_is_there() -> None:
    made_on_the_way = {
        "debian/completion/postfax",
        "debian/completion/_postfax",
        "debian/completion/postfax.fish",
    }
    for line in (DEBIAN / "postfax.install").read_text("utf-8").splitlines():
        for source in line.split()[:-1]:
            assert source in made_on_the_way or list(ROOT.glob(source)), source
    for name in ("postfax.docs", "postfax.examples"):
        for source in (DEBIAN / name).read_text("utf-8").split():
            assert (ROOT / source).exists(), source


# --- The settings that it begins with ---------------------------------------------------------------------


def test_the_settings_that_it_begins_with_have_no_mistakes_and_reach_nobody(tmp_path: Path) -> None:
    written = (DEBIAN / "defaults" / "postfax.yaml").read_text("utf-8")
    (tmp_path / "postfax.yaml").write_text(
        written.replace("/etc/postfax/policy/", str(DEBIAN / "defaults/policy"))
    )
    settings = read_server_settings(tmp_path / "postfax.yaml")
    policy = read_policy(settings.policy, lines=settings.lines)
    assert policy.account("ana@hospital.example")
    assert [str(each.smtp) for each in settings.mail.listen] == ["127.0.0.1:2525"]
    assert {line.goes_to for line in settings.lines.values()} == {"sip:127.0.0.1:5070"}
    assert settings.mail.smarthost.host == "127.0.0.1"
    assert str(settings.monitoring.listen).startswith("127.0.0.1:")


# --- The environment of Python ----------------------------------------------------------------------------


def test_it_has_what_the_product_runs_with_and_not_what_it_is_tested_with() -> None:
    wanted = (ROOT / "requirements.in").read_text("utf-8")
    kept = run_requirements(wanted, (ROOT / "requirements.lock").read_text("utf-8"))
    names = set(re.findall(r"^([a-z0-9-]+)==", kept, re.MULTILINE))
    assert TESTED_WITH in wanted
    assert {"sqlalchemy", "pydantic-core", "psycopg-binary"} <= names
    assert not {"pytest", "mypy", "atheris", "ruff", "iniconfig"} & names
    assert kept.count("--hash=sha256:") >= len(names)


def test_what_is_needed_by_what_is_needed_is_kept() -> None:
    via = {
        "a": "-r requirements.in",
        "b-c": "\n    #   a\n    #   t",
        "d": "b-c",
        "t": "-r requirements.in",
        "u": "t",
    }
    lock = "".join(f"{name}==1 \\\n    --hash=sha256:1\n    # via {asked}\n" for name, asked in via.items())
    kept = run_requirements(f"A  # why\n{TESTED_WITH} and checked with.\nt\n", lock)
    assert re.findall(r"^(\S+?)==", kept, re.MULTILINE) == ["a", "b-c", "d"]


def test_an_environment_is_at_home_where_it_will_be(tmp_path: Path) -> None:
    for name in ("postfax", "pip", "python3"):
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / name).write_text(f"#!{tmp_path}/bin/python\nimport sys\n")
    (tmp_path / "include").mkdir()
    (tmp_path / "pyvenv.cfg").write_text(f"home = /usr/bin\ncommand = python3 -m venv {tmp_path}\n")
    settle(tmp_path, "/usr/lib/postfax")
    assert sorted(path.name for path in (tmp_path / "bin").iterdir()) == ["postfax", "python3"]
    assert (tmp_path / "bin" / "postfax").read_text() == "#!/usr/lib/postfax/bin/python\nimport sys\n"
    assert (tmp_path / "pyvenv.cfg").read_text() == "home = /usr/bin\n"
    assert not (tmp_path / "include").exists()


def test_every_package_in_it_names_its_licence() -> None:
    kept = run_requirements(
        (ROOT / "requirements.in").read_text("utf-8"), (ROOT / "requirements.lock").read_text("utf-8")
    )
    for name in re.findall(r"^([a-z0-9-]+)==", kept, re.MULTILINE):
        assert re.search(r"^License: \S", paragraph(name, distribution(name)), re.MULTILINE), name


def test_a_package_without_a_licence_is_told(tmp_path: Path) -> None:
    (tmp_path / "odd-1.dist-info").mkdir()
    (tmp_path / "odd-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1\n")
    with pytest.raises(ValueError, match="odd 1 names no licence"):
        list(paragraphs(tmp_path))
