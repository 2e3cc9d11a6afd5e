"""Estimator: what the classifier and the regressor share: parameters, the job, and the rows on their way to it."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import validate_data
from typing_extensions import override

from cloudautoml.config import connect
from cloudautoml.data.arrow import raw_frame
from cloudautoml.errors import ConfigError, JobNotFoundError, StorageError
from cloudautoml.registry import provider_plugin
from cloudautoml.sklearn.tables import Array, frame_of, is_frame, weights_of
from cloudautoml.spec import (
    Budget,
    Dataset,
    Holdout,
    JobSpec,
    Objective,
    Outputs,
    Search,
    TabularClassification,
    TabularRegression,
)
from cloudautoml.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    import numpy as np
    import numpy.typing as npt

    from cloudautoml.job import Job, JobStatus
    from cloudautoml.leaderboard import Candidate, Leaderboard
    from cloudautoml.model import Model
    from cloudautoml.provider import Provider, ProviderConfig
    from cloudautoml.spec import Part

ALLOWED = frozenset(
    {"rows.too_few", "target.single_row_class", "target.too_many_classes", "target.constant", "columns.none"}
)
"""What a job refuses and `fit` does not: whether so little data is enough is for the caller's validation to say."""


class AutoMLEstimator(BaseEstimator, ABC):  # type: ignore[misc]
    """What both estimators share; their parameters are described there."""

    def __init__(
        self,
        *,
        metric: str | None = None,
        max_trials: int | None = None,
        max_time: timedelta | float | str | None = None,
        max_trial_time: timedelta | float | str | None = None,
        families: Sequence[str] | None = None,
        strategy: str | dict[str, Any] | Part | None = None,
        provider: str | ProviderConfig = "local",
        executor: str = "auto",
        ensemble: bool = True,
        holdout: float | Holdout | None = None,
        random_state: int | np.random.RandomState | None = None,
        name: str = "sklearn",
        home: str | Path | None = None,
        verbose: int = 0,
    ) -> None:
        self.metric = metric
        self.max_trials = max_trials
        self.max_time = max_time
        self.max_trial_time = max_trial_time
        self.families = families
        self.strategy = strategy
        self.provider = provider
        self.executor = executor
        self.ensemble = ensemble
        self.holdout = holdout
        self.random_state = random_state
        self.name = name
        self.home = home
        self.verbose = verbose

    # fitting

    def _fit(self, frame: pd.DataFrame, target: npt.NDArray[Any], sample_weight: Array | None) -> None:
        """Run the job.

        Args:
            frame: n rows of features, as `_read` gives them.
            target: n labels as text, or n numbers.
            sample_weight: n weights, or None.
        """
        weights = None
        if sample_weight is not None:
            weights = weights_of(sample_weight, len(frame))
            counted = weights > 0  # a row without weight teaches nothing, and a fold of them cannot be scored
            frame, target, weights = frame.loc[counted].reset_index(drop=True), target[counted], weights[counted]
        numbers = [str(name) for name in frame.columns if frame[name].dtype.kind in "iuf"]
        frame = frame.assign(**{self._free(frame, "target"): target})
        goal = str(frame.columns[-1])
        weight = None
        if weights is not None:
            weight = self._free(frame, "weight")
            frame = frame.assign(**{weight: weights})
        spec = self._spec(frame, goal, weight, types=dict.fromkeys(numbers, "numeric"))
        provider = self._connect(self.home)
        job = provider.submit(spec, allow=ALLOWED)
        try:
            job.wait(on_poll=self._tell if self.verbose else None)
        except KeyboardInterrupt:
            job.cancel()
            raise
        self._model: Model | None = job.model()
        self.job_id_ = job.id
        self.home_ = str(provider.store.home)
        self.leaderboard_: Leaderboard = job.leaderboard()
        if self.verbose:
            print(self.leaderboard_, file=sys.stderr)  # noqa: T201 - asked for

    def _spec(self, frame: pd.DataFrame, target: str, weight: str | None, *, types: dict[str, str]) -> JobSpec:
        holdout = self.holdout
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        if isinstance(holdout, float):
            holdout = Holdout(fraction=holdout, seed=seed)
        return JobSpec.model_validate(
            {
                "name": self.name,
                "task": self._task(target, weight),
                "data": Dataset.model_validate({"train": frame, "types": types, "holdout": holdout}),
                "objective": None if self.metric is None else Objective(metric=self.metric),
                "budget": Budget.model_validate(
                    {
                        "max_trials": self.max_trials,
                        "max_time": self.max_time,
                        "max_trial_time": self.max_trial_time,
                    }
                ),
                "search": Search.model_validate(
                    {
                        "families": None if self.families is None else tuple(self.families),
                        "strategy": self.strategy,
                        "ensemble": self.ensemble,
                    }
                ),
                "outputs": Outputs(report=False),
                "seed": seed,
            }
        )

    @abstractmethod
    def _task(self, target: str, weight: str | None) -> TabularClassification | TabularRegression:
        """The task with these columns."""

    @staticmethod
    def _free(frame: pd.DataFrame, name: str) -> str:
        """A name that no column has."""
        while name in frame.columns:
            name += "_"
        return name

    def _connect(self, home: str | Path | None) -> Provider[Any]:
        store = Store(None if home is None else Path(home).expanduser().absolute())
        if self.executor == "auto":
            return connect(self.provider, store=store)
        if self.provider != "local":
            raise ConfigError(f"executor {self.executor!r} is a setting of provider 'local'", where="executor")
        return connect(provider_plugin("local").config.model_validate({"executor": self.executor}), store=store)

    def _tell(self, status: JobStatus) -> None:
        progress = "" if status.progress is None else f" {status.progress:.0%}"
        print(f"{self.name}: {status.state.value} {status.phase}{progress}", file=sys.stderr)  # noqa: T201 - asked for

    # reading

    def _read(self, rows: Array, *, reset: bool) -> pd.DataFrame:
        """Rows as a data frame with the columns that the model knows, in order.

        Raises:
            ValueError: They are no table, or not one like that of `fit`.
            TypeError: They are sparse.
        """
        least = 2 if reset else 1
        if is_frame(rows):
            validate_data(self, rows, reset=reset, skip_check_array=True)
            frame = raw_frame(rows, where="X")
            if len(frame) < least:
                msg = f"Found array with {len(frame)} sample(s) while a minimum of {least} is required."
                raise ValueError(msg)
        else:
            array: Any = validate_data(
                self, rows, reset=reset, dtype=None, ensure_all_finite="allow-nan", ensure_min_samples=least
            )
            frame = frame_of(array)
        if reset:
            names = [str(name) for name in getattr(self, "feature_names_in_", ())]
            usable = len(set(names)) == frame.shape[1] and all(name.strip() for name in names)
            self._columns = names if usable else [f"x{number}" for number in range(frame.shape[1])]
        frame.columns = pd.Index(self._columns)
        return frame

    # results

    @property
    def job_(self) -> Job:
        """The job that `fit` ran.

        Raises:
            AttributeError: It is not fitted.
            JobNotFoundError: The store no longer has it.
        """
        return self._connect(self.home_).attach(self.job_id_)

    @property
    def best_(self) -> Candidate | None:
        """The best model's row of the leaderboard."""
        return self.leaderboard_.best

    @property
    def model_(self) -> Model:
        """The best model.

        Raises:
            AttributeError: It is not fitted.
            StorageError: Its folder is gone.
        """
        if self._model is None:
            try:
                self._model = self.job_.model()
            except (JobNotFoundError, StorageError) as exc:
                raise StorageError(
                    f"the model of this estimator is kept by job {self.job_id_}, which is gone or cannot be read",
                    where=self.home_,
                    hint="fit again, or bring that folder back",
                ) from exc
        return self._model

    @override
    def __getstate__(self) -> dict[str, Any]:
        state = cast("dict[str, Any]", super().__getstate__())
        # the model is opened again from the job's folder
        return {**state, "_model": None} if "_model" in state else state

    @override
    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags
