"""Forecasting: families of forecasters, judged from moments of the past, combined and kept."""

from cloudautoml_local.tasks.forecasting.task import ForecastingTask

__all__ = ["ForecastingTask"]
