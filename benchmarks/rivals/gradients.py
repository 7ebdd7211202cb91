"""Gradients of a plain Keras network, as they are ranked where nobody plants a truth.

Conv1D and GRU layers as in the ``paper`` preset, windows of one length, Adam with the defaults of
Keras; the weights of the epoch with the lowest validation loss are kept. Drivers are ranked by the
mean of |dLoss/dx| over all lags of the windows of held-out experiments. It has no test of its own:
a driver is called a cause where its share is above an equal one. Memory is what holds 50 to 90 %
of the gradient.

benchmarks/.venvs/tensorflow/bin/python benchmarks/rivals/gradients.py build/rivals
"""

import os

import numpy as np
from answers import LONGEST, Answer, Experiments, answer_all

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import tensorflow as tf

RUNS, EPOCHS, PATIENCE, STRIDE = 2, 40, 10, 2
"""Networks; epochs at most; epochs without a lower validation loss; steps between targets."""
HELD_OUT = 2
"""Experiments for validation, and for the test: the last ones."""
Windows = tuple[np.ndarray, np.ndarray]


def ask(experiments: Experiments) -> Answer:
    """Train, and see where the gradients of the loss are."""
    length = round(LONGEST / experiments.step)
    last, before = slice(-HELD_OUT, None), slice(-2 * HELD_OUT, -HELD_OUT)
    known = np.concatenate(experiments.inputs[: before.start])
    middle, spread = known.mean(axis=0), known.std(axis=0)
    level = np.concatenate(experiments.friction[: before.start])

    def part(which: slice) -> Windows:
        pairs = zip(experiments.inputs[which], experiments.friction[which], strict=True)
        windows, targets = zip(*(_windows(x, y, length) for x, y in pairs), strict=True)
        return (
            ((np.concatenate(windows) - middle) / spread).astype(np.float32),
            ((np.concatenate(targets) - level.mean()) / level.std()).astype(np.float32),
        )

    train, validation, test = part(slice(before.start)), part(before), part(last)
    parts = [_one_run(run, train, validation, test) for run in range(RUNS)]
    gradient = np.mean([found for found, _ in parts], axis=0)
    share = gradient.sum(axis=0) / gradient.sum()
    order = np.argsort(-share)
    return Answer(
        called=[
            name
            for name, one in zip(experiments.drivers, share, strict=True)
            if one > 1 / len(share)
        ],
        ranking=[experiments.drivers[i] for i in order],
        memory=_span(gradient.sum(axis=1), experiments.step),
        notes={
            "share": {experiments.drivers[i]: round(float(share[i]), 3) for i in order},
            "r2": [round(r2, 3) for _, r2 in parts],
        },
    )


def _windows(inputs: np.ndarray, friction: np.ndarray, length: int) -> Windows:
    ends = np.arange(length - 1, len(inputs), STRIDE)
    return inputs[ends[:, None] + np.arange(1 - length, 1)], friction[ends]


def _one_run(
    run: int, train: Windows, validation: Windows, test: Windows
) -> tuple[np.ndarray, float]:
    """Mean |dLoss/dx| of the test, shape ``(L, C)``, and R2 there."""
    keras.utils.set_random_seed(run)
    model = keras.Sequential(
        [
            keras.Input(train[0].shape[1:]),
            *(keras.layers.Conv1D(64, 3) for _ in range(2)),
            *(keras.layers.GRU(64, return_sequences=layer < 3) for layer in range(4)),
            keras.layers.Dense(1),
        ]
    )
    model.compile(optimizer=keras.optimizers.Adam(), loss="mse")
    stop = keras.callbacks.EarlyStopping(patience=PATIENCE, restore_best_weights=True)
    model.fit(
        *train,
        batch_size=32,
        epochs=EPOCHS,
        validation_data=validation,
        callbacks=[stop],
        verbose=0,
    )
    windows = tf.constant(test[0])
    with tf.GradientTape() as tape:
        tape.watch(windows)
        predicted = model(windows)[:, 0]
        loss = tf.reduce_sum(tf.square(predicted - test[1]))
    gradient = np.abs(tape.gradient(loss, windows).numpy()).mean(axis=0)
    error = np.mean((predicted.numpy() - test[1]) ** 2)
    return gradient, float(1 - error / np.var(test[1]))


def _span(by_step: np.ndarray, step: float) -> tuple[float, float | None]:
    """Seconds before the target that hold 50 and 90 % of it."""
    held = np.cumsum(by_step[::-1]) / by_step.sum()
    half, most = (int(np.searchsorted(held, share)) + 1 for share in (0.5, 0.9))
    return half * step, most * step


if __name__ == "__main__":
    answer_all({"keras-gradients": ask})
