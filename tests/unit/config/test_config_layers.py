"""Settings from many places: which wins, how they merge, and where each value came from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cloudautoml.config import gather, load_spec, resolve
from cloudautoml.errors import ConfigError, SpecError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping

SPEC = "name: demo\ntask: {type: tabular_classification, target: y}\ndata: rows.csv\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a spec in it, and the working directory."""
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    (folder / "s.yaml").write_text(SPEC)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own file."""
    path = tmp_path / "user.yaml"
    monkeypatch.setenv("CLOUDAUTOML_CONFIG", str(path))
    return path


def origins(path: Path, **more: object) -> Mapping[str, str]:
    found = resolve(path, **more)  # type: ignore[arg-type]
    return {field: f"{origin.layer} {origin.place or ''}".strip() for field, _, origin in found.explain()}


def test_the_strongest_layer_wins(project: Path, user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def seed(**more: object) -> int:
        return resolve(project / "s.yaml", **more).spec.seed  # type: ignore[arg-type]

    assert seed() == 0
    user.write_text("seed: 1\n")
    assert seed() == 1
    (project / "cloudautoml.yaml").write_text("seed: 2\n")
    assert seed() == 2
    (project / "s.yaml").write_text(SPEC + "seed: 3\n")
    assert seed() == 3
    monkeypatch.setenv("CLOUDAUTOML_SEED", "4")
    assert seed() == 4
    flags = {"--seed": ("seed", 5)}
    assert seed(flags=flags) == 5
    assert seed(flags=flags, overrides=["seed=6"]) == 6
    assert seed(flags=flags, overrides=["seed=6", "seed=7"]) == 7


def test_each_value_knows_its_origin(project: Path, user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    user.write_text("# mine\nbudget: {max_trials: 9, max_parallel: 2}\n")
    (project / "cloudautoml.yaml").write_text("budget:\n  max_trials: 8\n")
    monkeypatch.setenv("CLOUDAUTOML_BUDGET__MAX_TIME", "5m")

    found = origins(project / "s.yaml", overrides=["data.types.a=text"], flags={"--name": ("name", "other")})

    assert found["name"] == "flag --name"
    assert found["task.target"] == f"spec {project / 's.yaml'}:2:38"
    assert found["budget.max_parallel"] == f"user file {user}:2:25"
    assert found["budget.max_trials"] == f"project file {project / 'cloudautoml.yaml'}:2:3"
    assert found["budget.max_time"] == "environment CLOUDAUTOML_BUDGET__MAX_TIME"
    assert found["data.types.a"] == "override --set data.types.a"
    assert found["data.train"] == f"spec {project / 's.yaml'}:3:1"
    assert found["outputs.report"] == "default"


def test_mappings_merge_and_lists_are_replaced(project: Path, user: Path) -> None:
    user.write_text("data: {na_values: ['-', '?'], types: {a: text}}\n")
    (project / "cloudautoml.yaml").write_text("data: {na_values: [none], types: {b: numeric}}\n")

    data = load_spec(project / "s.yaml").data

    assert data.na_values == ("none",)
    assert dict(data.types) == {"a": "text", "b": "numeric"}


def test_another_strategy_brings_its_own_options(project: Path) -> None:
    (project / "s.yaml").write_text(SPEC + "search: {strategy: {type: evolution, population: 20}}\n")

    def strategy(override: str) -> dict[str, object]:
        part = load_spec(project / "s.yaml", overrides=[override]).search.strategy
        assert part is not None
        return part.model_dump()

    assert strategy("search.strategy=random") == {"type": "random"}
    assert strategy("search.strategy=evolution") == {"type": "evolution", "population": 20}
    assert strategy("search.strategy.population=5") == {"type": "evolution", "population": 5}


def test_the_project_file_is_looked_for_up_to_the_top_of_the_repository(project: Path, tmp_path: Path) -> None:
    (tmp_path / "cloudautoml.yaml").write_text("seed: 99\n")
    inner = project / "a" / "b"
    inner.mkdir(parents=True)
    (inner / "s.yaml").write_text(SPEC)

    assert load_spec(inner / "s.yaml").seed == 0
    (project / "cloudautoml.yaml").write_text("seed: 5\n")
    assert load_spec(inner / "s.yaml").seed == 5
    (project / "a" / "cloudautoml.yaml").write_text("seed: 6\n")
    assert load_spec(inner / "s.yaml").seed == 6


def test_the_project_file_is_not_looked_for_above_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "me")
    (tmp_path / "me" / "work").mkdir(parents=True)
    (tmp_path / "cloudautoml.yaml").write_text("seed: 99\n")
    (tmp_path / "me" / "work" / "s.yaml").write_text(SPEC)

    assert load_spec(tmp_path / "me" / "work" / "s.yaml").seed == 0


def test_a_spec_that_is_named_like_the_project_file_is_not_its_own_project_file(project: Path) -> None:
    (project / "cloudautoml.yaml").write_text(SPEC + "seed: 3\n")

    assert origins(project / "cloudautoml.yaml")["seed"].startswith("spec ")


def test_empty_files_say_nothing(project: Path, user: Path) -> None:
    user.write_text("# nothing yet\n")
    (project / "cloudautoml.yaml").write_text("")

    assert load_spec(project / "s.yaml").seed == 0


def test_relative_data_paths_start_from_where_they_are_written(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "sub").mkdir()
    (project / "sub" / "s.yaml").write_text(SPEC.replace("data: rows.csv", "data: {train: a.csv}"))
    (project / "cloudautoml.yaml").write_text("data: {test: b.csv}\n")
    monkeypatch.chdir(tmp_path)

    data = load_spec(project / "sub" / "s.yaml").data
    assert (data.train, data.test) == (str(project / "sub" / "a.csv"), str(project / "b.csv"))
    assert load_spec(project / "sub" / "s.yaml", overrides=["data=c.csv"]).data.train == str(tmp_path / "c.csv")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("CLOUDAUTOML_BUDGT__MAX_TIME", "did you mean CLOUDAUTOML_BUDGET__MAX_TIME?"),
        ("CLOUDAUTOML_PROVIDR", "did you mean CLOUDAUTOML_PROVIDER?"),
        ("CLOUDAUTOML_HOMEDIR", "CLOUDAUTOML_HOME"),
        ("CLOUDAUTOML_ZZZ", "known: VERSION"),
    ],
)
def test_a_variable_that_names_nothing_is_refused(
    project: Path, monkeypatch: pytest.MonkeyPatch, name: str, hint: str
) -> None:
    monkeypatch.setenv(name, "5m")

    with pytest.raises(ConfigError, match="names no setting") as caught:
        load_spec(project / "s.yaml")

    assert caught.value.where == name
    assert hint in (caught.value.hint or "")


def test_variables_that_are_no_fields_are_left_alone(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OFFLINE", "DEVICES", "DEBUG"):
        monkeypatch.setenv(f"CLOUDAUTOML_{name}", "1")
    monkeypatch.setenv("CLOUDAUTOML_SEED", "")

    assert load_spec(project / "s.yaml").seed == 0


@pytest.mark.parametrize(
    ("variable", "value"), [("CLOUDAUTOML_BUDGET__MAX_TIM", "5m"), ("CLOUDAUTOML_BUDGET__MAX_TIME", "soon")]
)
def test_a_wrong_variable_is_named_and_the_spec_is_not_blamed(
    project: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(ConfigError) as caught:
        load_spec(project / "s.yaml")

    assert caught.value.where == variable


def test_problems_of_all_layers_are_told_together(project: Path, user: Path) -> None:
    user.write_text("seed: [1]\n")
    (project / "s.yaml").write_text(SPEC + "budget: {max_tim: 1m}\n")

    with pytest.raises(SpecError, match="2 problems") as caught:
        load_spec(project / "s.yaml", overrides=[])

    assert f"{user}:1:1: seed" in caught.value.message
    assert f"{project / 's.yaml'}:4:10: budget.max_tim" in caught.value.message


@pytest.mark.parametrize("text", ["seed", "=1", "a..b=1", ".a=1", "a.=1", ""])
def test_overrides_of_another_form_are_refused(project: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="is not of the form"):
        load_spec(project / "s.yaml", overrides=[text])


def test_overrides_reach_columns_with_dots_in_their_names(project: Path) -> None:
    spec = load_spec(project / "s.yaml", overrides=['data.types."a.b"=text', "data.types.'c=d'=numeric"])

    assert dict(spec.data.types) == {"a.b": "text", "c=d": "numeric"}


def test_profiles_name_a_provider_and_its_settings(project: Path, user: Path) -> None:
    user.write_text("profiles:\n  quick: {provider: local, workers: 1, threads: 3}\n")
    (project / "cloudautoml.yaml").write_text("profiles: {quick: {workers: 2}}\nproviders: {local: {threads: 4}}\n")

    found = resolve(project / "s.yaml", flags={"--provider": ("provider", "quick")})

    assert found.spec.provider == "local"
    assert found.spec.providers == {"local": {"workers": 2, "threads": 3}}
    assert found.settings.profile == "quick"
    assert origins(project / "s.yaml", overrides=["provider=quick"])["providers.local.threads"].startswith("profile ")
    assert resolve(project / "s.yaml").spec.providers == {"local": {"threads": 4}}


def test_the_spec_is_stronger_than_a_profile(project: Path, user: Path) -> None:
    user.write_text("profiles: {quick: {provider: local, workers: 1}}\n")
    (project / "s.yaml").write_text(SPEC + "provider: quick\nproviders: {local: {workers: 3}}\n")

    assert load_spec(project / "s.yaml").providers == {"local": {"workers": 3}}


def test_the_environment_chooses_a_profile(project: Path, user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    user.write_text("profiles: {quick: {provider: local, workers: 1}}\n")
    monkeypatch.setenv("CLOUDAUTOML_PROFILE", "quick")
    assert load_spec(project / "s.yaml").providers == {"local": {"workers": 1}}

    monkeypatch.setenv("CLOUDAUTOML_PROFILE", "quik")
    with pytest.raises(UnknownNameError, match="unknown profile 'quik'"):
        load_spec(project / "s.yaml")


@pytest.mark.parametrize("text", ["profiles: [a]\n", "profiles: {a: b}\n", "profiles:\n  a: {region: x}\n"])
def test_profiles_of_another_form_are_refused(project: Path, user: Path, text: str) -> None:
    user.write_text(text)

    with pytest.raises(ConfigError, match="expected the name of a provider") as caught:
        load_spec(project / "s.yaml")

    assert caught.value.where is not None
    assert caught.value.where.startswith(f"{user}:")


def test_settings_without_a_spec(project: Path, user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    user.write_text("budget: {max_time: 5m}\n")
    monkeypatch.setenv("CLOUDAUTOML_PROVIDER", "local")

    settings = gather()

    assert settings.values == {"budget": {"max_time": "5m"}, "provider": "local"}
    assert settings.files == (user,)
    assert [field for field, _, _ in settings.explain()] == ["budget.max_time", "provider"]
    assert "CLOUDAUTOML_CONFIG" in os.environ
