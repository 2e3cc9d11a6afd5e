"""The space of text classifiers: which family of models, then what it reads and how it learns."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Final

from typing_extensions import override

from cloudautoml.errors import SpecError, UnknownNameError
from cloudautoml.search import Architecture, Decision, SearchSpace, SpaceOptions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cloudautoml.search import InputKind, Option, Signature

FAMILIES: Final = ("linear", "embedding", "network")
"""Linear models of n-grams; linear models of sentence embeddings; networks that learn their own."""

_STRENGTH = (0.1, 0.3, 1.0, 3.0, 10.0)
_FEATURES = Decision("linear.features", ("both", "words", "chars"))
_WORDS = Decision("linear.words", (1, 2, 3), ordered=True)
_CHARS = Decision("linear.chars", (3, 4, 5), ordered=True)
_FEWEST = Decision("linear.fewest", (1, 2, 3), ordered=True)
_METHOD = Decision("linear.method", ("svm", "logistic", "bayes"))
_LOG_COUNTS = Decision("linear.log_counts", (False, True))
_LINEAR_STRENGTH = Decision("linear.strength", _STRENGTH, ordered=True)
_EMBEDDING = (
    Decision("embedding.features", ("embedding", "words", "both")),
    Decision("embedding.method", ("svm", "logistic")),
    Decision("embedding.strength", _STRENGTH, ordered=True),
)
_NETWORK = (
    Decision("network.layer", ("conv", "gru", "attention")),
    Decision("network.embedding", (32, 64, 128), ordered=True),
    Decision("network.width", (32, 64, 128), ordered=True),
    Decision("network.dropout", (0.0, 0.2, 0.4), ordered=True),
)

_DEFAULTS: Final[Sequence[Mapping[str, Option]]] = (
    {"family": "linear", "linear.strength": 0.3},
    {"family": "embedding", "embedding.features": "both", "embedding.strength": 0.3},
    {"family": "linear", "linear.features": "words", "linear.words": 2, "linear.log_counts": True},
    {"family": "embedding", "embedding.features": "words", "embedding.strength": 0.3},
    {"family": "linear", "linear.features": "chars"},
    {"family": "linear", "linear.log_counts": True, "linear.fewest": 2},
    {"family": "network", "network.dropout": 0.4, "network.embedding": 64, "network.width": 64},
    {"family": "linear", "linear.method": "bayes", "linear.fewest": 2},
    {"family": "embedding", "embedding.features": "embedding", "embedding.strength": 3.0},
    {"family": "linear", "linear.features": "words", "linear.words": 2, "linear.fewest": 2, "linear.strength": 0.3},
    {"family": "linear", "linear.words": 3, "linear.chars": 4, "linear.strength": 3.0},
    {"family": "embedding", "embedding.method": "logistic", "embedding.strength": 1.0},
    {"family": "network", "network.layer": "attention", "network.dropout": 0.2},
)
"""In the order to try them: cheap, strong and unlike each other first; of what is not said, the usual."""

_USUAL: Final[Mapping[str, Option]] = {
    "linear.words": 2, "linear.chars": 5, "linear.strength": 1.0, "embedding.strength": 1.0,
    "network.embedding": 64, "network.width": 64, "network.dropout": 0.2,
}  # fmt: skip


class TextOptions(SpaceOptions):
    """Options of the space of text classifiers."""

    families: tuple[str, ...] | None = None
    """Families to choose from; all that there is everything for unless given."""
    embeddings: str | None = None
    """Folder of a sentence-embedding model: `model.onnx` and `tokenizer.json`. Without it the family `embedding` is
    there when the folder that `CLOUDAUTOML_WEIGHTS` names holds one in `sentence_embeddings`."""


class TextSpace(SearchSpace):
    """Families of text classifiers, each with its own decisions, which are named `family.decision`.

    Args:
        families: Names of families to choose from.

    Raises:
        UnknownNameError: There is no such family.
        SpecError: None is given.
    """

    name: ClassVar[str] = "text"
    inputs: ClassVar[frozenset[InputKind]] = frozenset({"sequence"})
    options_type: ClassVar[type[SpaceOptions]] = TextOptions

    def __init__(self, families: Sequence[str] = ("linear", "network")) -> None:
        for family in families:
            if family not in FAMILIES:
                raise UnknownNameError("model family", family, list(FAMILIES))
        self.families = tuple(name for name in FAMILIES if name in families)
        if not self.families:
            raise SpecError("no family of models is left", where="search.families")

    @classmethod
    @override
    def create(cls, signature: Signature, options: SpaceOptions) -> TextSpace:
        from cloudautoml_local.tasks.text.embedder import find_embedder

        given = options if isinstance(options, TextOptions) else TextOptions()
        wanted = given.families or FAMILIES
        if find_embedder(given.embeddings) is not None:
            return cls(wanted)
        if given.families is not None and "embedding" in wanted:
            raise SpecError(
                "the family 'embedding' needs a sentence-embedding model, and none is given",
                where="search.space.embeddings",
                hint="name the folder of its model.onnx and tokenizer.json here, or put it as sentence_embeddings "
                "into the folder that CLOUDAUTOML_WEIGHTS names; nothing is downloaded",
            )
        return cls([name for name in wanted if name != "embedding"])

    def _path(self, made: Mapping[str, Option]) -> Iterator[Decision]:
        """The decisions after some choices; it stops being read at the first one that is not made."""
        yield Decision("family", self.families)
        match made["family"]:
            case "linear":
                yield _FEATURES
                if made[_FEATURES.name] != "chars":
                    yield _WORDS
                if made[_FEATURES.name] != "words":
                    yield _CHARS
                yield _FEWEST
                yield _METHOD
                if made[_METHOD.name] != "bayes":
                    yield _LOG_COUNTS
                yield _LINEAR_STRENGTH
            case "embedding":
                yield from _EMBEDDING
            case _:
                yield from _NETWORK

    @override
    def decide(self, prefix: Mapping[str, Option]) -> Decision | None:
        return next((decision for decision in self._path(prefix) if decision.name not in prefix), None)

    @override
    def defaults(self) -> Sequence[Architecture]:
        return tuple(self._completed(wanted) for wanted in _DEFAULTS if wanted["family"] in self.families)

    def _completed(self, wanted: Mapping[str, Option]) -> Architecture:
        made: dict[str, Option] = {}
        while (decision := self.decide(made)) is not None:
            made[decision.name] = wanted.get(decision.name, _USUAL.get(decision.name, decision.options[0]))
        return Architecture(tuple(made.items()))

    @cached_property
    def _sizes(self) -> dict[str, int]:
        features = len(_WORDS.options) * len(_CHARS.options) + len(_WORDS.options) + len(_CHARS.options)
        sizes = {"linear": features * len(_FEWEST.options) * (2 * len(_LOG_COUNTS.options) + 1) * len(_STRENGTH)}
        for family, decisions in (("embedding", _EMBEDDING), ("network", _NETWORK)):
            sizes[family] = 1
            for decision in decisions:
                sizes[family] *= len(decision.options)
        return sizes

    @override
    def size(self) -> int:
        return sum(self._sizes[family] for family in self.families)
