"""How long a client may take, and how much of what brings no mail is borne."""

from hypothesis import given
from hypothesis import strategies as st

from mta.smtp.patience import FLOOR, Patience
from mta.smtp.tolerance import ERRORS, IDLE_COMMANDS, UNKNOWN_COMMANDS, Tolerance


def test_silence_between_commands_ends_after_the_time_out() -> None:
    patience = Patience(10, 100.0)
    assert patience.deadline(105) == 110


def test_octets_of_a_command_earn_no_more_time_than_the_first() -> None:
    patience = Patience(10, 100.0)
    for second in range(9):
        patience.heard(1, 105 + second)
    assert patience.deadline(113) == 115
    patience.line_taken(more=False)
    assert patience.deadline(113) == 123
    patience.heard(1, 120)
    assert patience.deadline(120) == 130


def test_what_is_there_of_the_next_line_began_when_it_came() -> None:
    patience = Patience(10, 100.0)
    patience.heard(50, 105)
    patience.line_taken(more=True)
    assert patience.deadline(106) == 115


def test_our_own_work_is_nobodys_silence() -> None:
    patience = Patience(10, 100.0)
    patience.ours()
    assert patience.deadline(500) > 500
    patience.command(500)
    assert patience.deadline(500) == 510


@given(st.lists(st.tuples(st.integers(0, 100_000), st.floats(0.01, 9)), max_size=50))
def test_a_message_must_come_at_the_least_pace_and_never_pause_for_long(
    pieces: list[tuple[int, float]],
) -> None:
    patience, now, octets = Patience(10, 0.0), 0.0, 0
    patience.message(now)
    for count, pause in pieces:
        now += pause
        octets += count
        patience.heard(count, now)
        assert patience.deadline(now) == min(now + 10, 10 + octets / FLOOR)


def test_the_pace_is_that_of_the_whole_message_in_chunks_too() -> None:
    patience = Patience(10, 0.0)
    patience.message(0)
    patience.heard(FLOOR, 5)
    patience.command(5)
    patience.message(8)
    patience.heard(1, 8)
    assert patience.deadline(8) < 12
    patience.message_over()
    patience.command(9)
    patience.message(9)
    assert patience.deadline(9) == 19


def test_what_is_borne() -> None:
    tolerance = Tolerance()
    assert [tolerance.unknown_command() is None for _ in range(UNKNOWN_COMMANDS)][-2:] == [True, False]
    assert [tolerance.error() is None for _ in range(ERRORS)][-2:] == [True, False]
    assert all(tolerance.command("RCPT") is None for _ in range(10 * IDLE_COMMANDS))
    assert [tolerance.command("NOOP") is None for _ in range(IDLE_COMMANDS + 1)][-2:] == [True, False]
    tolerance.mail_accepted()
    assert tolerance.command("NOOP") is None
    assert tolerance.error() is None
