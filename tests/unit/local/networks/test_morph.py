"""Inheritance: a child computes what its trained parent does wherever that can be, and takes what fits elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from cloudautoml.search import Signature
from cloudautoml_local.networks.graph import Network, Sketch
from cloudautoml_local.networks.morph import InheritanceReport, inherit

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

IMAGES = Signature("image", (9, 8, 3), 4)
TOKENS = Signature("sequence", (7,), 3, vocabulary=20)
ROWS = Signature("table", (6,), 1, "value")


class Drawing(Sketch):
    """A sketch with blocks; every block reads the last layer unless it is told another."""

    def __init__(self) -> None:
        super().__init__()
        self.last = "input"

    def put(self, kind: str, *inputs: str, name: str, **settings: Any) -> str:
        self.last = self.add(kind, *(inputs or (self.last,)), name=name, **settings)
        return self.last

    def block(
        self, name: str, filters: int, *inputs: str, kind: str = "conv", norm: str = "batch", **settings: Any
    ) -> str:
        self.put(kind, *inputs, name=name, filters=filters, **settings)
        if norm:
            self.put("norm", name=f"{name}_norm", type=norm)
        return self.put("activation", name=f"{name}_act", function="relu")

    def head(self, outputs: int = 4, *, pool: str = "average") -> Network:
        if pool:
            self.put("global_pool", name="pool", op=pool)
        else:
            self.put("flatten", name="flat")
        self.put("dense", name="out", units=outputs)
        return self.finish()


def stack(first: int = 4, second: int = 6, *, kernel: int = 3, pool: str = "average", **settings: Any) -> Network:
    drawing = Drawing()
    drawing.block("one", first)
    drawing.block("two", second, kernel=kernel, **settings)
    return drawing.head(pool=pool)


def summed(width: int = 4, *, extra: str = "") -> Network:
    """Two branches that are added, read by a third; the branches must copy the same channels."""
    drawing = Drawing()
    stem = drawing.block("stem", width)
    left = drawing.block("left", width, stem)
    right = drawing.block("right", width, stem)
    inputs = [left, right]
    if extra == "zero gamma":
        drawing.put("conv", stem, name="new", filters=width)
        inputs.append(drawing.put("norm", name="new_norm", type="batch", gamma=0.0))
    if extra == "norm":
        inputs.append(drawing.block("new", width, stem))
    if extra in {"conv", "separable"}:
        inputs.append(drawing.block("new", width, stem, kind=extra, norm=""))
    if extra == "depthwise":
        drawing.put("depthwise", stem, name="new")
        inputs.append(drawing.put("pool", name="new_pool", op="max"))
    if extra == "branches":
        first, second = (drawing.block(name, width, stem) for name in ("new1", "new2"))
        inputs.append(drawing.put("add", first, second, name="new_sum"))
    drawing.put("add", *inputs, name="sum")
    drawing.block("after", 5)
    return drawing.head()


def joined(left: int = 3, right: int = 4, *, extra: int = 0) -> Network:
    """Branches side by side, then a skip connection around what reads them: a sum with a partner that is not free."""
    drawing = Drawing()
    stem = drawing.block("stem", 4)
    inputs = [drawing.block("left", left, stem), drawing.block("right", right, stem, kernel=1)]
    if extra:
        inputs.insert(1, drawing.block("new", extra, stem))
    both = drawing.put("concat", *inputs, name="both")
    drawing.put("norm", name="both_norm", type="batch")
    drawing.block("inner", left + right + extra)
    drawing.put("add", both, drawing.last, name="skip")
    return drawing.head()


def residual(*, inner: int = 0, norm: str = "batch") -> Network:
    """A stack, with a residual block in it where `inner` is given."""
    drawing = Drawing()
    last = drawing.block("one", 4)
    if inner:
        drawing.block("inner", inner, norm=norm)
        drawing.put("conv", name="outer", filters=4)
        if norm:
            drawing.put("norm", name="outer_norm", type=norm, gamma=0.0)
        drawing.put("add", last, drawing.last, name="sum")
    drawing.block("two", 5)
    return drawing.head()


def grouped(width: int = 4, *, groups: int = 2, out: int = 6) -> Network:
    drawing = Drawing()
    drawing.block("one", width)
    drawing.block("two", out, groups=groups)
    return drawing.head()


def thin(width: int = 4, *, kernel: int = 3, stride: int = 1) -> Network:
    """Depthwise and separable convolutions."""
    drawing = Drawing()
    drawing.block("one", width)
    drawing.put("depthwise", name="deep", kernel=kernel, stride=stride)
    drawing.put("norm", name="deep_norm", type="batch")
    drawing.block("two", 2 * width, kind="separable", kernel=kernel, stride=stride)
    drawing.put("pool", name="small", op="average", size=2, stride=2)
    return drawing.head()


def layered(width: int) -> Network:
    drawing = Drawing()
    drawing.block("one", width, norm="layer")
    return drawing.head()


def deep(*, layers: int, units: int = 5, function: str = "relu", norm: str = "") -> Network:
    """Dense layers."""
    drawing = Drawing()
    for number in range(layers):
        drawing.put("dense", name=f"dense{number}", units=units)
        if norm:
            drawing.put("norm", name=f"norm{number}", type=norm)
        drawing.put("activation", name=f"act{number}", function=function)
        drawing.put("dropout", name=f"drop{number}", rate=0.5)
    drawing.put("dense", name="out", units=1)
    return drawing.finish()


def convs(*, layers: int) -> Network:
    drawing = Drawing()
    for number in range(layers):
        drawing.block(f"conv{number}", 4, norm="")
    return drawing.head(pool="")


def reading(size: int = 4, units: int = 3, *, heads: int = 2, cell: str = "lstm", last: int = 4) -> Network:
    """A network that reads tokens, both ways, looks at itself, and reads again."""
    drawing = Drawing()
    drawing.put("embedding", name="embedding", size=size)
    words = drawing.put("recurrent", name="both", cell=cell, units=units, bidirectional=True, sequences=True)
    drawing.put("attention", name="looks", heads=heads, size=3)
    drawing.put("add", words, drawing.last, name="sum")
    drawing.put("conv", name="conv", filters=5)
    drawing.put("recurrent", name="end", cell="gru" if cell == "lstm" else "lstm", units=last)
    drawing.put("dense", name="out", units=3)
    return drawing.finish()


def shuffled(model: Any, seed: int) -> dict[str, NDArray[Any]]:
    """Give a model weights as if it had been trained: none is what it began as."""
    rng = np.random.default_rng(seed)
    for variable in model.weights:
        if variable.name == "moving_variance":
            variable.assign(rng.uniform(0.5, 2.0, variable.shape))
        elif variable.name == "gamma":
            variable.assign(rng.uniform(0.5, 1.5, variable.shape))
        else:
            variable.assign(np.asarray(variable) + 0.3 * rng.normal(size=variable.shape))
    return weights_of(model)


def weights_of(model: Any) -> dict[str, NDArray[Any]]:
    return {variable.path: np.asarray(variable) for variable in model.weights}


def examples(signature: Signature) -> NDArray[Any]:
    rng = np.random.default_rng(5)
    if signature.vocabulary:
        return rng.integers(0, signature.vocabulary, (16, *signature.shape)).astype("int32")
    return rng.normal(size=(16, *signature.shape)).astype("float32")


def grow(
    parent: Network, child: Network, signature: Signature = IMAGES
) -> tuple[InheritanceReport, float, dict[str, NDArray[Any]]]:
    """Inherit; the largest difference of the outputs, of inference and of training; and the child's weights."""
    import keras

    from cloudautoml_local.networks.build import build

    keras.utils.set_random_seed(0)
    old, new = build(parent, signature), build(child, signature)
    weights, fresh = shuffled(old, 1), weights_of(new)
    carried, report = inherit(parent, weights, child, fresh, signature, rng=np.random.default_rng(2))
    assert carried.keys() == fresh.keys()
    for variable in new.weights:
        assert carried[variable.path].dtype == fresh[variable.path].dtype
        variable.assign(carried[variable.path])
    for model in (old, new):
        for layer in model.layers:
            if layer.__class__.__name__ == "Dropout":
                layer.rate = 0.0
    x = examples(signature)
    gaps: list[float] = []
    for mode in (False, True):
        first, second = (np.asarray(model(x, training=mode)) for model in (old, new))
        gaps.append(float(np.abs(first - second).max() / max(1.0, np.abs(first).max())))
    return report, max(gaps), carried


