"""The space of heads on a pretrained backbone: what is put on features that a network learned elsewhere."""

from __future__ import annotations

import os
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Final

from pydantic import Field
from typing_extensions import override

from cloudautoml.errors import SpecError
from cloudautoml.search import Architecture, Decision, SpaceOptions, Trait
from cloudautoml_local.networks.graph import Sketch
from cloudautoml_local.spaces.neural import NetworkSpace, Recipe, next_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cloudautoml.search import InputKind, Option, Signature
    from cloudautoml_local.networks.graph import Network

FOLDER: Final = "CLOUDAUTOML_WEIGHTS"
"""Variable of the environment: the folder in which weights are looked for."""

APPLICATIONS: Final[Mapping[str, tuple[float, float] | None]] = {
    **dict.fromkeys(("MobileNet", "MobileNetV2", "InceptionV3", "Xception", "NASNetMobile"), (1 / 127.5, -1.0)),
    **dict.fromkeys(("ResNet50V2", "ResNet101V2", "InceptionResNetV2"), (1 / 127.5, -1.0)),
    **{f"EfficientNetB{size}": None for size in range(8)},
    **{f"EfficientNetV2{size}": None for size in ("B0", "B1", "B2", "B3", "S", "M", "L")},
    **dict.fromkeys(("ConvNeXtTiny", "ConvNeXtSmall", "ConvNeXtBase", "MobileNetV3Small", "MobileNetV3Large"), None),
}
"""Networks of Keras, and by what their pixels are multiplied and shifted first; None where they do it themselves."""

_ENDINGS: Final = (".keras", ".weights.h5", ".h5", ".npz")

HEAD: Final = (
    Decision("head.units", (0, 64, 256), ordered=True),
    Decision("head.dropout", (0.0, 0.2, 0.5), ordered=True),
    Decision("learning_rate", (1e-3, 3e-3, 1e-2), ordered=True),
    Decision("weight_decay", (1e-4, 1e-3, 1e-2, 1e-1), ordered=True),
)


class PretrainedOptions(SpaceOptions):
    """Options of a pretrained backbone; nothing is ever downloaded."""

    weights: str | None = None
    """File of the weights: `.keras`, `.weights.h5` or `.npz`; looked for in the folder that `CLOUDAUTOML_WEIGHTS` names
    unless given."""
    network: str | None = None
    """What the weights are of: a network of Keras (`MobileNetV2`), or for `.npz` a function of the arrays that returns
    a Keras model (`path/to/file.py:build`); not needed for `.keras`."""
    size: Annotated[int, Field(ge=16, le=1024)] = 224
    """Height and width of the images that the backbone sees."""


class PretrainedSpace(NetworkSpace):
    """A linear head or one hidden layer on frozen features, which are computed once for all candidates.

    Args:
        signature: Of images before the data is read; afterwards of their features.
        options: Which backbone.

    Raises:
        SpecError: There are no weights, or it is not known what they are of.
    """

    name: ClassVar[str] = "pretrained"
    paper: ClassVar[str] = "Donahue et al., 2014, ICML"
    inputs: ClassVar[frozenset[InputKind]] = frozenset({"image"})
    options_type: ClassVar[type[SpaceOptions]] = PretrainedOptions
    traits: frozenset[Trait] = frozenset()

    def __init__(self, signature: Signature, options: SpaceOptions | None = None) -> None:
        super().__init__(signature, options)
        assert isinstance(self.options, PretrainedOptions)
        find_weights(self.options)

    @override
    def decide(self, prefix: Mapping[str, Option]) -> Decision | None:
        return next_of(HEAD, prefix)

    @override
    def size(self) -> int:
        return prod(len(decision.options) for decision in HEAD)

    @override
    def network(
        self, architecture: Architecture, signature: Signature, *, width: float = 1.0, cells: float = 1.0
    ) -> Network:
        made = architecture.as_dict()
        sketch = Sketch()
        last = sketch.add("norm", "input", name="standard", type="batch")
        if units := int(made["head.units"] or 0):
            last = sketch.add("dense", last, name="hidden", units=max(4, round(units * width)))
            last = sketch.add("activation", last, name="hidden_activation", function="relu")
        if rate := float(made["head.dropout"] or 0):
            last = sketch.add("dropout", last, name="head_dropout", rate=rate)
        last = sketch.add("dense", last, name="output", units=signature.outputs)
        function = "sigmoid" if signature.target == "labels" else "softmax"
        sketch.add("activation", last, name="output_activation", function=function)
        return sketch.finish()

    @override
    def recipe(self, architecture: Architecture) -> Recipe:
        made = architecture.as_dict()
        return Recipe(float(made["learning_rate"] or 3e-3), 32, float(made["weight_decay"] or 0.0))

    @override
    def defaults(self) -> Sequence[Architecture]:
        # what is known to do well on few images: a linear head, then a hidden layer with much dropout
        wanted = ((0, 0.2, 3e-3, 1e-2), (256, 0.5, 3e-3, 1e-2), (0, 0.0, 1e-3, 1e-1))
        names = [decision.name for decision in HEAD]
        return tuple(Architecture(tuple(zip(names, values, strict=True))) for values in wanted)


def find_weights(options: PretrainedOptions) -> Path:
    """The file of the weights.

    Raises:
        SpecError: It is not there, or it is not known what network it is of.
    """
    path = Path(options.weights).expanduser() if options.weights else _in_folder(options.network)
    if not path.is_file():
        hint = f"put the file there, or name another in search.space.weights; nothing is downloaded ({FOLDER})"
        raise SpecError(f"there are no weights at {path}", where="search.space.weights", hint=hint)
    network, name = options.network or "", path.name.lower()
    if not name.endswith(_ENDINGS):
        endings = ", ".join(_ENDINGS)
        raise SpecError(f"{path.name} ends in none of {endings}", where="search.space.weights")
    if name.endswith(".npz") and ":" not in network:
        hint = "a function of the arrays that returns a Keras model: path/to/file.py:build"
        raise SpecError(f"what are the arrays of {path.name} of?", where="search.space.network", hint=hint)
    if name.endswith(".h5") and network not in APPLICATIONS:
        hint = f"one of {', '.join(APPLICATIONS)}"
        problem = f"{network!r} is no network of Keras that is known here" if network else "which network is it?"
        raise SpecError(f"{path.name}: {problem}", where="search.space.network", hint=hint)
    if ":" in network:
        from cloudautoml_local.spaces.hypermodel_builder import find_builder

        find_builder(network)
    return path


def _in_folder(network: str | None) -> Path:
    named = os.environ.get(FOLDER)
    if not named:
        hint = f"name a file in search.space.weights, or a folder of such files in {FOLDER}; nothing is downloaded"
        raise SpecError("no weights are named", where="search.space.weights", hint=hint)
    folder = Path(named).expanduser()
    files = sorted(path for path in folder.glob("*") if path.name.lower().endswith(_ENDINGS))
    if network and ":" not in network:
        files = [path for path in files if path.name.lower().startswith(network.lower())]
    elif network:
        files = [path for path in files if path.suffix == ".npz"]
    if len(files) != 1:
        found = ", ".join(path.name for path in files) or "none"
        hint = f"put one of {', '.join(_ENDINGS)} there, named as the network, or name it in search.space.weights"
        raise SpecError(f"the folder {folder} holds {len(files)} fitting weights ({found})", where=FOLDER, hint=hint)
    return files[0]
