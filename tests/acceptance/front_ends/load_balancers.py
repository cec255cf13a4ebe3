"""Debian's HAProxy and nginx, from packages that were unpacked: each our child, in a folder of its own."""

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from unpacked import DEBIAN, unpacked, with_its_libraries

_PATIENCE = 60.0
_NGINX = """\
load_module {debian}/usr/lib/nginx/modules/ngx_stream_module.so;
daemon off;
user nobody nogroup;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
{config}
"""


@contextlib.contextmanager
def haproxy(config: str, port: int) -> Iterator[None]:
    """Run HAProxy; its configuration binds the port."""
    with _folder() as folder:
        (folder / "haproxy.cfg").write_text(config)
        with _running(port, unpacked("haproxy"), "-db", "-f", folder / "haproxy.cfg"):
            yield


@contextlib.contextmanager
def nginx(config: str, port: int) -> Iterator[None]:
    """Run nginx; its configuration listens on the port."""
    with _folder() as folder:
        file = folder / "nginx.conf"
        file.write_text(_NGINX.format(debian=DEBIAN, folder=folder, config=config))
        error_log = folder / "start.log"
        with _running(port, unpacked("nginx"), "-e", error_log, "-c", file, "-p", folder):
            yield


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="postfax-balancer-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def _running(port: int, program: Path, *arguments: str | Path) -> Iterator[None]:
    process = subprocess.Popen(
        [program, *arguments],
        env=with_its_libraries(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + _PATIENCE
        while not _listens(port):
            assert process.poll() is None, f"{program.name} did not start"
            assert time.monotonic() < end, f"{program.name} does not listen"
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(_PATIENCE)


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False
