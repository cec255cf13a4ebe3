"""What root makes by a command is the service's to use."""

import os
import pwd
from pathlib import Path

import pytest

from store.body_folder import BodyFolder


def test_what_root_makes_belongs_to_whoever_has_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[object, int, int]] = []
    monkeypatch.setattr("store.incoming.os.chown", lambda *made: given.append(made))
    monkeypatch.setattr("store.incoming.os.geteuid", lambda: 0)
    folder = BodyFolder(tmp_path / "documents")
    folder.create()
    assert [made[0] for made in given[:2]] == [tmp_path / "documents", tmp_path / "documents" / "00"]
    assert len(given) == 1 + 256
    nobody = pwd.getpwnam("nobody")
    service = os.stat_result((0o40700, 0, 0, 1, nobody.pw_uid, nobody.pw_gid, 0, 0, 0, 0))
    monkeypatch.setattr("store.incoming.Path.stat", lambda *_: service)
    folder.keep(b"a mail", ".eml")
    assert given[-1][1:] == (nobody.pw_uid, nobody.pw_gid)
    monkeypatch.setattr("store.incoming.os.geteuid", lambda: nobody.pw_uid)
    folder.keep(b"another", ".eml")
    assert len(given) == 1 + 256 + 1
