"""The executors, which run trials of the local backend."""
