"""Training of the network of words and characters by Keras, epoch by epoch within a time."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cloudautoml_local.tasks.entities.encoding import CHARACTERS, LOOKS, Batch, batches
from cloudautoml_local.tasks.entities.forward import probabilities
from cloudautoml_local.tasks.tabular.families.base import Patience

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cloudautoml.data.tokens import Sentences
    from cloudautoml_local.tasks.entities.encoding import Encoder
    from cloudautoml_local.tasks.entities.families.base import Params, Problem
    from cloudautoml_local.tasks.tabular.families.base import Deadline

Matrix = npt.NDArray[np.float32]

_EPOCHS = (32, 24, 16, 12, 8, 6, 4, 3, 2, 1)
_PATIENCE = 4
_TOKENS_EACH = 512
_SHORT = 200
_CHARACTER_SIZE = 16
_UNKNOWN = 1


def train_network(
    params: Params,
    encoder: Encoder,
    train: Sentences,
    valid: Sentences | None,
    problem: Problem,
    *,
    deadline: Deadline,
    epochs: int | None,
) -> tuple[dict[str, Matrix], int]:
    """Train one network.

    Args:
        params: Of the family `network`.
        encoder: Turns tokens into ids.
        train: Sentences to learn from.
        valid: Sentences to stop early on; None to train `epochs` epochs.
        problem: What is to be learned.
        deadline: When to stop; the learning rate is planned to reach its end by then.
        epochs: Epochs to train; None for as many as fit.

    Returns:
        The arrays that `forward.probabilities` takes, and the epochs they took.
    """
    seconds = deadline.left
    loop = _Loop(params, encoder.sizes, problem)
    data = _encoded(train, encoder, problem.tags)
    judged = None if valid is None else _encoded(valid, encoder, problem.tags)
    loop.step(data, [0], 0.0)
    if seconds < 1e9:
        seconds = max(deadline.left, 0.5 * seconds)  # building the graph is not to take all of a short time
    began = time.monotonic()
    rng = np.random.default_rng(problem.seed)
    planned, rate = epochs or _EPOCHS[0], float(params["learning_rate"] or 1e-3)
    patience, best = Patience(_PATIENCE, 0.0), loop.weights()
    epoch = 0
    while epoch < planned:
        share = rate * (0.02 + 0.49 * (1 + math.cos(math.pi * epoch / planned)))
        for which in batches(data.lengths, tokens_each=_TOKENS_EACH, rng=rng):
            loop.step(data, which, share, rng=rng, word_dropout=float(params["word_dropout"] or 0.0))
        epoch += 1
        spent = time.monotonic() - began
        if epoch == 1 and epochs is None and seconds < 1e9:
            # from a coarse list, so that small differences in speed change nothing
            planned = max(1, next((n for n in _EPOCHS if n * spent * 1.1 <= seconds), 1))
        if judged is not None:
            weights = loop.weights()
            stop = patience.over(epoch, _loss(weights, judged))
            if patience.best_round == epoch:
                best = weights
            if stop:
                break
        if spent > seconds:
            break
    return (best, patience.best_round) if judged is not None and patience.best_round else (loop.weights(), epoch)


class _Encoded:
    """Sentences as ids with the codes of their tags; very long ones are cut for training."""

    def __init__(self, sentences: Sequence[tuple[Sequence[str], Sequence[int]]], encoder: Encoder) -> None:
        self.encoder = encoder
        self.tokens = [tokens for tokens, _ in sentences]
        self.codes = [codes for _, codes in sentences]
        self.lengths = [len(tokens) for tokens in self.tokens]

    def batch(self, which: Sequence[int] | npt.NDArray[np.int64]) -> tuple[Batch, npt.NDArray[np.int32]]:
        """Some sentences, and the codes of their tags, n x T."""
        made = self.encoder.encode([self.tokens[number] for number in which])
        codes = np.zeros(made.words.shape, np.int32)
        for row, number in enumerate(which):
            codes[row, : self.lengths[number]] = self.codes[number]
        return made, codes


def _encoded(sentences: Sentences, encoder: Encoder, tags: tuple[str, ...]) -> _Encoded:
    code = {tag: number for number, tag in enumerate(tags)}
    parts = [
        (tokens[begin : begin + _SHORT], [code.get(tag, 0) for tag in marks[begin : begin + _SHORT]])
        for tokens, marks in zip(sentences.tokens, sentences.tags, strict=True)
        for begin in range(0, len(tokens), _SHORT)
    ]
    return _Encoded(parts, encoder)


def _loss(weights: Mapping[str, Matrix], data: _Encoded) -> float:
    total, count = 0.0, 0
    for which in batches(data.lengths, tokens_each=8192):
        batch, codes = data.batch(which)
        found = np.take_along_axis(probabilities(weights, batch), codes[..., None].astype(np.int64), axis=-1)[..., 0]
        there = batch.words > 0
        total -= float(np.log(np.maximum(found[there], 1e-9)).sum())
        count += int(there.sum())
    return total / max(1, count)


class _Loop:
    """A Keras model with its optimiser and the graph of a step."""

    def __init__(self, params: Params, sizes: tuple[int, int], problem: Problem) -> None:
        import keras
        import tensorflow as tf

        _settle(problem)
        keras.utils.set_random_seed(problem.seed % 2**32)
        self._model = model = _network(params, sizes, len(problem.tags))
        self._optimiser: Any = keras.optimizers.Adam(1e-3, global_clipnorm=5.0)
        self._optimiser.build(model.trainable_variables)
        optimiser = self._optimiser
        signature = [
            tf.TensorSpec([None, None], tf.int32),
            tf.TensorSpec([None, None, CHARACTERS], tf.int32),
            tf.TensorSpec([None, None, LOOKS], tf.float32),
            tf.TensorSpec([None, None], tf.int32),
            tf.TensorSpec([None, None], tf.float32),
        ]

        @tf.function(input_signature=signature)  # type: ignore[untyped-decorator]
        def step(words: Any, characters: Any, looks: Any, codes: Any, there: Any) -> None:
            with tf.GradientTape() as tape:
                logits = model([words, characters, looks, there], training=True)
                losses = tf.nn.sparse_softmax_cross_entropy_with_logits(codes, logits)
                loss = tf.reduce_sum(losses * there) / tf.reduce_sum(there)
            optimiser.apply_gradients(
                zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables, strict=True)
            )

        self._step = step

    def step(
        self,
        data: _Encoded,
        which: Sequence[int] | npt.NDArray[np.int64],
        rate: float,
        *,
        rng: np.random.Generator | None = None,
        word_dropout: float = 0.0,
    ) -> None:
        """Learn from some sentences."""
        batch, codes = data.batch(which)
        words = batch.words
        if rng is not None and word_dropout:
            words = np.where((words > 0) & (rng.random(words.shape) < word_dropout), _UNKNOWN, words)
        self._optimiser.learning_rate.assign(rate)
        there = (batch.words > 0).astype(np.float32)
        self._step(words.astype(np.int32), batch.characters, batch.looks, codes, there)

    def weights(self) -> dict[str, Matrix]:
        """The weights as they are now, by the names that `forward.probabilities` knows."""
        named: dict[str, Matrix] = {}
        for layer in self._model.layers:
            parts = [np.array(variable.value.numpy(), np.float32) for variable in layer.trainable_variables]
            if len(parts) == 1:
                named[layer.name] = parts[0]
            elif len(parts) == 2:
                # the characters of each word are read on their own: a kernel of one word
                kernel = parts[0][0] if parts[0].ndim == 4 else parts[0]
                named |= {f"{layer.name}_kernel": kernel, f"{layer.name}_bias": parts[1]}
            elif parts:
                name = layer.name
                named |= {f"{name}_kernel": parts[0], f"{name}_recurrent": parts[1], f"{name}_bias": parts[2]}
        return named


def _settle(problem: Problem) -> None:
    import contextlib

    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()
    with contextlib.suppress(RuntimeError):  # already running in this process, with the threads it was given then
        tf.config.threading.set_intra_op_parallelism_threads(problem.threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)


def _network(params: Params, sizes: tuple[int, int], tags: int) -> Any:
    import keras
    from keras import layers, ops

    units, dropout = int(params["units"] or 48), float(params["dropout"] or 0.0)
    words = keras.Input((None,), dtype="int32")
    characters = keras.Input((None, CHARACTERS), dtype="int32")
    looks = keras.Input((None, LOOKS))
    there = keras.Input((None,))
    mask = ops.expand_dims(there, -1)
    parts = [layers.Embedding(sizes[0], int(params["word_size"] or 32), name="words")(words), looks]
    if filters := int(params["filters"] or 0):
        embedded = layers.Embedding(sizes[1], _CHARACTER_SIZE, name="characters")(characters)
        embedded = embedded * ops.expand_dims(ops.cast(ops.not_equal(characters, 0), "float32"), -1)
        read = layers.Conv2D(filters, (1, 3), padding="same", activation="relu", name="read")(embedded)
        parts.append(ops.max(read, axis=2))
    hidden = layers.Dropout(dropout)(layers.Concatenate()(parts)) * mask
    for layer in range(int(params["layers"] or 1)):
        if params["encoder"] == "lstm":
            held = ops.cast(there, "bool")
            ahead = layers.LSTM(units, return_sequences=True, name=f"lstm_{layer}")(hidden, mask=held)
            turned = layers.LSTM(units, return_sequences=True, go_backwards=True, name=f"back_{layer}")(
                hidden, mask=held
            )
            hidden = layers.Concatenate()([ahead, ops.flip(turned, axis=1)]) * mask
        else:
            after = layers.Conv1D(units, 3, padding="same", dilation_rate=2**layer, name=f"convolution_{layer}")(hidden)
            after = layers.Activation("silu")(after) * mask
            hidden = layers.Add()([hidden, after]) if layer else after
        hidden = layers.Dropout(dropout)(hidden)
    return keras.Model([words, characters, looks, there], layers.Dense(tags, name="output")(hidden))
