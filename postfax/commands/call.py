"""`postfax call`: what was said on the wire in the calls of a fax."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from postfax.failures import ExitCode, Failure
from postfax.terminal import octets_for_people, print_json

_FOR_ITS_OWNER = 0o600


@click.group("call")
def command() -> None:
    """Look into the calls of a fax."""


@command.command("trace")
@click.argument("job_id", metavar="JOB")
@click.option("-o", "--output", metavar="FILE", default="", help="Where to; - for standard output.")
@click.option("--json", "as_json", is_flag=True, help="For programs: what was written.")
@click.pass_obj
def trace_command(settings_file: str, job_id: str, output: str, *, as_json: bool) -> None:
    """Write what went over the wire in a fax's calls, SIP and media, as a file for Wireshark.

    Lines with a folder under `trace` keep it. The file has the pages of the fax in it. Without FILE it
    is named by the job. Who took it is kept in the audit record.
    """
    from postfax.opening import run

    run(_trace(settings_file, job_id, output, as_json=as_json))


async def _trace(settings_file: str, job_id: str, output: str, *, as_json: bool) -> None:
    from postfax.commands.show import find_job
    from postfax.opening import open_book, settings_in
    from postfax.person import person
    from store.audit_entry import AuditAction
    from transmit.packet_trace import traces_of

    lines = settings_in(settings_file).lines
    folders = {folder for line in lines.values() if (folder := getattr(line, "trace", None)) is not None}
    async with open_book(settings_file) as book:
        job = await find_job(book, job_id)
        traces = [path for folder in sorted(folders) for path in traces_of(folder, job.id)]
        if not traces:
            raise _no_trace(job.id, folders, lines)
        octets = _read(traces)
        # Noted before it is handed out: whoever has the pages stands in the record.
        calls = f"{len(traces)} call{'s' * (len(traces) != 1)}"
        await book.note_deed(AuditAction.DOWNLOAD, job.id, by=person(), detail=f"trace of {calls}")
    target = Path(output or f"{job.id}.pcap")
    if output == "-":
        sys.stdout.buffer.write(octets)
        return
    _write(octets, target)
    if as_json:
        print_json({"id": job.id, "file": target, "calls": len(traces), "octets": len(octets)})
    else:
        click.echo(f"{target}  {calls}, {octets_for_people(len(octets))}")


def _read(traces: list[Path]) -> bytes:
    from transmit.packet_trace import joined

    try:
        return joined(traces)
    except OSError as problem:
        raise Failure(
            f"{problem.filename} cannot be read: {problem.strerror}. "
            "Run this as root or as the service's user."
        ) from problem


def _write(octets: bytes, target: Path) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(target, flags, _FOR_ITS_OWNER), "wb") as file:
            file.write(octets)
    except FileExistsError:
        raise Failure(f"{target} is there already. Say another name with -o.") from None
    except OSError as problem:
        raise Failure(f"{target} cannot be written: {problem.strerror}.") from problem


def _no_trace(job_id: str, folders: set[Path], lines: Iterable[str]) -> Failure:
    if folders:
        return Failure(
            f"{job_id} has no trace. It was not called since tracing began, or it made room for later calls.",
            ExitCode.NOT_FOUND,
        )
    name = next(iter(lines), "NAME")
    return Failure(
        f"No line keeps traces. Set lines.{name}.trace to a folder that the service may write, such as "
        "/var/lib/postfax/traces, restart it, and send the fax again.",
        ExitCode.NOT_FOUND,
    )
