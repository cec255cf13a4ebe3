"""What root writes by a command is the service's to read."""

import os
import pwd
from pathlib import Path

import pytest

from store.body_folder import BodyFolder


def test_a_body_that_root_writes_belongs_to_whoever_has_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = pwd.getpwnam("nobody")
    service = os.stat_result((0o40700, 0, 0, 1, nobody.pw_uid, nobody.pw_gid, 0, 0, 0, 0))
    folder = BodyFolder(tmp_path / "documents")
    folder.create()
    given = []
    monkeypatch.setattr("store.incoming.Path.stat", lambda _: service)
    monkeypatch.setattr("store.incoming.os.fchown", lambda _, *owner: given.append(owner))
    monkeypatch.setattr("store.incoming.os.geteuid", lambda: 0)
    folder.keep(b"a mail", ".eml")
    assert given == [(nobody.pw_uid, nobody.pw_gid)]
    monkeypatch.setattr("store.incoming.os.geteuid", lambda: nobody.pw_uid)
    folder.keep(b"a mail", ".eml")
    assert len(given) == 1
