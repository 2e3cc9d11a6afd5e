"""Object detection on this machine: networks of the space of detectors."""

from cloudautoml_local.tasks.detection.task import DetectionTask

__all__ = ["DetectionTask"]
