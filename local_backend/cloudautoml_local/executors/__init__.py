"""Executors: where the calls of a search run, each apart from the others and each one killable."""

from cloudautoml_local.executors.base import Executor, Outcome

__all__ = ["Executor", "Outcome"]
