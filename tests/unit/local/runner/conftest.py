"""Jobs of the analytic task, with real processes and a real store."""

from analytic_fixtures import analytic, store

__all__ = ["analytic", "store"]
