"""Text classification on this machine: n-grams, sentence embeddings and networks, combined."""

from cloudautoml_local.tasks.text.task import TextTask

__all__ = ["TextTask"]
