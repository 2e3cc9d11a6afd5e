"""The search strategies of the local backend."""
