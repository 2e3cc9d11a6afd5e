"""Suite: the base of every conformance suite, whose checks a subclass cannot quietly replace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable

FunctionT = TypeVar("FunctionT", bound="Callable[..., Any]")


def deviates(reason: str) -> Callable[[FunctionT], FunctionT]:
    """Mark a test that replaces one of the suite's, and say why.

    Args:
        reason: A sentence; shown to whoever reads the test.

    Raises:
        ValueError: The reason is empty.
    """
    if not reason.strip():
        msg = "a test that replaces one of the suite's needs a reason"
        raise ValueError(msg)

    def mark(function: FunctionT) -> FunctionT:
        function.__dict__["deviation"] = reason
        return function

    return mark


class Suite:
    """Checks that a subclass inherits; it replaces none of them without a reason.

    A subclass supplies fixtures and adds tests of its own. To replace an inherited test it decorates its own with
    `@deviates("why")`; anything else, such as `test_x = None`, fails when the class is made.
    """

    @override
    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name, member in vars(cls).items():
            if not name.startswith("test_") or getattr(member, "deviation", False):
                continue
            if any(name in vars(base) for base in cls.__mro__[1:]):
                msg = f"{cls.__name__}.{name} replaces a test of the suite; mark it with @deviates('why')"
                raise TypeError(msg)
