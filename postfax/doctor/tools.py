"""What the service needs besides Python: fax engine, LibreOffice in its sandbox, fonts, Landlock, seccomp."""

import asyncio
import importlib
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from convert.office_process import accepts
from convert.typesetting_parts import MissingPart, missing_parts
from postfax.doctor.finding import Finding, failure, not_checked, ok, reason_of, warning
from postfax.doctor.site import Site
from sandbox.confinement import landlock_version
from sandbox.seccomp import missing_seccomp

_TOOLS = {"bwrap": "bubblewrap", "soffice": "libreoffice-writer-nogui and its like (./dev setup)"}


@dataclass(frozen=True, slots=True)
class _OfficePart:
    package: str
    file: str
    """In the folder of the program of LibreOffice."""
    documents: str
    """What cannot be made into pages without."""


_OFFICE_PARTS = (
    _OfficePart("libreoffice-writer-nogui", "libswlo.so", "Word and OpenDocument texts, RTF and plain text"),
    _OfficePart("libreoffice-calc-nogui", "libsclo.so", "Excel and OpenDocument tables, CSV"),
    _OfficePart("libreoffice-impress-nogui", "libwpftimpresslo.so", "presentations"),
    _OfficePart("libreoffice-draw-nogui", "libwpftdrawlo.so", "Visio and OpenDocument drawings"),
    _OfficePart("libreoffice-math-nogui", "libsmlo.so", "formulas in office documents"),
    _OfficePart("python3-uno", "libpyuno.so", "office documents of any kind"),
)
_BWRAP = (
    "bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--ro-bind", "/", "/",
    "--proc", "/proc", "--dev", "/dev", "true",
)  # fmt: skip
_ABI_WITH_TCP = 4


def _load_engine() -> object:
    return importlib.import_module("transmit._spandsp")


async def fax_engine(_site: Site, *, load: Callable[[], object] = _load_engine) -> Sequence[Finding]:
    """Whether the compiled fax engine finds its library."""
    try:
        await asyncio.to_thread(load)
    except (ImportError, OSError) as problem:
        advice = "No fax can be sent without. apt-get install libspandsp2, and ./dev setup builds the rest."
        return [failure(f"spandsp cannot be loaded ({reason_of(problem)})", advice)]
    return [ok("spandsp is there")]


def _try_sandbox() -> str:
    """What bubblewrap says against a sandbox as LibreOffice has it; empty where it works."""
    try:
        ran = subprocess.run(_BWRAP, capture_output=True, timeout=10, check=False, text=True)
    except (OSError, subprocess.TimeoutExpired) as problem:
        return reason_of(problem)
    return "" if ran.returncode == 0 else ran.stderr.strip() or f"exit status {ran.returncode}"


async def office(
    site: Site,
    *,
    which: Callable[[str], str | None] = shutil.which,
    sandbox: Callable[[], str] = _try_sandbox,
) -> Sequence[Finding]:
    """LibreOffice: behind the socket of its unit, or under bubblewrap."""
    path = site.settings.convert.office_socket
    if path is not None:
        return [await asyncio.to_thread(_unit, path)]
    missing = [
        failure(f"{tool} is missing", f"apt-get install {package}")
        for tool, package in _TOOLS.items()
        if not which(tool)
    ]
    if missing:
        return missing
    trouble = await asyncio.to_thread(sandbox)
    if trouble:
        return [
            failure(
                f"bubblewrap cannot make a sandbox: {trouble}",
                "Allow user namespaces (sysctl kernel.unprivileged_userns_clone=1, or an AppArmor profile "
                "for bwrap), or let systemd keep LibreOffice: convert.office_socket.",
            )
        ]
    return [ok("LibreOffice is there, and bubblewrap can confine it")]


async def office_parts(
    _site: Site,
    *,
    which: Callable[[str], str | None] = shutil.which,
    exists: Callable[[Path], bool] = Path.exists,
) -> Sequence[Finding]:
    """Whether LibreOffice has what each family of documents needs: Debian packs them apart."""
    program = which("soffice")
    if program is None:
        return [not_checked("LibreOffice is not on this host")]
    folder = await asyncio.to_thread(lambda: Path(program).resolve().parent)
    missing = [part for part in _OFFICE_PARTS if not exists(folder / part.file)]
    return [
        failure(f"{part.documents} cannot be faxed", f"apt-get install {part.package}", subject=part.package)
        for part in missing
    ] or [ok("every part of LibreOffice is there")]


def _unit(path: Path) -> Finding:
    if accepts(path):
        return ok("LibreOffice's unit takes documents", subject=str(path))
    advice = "systemctl status postfax-office; or correct convert.office_socket."
    return failure(
        "nobody answers there: no office document can be made into pages", advice, subject=str(path)
    )


async def typesetting(
    _site: Site, *, missing: Callable[[], tuple[MissingPart, ...]] = missing_parts
) -> Sequence[Finding]:
    """Libraries and fonts of cover pages and messages."""
    parts = await asyncio.to_thread(missing)
    if not parts:
        return [ok("every library and font is there")]
    return [
        (failure if part.essential else warning)(
            part.consequence, f"apt-get install {part.package}", subject=part.package
        )
        for part in parts
    ]


async def landlock(_site: Site, *, version: Callable[[], int] = landlock_version) -> Sequence[Finding]:
    """Whether the kernel confines what documents may read, write and connect to."""
    abi = version()
    if abi == 0:
        advice = "Use a kernel with Landlock (5.13 or later) that names it in /sys/kernel/security/lsm."
        return [warning("is missing: what a hostile document may read and write is not confined", advice)]
    if abi < _ABI_WITH_TCP:
        advice = "Kernels from 6.7 on can. Under systemd the unit's own limits hold beside it."
        return [warning(f"version {abi}: files are confined, TCP is not", advice)]
    return [ok(f"version {abi}")]


async def seccomp(_site: Site, *, missing: Callable[[], str] = missing_seccomp) -> Sequence[Finding]:
    """Whether the kernel answers only the calls that work on a document needs."""
    trouble = missing()
    if not trouble:
        return [ok("documents reach no socket, no process and no rare call of the kernel")]
    advice = "Without it a hostile document has the whole kernel to attack, and UDP and Unix sockets."
    return [warning(f"is missing: {trouble}", advice)]
