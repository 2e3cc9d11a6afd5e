"""Images on this machine: classification by networks of any space for images."""

from cloudautoml_local.tasks.image.task import ImageTask

__all__ = ["ImageTask"]
