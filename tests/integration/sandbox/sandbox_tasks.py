"""Tasks that behave well and badly, for the nursery's tests."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from sandbox import Refused


def add(arguments: dict[str, Any]) -> int:
    return int(arguments["a"] + arguments["b"])


def where(arguments: dict[str, Any]) -> list[str]:
    Path("written.txt").write_text(arguments["text"])
    return [str(Path.cwd()), str(os.getpid())]


def refuse(_: dict[str, Any]) -> None:
    raise Refused("the PDF is protected with a password")


def stumble(_: dict[str, Any]) -> None:
    raise KeyError("unforeseen")


def sleep(arguments: dict[str, Any]) -> None:
    time.sleep(arguments["seconds"])


def spin(_: dict[str, Any]) -> None:
    while True:
        pass


def grow(_: dict[str, Any]) -> int:
    return len(bytearray(8 << 30))


def abort(_: dict[str, Any]) -> None:
    os.abort()


def leave_a_child(_: dict[str, Any]) -> int:
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]).pid


def read(arguments: dict[str, Any]) -> str:
    return Path(arguments["path"]).read_text()


def write(arguments: dict[str, Any]) -> None:
    Path(arguments["path"]).write_text("escaped")


def connect(arguments: dict[str, Any]) -> None:
    socket.create_connection(("127.0.0.1", arguments["port"]), timeout=30).close()


def send_datagram(arguments: dict[str, Any]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"patient record", ("127.0.0.1", arguments["port"]))


def connect_unix(arguments: dict[str, Any]) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(arguments["path"])


def in_a_thread(arguments: dict[str, Any]) -> int:
    answers: list[int] = []
    thread = threading.Thread(target=answers.append, args=(arguments["a"],))
    thread.start()
    thread.join()
    return answers[0]


def kill_parent(_: dict[str, Any]) -> None:
    os.kill(os.getppid(), signal.SIGKILL)


def rare_call(arguments: dict[str, Any]) -> int:
    """What the kernel answers to a call, by its number."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall(arguments["number"], 0, 0, 0, 0, 0)
    return ctypes.get_errno()


def fill(_: dict[str, Any]) -> None:
    Path("large").write_bytes(bytes(100 << 20))


def long_answer(arguments: dict[str, Any]) -> str:
    return "x" * int(arguments["size"])


rehearsed: list[int] = []


def rehearse() -> None:
    rehearsed.append(os.getpid())


def rehearse_at_length() -> None:
    rehearse()
    while time.process_time() < 1.3:
        pass


def fail_to_rehearse() -> None:
    raise KeyError("unforeseen")


def who_rehearsed(_: dict[str, Any]) -> list[Any]:
    return [rehearsed, os.getpid()]


def open_sockets(_: dict[str, Any]) -> list[str]:
    opened = []
    for number in Path("/proc/self/fd").iterdir():
        try:
            opened.append(str(number.readlink()))
        except FileNotFoundError:  # the listing's own
            continue
    return [name for name in opened if name.startswith("socket:")]


def trap_without_memory(_: dict[str, Any]) -> None:
    """As pdfium ends when it gets no more memory."""
    held = bytearray(600 << 20)
    os.kill(os.getpid(), signal.SIGTRAP if held else signal.SIGKILL)
