"""Tabular tasks on this machine: preprocessing, model families, bagged training, ensembles and saved models."""

from cloudautoml_local.tasks.tabular.model import load_tabular_model
from cloudautoml_local.tasks.tabular.task import TabularTask

__all__ = ["TabularTask", "load_tabular_model"]
