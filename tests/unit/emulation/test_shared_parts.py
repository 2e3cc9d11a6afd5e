"""Clock, faults and states of emulators."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cloudautoml.emulation import Fault, FaultKind, FaultScript, SettableClock, StateMachine

START = datetime(2026, 1, 1, tzinfo=UTC)
STEPS = {"Going": {"Done", "Stopping"}, "Stopping": {"Stopped"}, "Stopped": set[str](), "Done": set[str]()}


def test_a_clock_held_still_moves_when_it_is_told_to() -> None:
    clock = SettableClock(START, rate=0)
    assert clock.now() == START
    clock.advance(90)
    assert clock.now() == START + timedelta(seconds=90)


def test_a_clock_that_runs_never_goes_back() -> None:
    clock = SettableClock(START, rate=1000)
    seen = [clock.now() for _ in range(100)]
    assert seen == sorted(seen)
    assert seen[-1] > START


def test_no_clock_goes_backwards() -> None:
    with pytest.raises(ValueError, match="backwards"):
        SettableClock(rate=-1)
    with pytest.raises(ValueError, match="backwards"):
        SettableClock().advance(-1)


def test_faults_happen_by_operation_and_count() -> None:
    script = FaultScript([Fault(kind=FaultKind.THROTTLE, operation="Describe", count=2, after=1)])
    assert [script.take(name) for name in ("List", "Describe")] == [None, None]
    happened = [script.take("Describe") for _ in range(3)]
    assert [fault.kind if fault else None for fault in happened] == [FaultKind.THROTTLE, FaultKind.THROTTLE, None]
    assert script.left() == ()


def test_of_several_faults_the_first_one_happens() -> None:
    script = FaultScript()
    script.add(Fault(kind=FaultKind.SLOW), Fault(kind=FaultKind.QUOTA, operation="Create"))
    first, second = script.take("Create"), script.take("Create")
    assert first is not None
    assert second is not None
    assert (first.kind, second.kind) == (FaultKind.SLOW, FaultKind.QUOTA)
    script.add(Fault(kind=FaultKind.SLOW))
    script.clear()
    assert script.take("Create") is None


@given(count=st.integers(1, 5), after=st.integers(0, 5))
def test_a_fault_happens_exactly_as_often_as_it_says(count: int, after: int) -> None:
    script = FaultScript([Fault(kind=FaultKind.SLOW, count=count, after=after)])
    happened = [script.take("Any") is not None for _ in range(count + after + 2)]
    assert happened == [False] * after + [True] * count + [False] * 2


def test_a_fault_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValidationError, match="kind"):
        Fault.model_validate({"kind": "earthquake"})


def test_an_end_is_an_end() -> None:
    machine = StateMachine(STEPS, "Going")
    assert machine.move("Done")
    assert machine.is_over
    assert not any(machine.move(state) for state in STEPS)
    assert machine.state == "Done"


@given(st.lists(st.sampled_from(sorted(STEPS))))
def test_only_steps_that_there_are_can_be_taken(moves: list[str]) -> None:
    machine = StateMachine(STEPS, "Going")
    for state in moves:
        before = machine.state
        assert machine.move(state) is (state in STEPS[before])
        assert machine.state == (state if state in STEPS[before] else before)


def test_of_many_threads_one_takes_the_step() -> None:
    machine = StateMachine(STEPS, "Going")
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: machine.move("Stopping"), range(50))) == 1


def test_a_state_without_steps_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="Lost"):
        StateMachine({"Going": {"Lost"}}, "Going")
