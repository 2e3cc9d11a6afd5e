"""GPUs: which are chosen, how trials share them, and networks that compute in less than float32."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from analytic_jobs import provider_for, spec_for, submit
from neural_jobs import digits_task, ended, tiny

from cloudautoml.errors import ConfigError
from cloudautoml.search import FULL
from cloudautoml.spec import Dataset, ImageClassification, JobSpec
from cloudautoml_local import LocalConfig
from cloudautoml_local.devices import chosen_devices, installed, use_device
from cloudautoml_local.settings import cpu_count, resolve
from cloudautoml_local.tasks.base import Resources

if TYPE_CHECKING:
    from pathlib import Path

GPUS = "NVIDIA H100\nNVIDIA H100\n"


@pytest.fixture
def two_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which two GPUs can be listed, with the libraries to use them."""
    program = tmp_path / "bin" / "nvidia-smi"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nprintf '{GPUS}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr("cloudautoml_local.devices.find_library", lambda _: "libcudnn.so.9")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.delenv("CLOUDAUTOML_DEVICES", raising=False)


@pytest.mark.parametrize(
    ("environment", "devices"),
    [
        ({}, ("0", "1")),
        ({"CLOUDAUTOML_DEVICES": "AUTO"}, ("0", "1")),
        ({"CUDA_VISIBLE_DEVICES": "1"}, ("1",)),
        ({"CUDA_VISIBLE_DEVICES": ""}, ()),
        ({"CUDA_VISIBLE_DEVICES": "-1"}, ()),
        ({"CLOUDAUTOML_DEVICES": "cpu"}, ()),
        ({"CLOUDAUTOML_DEVICES": "3, 1,3"}, ("3", "1")),
        ({"CLOUDAUTOML_DEVICES": "MIG-1a2b"}, ("MIG-1a2b",)),
    ],
)
@pytest.mark.usefixtures("two_gpus")
def test_the_devices_that_are_chosen(environment: dict[str, str], devices: tuple[str, ...]) -> None:
    assert chosen_devices(environment) == devices
    assert installed() == ["NVIDIA H100", "NVIDIA H100"]


@pytest.mark.parametrize("wanted", ["gpu 1 and 2", "0;1", ",", "/dev/nvidia0"])
def test_what_names_no_device_is_refused(wanted: str) -> None:
    with pytest.raises(ConfigError, match="names no devices") as caught:
        chosen_devices({"CLOUDAUTOML_DEVICES": wanted})
    assert caught.value.where == "CLOUDAUTOML_DEVICES"


@pytest.mark.usefixtures("two_gpus")
def test_a_gpu_without_its_libraries_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloudautoml_local.devices.find_library", lambda _: None)
    monkeypatch.setattr("cloudautoml_local.devices.find_spec", lambda _: None)
    assert chosen_devices({}) == ()


def test_a_listing_that_fails_lists_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\nexit 9\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert installed() == []


@pytest.mark.usefixtures("two_gpus")
def test_networks_get_a_gpu_each_and_tables_a_core(analytic: Path) -> None:
    images = JobSpec(name="i", task=ImageClassification(), data=Dataset(train="x.npz"))
    settings = resolve(LocalConfig(), images)
    assert (settings.workers, settings.devices) == (2, ("0", "1"))
    assert resolve(LocalConfig(workers=5), images).workers == 5
    assert resolve(LocalConfig(), spec_for(analytic)).workers == min(8, cpu_count())


def test_a_trial_sees_its_device_alone(analytic: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2,3")
    monkeypatch.setenv("CLOUDAUTOML_DEVICES", "2")
    submit(provider_for(analytic, executor="inline"), spec_for(analytic, max_trials=1))
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "2"


def test_none_is_seen_where_none_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    use_device(None)
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "0"
    use_device("")
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "-1"


def test_a_network_may_compute_in_bfloat16_and_is_kept_in_full_precision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    task = digits_task(tmp_path)
    built: list[Any] = []
    space_build = type(task.space()).build

    def build(*arguments: Any, **named: Any) -> Any:
        built.append(space_build(*arguments, **named))
        return built[-1]

    monkeypatch.setattr(type(task.space()), "build", build)
    narrow = task.trainer(0, Resources(seed=7, precision="mixed_bfloat16"))
    found = narrow.train(tiny(), fidelity=FULL)
    layer = built[0].get_layer("hidden")
    assert (layer.compute_dtype, layer.variable_dtype) == ("bfloat16", "float32")
    assert keras.config.dtype_policy().name == "float32", "nobody else is to compute so"
    assert found.score > 0.6
    board = task.finish([ended(0, found)], seconds=None, threads=1, progress=lambda _: None)
    kept = keras.saving.load_model(next((tmp_path / "models").rglob("*.keras")))
    assert {layer.compute_dtype for layer in kept.layers} == {"float32"}
    assert np.isfinite(board["refit"].score_holdout or np.nan)
