"""Object detection on this machine: networks of the space of detectors."""
