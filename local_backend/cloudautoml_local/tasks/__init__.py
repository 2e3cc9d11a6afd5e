"""The kinds of task that the local backend can learn."""
