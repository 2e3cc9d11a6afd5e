"""Series: long tables of values over time, brought to equal steps, checked, and their last steps sealed."""

from cloudautoml.data.series.frequency import Frequency, given_frequency, infer_frequency
from cloudautoml.data.series.prepare import prepare_series
from cloudautoml.data.series.prepared import PreparedSeries
from cloudautoml.data.series.recent import Recent, read_recent
from cloudautoml.data.series.schema import Covariate, SeriesSchema

__all__ = [
    "Covariate",
    "Frequency",
    "PreparedSeries",
    "Recent",
    "SeriesSchema",
    "given_frequency",
    "infer_frequency",
    "prepare_series",
    "read_recent",
]
