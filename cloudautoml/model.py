"""Model: the handle to a trained model, wherever it is kept."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import override

if TYPE_CHECKING:
    import pandas as pd

    from cloudautoml.endpoint import Endpoint
    from cloudautoml.leaderboard import Candidate


class Model(ABC):
    """A trained model with the preprocessing that belongs to it.

    Args:
        candidate: Its row of the leaderboard.
    """

    def __init__(self, candidate: Candidate) -> None:
        self.candidate = candidate

    @property
    def name(self) -> str:
        """Its name in the leaderboard."""
        return self.candidate.model

    @abstractmethod
    def predict(self, rows: Any) -> pd.Series:
        """Predict.

        Args:
            rows: A table (pandas, polars, Arrow) or a path; columns in any order, extra ones ignored. A model of
                images also takes what `cloudautoml.data.read_images` does: a folder, files, an array.

        Returns:
            n predictions, indexed as the rows where they have an index: labels as they stood in the training
            data, lists of them where a row may have any number, or numbers.

        Raises:
            DataError: A column is missing or cannot be read as what it was in training.
        """

    @abstractmethod
    def predict_proba(self, rows: Any) -> pd.DataFrame:
        """Class probabilities.

        Args:
            rows: As for `predict`.

        Returns:
            n rows, one column a class, each row summing to 1; of labels that exclude nothing, each by itself.

        Raises:
            UnsupportedError: It is not a classifier, or its provider gives no probabilities.
            DataError: As for `predict`.
        """

    @abstractmethod
    def save(self, path: Path) -> Path:
        """Copy the model to a folder that `cloudautoml.load_model` reads, on any machine.

        Raises:
            StorageError: The folder exists already, or cannot be written.
        """

    def deploy(
        self,
        *,
        max_hours: float,  # noqa: ARG002 - for subclasses, as the others are
        min_instances: int = 1,  # noqa: ARG002
        max_instances: int = 1,  # noqa: ARG002
    ) -> Endpoint:
        """Put the model behind an endpoint at its vendor; returns when it answers.

        Doing it again while the endpoint stands gives the same one, with the new time.

        Args:
            max_hours: How long it may stand. Nothing else bounds what it costs.
            min_instances: Machines at least; 0 pays for calls only, where the vendor can.
            max_instances: Machines at most.

        Raises:
            UnsupportedError: The provider has no endpoints, or none of that kind for this model.
            SpecError: A value makes no sense.
        """
        from cloudautoml.capabilities import Feature, Gap, unsupported
        from cloudautoml.errors import UnknownNameError, UnsupportedError
        from cloudautoml.registry import provider_plugin

        name = self.candidate.provider
        try:
            support = provider_plugin(name).provider.capabilities[Feature.ENDPOINT]
        except UnknownNameError:
            support = unsupported("its models are not served")
        raise UnsupportedError(
            name, [Gap(Feature.ENDPOINT, unsupported("this model is not served") if support else support)]
        )

    @override
    def __repr__(self) -> str:
        return f"<model {self.name} of job {self.candidate.job}>"


def load_model(path: str | Path) -> Model:
    """Open a model that `Model.save` wrote, on any machine, without the job's store.

    Args:
        path: The folder.

    Raises:
        StorageError: It is not the folder of a saved model.
        MissingExtraError: What the model needs is not installed.
    """
    from cloudautoml.errors import StorageError
    from cloudautoml.registry import provider_plugin
    from cloudautoml.store.files import read_json

    card = Path(path) / "candidate.json"
    saved = read_json(card)
    provider = saved.get("provider") if isinstance(saved, dict) else None
    if not isinstance(provider, str):
        raise StorageError("this does not describe a saved model", where=str(card))
    opener = provider_plugin(provider, where=str(card)).load_model
    if opener is None:
        raise StorageError(f"models of provider {provider!r} cannot be opened from a folder", where=str(card))
    return opener(Path(path))
