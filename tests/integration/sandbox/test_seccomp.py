import contextlib
import errno
import os
import struct
from collections.abc import Iterator

import pytest

from sandbox import seccomp
from sandbox.confinement import missing_confinement


@pytest.fixture
def without_library(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    seccomp.filter_program.cache_clear()
    seccomp._libseccomp.cache_clear()
    monkeypatch.setattr(seccomp, "_LIBRARY", "libnotthere.so.2")
    yield
    seccomp.filter_program.cache_clear()
    seccomp._libseccomp.cache_clear()


@pytest.mark.parametrize("allowed", [seccomp.TASK, seccomp.OFFICE])
def test_a_list_becomes_a_program_of_whole_instructions(allowed: seccomp.AllowList) -> None:
    program = seccomp.filter_program(allowed)
    assert program
    assert len(program) % struct.calcsize("HBBI") == 0
    assert program is seccomp.filter_program(allowed)


def test_nothing_is_both_allowed_and_refused() -> None:
    for allowed in (seccomp.TASK, seccomp.OFFICE):
        refused = {call for call in allowed.refused if isinstance(call, str)}
        assert not refused & {*allowed.calls, *(rule.call for rule in allowed.rules)}
        assert len(set(allowed.calls)) == len(allowed.calls)


def test_a_missing_library_is_told_with_its_package(without_library: None) -> None:
    assert "libseccomp2" in seccomp.missing_seccomp()
    (told,) = [sentence for sentence in missing_confinement() if "libseccomp2" in sentence]
    assert "every call of the kernel" in told


def test_only_a_process_that_can_gain_no_privileges_takes_a_list() -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        with contextlib.suppress(OSError):  # already no root
            os.setuid(65534)
        try:
            seccomp.load(seccomp.filter_program(seccomp.TASK))
        except OSError as problem:
            os.write(writer, str(problem.errno).encode())
            status = 0
        finally:
            os._exit(status)
    os.waitpid(child, 0)
    os.close(writer)
    with os.fdopen(reader) as told:
        assert told.read() == str(errno.EACCES)
