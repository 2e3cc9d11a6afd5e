"""The spaces of whole networks: every candidate is a network, for every kind of input, and duplicates are told."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from typing_extensions import override

from cloudautoml.errors import SpecError
from cloudautoml.search import Architecture, Option, SearchSpace, Signature, Trait
from cloudautoml.testing import SpaceSuite
from cloudautoml_local.networks.cost import flops, parameters, shapes
from cloudautoml_local.spaces.chain import ChainOptions, ChainSpace
from cloudautoml_local.spaces.macro import MacroSpace, closest
from cloudautoml_local.spaces.multi_branch import MultiBranchOptions, MultiBranchSpace

DIGITS = Signature("image", (8, 8, 1), 10)
PHOTOS = Signature("image", (100, 75, 3), 4, "labels")
DOT = Signature("image", (1, 1, 3), 2)
TEXT = Signature("sequence", (30,), 2, vocabulary=500)
SERIES = Signature("sequence", (24, 3), 1, "value")
TABLE = Signature("table", (12,), 1, "value")
EVERY = [DIGITS, PHOTOS, DOT, TEXT, SERIES, TABLE]
SPACES: dict[str, MacroSpace] = {
    f"{kind.name}-{signature.kind}-{'x'.join(map(str, signature.shape))}": kind(signature)
    for kind in (ChainSpace, MultiBranchSpace)
    for signature in EVERY
}
every_space = pytest.mark.parametrize("space", SPACES.values(), ids=list(SPACES))
SEEDS = st.integers(0, 2**32)


def draw(space: MacroSpace, seed: int) -> Architecture:
    return space.sample(random.Random(seed))


@every_space
@settings(max_examples=50, deadline=None)
@given(seed=SEEDS, width=st.sampled_from([1.0, 0.5, 0.25, 0.01]))
def test_every_candidate_is_a_network(space: MacroSpace, seed: int, width: float) -> None:
    architecture = draw(space, seed)
    network = space.network(architecture, space.signature, width=width)
    found = shapes(network, space.signature)
    assert found["output_activation"] == (space.signature.outputs,)
    for layer in network:
        if layer.kind == "pool" and layer.settings.get("stride") == 2 and layer.name.endswith("_pool"):
            assert min(found[layer.inputs[0]][:-1]) >= 2
    whole = parameters(space.network(architecture, space.signature), space.signature)
    assert parameters(network, space.signature) <= whole == space.costs(architecture)["parameters"]


@every_space
@settings(max_examples=50, deadline=None)
@given(seed=SEEDS)
def test_layers_are_named_by_their_decisions(space: MacroSpace, seed: int) -> None:
    made = draw(space, seed).as_dict()
    depth = made.get("depth") or made.get("stages")
    assert isinstance(depth, int)
    own = {f"{'layer' if space.name == 'chain' else 'stage'}{number}" for number in range(1, depth + 1)}
    fixed = {"input", "stem1", "stem2", "embedding", "head", "output"}
    for layer in space.network(Architecture(tuple(made.items())), space.signature):
        assert (prefix := layer.name.partition("_")[0]) in own | fixed
        assert layer.part.replace(" ", "") == (prefix if prefix in own else "")


@every_space
@settings(max_examples=50, deadline=None)
@given(seed=SEEDS)
def test_what_stays_keeps_its_names(space: MacroSpace, seed: int) -> None:
    rng = random.Random(seed)
    parent = space.sample(rng)
    child = space.mutate(parent, rng)
    kept = {name for name, option in parent.choices if name in child and child[name] == option}
    old, new = (space.network(made, space.signature) for made in (parent, child))
    names = {layer.name: layer for layer in new}
    if {"activation", "normalisation", "dropout"} <= kept:
        body = [layer for layer in old if layer.part]
        whole = [part for part, count in Counter(layer.part for layer in body).items() if _same(part, parent, child)]
        for layer in body:
            if layer.part in whole and "fit" not in layer.name:  # what is projected depends on what came before
                assert layer.name in names
                assert names[layer.name].kind == layer.kind


def _same(part: str, parent: Architecture, child: Architecture) -> bool:
    def chosen(made: Architecture) -> list[tuple[str, object]]:
        # whether there is something to pool depends on earlier layers
        return [(n, o) for n, o in made.choices if n.startswith(f"{part.replace(' ', '')}.") and not n.endswith("pool")]

    return chosen(parent) == chosen(child) and not any(o in {"max", "average"} for n, o in parent.choices)


@every_space
@settings(max_examples=50, deadline=None)
@given(seed=SEEDS)
def test_duplicates_take_the_same(space: MacroSpace, seed: int) -> None:
    architecture = draw(space, seed)
    one = space.canonical(architecture)
    assert one in space
    found, expected = space.costs(one), space.costs(architecture)
    assert found["parameters"] == expected["parameters"]
    # to pool one place takes an operation a channel as it is counted, and nothing where it is only flattened
    assert abs(found["flops"] - expected["flops"]) <= 3 * max(space.widths)


@every_space
def test_decisions_are_exact(space: MacroSpace) -> None:
    rng = random.Random(0)
    seen = {repr(decision) for _ in range(400) for decision, _ in space.path(space.sample(rng))}
    assert seen == set(map(repr, space.decisions))


@every_space
def test_defaults_are_small(space: MacroSpace) -> None:
    defaults = space.defaults()
    assert 2 <= len({space.canonical(architecture) for architecture in defaults}) <= 4
    assert all(space.costs(architecture)["parameters"] < 300_000 for architecture in defaults)


@pytest.mark.parametrize("space", [ChainSpace(DIGITS), MultiBranchSpace(TABLE)], ids=["chain", "multi_branch"])
def test_they_offer_what_networks_do(space: MacroSpace) -> None:
    assert space.traits == {Trait.WIDTH, Trait.WEIGHTS, Trait.PROXIES}


def test_branches_in_another_order_are_the_same() -> None:
    space = MultiBranchSpace(DIGITS)
    made: dict[str, Option] = {
        "stages": 1,
        "stage1.branches": 3,
        "stage1.branch1.type": "separable",
        "stage1.branch1.width": 64,
        "stage1.branch1.kernel": 5,
        "stage1.branch2.type": "identity",
        "stage1.branch3.type": "conv",
        "stage1.branch3.width": 16,
        "stage1.branch3.kernel": 3,
        "stage1.pool": "max",
    }
    one = closest(space, made)
    first, last = "stage1.branch1", "stage1.branch3"
    swapped = {
        name.replace(first, "x").replace(last, first).replace("x", last): option for name, option in made.items()
    }
    other = closest(space, swapped)
    assert one != other
    assert space.canonical(one) == space.canonical(other)
    twice = closest(space, {**made, "stage1.branch2.type": "conv", "stage1.branch2.width": 16})
    assert space.canonical(twice) != space.canonical(one)  # equal branches have weights of their own
    assert space.costs(twice)["parameters"] > space.costs(one)["parameters"]


def test_what_nothing_depends_on_is_the_same() -> None:
    space = ChainSpace(TEXT)
    made: dict[str, Option] = {"depth": 1, "layer1.type": "gru", "head.units": 0}
    silu, relu = (closest(space, {**made, "activation": function}) for function in ("silu", "relu"))
    assert space.canonical(silu) == relu
    hidden = closest(space, {**made, "activation": "silu", "head.units": 64})
    assert space.canonical(hidden)["activation"] == "silu"


def test_recurrent_branches_need_no_normalisation() -> None:
    space = MultiBranchSpace(TEXT)
    made: dict[str, Option] = {
        "stages": 1,
        "normalisation": "none",
        "stage1.branches": 2,
        "stage1.branch1.type": "gru",
        "stage1.branch2.type": "gru",
    }
    assert space.canonical(closest(space, made))["normalisation"] == "batch"
    for uses in ({"stage1.branch2.width": 128}, {"stage1.skip0": True}, {"stage1.branch2.type": "conv"}):
        assert space.canonical(closest(space, {**made, **uses}))["normalisation"] == "none"


def test_pooling_of_nothing_is_the_same() -> None:
    made: dict[str, Option] = {"depth": 5, **{f"layer{number}.pool": "max" for number in range(1, 6)}}
    space = ChainSpace(DIGITS)
    one = space.canonical(closest(space, made))
    assert [one[f"layer{number}.pool"] for number in range(1, 6)] == ["max", "max", "max", "none", "none"]
    assert space.canonical(closest(space, {**made, "head.pool": "max"})) == one
    unknown = ChainSpace(Signature("image"))
    assert unknown.canonical(closest(unknown, made)) == closest(unknown, made)


def test_large_images_are_halved_as_often_at_every_resolution() -> None:
    space = ChainSpace(PHOTOS)
    architecture = space.defaults()[0]
    full = space.network(architecture, PHOTOS)
    small = Signature("image", (50, 38, 3), 4, "labels")
    assert [layer.name for layer in full][:5] == ["input", "stem1_conv", "stem1_norm", "stem1_activation", "stem2_conv"]
    assert parameters(space.network(architecture, small), small) == parameters(full, PHOTOS)
    assert flops(space.network(architecture, small), small) < 0.3 * flops(full, PHOTOS)


@pytest.mark.parametrize(
    ("signature", "function"),
    [(DIGITS, "softmax"), (PHOTOS, "sigmoid"), (TABLE, "linear")],
    ids=["one", "any", "number"],
)
def test_the_output_is_what_the_target_needs(signature: Signature, function: str) -> None:
    space = ChainSpace(signature)
    assert space.network(space.defaults()[0], signature).layers[-1].settings["function"] == function


def test_how_to_train_may_be_searched() -> None:
    usual = MultiBranchSpace(DIGITS).recipe(MultiBranchSpace(DIGITS).defaults()[0])
    space = MultiBranchSpace(DIGITS, MultiBranchOptions(recipe="searched"))
    assert [decision.name for decision in space.decisions][-3:] == ["learning_rate", "batch_size", "weight_decay"]
    made: dict[str, Option] = {"learning_rate": 0.01, "batch_size": 256, "weight_decay": 0.0}
    found = space.recipe(closest(space, made))
    assert found is not None
    assert (found.learning_rate, found.batch_size, found.weight_decay) == (0.01, 256, 0.0)
    assert usual != found


def test_options_narrow_the_space() -> None:
    space = ChainSpace(DIGITS, ChainOptions(max_layers=2, widths=(24, 8), kernels=(3,), operations=("conv",)))
    assert space.widths == (8, 24)
    assert space.size() == 3 * 3 * 4 * 27 * ((2 * 3) + (2 * 3) ** 2)
    assert all(architecture["depth"] == 2 for architecture in space.defaults()[1:])
    plain = MultiBranchSpace(DIGITS, MultiBranchOptions(skips=False, max_stages=1))
    assert not any("skip" in decision.name for decision in plain.decisions)


def test_wrong_options_are_refused() -> None:
    with pytest.raises(SpecError, match="'gru' is not an operation on a image in the space 'chain'") as refused:
        ChainSpace(DIGITS, ChainOptions(operations=("gru",)))
    assert refused.value.hint == "those that are: conv, separable, residual"
    with pytest.raises(SpecError, match="the identity alone learns nothing"):
        MultiBranchSpace(TABLE, MultiBranchOptions(operations=("identity",)))
    with pytest.raises(ValidationError, match="its size is odd, not 4"):
        ChainOptions(kernels=(3, 4))


SMALL: dict[str, MacroSpace] = {
    "chain": ChainSpace(DIGITS, ChainOptions(max_layers=1, widths=(8,), kernels=(3,), operations=("conv",))),
    "chain on a table": ChainSpace(TABLE, ChainOptions(max_layers=2, widths=(8, 16))),
    "branches": MultiBranchSpace(
        DIGITS,
        MultiBranchOptions(max_stages=1, max_branches=1, widths=(8,), kernels=(3,), operations=("conv",), skips=False),
    ),
    "branches on a table": MultiBranchSpace(
        TABLE,
        MultiBranchOptions(max_stages=2, max_branches=2, widths=(8,), operations=("dense", "identity"), skips=False),
    ),
    "skips on a table": MultiBranchSpace(
        TABLE, MultiBranchOptions(max_stages=2, max_branches=1, widths=(8,), operations=("dense",))
    ),
}


class TestSmall(SpaceSuite):
    """Small enough to be listed: their sizes are counted one by one."""

    @pytest.fixture(params=list(SMALL))
    @override
    def space(self, request: pytest.FixtureRequest) -> SearchSpace:
        return SMALL[request.param]

    def test_it_is_listed(self, space: SearchSpace) -> None:
        size = space.size()
        assert size is not None
        assert size <= 5_000
