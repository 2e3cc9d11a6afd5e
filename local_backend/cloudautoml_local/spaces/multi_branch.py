"""The branched macro space: stages of parallel branches, joined, with skips from what came before."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Annotated, ClassVar, NamedTuple

from pydantic import Field
from typing_extensions import override

from cloudautoml.errors import SpecError
from cloudautoml.search import Architecture, Decision, SpaceOptions
from cloudautoml_local.spaces.macro import POOLS, MacroOptions, MacroSpace, closest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cloudautoml.search import InputKind, Option, Signature
    from cloudautoml_local.networks.graph import Network
    from cloudautoml_local.spaces.canvas import Canvas
    from cloudautoml_local.spaces.macro import Operation


class MultiBranchOptions(MacroOptions):
    """Options of the space of branched networks."""

    max_stages: Annotated[int, Field(ge=1)] = 3
    """Stages at most."""
    max_branches: Annotated[int, Field(ge=1)] = 3
    """Branches of a stage at most."""
    skips: bool = True
    """Whether a stage may also add what earlier ones gave."""


class _Stage(NamedTuple):
    """The decisions on a stage; on a branch there are three: its type, its width, its kernel."""

    number: Decision
    branches: Sequence[tuple[Decision, Decision, Decision]]
    merge: Decision
    skips: Sequence[Decision]
    pool: Decision


class MultiBranchSpace(MacroSpace):
    """Stages one after the other; the branches of a stage read the same, and are added or set side by side.

    Where branches are added, those of other channels than the widest are projected. A stage may skip: it adds, always
    projected, what any earlier stage gave. The first branch of a stage has weights; the others may be the identity.
    """

    name: ClassVar[str] = "multi_branch"
    paper: ClassVar[str] = "Zoph and Le, 2017, ICLR"
    options_type: ClassVar[type[SpaceOptions]] = MultiBranchOptions
    OPERATIONS: ClassVar[Mapping[InputKind, tuple[Operation, ...]]] = {
        "image": ("conv", "separable", "dilated", "pool", "identity"),
        "sequence": ("conv", "separable", "gru", "lstm", "attention", "pool", "identity"),
        "table": ("dense", "deep", "identity"),
    }

    def __init__(self, signature: Signature, options: MultiBranchOptions | None = None) -> None:
        super().__init__(signature, options)
        given = options or MultiBranchOptions()
        weighted = tuple(name for name in self.operations if name != "identity")
        if not weighted:
            raise SpecError("the identity alone learns nothing", where="search.space.operations")
        self._operations = (weighted, tuple(dict.fromkeys((*weighted, *self.operations))))
        self._count = Decision("stages", tuple(range(1, given.max_stages + 1)), ordered=True)
        self._branches = given.max_branches
        self._skips = given.skips
        self._stages = [self._stage(number) for number in range(1, given.max_stages + 1)]

    def _stage(self, number: int) -> _Stage:
        prefix = f"stage{number}"
        branches: list[tuple[Decision, Decision, Decision]] = []
        for index in range(1, self._branches + 1):
            operations = self._operations[index > 1]
            branches.append(
                (Decision(f"{prefix}.branch{index}.type", operations), *self.window(f"{prefix}.branch{index}"))
            )
        return _Stage(
            number=Decision(f"{prefix}.branches", tuple(range(1, self._branches + 1)), ordered=True),
            branches=branches,
            merge=Decision(f"{prefix}.merge", ("add", "concat")),
            skips=[Decision(f"{prefix}.skip{earlier}", (False, True)) for earlier in range(number) if self._skips],
            pool=Decision(f"{prefix}.pool", POOLS),
        )

    @override
    def body(self, made: Mapping[str, Option]) -> Iterator[Decision]:
        yield self._count
        for stage in self._stages[: int(made["stages"] or 0)]:
            yield stage.number
            count = int(made[stage.number.name] or 0)
            for kind, width, kernel in stage.branches[:count]:
                yield kind
                if made[kind.name] != "identity":
                    yield width
                if self.slides(made[kind.name]):
                    yield kernel
            if count > 1:
                yield stage.merge
            yield from stage.skips
            if self.has_places:
                yield stage.pool

    @override
    def body_decisions(self) -> Iterable[Decision]:
        yield self._count
        for stage in self._stages:
            yield stage.number
            for kind, width, kernel in stage.branches:
                yield kind
                yield width
                if any(map(self.slides, kind.options)):
                    yield kernel
            if len(stage.branches) > 1:
                yield stage.merge
            yield from stage.skips
            if self.has_places:
                yield stage.pool

    @override
    def body_size(self) -> int:
        total, product = 0, 1
        for stage in self._stages:
            ways = [sum(self._windows(option) for option in kind.options) for kind, *_ in stage.branches]
            merged = sum(prod(ways[:count]) * (1 if count == 1 else 2) for count in range(1, len(ways) + 1))
            product *= merged * 2 ** len(stage.skips) * (len(POOLS) if self.has_places else 1)
            total += product
        return total

    def _windows(self, operation: Option) -> int:
        if operation == "identity":
            return 1
        return len(self.widths) * (len(self.kernels) if self.slides(operation) else 1)

    @override
    def pools(self, made: Mapping[str, Option]) -> Sequence[str]:
        return [stage.pool.name for stage in self._stages[: int(made["stages"] or 0)]] if self.has_places else []

    @override
    def canonical(self, architecture: Architecture) -> Architecture:
        """The same with the branches of every stage in one order, and without what has nothing to do."""
        alive = self.without_idle_pools(architecture.as_dict())
        if all(self._unnormalised(stage, alive) for stage in self._stages[: int(alive["stages"] or 0)]):
            alive["normalisation"] = self.first[1].options[0]
        for stage in self._stages[: int(alive["stages"] or 0)]:
            branches = stage.branches[: int(alive[stage.number.name] or 0)]
            chosen = [[alive.get(part.name) for part in branch] for branch in branches]
            chosen.sort(key=self._rank)
            for branch, options in zip(branches, chosen, strict=True):
                alive.update((part.name, option) for part, option in zip(branch, options, strict=True))
        return closest(self, alive)

    def _unnormalised(self, stage: _Stage, made: Mapping[str, Option]) -> bool:
        """Whether nothing in a stage is normalised: recurrent networks are not, and they meet without a projection."""
        branches = stage.branches[: int(made[stage.number.name] or 0)]
        types = {made[kind.name] for kind, *_ in branches}
        widths = {made.get(width.name) for _, width, _ in branches}
        meet = len(widths) == 1 or made.get(stage.merge.name) == "concat"
        return types <= {"gru", "lstm"} and meet and not any(made[skip.name] for skip in stage.skips)

    def _rank(self, branch: Sequence[Option]) -> tuple[int, int, int]:
        kind, width, kernel = branch
        return self._operations[1].index(str(kind)), int(width or 0), int(kernel or 0)  # the identity is last there

    @override
    def network(
        self, architecture: Architecture, signature: Signature, *, width: float = 1.0, cells: float = 1.0
    ) -> Network:
        made = architecture.as_dict()
        canvas, start = self.canvas(made, signature, width=width)
        given = [start]
        for number, stage in enumerate(self._stages[: int(made["stages"] or 0)], start=1):
            canvas.part = f"stage {number}"
            given.append(_draw(canvas, stage, f"stage{number}", given, made))
        canvas.finish_with(given[-1], made)
        return canvas.finish()

    @override
    def defaults(self) -> Sequence[Architecture]:
        return tuple(dict.fromkeys(closest(self, wanted) for wanted in _DEFAULTS[self.signature.kind]))


def _draw(canvas: Canvas, stage: _Stage, prefix: str, given: Sequence[str], made: Mapping[str, Option]) -> str:
    """A stage: branches, what joins them, skips, activation, dropout, pooling."""
    branches = stage.branches[: int(made[stage.number.name] or 0)]
    names = [f"{prefix}_branch{index}" for index in range(1, len(branches) + 1)]
    ends = [
        _branch(canvas, str(made[kind.name]), given[-1], name, width=made.get(width.name), kernel=made.get(kernel.name))
        for name, (kind, width, kernel) in zip(names, branches, strict=True)
    ]
    merge = str(made.get(stage.merge.name, "add"))
    if merge == "add":
        widest = max(canvas.channels(end) for end in ends if end != given[-1])
        ends = [
            end if canvas.channels(end) == widest else canvas.project(end, f"{name}_fit", units=widest)
            for name, end in zip(names, ends, strict=True)
        ]
    last = canvas.add(merge, *ends, name=f"{prefix}_{merge}") if len(ends) > 1 else ends[0]
    if earlier := [index for index, skip in enumerate(stage.skips) if made[skip.name]]:
        skipped = [_skip(canvas, given[index], last, f"{prefix}_skip{index}") for index in earlier]
        last = canvas.add("add", last, *skipped, name=f"{prefix}_join")
    last = canvas.drop(canvas.activate(last, prefix), prefix, canvas.style.dropout)
    return canvas.halve(last, prefix, str(made.get(stage.pool.name, "none")))


def _branch(canvas: Canvas, operation: str, last: str, prefix: str, *, width: Option, kernel: Option) -> str:
    """A branch, not activated: so one whose last normalisation begins with zeros changes nothing, and still learns."""
    if operation == "identity":
        return last
    units, size = canvas.style.units(width), int(kernel or 1)
    if operation == "deep":
        inner = canvas.activate(canvas.operate("dense", last, f"{prefix}_inner", units=units), f"{prefix}_inner")
        return canvas.operate("dense", inner, f"{prefix}_outer", units=units)
    if operation == "pool":
        pooled = canvas.add("pool", last, name=f"{prefix}_pool", op="max", size=size)
        return canvas.project(pooled, f"{prefix}_project", units=units)
    if operation == "attention":
        return canvas.project(canvas.operate(operation, last, prefix, units=units), f"{prefix}_project", units=units)
    return canvas.operate(operation, last, prefix, units=units, kernel=size)


def _skip(canvas: Canvas, skipped: str, last: str, prefix: str) -> str:
    """What is skipped, in the shape of the layer that it is to be added to."""
    sides, wanted = canvas.places(skipped), canvas.places(last)
    step = 1
    while tuple(-(-side // step) for side in sides) != wanted:
        step *= 2
    if step > 1:
        skipped = canvas.add("pool", skipped, name=f"{prefix}_pool", op="average", size=step, stride=step)
    return canvas.project(skipped, prefix, units=canvas.channels(last))


def _stages(*stages: Sequence[tuple[str, int, int]]) -> dict[str, Option]:
    """Choices for stages of branches of these types, widths and kernels, each with a skip around it."""
    made: dict[str, Option] = {"stages": len(stages)}
    for number, branches in enumerate(stages, start=1):
        made[f"stage{number}.branches"] = len(branches)
        for index, branch in enumerate(branches, start=1):
            names = (f"stage{number}.branch{index}.{part}" for part in ("type", "width", "kernel"))
            made.update(zip(names, branch, strict=True))
        made[f"stage{number}.skip{number - 1}"] = True
        made[f"stage{number}.pool"] = "none" if number == len(stages) else "max"
    return made


_DEFAULTS: Mapping[InputKind, Sequence[Mapping[str, Option]]] = {
    "image": (
        _stages([("conv", 32, 3)], [("conv", 64, 3)], [("conv", 128, 3)]) | {"head.dropout": 0.2},
        _stages(
            [("conv", 16, 3), ("conv", 16, 5), ("pool", 16, 3)],
            [("conv", 32, 3), ("conv", 32, 5), ("pool", 32, 3)],
            [("conv", 64, 3), ("separable", 64, 5)],
        )
        | {f"stage{number}.merge": "concat" for number in (1, 2, 3)}
        | {"head.dropout": 0.2},
        _stages([("conv", 32, 3), ("separable", 32, 5)], [("conv", 64, 3), ("separable", 64, 5)])
        | {"head.pool": "grid", "head.units": 128, "head.dropout": 0.4},
    ),
    "sequence": (
        _stages([("conv", 64, 3), ("conv", 64, 5), ("conv", 64, 7)])
        | {"stage1.merge": "concat", "stage1.skip0": False, "head.pool": "max", "head.dropout": 0.4},
        _stages([("gru", 64, 3), ("conv", 64, 3)]) | {"head.pool": "max", "head.dropout": 0.2},
        _stages([("conv", 64, 5)], [("attention", 64, 3), ("conv", 64, 3)]) | {"head.dropout": 0.2},
    ),
    "table": (
        _stages([("deep", 128, 1)]) | {"dropout": 0.1},
        _stages([("dense", 256, 1)], [("dense", 128, 1)]) | {"dropout": 0.1},
        _stages([("dense", 64, 1)]) | {"stage1.skip0": False},
    ),
}
