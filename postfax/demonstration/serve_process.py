"""`postfax serve` as a process of its own, with its log to follow: what demonstration and tests drive."""

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Event = dict[str, Any]
"""One line of the service's log."""


class ServiceEnded(Exception):  # noqa: N818 - named as what happened
    """The service ended while something was awaited of it; the text is what it printed last."""


class ServeProcess:
    """One run of the service."""

    def __init__(
        self,
        settings_file: Path,
        *,
        arguments: Sequence[str] = (),
        started_by: Sequence[str] = (),
        on_event: Callable[[Event], None] = lambda _: None,
    ) -> None:
        """Nothing runs yet.

        Args:
            settings_file: the server's settings.
            arguments: of `serve`.
            started_by: a program that becomes the service, with its arguments, such as `ip netns exec NAME`.
            on_event: sees each line of the log as it comes.
        """
        self._settings_file = settings_file
        self._arguments = arguments
        self._started_by = started_by
        self._on_event = on_event
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._news = asyncio.Condition()
        self.events: list[Event] = []
        self.printed: list[str] = []
        """Lines that are no log events."""

    @property
    def pid(self) -> int:
        """The process id; only while it was started."""
        if self._process is None:
            raise ServiceEnded("the service was not started")
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """None while it runs."""
        return self._process.returncode if self._process else None

    async def start(self) -> None:
        """Start it and wait until it takes mail.

        Raises:
            ServiceEnded: It ended instead.
        """
        await self.launch()
        await self.wait_for("service_ready", seconds=60)

    async def launch(self) -> None:
        """Start it, and do not wait."""
        self._process = await asyncio.create_subprocess_exec(
            *self._started_by,
            *(sys.executable, "-P", "-m", "postfax.command", "--config", str(self._settings_file), "serve"),
            *self._arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            limit=1 << 20,
        )
        self._reader = asyncio.create_task(self._read(self._process))

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        if process.stderr is None:
            raise AssertionError("its error stream is a pipe")
        async for line in process.stderr:
            text = line.decode("utf-8", "replace").rstrip()
            try:
                event = json.loads(text)
            except ValueError:
                self.printed.append(text)
                continue
            self.events.append(event)
            self._on_event(event)
            async with self._news:
                self._news.notify_all()
        await process.wait()
        async with self._news:
            self._news.notify_all()

    async def wait_for(self, name: str, *, seconds: float, after: int = 0, **facts: object) -> Event:
        """The first event of that name with those facts, from position `after` of the log on.

        Raises:
            ServiceEnded: The service ended before.
            TimeoutError: It did not come in time.
        """
        async with asyncio.timeout(seconds), self._news:
            while True:
                for event in self.events[after:]:
                    if event["event"] == name and facts.items() <= event.items():
                        return event
                if self.returncode is not None:
                    raise ServiceEnded("\n".join(self.printed[-5:]) or f"exit status {self.returncode}")
                await self._news.wait()

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where it takes mail, in the order of the settings."""
        event = next(event for event in self.events if event["event"] == "smtp_listening")
        return tuple(event["addresses"])

    @property
    def smtp_port(self) -> int:
        """The port of the first of them."""
        return port_in(self.addresses[0])

    async def stop(self, *, seconds: float = 95) -> int:
        """SIGTERM, and its exit status."""
        return await self._end(signal.SIGTERM, seconds)

    async def kill(self, *, seconds: float = 10) -> int:
        """SIGKILL, at once."""
        return await self._end(signal.SIGKILL, seconds)

    def accept_worker_pids(self) -> tuple[int, ...]:
        """The processes that take mail in, as far as they run now."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text(encoding="ascii")
        return tuple(pid for pid in map(int, children.split()) if _runs(pid, "postfax.acceptance.worker"))

    def reload(self) -> None:
        """SIGHUP: have it read its policy again."""
        if self._process:
            self._process.send_signal(signal.SIGHUP)

    async def _end(self, number: signal.Signals, seconds: float) -> int:
        if self._process is None:
            return 0
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)
        async with asyncio.timeout(seconds):
            status = await self._process.wait()
            if self._reader:
                await self._reader
        return status


def port_in(address: str) -> int:
    """The port of `host:port`."""
    return int(address.rpartition(":")[2])


def _runs(pid: int, module: str) -> bool:
    with contextlib.suppress(OSError):
        return module.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    return False
