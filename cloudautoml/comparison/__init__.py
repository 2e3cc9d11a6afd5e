"""Comparison of providers on the same sealed rows."""

from cloudautoml.comparison.contest import Comparison, Contestant
from cloudautoml.comparison.run import compare, compare_jobs

__all__ = ["Comparison", "Contestant", "compare", "compare_jobs"]
