"""Calls in the calling process."""

from __future__ import annotations

import os

from cloudautoml_local.executors.inline import InlineExecutor


def test_calls_run_in_order_in_this_process() -> None:
    executor = InlineExecutor()
    for number in (7, 3):
        executor.start(number, "executor_calls:echo", {"text": "here"}, group="any")
    first, second = executor.wait(0.0)[0], executor.wait(0.0)[0]
    assert (first.number, second.number) == (7, 3)
    assert first.value is not None
    assert first.value["pid"] == os.getpid()
    assert list(executor.wait(10.0)) == []  # nothing runs, so there is nothing to wait for


def test_a_failure_is_an_outcome() -> None:
    executor = InlineExecutor()
    executor.start(0, "executor_calls:fail", {"kind": "trial"}, group="any")
    (outcome,) = executor.wait(0.0)
    assert (outcome.value, outcome.reason, outcome.message) == (None, "nan", "the loss is not a number")


def test_only_a_call_that_waits_can_be_killed() -> None:
    executor = InlineExecutor()
    executor.start(0, "executor_calls:echo", {}, group="any")
    executor.start(1, "executor_calls:echo", {}, group="any")
    executor.kill(0)
    assert [(outcome.number, outcome.reason) for outcome in executor.wait(0.0)] == [(0, "cancelled")]
    assert executor.wait(0.0)[0].value is not None
    executor.close()
