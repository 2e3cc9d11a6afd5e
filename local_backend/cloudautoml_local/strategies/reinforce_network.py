"""The arithmetic of the recurrent controller, compiled by TensorFlow once for all controllers of like size."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_NO_OPTION: Final = -1e9
"""Added to the score of what is no option."""
_MOMENTS: Final = (0.9, 0.99)
"""How fast Adam forgets: a search has some hundred steps, not some million."""
_LARGEST_STEP: Final = 1.0
"""Norm that the gradient of a weight is cut to."""
_LIKELIER: Final = 20.0
"""Logarithm beyond which it does not matter how much likelier something has become."""


@dataclass(frozen=True, slots=True)
class Functions:
    """Functions of weights, and of what is chosen; all arguments but the last are arrays.

    Weights are the embedding of tokens, kernel and biases of the LSTM, and kernel and biases of the outputs.

    Attributes:
        step: `(weights, state, inputs, options)` to the chances of the next options and the next state; the inputs
            are tokens last chosen, first tokens of the next decisions and numbers of their options.
        likelihoods: `(weights, sequences, options)` to the logarithm of how likely each sequence is; sequences are
            inputs as above and positions that were chosen, of each step and sequence.
        learn: `(trained, sequences, outcomes, rates, options)` to `trained` one step later: pairs of a weight and
            Adam's two moments of it. Outcomes are advantages, likelihoods when it was chosen, and 1 for a sequence
            that counts; rates are the learning rate, the weight of the entropy, the most that something counts for
            having become likelier, and the number of the step.
    """

    step: Callable[..., Any]
    likelihoods: Callable[..., Any]
    learn: Callable[..., Any]


@cache
def functions() -> Functions:
    """The functions; TensorFlow is imported at the first call.

    All run on the processor: they are tiny, and a graphics card gives other digits.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    for device in tf.config.list_physical_devices("GPU"):
        try:  # trials need its memory, so take no more than is used
            tf.config.experimental.set_memory_growth(device, enable=True)
        except (RuntimeError, ValueError):  # what has been in use is settled
            continue

    def run(weights: Any, state: Any, tokens: Any) -> tuple[Any, Any]:
        """Scores of all tokens after each step, and the last state."""
        embedding, kernel, gates, outputs, biases = weights
        peepholes = tf.zeros_like(gates[: outputs.shape[0]])
        ran = tf.raw_ops.BlockLSTMV2(
            seq_len_max=tf.constant(tokens.shape[0], tf.int64),
            x=tf.gather(embedding, tokens),
            cs_prev=state[0],
            h_prev=state[1],
            w=kernel,
            wci=peepholes,
            wcf=peepholes,
            wco=peepholes,
            b=gates,
            cell_clip=0.0,
            use_peephole=False,
        )
        return tf.tensordot(ran.h, outputs, 1) + biases, tf.stack([ran.cs[-1], ran.h[-1]])

    def logarithms(scores: Any, starts: Any, counts: Any, options: int) -> tuple[Any, Any]:
        """Of all tokens, how likely those of a decision are; and which are no options of it."""
        found = tf.gather(scores, starts[..., None] + tf.range(options), batch_dims=scores.shape.rank - 1)
        beyond = tf.range(options) >= tf.maximum(counts, 1)[..., None]
        return tf.nn.log_softmax(found + _NO_OPTION * tf.cast(beyond, tf.float32)), beyond

    def judge(weights: Any, sequences: Any, options: int) -> tuple[Any, Any]:
        """Log-likelihood and mean entropy of each sequence."""
        tokens, starts, counts, chosen = tf.unstack(sequences)
        state = tf.zeros((2, tokens.shape[1], weights[3].shape[0]))
        logs, beyond = logarithms(run(weights, state, tokens)[0], starts, counts, options)
        real = tf.cast(counts > 0, tf.float32)
        likelihood = tf.reduce_sum(tf.gather(logs, chosen, batch_dims=2) * real, 0)
        entropy = -tf.reduce_sum(tf.where(beyond, 0.0, tf.exp(logs) * logs), -1) * real
        return likelihood, tf.reduce_sum(entropy, 0) / tf.maximum(tf.reduce_sum(real, 0), 1.0)

    def step(weights: Any, state: Any, inputs: Any, options: int) -> tuple[Any, Any]:
        tokens, starts, counts = tf.unstack(inputs)
        scores, state = run(weights, state, tokens[None])
        return tf.exp(logarithms(scores[0], starts, counts, options)[0]), state

    def likelihoods(weights: Any, sequences: Any, options: int) -> Any:
        return judge(weights, sequences, options)[0]

    def learn(trained: Any, sequences: Any, outcomes: Any, rates: Any, options: int) -> Any:
        advantages, before, real = tf.unstack(outcomes)
        learning_rate, undecided, clip, number = tf.unstack(rates)
        weights = [weight for weight, _ in trained]
        with tf.GradientTape() as tape:
            tape.watch(weights)
            likelihood, entropy = judge(weights, sequences, options)
            likelier = tf.stop_gradient(tf.minimum(tf.exp(tf.minimum(likelihood - before, _LIKELIER)), clip))
            gains = likelier * advantages * likelihood + undecided * entropy
            loss = -tf.reduce_sum(real * gains) / tf.reduce_sum(real)
        first, second = _MOMENTS
        after: list[tuple[Any, Any]] = []
        for (weight, moments), gradient in zip(trained, tape.gradient(loss, weights), strict=True):
            slope = tf.clip_by_norm(tf.convert_to_tensor(gradient), _LARGEST_STEP)
            mean = first * moments[0] + (1 - first) * slope
            square = second * moments[1] + (1 - second) * slope * slope
            way = (mean / (1 - first**number)) / (tf.sqrt(square / (1 - second**number)) + 1e-5)
            after.append((weight - learning_rate * way, tf.stack([mean, square])))
        return after

    def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
        graph = tf.function(function)

        def call(*values: Any) -> Any:
            with tf.device("/CPU:0"):
                return graph(*values)

        return call

    return Functions(compiled(step), compiled(likelihoods), compiled(learn))
