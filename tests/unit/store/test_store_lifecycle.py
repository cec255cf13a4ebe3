"""The states of a job and the transitions between them."""

from store.lifecycle import FINAL_STATES, JobState, Transition


def test_nothing_leaves_a_final_state() -> None:
    assert all(not transition.sources & FINAL_STATES for transition in Transition)


def test_every_state_is_reached_and_every_other_is_left() -> None:
    assert {transition.target for transition in Transition} == set(JobState)
    left = frozenset[JobState]().union(*(transition.sources for transition in Transition))
    assert left == set(JobState) - FINAL_STATES


def test_each_name_is_a_transition_of_its_own() -> None:
    # Two members of an enum with equal values would be one.
    assert len(Transition) == len(Transition.__members__)


def test_every_job_can_come_to_an_end() -> None:
    ends = set(FINAL_STATES)
    while True:
        more = {
            source for transition in Transition if transition.target in ends for source in transition.sources
        }
        if more <= ends:
            break
        ends |= more
    assert ends == set(JobState)
