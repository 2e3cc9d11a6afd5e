"""The performance estimators of the local backend."""
