"""Drawing: the best candidate's layers as JSON, for whoever draws them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudautoml.store.files import write_json
from cloudautoml_local.spaces.neural import NetworkSpace

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml.search import Architecture, SearchSpace, Signature
    from cloudautoml_local.networks.graph import Network


def write_best(
    directory: Path, space: SearchSpace, model: str, architecture: Architecture, signature: Signature
) -> None:
    """Write `best.json`: the candidate's name, its choices, and where the space knows them its layers.

    Args:
        directory: The task's folder.
        space: The space of the job.
        model: The candidate's name in the leaderboard.
        architecture: What was chosen.
        signature: What its network takes and gives.
    """
    best: dict[str, Any] = {"model": model, "space": space.name, "choices": architecture.as_dict()}
    if isinstance(space, NetworkSpace):
        best["layers"] = layers_of(space.network(architecture, signature))
        best["overview"] = [
            {"title": title, "layers": layers_of(network)} for title, network in space.overview(architecture)
        ]
    write_json(directory / "best.json", best)


def layers_of(network: Network) -> list[dict[str, Any]]:
    """The layers of a network as JSON objects."""
    return [
        {
            "name": layer.name,
            "kind": layer.kind,
            "inputs": list(layer.inputs),
            "settings": dict(layer.settings),
            "part": layer.part,
        }
        for layer in network
    ]
