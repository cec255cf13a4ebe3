"""Who listens on a port, as /proc tells it."""

import os
import socket
from pathlib import Path

from mta.smtp.port_holder import port_holder


def test_our_own_port_is_ours() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        holder = port_holder(server.getsockname()[1])
        assert holder is not None
        assert holder.pid == os.getpid()
        assert str(holder) == f"{holder.name} (pid {os.getpid()})"
        assert holder.name


def test_a_free_port_has_no_holder() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert port_holder(port) is None


def test_without_proc_nobody_is_known(tmp_path: Path) -> None:
    assert port_holder(25, proc=tmp_path) is None
