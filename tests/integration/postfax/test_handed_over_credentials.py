"""The installed program with secrets as systemd hands them to a unit (LoadCredential=): it reads them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import SETTINGS, CommandLine
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from postfax.failures import ExitCode

POSTFAX = Path(sys.executable).with_name("postfax")
MAIL = """\
mail: {dkim: [{selector: s1, key_file: "credential:dkim"}],
  smarthost: {host: 127.0.0.1, port: 9, username: fax, password_file: "credential:smarthost"}}
"""


@pytest.fixture
def credentials(tmp_path: Path) -> Path:
    """A folder as systemd makes it (systemd.exec(5)): files of mode 0400 in a folder of mode 0500."""
    folder = tmp_path / "credentials"
    folder.mkdir()
    key = ed25519.Ed25519PrivateKey.generate()
    secrets = {
        "dkim": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        "smarthost": b"a word\n",
        "wrong": b"no key\n",
    }
    for name, octets in secrets.items():
        (folder / name).write_bytes(octets)
        (folder / name).chmod(0o400)
    folder.chmod(0o500)
    return folder


def check(installation: CommandLine, credentials: Path, mail: str) -> subprocess.CompletedProcess[str]:
    others = [line for line in SETTINGS.splitlines() if not line.startswith("mail:")]
    installation.settings_file.write_text("\n".join([*others, mail]))
    return subprocess.run(
        [POSTFAX, "--config", installation.settings_file, "check"],
        env={**os.environ, "CREDENTIALS_DIRECTORY": str(credentials)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_check_reads_what_systemd_handed_over(tmp_path: Path, credentials: Path) -> None:
    installation = CommandLine(tmp_path)
    good = check(installation, credentials, MAIL)
    assert good.returncode == ExitCode.DONE, good.stdout + good.stderr
    bad = check(installation, credentials, MAIL.replace("credential:dkim", "credential:wrong"))
    assert bad.returncode == ExitCode.REFUSED
    assert f"{credentials}/wrong is no private key in PEM without a password" in bad.stdout
