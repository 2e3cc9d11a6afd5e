"""What networks learn, whatever the input: trials in epochs, one winner among equals, and saved models."""

from cloudautoml_local.tasks.neural.kinds import load_neural_model
from cloudautoml_local.tasks.neural.task import NeuralTask

__all__ = ["NeuralTask", "load_neural_model"]
