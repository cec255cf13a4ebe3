"""Sockets that systemd opened: taken as the places of mail.listen, and left open at the end."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from smtp_house import server_settings

from config.values import HostPort, UnixSocket
from mta.smtp.places import ListenerError, bind
from postfax.passed_sockets import take_passed_sockets

ASK = """
import os
from postfax.passed_sockets import take_passed_sockets
os.environ["LISTEN_PID"] = os.environ["LISTEN_PID"] or str(os.getpid())
ports = [each.getsockname()[1] for each in take_passed_sockets(os.environ)]
print(ports, [name for name in os.environ if name.startswith("LISTEN_")])
"""


@pytest.fixture
def passed() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


def _listen_at(port: int) -> dict[str, str]:
    return {"smtp": f"127.0.0.1:{port}"}


def test_a_passed_socket_is_the_place_of_its_address_for_all_workers(passed: socket.socket) -> None:
    port = passed.getsockname()[1]
    settings = server_settings(listen=[_listen_at(port), _listen_at(0)])
    ours, other = bind(settings.mail.listen, workers=2, passed=[passed])
    assert (ours.address, ours.passed, other.passed) == (HostPort("127.0.0.1", port), True, False)
    assert ours.of_worker(0) is ours.of_worker(1) is passed
    other.close()


def test_clients_wait_in_a_passed_socket_while_the_service_is_stopped(passed: socket.socket) -> None:
    settings = server_settings(listen=[_listen_at(passed.getsockname()[1])])
    (place,) = bind(settings.mail.listen, workers=2, passed=[passed.dup()])
    place.close()
    with socket.create_connection(passed.getsockname()) as client:
        answering, _ = passed.accept()
        with answering:
            answering.sendall(b"220 ")
        assert client.recv(4) == b"220 "


def test_a_passed_unix_socket_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "lmtp"
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))
        made.listen()
        settings = server_settings(listen=[{"lmtp": f"unix:{path}"}])
        (place,) = bind(settings.mail.listen, workers=2, passed=[made])
        assert (place.address, place.passed) == (UnixSocket(path), True)
        place.close()
    assert path.exists()


def test_a_passed_socket_that_the_settings_do_not_name_is_told_and_stays_open(passed: socket.socket) -> None:
    port = passed.getsockname()[1]
    told = rf"hands over a socket on 127\.0\.0\.1:{port}, and mail\.listen does not name it.*postfax\.socket"
    with pytest.raises(ListenerError, match=told):
        bind(server_settings().mail.listen, workers=1, passed=[passed])
    assert passed.fileno() >= 0


@pytest.mark.parametrize(("meant_for", "taken"), [("", True), ("1", False)])
def test_what_is_meant_for_this_process_is_taken_once(
    passed: socket.socket, *, meant_for: str, taken: bool
) -> None:
    def third() -> None:
        os.dup2(passed.fileno(), 3, inheritable=True)

    ran = subprocess.run(
        [sys.executable, "-c", ASK],
        env={**os.environ, "LISTEN_PID": meant_for, "LISTEN_FDS": "1", "LISTEN_FDNAMES": "postfax.socket"},
        preexec_fn=third, close_fds=False, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ran.stdout == f"{[passed.getsockname()[1]] if taken else []} []\n"


def test_without_systemd_there_are_none() -> None:
    assert take_passed_sockets({}) == ()
