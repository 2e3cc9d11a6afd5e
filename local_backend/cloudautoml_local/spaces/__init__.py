"""The search spaces of the local backend."""