EXACT: dict[str, tuple[Callable[[], Network], Callable[[], Network], Signature]] = {
    "nothing": (stack, stack, IMAGES),
    "wider first": (stack, lambda: stack(7, 6), IMAGES),
    "wider last": (stack, lambda: stack(4, 13), IMAGES),
    "wider, flattened": (lambda: stack(pool=""), lambda: stack(5, 9, pool=""), IMAGES),
    "wider, largest of all places": (lambda: stack(pool="max"), lambda: stack(5, 9, pool="max"), IMAGES),
    "wider summed": (summed, lambda: summed(6), IMAGES),
    "wider joined": (joined, lambda: joined(5, 4), IMAGES),
    "wider grouped": (grouped, lambda: grouped(8, out=10), IMAGES),
    "wider depthwise and separable": (thin, lambda: thin(7), IMAGES),
    "twice as wide with layer normalisation": (lambda: layered(4), lambda: layered(8), IMAGES),
    "larger window": (stack, lambda: stack(kernel=5), IMAGES),
    "larger window, strided": (lambda: stack(stride=2), lambda: stack(kernel=5, stride=2), IMAGES),
    "larger window, from one": (lambda: stack(kernel=1, stride=2), lambda: stack(kernel=3, stride=2), IMAGES),
    "larger window, dilated": (lambda: stack(dilation=2), lambda: stack(kernel=5, dilation=2), IMAGES),
    "larger window, depthwise": (thin, lambda: thin(kernel=5), IMAGES),
    "larger window, depthwise, strided": (lambda: thin(stride=2), lambda: thin(kernel=7, stride=2), IMAGES),
    "larger window and wider": (stack, lambda: stack(6, 8, kernel=7), IMAGES),
    "new block that begins at zero": (residual, lambda: residual(inner=6), IMAGES),
    "new block, no normalisation": (residual, lambda: residual(inner=6, norm=""), IMAGES),
    "wider block": (lambda: residual(inner=4), lambda: residual(inner=9), IMAGES),
    "new branch, zero gamma": (summed, lambda: summed(extra="zero gamma"), IMAGES),
    "new branch, normalised": (summed, lambda: summed(extra="norm"), IMAGES),
    "new branch, convolution": (summed, lambda: summed(extra="conv"), IMAGES),
    "new branch, separable": (summed, lambda: summed(extra="separable"), IMAGES),
    "new branch, depthwise": (summed, lambda: summed(extra="depthwise"), IMAGES),
    "new branch of branches, wider": (summed, lambda: summed(6, extra="branches"), IMAGES),
    "new layer as the identity": (lambda: convs(layers=1), lambda: convs(layers=3), IMAGES),
    "new dense layers as the identity": (lambda: deep(layers=1), lambda: deep(layers=3), ROWS),
    "new and wider dense layers": (lambda: deep(layers=1), lambda: deep(layers=2, units=8), ROWS),
    "wider normalised dense layers": (
        lambda: deep(layers=2, norm="batch"),
        lambda: deep(layers=2, units=9, norm="batch"),
        ROWS,
    ),
    "wider reading": (reading, lambda: reading(6, 5, last=7), TOKENS),
    "wider reading, gru": (lambda: reading(cell="gru"), lambda: reading(6, 5, cell="gru", last=7), TOKENS),
    "more heads": (reading, lambda: reading(heads=4), TOKENS),
}


