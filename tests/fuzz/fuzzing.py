"""`./dev fuzz`: a fuzz target under atheris, with figures of what it did.

Each target is a module beside this one:

    check(octets)   raises for every input that is not treated as it should be
    WORDS           what the input's language is made of
    USUAL           octets of the largest input that the fuzzer makes up
    LARGEST         octets of the largest input that the parser may meet

and has its first inputs in `seeds/`. Some inputs are stretched: cut into a beginning, a middle and an end,
and the middle repeated up to LARGEST, so that a parser whose time is not in proportion shows (an input may
take `SECONDS_AN_INPUT`). The first octet of what the fuzzer makes says whether it is. What was found is kept
in `.fuzz/`, and is where the next run begins.
"""

import argparse
import importlib
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

import confined_run

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TARGETS = (
    "smtp_commands", "address_grammar", "mime_entry", "client_facts", "winmail_stream", "saved_message_file",
    "mail_in_mail", "signed_content", "document_kind", "sip_messages", "session_descriptions",
    "udptl_datagrams", "rtp_packets",
)  # fmt: skip
CONFINED = ("confined_pdf", "confined_picture", "confined_office", "confined_winmail", "ifp_packets")
"""Targets whose parsers are other people's: `confined_run` runs them, without atheris."""
SECONDS_AN_INPUT = 10
"""Under atheris' instrumentation, which makes everything several times slower."""

_ROOMS = (
    "mta",
    "submission",
    "store",
    "convert.sniff",
    "convert.compound_file",
    "convert.plain_text",
    "transmit.sip",
    "transmit.media",
)
MAKERS = [str(ROOT / "tests" / "integration" / room) for room in ("convert", "transmit")]
_PROGRESS = re.compile(
    r"#(?P<runs>\d+)\s+\S+\s+cov: (?P<edges>\d+) ft: (?P<features>\d+)"
    r" corp: (?P<corpus>\d+)/\S+.*? exec/s: (?P<speed>\d+)"
)
_STRETCHED_FROM = b"\xf0"
_EVERY = 10.0
"""Seconds between two lines of progress."""


class Target(Protocol):
    """What a target's module has."""

    USUAL: int
    LARGEST: int
    WORDS: tuple[bytes, ...]

    def check(self, octets: bytes) -> None:
        """Raise for an input that is not treated as it should be."""


@dataclass(frozen=True, slots=True)
class _Figures:
    """One line of libFuzzer's."""

    runs: int = 0
    edges: int = 0
    features: int = 0
    corpus: int = 0
    speed: int = 0


def target_named(name: str) -> Target:
    """The target's module."""
    target: Target = importlib.import_module(name)
    return target


def seeds_of(name: str) -> tuple[bytes, ...]:
    """The target's first inputs."""
    return tuple(file.read_bytes() for file in sorted((HERE / "seeds" / name).iterdir()))


def stretched(octets: bytes, largest: int) -> bytes:
    """An input whose middle is repeated; where it is, the first two octets say."""
    if len(octets) < 3:
        return octets
    body = octets[2:]
    start = octets[0] * len(body) // 256
    end = start + 1 + octets[1] % 16
    unit = body[start:end]
    room = max(0, largest - len(body))
    return body[:start] + unit * (1 + room // len(unit)) + body[end:]


def main() -> None:
    """Run one target; the exit status says whether it came to its end without a find."""
    arguments = _arguments()
    name, folder = arguments.target, arguments.folder / arguments.target
    if name in CONFINED:
        found = confined_run.run(importlib.import_module(name), seeds_of(name), folder, arguments.seconds)
        sys.exit(1 if found else 0)
    _lay_out(name, folder)
    began = time.monotonic()
    with subprocess.Popen(
        [
            sys.executable,
            __file__,
            name,
            "--in-this-process",
            *_libfuzzer_options(name, folder, arguments.seconds),
        ],
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        cwd=ROOT,
    ) as fuzzer:
        assert fuzzer.stderr is not None
        first, last, rest = _follow(fuzzer.stderr, began)
    _say(
        f"{name}: {last.runs} executions in {time.monotonic() - began:.0f} s, {last.speed}/s; "
        f"coverage {first.edges} -> {last.edges} edges, {first.features} -> {last.features} features; "
        f"{last.corpus} inputs kept"
    )
    if fuzzer.returncode:
        found = max(folder.glob("found-*"), key=lambda file: file.stat().st_mtime, default=folder)
        _say(*rest, f"{name}: the input that shows it is {found}")
    sys.exit(1 if fuzzer.returncode else 0)


def _lay_out(name: str, folder: Path) -> None:
    """Put the seeds and the words where libFuzzer looks for them."""
    (folder / "corpus").mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds_of(name)):
        (folder / "corpus" / f"seed-{number}").write_bytes(b"\x00" + seed)
    words = (f'"{_escaped(word)}"\n' for word in target_named(name).WORDS)
    (folder / "words").write_text("".join(words))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev fuzz", description="Run a fuzz target.")
    parser.add_argument("target", choices=(*TARGETS, *CONFINED))
    parser.add_argument("--seconds", type=int, default=60, help="how long; 60 if not said")
    parser.add_argument(
        "--folder", type=Path, default=ROOT / ".fuzz", help="where inputs are kept; .fuzz if not said"
    )
    return parser.parse_args()


def _libfuzzer_options(name: str, folder: Path, seconds: int) -> list[str]:
    return [
        f"-max_total_time={seconds}", f"-timeout={SECONDS_AN_INPUT}", "-report_slow_units=5",
        "-rss_limit_mb=2048", f"-max_len={target_named(name).USUAL}", "-print_final_stats=1",
        f"-dict={folder / 'words'}", f"-artifact_prefix={folder / 'found-'}", str(folder / "corpus"),
    ]  # fmt: skip


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{octet:02x}" for octet in word)


def _follow(lines: IO[str], began: float) -> tuple[_Figures, _Figures, list[str]]:
    """Print progress as it comes: the first figures, the last ones, and what else was said."""
    first = last = _Figures()
    said_at = 0.0
    rest: list[str] = []
    for line in lines:
        found = _PROGRESS.match(line)
        if found is None:
            rest = [*rest, line.rstrip()][-60:]
            continue
        last = _Figures(**{name: int(value) for name, value in found.groupdict().items()})
        first = first if first.runs else last
        seconds = time.monotonic() - began
        if seconds - said_at >= _EVERY:
            said_at = seconds
            _say(
                f"{seconds:6.0f} s  {last.runs:9} executions  {last.speed:6}/s  {last.edges:5} edges"
                f"  {last.features:6} features"
            )
    return first, last, rest


def _say(*lines: str) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _fuzz_in_this_process() -> None:
    """Become the fuzzer; it ends the process."""
    import atheris  # type: ignore[import-untyped] # noqa: PLC0415 - the process that counts needs none

    name, options = sys.argv[1], sys.argv[3:]
    with atheris.instrument_imports(include=_ROOMS):
        target = target_named(name)

    def one(octets: bytes) -> None:
        if octets[:1] > _STRETCHED_FROM:
            target.check(stretched(octets[1:], target.LARGEST))
        else:
            target.check(octets[1:])

    atheris.Setup([sys.argv[0], *options], one)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.path[:0] = [str(HERE), str(ROOT), *MAKERS]
    if sys.argv[2:3] == ["--in-this-process"]:
        _fuzz_in_this_process()
    main()
