"""A suite's checks cannot be replaced in silence."""

from __future__ import annotations

import pytest

from cloudautoml.testing import Suite, deviates


class Checks(Suite):
    def test_something(self) -> None:
        """A check."""


def test_replacing_a_check_fails_when_the_class_is_made() -> None:
    with pytest.raises(TypeError, match=r"Quiet\.test_something"):
        type("Quiet", (Checks,), {"test_something": lambda _: None})
    with pytest.raises(TypeError, match=r"Gone\.test_something"):
        type("Gone", (Checks,), {"test_something": None})


def test_a_reason_and_new_checks_are_welcome() -> None:
    reasoned = deviates("the vendor rounds to two digits")(lambda _: None)
    loud = type("Loud", (Checks,), {"test_something": reasoned, "test_more": lambda _: None})
    assert loud.__dict__["test_something"].deviation == "the vendor rounds to two digits"
    with pytest.raises(ValueError, match="reason"):
        deviates(" ")
