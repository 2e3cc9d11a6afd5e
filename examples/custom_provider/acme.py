"""A provider in one file: the mean, or the most frequent class, as a service of one machine."""

from __future__ import annotations

import json
from decimal import Decimal

from cloudautoml.capabilities import NATIVE, Capabilities, Feature, unsupported
from cloudautoml.data import PreparedData
from cloudautoml.errors import StorageError
from cloudautoml.job import Cost, Job, JobState, JobStatus
from cloudautoml.leaderboard import Candidate, Leaderboard
from cloudautoml.model import Model
from cloudautoml.plan import CostBound, Plan, VendorRequest
from cloudautoml.provider import Provider, ProviderConfig, ProviderPlugin

HONOURED = {
    Feature.TABULAR_REGRESSION, Feature.HOLDOUT_FRACTION, Feature.CANCEL, Feature.ATTACH, Feature.EVENTS,
    Feature.LOGS, Feature.LEADERBOARD, Feature.PREDICT,
}  # fmt: skip
TABLE = {f: NATIVE if f in HONOURED else unsupported("Acme knows only the mean", "use local") for f in Feature}


class AcmeConfig(ProviderConfig):
    """Where Acme's machine stands."""

    region: str = "home"


class AcmeProvider(Provider[AcmeConfig]):
    name = "acme"
    capabilities = Capabilities(TABLE)

    def _plan(self, spec, gaps, data):
        requests = (VendorRequest("StartJob", {"target": getattr(spec.task, "target", None), **self.config.raw}),)
        return Plan(self.name, requests, CostBound(Decimal(0), "Acme is free"), gaps=gaps)

    def _submit(self, record, spec):
        self.store.set_vendor_ref(record.id, f"acme/{self.config.region}/{record.id}")
        self.store.observe(record.id, JobStatus(JobState.QUEUED))

    def _job(self, job):
        return AcmeJob(job, store=self.store, clock=self.clock)


class AcmeJob(Job):
    """A real one asks its vendor; this one ends at the second look."""

    _poll_delay = 0.01

    def _status(self):
        state = self._store.job(self.id).state
        return JobStatus(JobState.RUNNING if state is JobState.QUEUED else JobState.SUCCEEDED)

    def _cancel(self):
        self._store.observe(self.id, JobStatus(JobState.CANCELLED))

    def logs(self, *, follow=False):
        yield "the mean has been found"

    def _data(self):
        return PreparedData.load(self._store.job_dir(self.id) / "data")

    def leaderboard(self):
        data, metric = self._data(), self.spec.metric
        target = data.schema.target
        mean = float(data.train[target].mean())
        score, sealed = (
            metric.to_score(float(((rows[target] - mean) ** 2).mean() ** 0.5)) if rows is not None else None
            for rows in (data.train, data.holdout)
        )
        mine = Candidate("mean", "mean", "acme", self.id, score_val=score, score_holdout=sealed, can_infer=True,
                         params={"mean": mean})  # fmt: skip
        return Leaderboard([mine], metric=metric.name, job=self.id)

    def artifacts(self):
        return {}

    def _model(self, name):
        board = self.leaderboard()
        return AcmeModel(board[name] if name else board.best, self._data().schema)

    def cost(self):
        return Cost(Decimal(0), "free")

    def native(self):
        return self._store.job(self.id).vendor_ref


class AcmeModel(Model):
    """Knows one number."""

    def __init__(self, candidate, schema):
        super().__init__(candidate)
        self.schema = schema

    def predict(self, rows):
        import pandas as pd

        index = self.schema.conform(rows, where="rows").index
        return pd.Series(self.candidate.params["mean"], index=index)

    def predict_proba(self, rows):
        from cloudautoml.capabilities import Gap
        from cloudautoml.errors import UnsupportedError

        raise UnsupportedError("acme", [Gap(Feature.PREDICT_PROBA, TABLE[Feature.PREDICT_PROBA])])

    def save(self, path):
        if path.exists():
            raise StorageError("the folder exists already", where=str(path))
        path.mkdir(parents=True)
        (path / "model.json").write_text(json.dumps(dict(self.candidate.params)))
        return path


# in pyproject.toml:  [project.entry-points."cloudautoml.providers"]  acme = "acme:plugin"
plugin = ProviderPlugin("acme", "the mean of the target", AcmeProvider, AcmeConfig)
