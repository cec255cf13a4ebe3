"""Tasks that behave well and badly, for the nursery's tests."""

import os
import socket
import subprocess
import sys
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


def fill(_: dict[str, Any]) -> None:
    Path("large").write_bytes(bytes(100 << 20))


def long_answer(arguments: dict[str, Any]) -> str:
    return "x" * int(arguments["size"])
