"""The detector: a space of networks that find objects without anchors, on a backbone of their own or a trained one."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal

from pydantic import Field
from typing_extensions import override

from cloudautoml.search import Architecture, Decision, SearchSpace, SpaceOptions
from cloudautoml_local.spaces.neural import Recipe, next_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cloudautoml.search import InputKind, Option, Signature

Tuned = Literal["head", "top", "all"]
Augment = Literal["none", "flip", "scale", "strong"]

BATCH: Final = 16
"""Images a step, unless a candidate says otherwise."""
_STEP: Final = 32
_LEAST: Final = 64


class DetectorOptions(SpaceOptions):
    """Options of the space of detectors."""

    weights: str | None = None
    """File with the weights of EfficientNet-Lite0 (`.npz`); the backbone is trained from scratch unless given."""
    side: Annotated[int, Field(ge=32, le=1024)] | None = None
    """Pixels of the square that images are fitted into; by the data unless given."""
    resolutions: Annotated[tuple[Annotated[float, Field(gt=0, le=1)], ...], Field(min_length=1)] = (0.625, 0.75, 1.0)
    """Shares of `side` that networks may see."""
    widths: Annotated[tuple[Annotated[int, Field(ge=4)], ...], Field(min_length=1)] | None = None
    """Channels: of the first stage from scratch, of the head on a trained backbone."""
    depths: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)] = (1, 2, 3)
    """Layers: of each stage from scratch, of the head on a trained backbone."""
    strides: Annotated[tuple[Literal[4, 8, 16], ...], Field(min_length=1)] | None = None
    """Pixels between the places where objects may be found."""
    augment: Annotated[tuple[Augment, ...], Field(min_length=1)] = ("flip", "scale", "strong")
    """How images may be varied: mirrored, also moved and zoomed, also stretched and recoloured."""
    tuned: Annotated[tuple[Tuned, ...], Field(min_length=1)] = ("head", "top")
    """What is trained on a trained backbone: the head alone, the last stages too, or all."""
    batch_size: Annotated[int, Field(ge=1)] = BATCH
    """Images a step."""


class DetectorSpace(SearchSpace):
    """Detectors that tell for each place how likely a thing of each class is centred there, and how far its edges are.

    Args:
        signature: What they see, and how many classes there are.
        options: Options of the space.
    """

    name: ClassVar[str] = "detector"
    paper: ClassVar[str] = "Zhou et al., 2019, arXiv:1904.07850; Tian et al., 2019, ICCV"
    inputs: ClassVar[frozenset[InputKind]] = frozenset({"scene"})
    options_type: ClassVar[type[SpaceOptions]] = DetectorOptions

    def __init__(self, signature: Signature, options: DetectorOptions | None = None) -> None:
        self.signature = signature
        self.options = options or DetectorOptions()

    @classmethod
    @override
    def create(cls, signature: Signature, options: SpaceOptions) -> DetectorSpace:
        return cls(signature, DetectorOptions.model_validate(options.model_dump()))

    @property
    def trained(self) -> bool:
        """Whether the backbone has been trained before."""
        return self.options.weights is not None

    @cached_property
    def _all(self) -> tuple[Decision, ...]:
        options, trained = self.options, self.trained
        widths = options.widths or ((64, 96, 128) if trained else (16, 24, 32))
        strides = options.strides or ((8, 16) if trained else (4, 8, 16))
        made = [
            Decision("resolution", tuple(sorted(set(options.resolutions))), ordered=True),
            Decision("width", tuple(sorted(set(widths))), ordered=True),
            Decision("depth", tuple(sorted(set(options.depths))), ordered=True),
            Decision("stride", tuple(sorted(set(strides))), ordered=True),
            Decision("augment", tuple(dict.fromkeys(options.augment)), ordered=True),
            Decision("learning_rate", (5e-4, 1e-3, 2e-3, 4e-3), ordered=True),
        ]
        if trained:
            made.insert(0, Decision("tuned", tuple(dict.fromkeys(options.tuned)), ordered=True))
        return tuple(made)

    @override
    def decide(self, prefix: Mapping[str, Option]) -> Decision | None:
        return next_of(self._all, prefix)

    @override
    def size(self) -> int:
        total = 1
        for decision in self._all:
            total *= len(decision.options)
        return total

    @override
    def defaults(self) -> Sequence[Architecture]:
        wanted = _TRAINED if self.trained else _SCRATCH
        return tuple(dict.fromkeys(self._closest(choices) for choices in wanted))

    def _closest(self, wanted: Mapping[str, Option]) -> Architecture:
        made = {decision.name: _nearest(decision, wanted.get(decision.name)) for decision in self._all}
        return Architecture(tuple(made.items()))

    def resolution(self, architecture: Architecture, *, side: int) -> int:
        """Pixels of the squares that a candidate sees, of images that are kept in squares of `side`."""
        wanted = float(architecture["resolution"] or 1.0) * side
        return max(min(_LEAST, side), round(wanted / _STEP) * _STEP)

    def recipe(self, architecture: Architecture) -> Recipe:
        """How to train a candidate."""
        return Recipe(float(architecture["learning_rate"] or 1e-3), self.options.batch_size, 1e-4)

    def build(self, architecture: Architecture, *, side: int, classes: int, weights: Any) -> Any:
        """The networks of a candidate, not trained: a `Detector`.

        Args:
            architecture: The candidate.
            side: Pixels of the squares that images are kept in.
            classes: How many there are.
            weights: What `read_backbone` read, for a trained backbone.
        """
        from cloudautoml_local.networks.detector import from_scratch, on_backbone

        made, seen = architecture.as_dict(), self.resolution(architecture, side=side)
        width, depth, stride = (int(made[name] or 1) for name in ("width", "depth", "stride"))
        if not self.trained:
            return from_scratch(seen, classes, width=width, depth=depth, stride=stride)
        return on_backbone(weights, seen, classes, width=width, depth=depth, stride=stride, tuned=str(made["tuned"]))


def _nearest(decision: Decision, wanted: Option) -> Option:
    if wanted in decision.options:
        return wanted
    if isinstance(wanted, (int, float)):
        numbers = [option for option in decision.options if isinstance(option, (int, float))]
        return min(numbers, key=lambda option: abs(option - wanted))
    return decision.options[-1]


_CHOICES: Final = ("resolution", "width", "depth", "stride", "augment", "learning_rate", "tuned")


def _wanted(*choices: Option) -> Mapping[str, Option]:
    return dict(zip(_CHOICES, choices, strict=False))  # the last one is for trained backbones


_TRAINED: Final[Sequence[Mapping[str, Option]]] = (
    _wanted(0.75, 96, 2, 16, "scale", 1e-3, "top"),
    _wanted(1.0, 96, 1, 16, "strong", 1e-3, "top"),
    _wanted(0.75, 96, 2, 16, "scale", 2e-3, "head"),
)
_SCRATCH: Final[Sequence[Mapping[str, Option]]] = (
    _wanted(1.0, 16, 1, 8, "scale", 4e-3),
    _wanted(1.0, 24, 2, 8, "scale", 2e-3),
    _wanted(0.75, 32, 1, 16, "strong", 2e-3),
)
