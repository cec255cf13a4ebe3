"""The policy: how long 1,000 and 50,000 users take to load, what they cost in memory, how soon one is found.

Every load runs in a process of its own, as `postfax serve` loads a policy when it starts. A user has a name,
an address, a contact with two values and a custom field; departments and the company say a dozen settings.
Times are the processor's, and of a load the wall's too; memory is what the process holds after the load, and
at most during it, beyond what it held before. *To a worker* is what it takes to hand the policy to an accept
worker: to pickle it here and to read it there.
"""

import argparse
import multiprocessing
import os
import pickle
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from figures import percentile, print_heading, print_table
from process_memory import resident

from config.policy import read_policy

DEPARTMENTS = 20
LOOKED_UP = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """One load, in seconds and octets."""

    processor: float
    wall: float
    peak: int
    held: int
    look_ups: list[float]
    pickling: float
    reading: float
    pickled: int


def main(arguments: Sequence[str] = ()) -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="./dev bench policy", description=__doc__)
    parser.add_argument("--users", type=int, nargs="+", default=[1000, 50_000])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    print_heading(f"The policy: {options.rounds} loads each, medians")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for users in options.users:
            for kind, path in _policies(Path(folder), users):
                loads = [_in_a_process(path) for _ in range(options.rounds)]
                rows.append([f"{users:,} users, {kind}", *_figures(loads)])
    columns = (
        "policy", "load, s", "(wall)", "held, MB", "at most", "look-up p50, µs", "p99", "to a worker, s", "MB"
    )  # fmt: skip
    print_table(columns, rows)


def _figures(loads: Sequence[Load]) -> list[str]:
    look_ups = [one * 1e6 for load in loads for one in load.look_ups]
    return [
        f"{statistics.median(load.processor for load in loads):.2f}",
        f"{statistics.median(load.wall for load in loads):.2f}",
        f"{statistics.median(load.held for load in loads) / 1e6:.0f}",
        f"{statistics.median(load.peak for load in loads) / 1e6:.0f}",
        f"{statistics.median(look_ups):.0f}",
        f"{percentile(look_ups, 99):.0f}",
        f"{statistics.median(load.pickling + load.reading for load in loads):.2f}",
        f"{loads[0].pickled / 1e6:.1f}",
    ]


def _policies(folder: Path, users: int) -> Iterator[tuple[str, Path]]:
    """The same policy as one file, and as a folder with a file for each department."""
    single = folder / f"{users}.yaml"
    departments = [_department(number, users // DEPARTMENTS) for number in range(DEPARTMENTS)]
    single.write_text(f"{_COMPANY}departments:\n{''.join(departments)}", "utf-8")
    yield "one file", single
    many = folder / str(users)
    many.mkdir()
    (many / "company.yaml").write_text(_COMPANY, "utf-8")
    for number, text in enumerate(departments):
        (many / f"{number:02}.yaml").write_text(f"departments:\n{text}", "utf-8")
    yield f"{DEPARTMENTS} files", many


_COMPANY = """\
company: General Hospital
settings:
  fax: {default_region: US, sender_number: "+12065550100", blocked_numbers: [+1900*, +1976*]}
  coverpage: {template: healthcare, mode: automatic}
  notifications: {initial: {success: false}, phi_free: true}
  datetime: {time_zone: America/Los_Angeles, date_format: MM/DD/YYYY, time_format: hh:mm a}
  archive: {enabled: true, email: {to: archive@hospital.example}}
"""


def _department(number: int, users: int) -> str:
    lines = [
        f"  Department {number}:",
        "    settings: {fax: {resolution: fine}, coverpage: {mode: with_body_text}}",
        "    users:",
    ]
    lines += [f"      - {_user(number * users + index)}" for index in range(users)]
    return "".join(f"{line}\n" for line in lines)


def _user(number: int) -> str:
    return (
        f"{{name: Person {number:05}, email: person.{number}@hospital.example, contact: {{title: Nurse, "
        f'phone: "+1 206 555 {number % 10000:04}"}}, custom_fields: {{cost_center: C-{number % 97}}}}}'
    )


def _in_a_process(path: Path) -> Load:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_load, (path,))


def _load(path: Path) -> Load:
    before = resident(os.getpid())
    processor, wall = time.process_time(), time.perf_counter()
    policy = read_policy(path)
    processor, wall = time.process_time() - processor, time.perf_counter() - wall
    held = resident(os.getpid()) - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    look_ups = []
    for number in range(0, len(policy), max(1, len(policy) // LOOKED_UP)):
        begun = time.thread_time()
        assert policy.sender(f"Person.{number}@hospital.example")
        look_ups.append(time.thread_time() - begun)
    pickling = time.process_time()
    pickled = pickle.dumps(policy, pickle.HIGHEST_PROTOCOL)
    pickling = time.process_time() - pickling
    reading = time.process_time()
    assert len(pickle.loads(pickled)) == len(policy)  # noqa: S301 - from ourselves
    reading = time.process_time() - reading
    return Load(
        processor=processor, wall=wall, peak=peak, held=held, look_ups=look_ups,
        pickling=pickling, reading=reading, pickled=len(pickled),
    )  # fmt: skip
