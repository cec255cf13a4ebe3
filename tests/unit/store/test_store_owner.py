"""Owners are processes that are alive or gone."""

import os
import socket
import subprocess
import sys

import pytest

from store.owner import is_gone, this_process


def test_this_process_is_alive() -> None:
    assert this_process() == this_process()
    assert this_process().startswith(f"{socket.gethostname()}/{os.getpid()}/")
    assert not is_gone(this_process())


def test_a_process_that_ended_is_gone_even_before_it_is_waited_for() -> None:
    code = "from store.owner import this_process; print(this_process(), flush=True)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        owner = process.stdout.readline().strip()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert is_gone(owner)
    assert is_gone(owner)


def test_a_reused_pid_is_another_process() -> None:
    host, pid, _ = this_process().split("/")
    assert is_gone(f"{host}/{pid}/ffffffff.1")


def test_of_other_hosts_nothing_is_known() -> None:
    assert not is_gone("elsewhere.example/1/ffffffff.1")
    assert not is_gone("")


def test_a_host_may_be_given_a_name_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    before = this_process()
    monkeypatch.setenv("POSTFAX_HOST", "container-7")
    assert this_process().startswith(f"container-7/{os.getpid()}/")
    assert not is_gone(before.replace(f"/{os.getpid()}/", "/1/"))  # another host's, of which nothing is known
    assert is_gone(f"container-7/{2**22 + 1}/1")
