"""Saved forecasters: a weighted set of them with what is known of the series, as plain files."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from typing_extensions import override

from cloudautoml.errors import StorageError
from cloudautoml.leaderboard import Candidate
from cloudautoml.model import Model
from cloudautoml_local.tasks.forecasting.families import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from cloudautoml.data.series import Recent, SeriesSchema
    from cloudautoml.search.space import Option
    from cloudautoml_local.tasks.forecasting.info import Info
    from cloudautoml_local.tasks.forecasting.intervals import Intervals
    from cloudautoml_local.tasks.forecasting.panel import Floats, Panel

KIND: Final = "series"
FORMAT: Final = 1
KNOWN: Final = "known.parquet"
"""File of what is known of the series, up to their last step."""

_SHARED = ("schema.json", "info.json", KNOWN)
_PLACE = re.compile(r"(trials|members)(/[A-Za-z0-9_-]+){1,2}")


@dataclass(frozen=True, slots=True)
class Member:
    """One forecaster in an average.

    Attributes:
        family: Its family.
        params: What was chosen.
        weight: Its weight; those of a model sum to 1.
        place: Its folder, relative to the model's root.
    """

    family: str
    params: Mapping[str, Option]
    weight: float
    place: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a model is made of.

    Attributes:
        members: The forecasters that are averaged.
        intervals: How far off they may be.
        spread: The spread of each series that was learned from, in the order of `known.parquet`.
        seed: Seed of the job.
        reading: How files with new rows are to be read: fields of `Dataset`.
    """

    members: tuple[Member, ...]
    intervals: Intervals
    spread: tuple[float, ...]
    seed: int = 0
    reading: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """A JSON object."""
        members = [
            {"family": m.family, "params": dict(m.params), "weight": m.weight, "place": m.place} for m in self.members
        ]
        return {
            "kind": KIND, "format": FORMAT, "members": members, "intervals": self.intervals.to_dict(),
            "spread": list(self.spread), "seed": self.seed, "reading": self.reading,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, saved: Any, *, where: str) -> Recipe:
        """Read what `to_dict` wrote, trusting nothing in it.

        Raises:
            StorageError: It is something else, or names a folder outside the model.
        """
        from cloudautoml_local.tasks.forecasting.intervals import Intervals

        try:
            if saved["kind"] != KIND or saved["format"] != FORMAT:
                raise StorageError(f"model format {saved['format']!r} is not known", where=where)
            members = tuple(
                Member(str(m["family"]), dict(m["params"]), float(m["weight"]), str(m["place"]))
                for m in saved["members"]
            )
            made = cls(
                members,
                Intervals.from_dict(saved["intervals"]),
                tuple(map(float, saved["spread"])),
                int(saved["seed"]),
                dict(saved["reading"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise StorageError(f"this is not a saved model: {exc!r}", where=where) from exc
        for member in members:
            if member.family not in FAMILIES or not _PLACE.fullmatch(member.place):
                raise StorageError(f"a member is not one of ours: {member.family!r} in {member.place!r}", where=where)
        return made


class ForecastModel(Model):
    """A model of series on disk; it is read when it first predicts.

    Args:
        candidate: Its row of the leaderboard.
        root: Folder that the members' places are relative to.
        shared: Folder of what is known of the series.
        recipe: What it is made of.
    """

    def __init__(self, candidate: Candidate, *, root: Path, shared: Path, recipe: Recipe) -> None:
        super().__init__(candidate)
        self.root, self.shared, self.recipe = root, shared, recipe
        self._loaded: tuple[SeriesSchema, Info, dict[tuple[str, ...], Recent]] | None = None

    @override
    def predict(self, rows: Any = None) -> pd.DataFrame:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        """Forecast the next steps of series.

        Args:
            rows: A long table (pandas, polars, Arrow) or a path, with the columns of the training data: rows with a
                value are history, which goes on from the training data, sealed rows included, or stands alone for a
                series that is new; rows without one bring the columns known ahead. Each series in it is forecast from
                its last value. None forecasts every series from the end of its data.

        Returns:
            `horizon` rows a series: the columns that tell series apart, the time, `mean`, and one column a quantile,
            named by it (`0.1`).

        Raises:
            DataError: A column is missing, stamps are not at the steps of the training data, a new series is too
                short, or a column known ahead is not given for a step that is to be forecast.
        """
        import numpy as np
        import pandas as pd

        from cloudautoml.data.series import read_recent
        from cloudautoml_local.tasks.forecasting.intervals import spread_of
        from cloudautoml_local.tasks.forecasting.series import panel_of, scales

        schema, info, past = self._parts()
        found = read_recent(rows, schema, past, reading=self.recipe.reading)
        panel = panel_of(found, schema, info)
        mean = self.forecast(panel, info)
        learned = dict(zip(past, self.recipe.spread, strict=True))
        new = spread_of(scales(panel, info.season), self.recipe.intervals)
        spread = np.asarray([learned.get(one.key, new[at]) for at, one in enumerate(found)])
        quantiles = self.recipe.intervals.quantiles(mean, spread)
        columns: dict[str, Any] = {
            name: pd.Series([one.key[part] for one in found for _ in range(schema.horizon)], dtype="str")
            for part, name in enumerate(schema.series)
        }
        columns[schema.time] = np.concatenate([schema.frequency.after(one.stamps[-1], schema.horizon) for one in found])
        columns["mean"] = mean.ravel()
        for at, level in enumerate(self.recipe.intervals.levels):
            columns[f"{level:g}"] = quantiles[:, :, at].ravel()
        return pd.DataFrame(columns)

    def forecast(self, panel: Panel, info: Info) -> Floats:
        """The next h steps of the series of a panel: s x h."""
        context = info.context(seed=self.recipe.seed)
        parts = [
            m.weight * FAMILIES[m.family].load(self._within(m.place), m.params, context).forecast(panel)
            for m in self.recipe.members
        ]
        return sum(parts[1:], parts[0])

    @override
    def predict_proba(self, rows: Any) -> pd.DataFrame:
        from cloudautoml.capabilities import Feature, Gap, unsupported
        from cloudautoml.errors import UnsupportedError

        refusal = unsupported("a forecast is of numbers, not classes", "use predict: it gives quantiles")
        raise UnsupportedError("local", [Gap(Feature.PREDICT_PROBA, refusal)])

    @override
    def save(self, path: Path) -> Path:
        from cloudautoml.store.files import storage_error, write_json

        path = Path(path)
        if path.exists():
            raise StorageError("exists already", where=str(path), hint="give another name, or remove it first")
        try:
            path.mkdir(parents=True)
            for name in _SHARED:
                shutil.copyfile(self.shared / name, path / name)
            members: list[Member] = []
            for i, member in enumerate(self.recipe.members):
                place = f"members/{i}"
                shutil.copytree(self._within(member.place), path / place)
                members.append(replace(member, place=place))
            write_json(path / "candidate.json", self.candidate.to_dict())
            # last: a folder with it is whole
            write_json(path / "model.json", replace(self.recipe, members=tuple(members)).to_dict())
        except OSError as exc:
            raise storage_error(exc, path) from exc
        return path

    def _parts(self) -> tuple[SeriesSchema, Info, dict[tuple[str, ...], Recent]]:
        if self._loaded is None:
            from cloudautoml.data import SeriesSchema
            from cloudautoml.data.frames import read_frame
            from cloudautoml.data.series.recent import history_of
            from cloudautoml.store.files import read_json
            from cloudautoml_local.tasks.forecasting.info import Info

            schema = SeriesSchema.from_dict(read_json(self.shared / "schema.json"))
            self._loaded = (schema, Info.load(self.shared), history_of(read_frame(self.shared / KNOWN), schema))
        return self._loaded

    def _within(self, place: str) -> Path:
        found = (self.root / place).resolve()
        if not found.is_relative_to(self.root.resolve()):
            raise StorageError(f"{place!r} leads out of the model's folder", where=str(self.root))
        return found


def load_forecast_model(path: Path) -> ForecastModel:
    """Read a model that `ForecastModel.save` wrote, from any machine.

    Nothing in the folder is executed: what was learned is arrays and LightGBM's own format, never pickles.

    Raises:
        StorageError: It is not a saved model, or is damaged.
    """
    from cloudautoml.store.files import read_json

    path = Path(path)
    recipe = Recipe.from_dict(read_json(path / "model.json"), where=str(path / "model.json"))
    return ForecastModel(Candidate.from_dict(read_json(path / "candidate.json")), root=path, shared=path, recipe=recipe)