@pytest.mark.parametrize("name", EXACT)
def test_child_computes_what_its_parent_does(name: str) -> None:
    parent, child, signature = EXACT[name]
    report, gap, _ = grow(parent(), child(), signature)
    assert report.exact, report.changes
    assert gap < 1e-5
    assert 0 < report.share <= 1
    assert bool(report.changes) == (name != "nothing")


PARTIAL: dict[str, tuple[Callable[[], Network], Callable[[], Network], Signature]] = {
    "narrower": (lambda: stack(6, 6), lambda: stack(4, 6), IMAGES),
    "smaller window": (lambda: stack(kernel=5), stack, IMAGES),
    "other stride": (stack, lambda: stack(stride=2), IMAGES),
    "other groups": (grouped, lambda: grouped(groups=1), IMAGES),
    "other pooling": (stack, lambda: stack(pool="max"), IMAGES),
    "flattened": (stack, lambda: stack(pool=""), IMAGES),
    "a branch less": (lambda: joined(extra=2), joined, IMAGES),
    "wider by half with layer normalisation": (lambda: layered(4), lambda: layered(6), IMAGES),
    "other activation": (lambda: deep(layers=2), lambda: deep(layers=2, function="tanh"), ROWS),
    "new layers of another activation": (
        lambda: deep(layers=1, function="tanh"),
        lambda: deep(layers=2, function="tanh"),
        ROWS,
    ),
    "new normalised layers": (
        lambda: deep(layers=1, norm="batch"),
        lambda: deep(layers=2, norm="batch"),
        ROWS,
    ),
    "fewer layers": (lambda: deep(layers=3), lambda: deep(layers=2), ROWS),
    "fewer heads": (reading, lambda: reading(heads=1), TOKENS),
    "other cells": (reading, lambda: reading(cell="gru"), TOKENS),
}


@pytest.mark.parametrize("name", PARTIAL)
def test_other_changes_take_what_fits_and_say_so(name: str) -> None:
    parent, child, signature = PARTIAL[name]
    report, gap, carried = grow(parent(), child(), signature)
    assert not report.exact
    assert 0 < report.share <= 1
    assert report.changes
    assert gap > 1e-4
    assert all(np.isfinite(value).all() for value in carried.values())
