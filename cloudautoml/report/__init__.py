"""Report: one HTML file that tells what a job found, works without a network and can be sent to anybody."""

from cloudautoml.report.pictures import Drawing, paint, pictures
from cloudautoml.report.write import write_report

__all__ = ["Drawing", "paint", "pictures", "write_report"]
