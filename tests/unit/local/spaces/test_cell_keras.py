"""Keras agrees: cells become models with the parameters that were announced."""

from __future__ import annotations

import random

import pytest

from cloudautoml.search import Signature
from cloudautoml_local.spaces.cell import CellOptions, CellSpace
from cloudautoml_local.spaces.cell_nasbench201 import from_arch_string

IMAGE = Signature("image", (8, 8, 1), 10)
TEXT = Signature("sequence", (11,), 3, "labels", vocabulary=40)


@pytest.mark.parametrize("signature", [IMAGE, TEXT], ids=["image", "text"])
@pytest.mark.parametrize("kind", ["nasnet", "nas_bench_201"])
def test_keras_counts_the_same(kind: str, signature: Signature) -> None:
    space = CellSpace(signature, CellOptions.model_validate({"cell": kind, "cells": 1, "filters": 4}))
    for architecture in (*space.defaults(), *(space.sample(random.Random(seed)) for seed in range(2))):
        model = space.build(architecture, signature)
        assert model.count_params() == space.costs(architecture)["parameters"]
        assert model.output_shape == (None, signature.outputs)


def test_one_layer_can_be_added_to_itself() -> None:
    space = CellSpace(IMAGE, CellOptions(cell="nas_bench_201", cells=1, stages=1, filters=4))
    doubled = from_arch_string("|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|skip_connect~1|skip_connect~2|")
    model = space.build(doubled, IMAGE)
    assert model.count_params() == space.costs(doubled)["parameters"]
