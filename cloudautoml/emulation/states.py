"""States: a vendor's state machine, in which an end is an end."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet


class StateMachine:
    """The state of one thing at a vendor.

    Args:
        steps: The states that each state can become; one that can become nothing is an end.
        start: The first state.
    """

    def __init__(self, steps: Mapping[str, AbstractSet[str]], start: str) -> None:
        unknown = {start, *(state for following in steps.values() for state in following)} - set(steps)
        if unknown:
            msg = f"states without steps: {', '.join(sorted(unknown))}"
            raise ValueError(msg)
        self._steps = steps
        self._state = start
        self._lock = threading.Lock()

    @property
    def state(self) -> str:
        """Where it stands."""
        return self._state

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return not self._steps[self._state]

    def move(self, state: str) -> bool:
        """Go to a state if there is a step to it; of two threads that try, one succeeds.

        Returns:
            Whether it went there: False where it stands there already, and from an end.
        """
        with self._lock:
            if state not in self._steps[self._state]:
                return False
            self._state = state
            return True
