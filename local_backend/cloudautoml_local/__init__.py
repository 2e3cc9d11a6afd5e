"""The local backend: AutoML and neural architecture search on this machine."""
