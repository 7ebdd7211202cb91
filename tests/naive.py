"""Slow, obvious twins in float64: one loop a sentence, to compare fast code with."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def longest_reach(
    experiment: ArrayLike, gap: ArrayLike, part: ArrayLike | None = None
) -> NDArray[np.int64]:
    """Walk back from each sample until an experiment's end, a gap, or another part."""
    experiment, gap = np.asarray(experiment), np.asarray(gap)
    part = np.zeros(gap.size, dtype=int) if part is None else np.asarray(part)
    lengths = np.zeros(gap.size, dtype=np.int64)
    for end in range(gap.size):
        first = end
        while (
            first >= 0
            and not gap[first]
            and part[first] >= 0
            and experiment[first] == experiment[end]
            and part[first] == part[end]
        ):
            first -= 1
        lengths[end] = end - first
    return lengths


def windows(drivers: ArrayLike, ends: Sequence[int], length: int) -> Floats:
    """Copy every window, (N, L, C)."""
    drivers = np.asarray(drivers, dtype=np.float64)
    found = np.zeros((len(ends), length, drivers.shape[1]))
    for number, end in enumerate(ends):
        for lag in range(length):
            found[number, length - 1 - lag] = drivers[end - lag]
    return found


def conv1d(sequence: ArrayLike, kernel: ArrayLike, bias: ArrayLike) -> Floats:
    """Keras's Conv1D with padding "valid": one sum a step and filter."""
    x, w, b = (np.asarray(a, dtype=np.float64) for a in (sequence, kernel, bias))
    width, channels, filters = w.shape
    out = np.zeros((x.shape[0] - width + 1, filters))
    for step in range(out.shape[0]):
        for f in range(filters):
            out[step, f] = b[f]
            for k in range(width):
                for c in range(channels):
                    out[step, f] += x[step + k, c] * w[k, c, f]
    return out


def sigmoid(x: Floats) -> Floats:
    return 1 / (1 + np.exp(-x))


def gru(
    sequence: ArrayLike, kernel: ArrayLike, recurrent_kernel: ArrayLike, bias: ArrayLike
) -> Floats:
    """Keras's GRU with reset_after=True, step by step; all states (T, H)."""
    x, w, u, b = (
        np.asarray(a, dtype=np.float64) for a in (sequence, kernel, recurrent_kernel, bias)
    )
    units = u.shape[0]
    state, states = np.zeros(units), []
    for row in x:
        matrix_x = row @ w + b[0]
        matrix_inner = state @ u + b[1]
        z = sigmoid(matrix_x[:units] + matrix_inner[:units])
        r = sigmoid(matrix_x[units : 2 * units] + matrix_inner[units : 2 * units])
        candidate = np.tanh(matrix_x[2 * units :] + r * matrix_inner[2 * units :])
        state = z * state + (1 - z) * candidate
        states.append(state)
    return np.array(states)


def friction(weights: Mapping[str, Floats], window: ArrayLike, *, relu: bool = False) -> float:
    """The whole network on one window; weights by name, as in ``weights.safetensors``."""
    sequence = np.asarray(window, dtype=np.float64)
    layer = 0
    while f"convolutions.{layer}.kernel" in weights:
        name = f"convolutions.{layer}"
        sequence = conv1d(sequence, weights[f"{name}.kernel"], weights[f"{name}.bias"])
        sequence = np.maximum(sequence, 0) if relu else sequence
        layer += 1
    layer = 0
    while f"recurrent.{layer}.kernel" in weights:
        name = f"recurrent.{layer}"
        sequence = gru(
            sequence,
            weights[f"{name}.kernel"],
            weights[f"{name}.recurrent_kernel"],
            weights[f"{name}.bias"],
        )
        layer += 1
    return float(sequence[-1] @ weights["dense"] + weights["offset"])


def mean_square_error(
    predicted: ArrayLike, measured: ArrayLike, weights: ArrayLike | None = None
) -> float:
    predicted, measured = np.asarray(predicted), np.asarray(measured)
    counts = np.ones(measured.size) if weights is None else np.asarray(weights)
    total = 0.0
    for p, m, w in zip(predicted, measured, counts, strict=True):
        total += float(w) * (float(p) - float(m)) ** 2
    return total / float(counts.sum())


def loss(
    weights: Mapping[str, Floats],
    batch: ArrayLike,
    targets: ArrayLike,
    counts: ArrayLike | None = None,
    *,
    relu: bool = False,
) -> float:
    return mean_square_error(
        [friction(weights, window, relu=relu) for window in np.asarray(batch)], targets, counts
    )


def central_differences(
    function: Callable[[Floats], float], at: ArrayLike, step: float = 1e-5
) -> Floats:
    """The gradient of a function of an array, entry by entry."""
    at = np.array(at, dtype=np.float64)
    gradient = np.zeros(at.shape)
    for place in np.ndindex(at.shape):
        above, below = at.copy(), at.copy()
        above[place] += step
        below[place] -= step
        gradient[place] = (function(above) - function(below)) / (2 * step)
    return gradient


def weight_gradients(
    weights: Mapping[str, Floats], of: Callable[[Mapping[str, Floats]], float]
) -> dict[str, Floats]:
    """The gradient in every weight by central differences."""
    return {
        name: central_differences(lambda value, name=name: of({**weights, name: value}), weight)
        for name, weight in weights.items()
    }


def importance(
    weights: Mapping[str, Floats], batch: ArrayLike, targets: ArrayLike, *, relu: bool = False
) -> dict[str, Floats]:
    """|dLoss/dx| and |dfriction/dx| of each window's own loss, each (N, L, C)."""
    of_loss, of_friction = [], []
    for window, target in zip(np.asarray(batch), np.asarray(targets), strict=True):

        def squared(x: Floats, target: float = float(target)) -> float:
            return (friction(weights, x, relu=relu) - target) ** 2

        of_loss.append(np.abs(central_differences(squared, window)))
        of_friction.append(
            np.abs(central_differences(lambda x: friction(weights, x, relu=relu), window))
        )
    return {"loss": np.array(of_loss), "friction": np.array(of_friction)}


def adam(
    gradient: Callable[[dict[str, Floats]], Mapping[str, Floats]],
    start: Mapping[str, Floats],
    rates: Sequence[float],
    *,
    epsilon: float,
    clip: float | None = None,
) -> dict[str, Floats]:
    """Kingma & Ba (2015), algorithm 1; gradients longer than ``clip`` are shortened to it."""
    weights = {name: np.array(value, dtype=np.float64) for name, value in start.items()}
    first = {name: np.zeros_like(value) for name, value in weights.items()}
    second = {name: np.zeros_like(value) for name, value in weights.items()}
    for t, rate in enumerate(rates, start=1):
        slope = dict(gradient(weights))
        norm = np.sqrt(sum(float(np.sum(g**2)) for g in slope.values()))
        if clip is not None and norm > clip:
            slope = {name: g * clip / norm for name, g in slope.items()}
        for name, g in slope.items():
            first[name] = 0.9 * first[name] + 0.1 * g
            second[name] = 0.999 * second[name] + 0.001 * g**2
            m, v = first[name] / (1 - 0.9**t), second[name] / (1 - 0.999**t)
            weights[name] = weights[name] - rate * m / (np.sqrt(v) + epsilon)
    return weights


def box(values: ArrayLike) -> dict[str, float]:
    """Quartiles by linear interpolation; whiskers reach the last value within 1.5 IQR."""
    ordered = sorted(float(v) for v in np.asarray(values) if np.isfinite(v))

    def quantile(q: float) -> float:
        place = q * (len(ordered) - 1)
        below = int(place)
        above = min(below + 1, len(ordered) - 1)
        return ordered[below] + (place - below) * (ordered[above] - ordered[below])

    low, median, high = quantile(0.25), quantile(0.5), quantile(0.75)
    width = 1.5 * (high - low)
    inside = [v for v in ordered if low - width <= v <= high + width]
    return {
        "mean": sum(ordered) / len(ordered),
        "minimum": ordered[0],
        "low": low,
        "median": median,
        "high": high,
        "lower_whisker": inside[0],
        "upper_whisker": inside[-1],
    }


def block_bootstrap(
    errors: ArrayLike, baseline: ArrayLike, blocks: ArrayLike, *, seed: int, resamples: int
) -> tuple[float, float]:
    """The 95 % interval of 1 - sum(errors)/sum(baseline) over blocks drawn with replacement."""
    errors, baseline, blocks = np.asarray(errors), np.asarray(baseline), np.asarray(blocks)
    labels = sorted(set(blocks.tolist()))
    random = np.random.default_rng(seed)
    found = []
    even = [1 / len(labels)] * len(labels)
    for times in random.multinomial(len(labels), even, size=resamples):
        ours = theirs = 0.0
        for label, drawn in zip(labels, times, strict=True):
            ours += drawn * float(errors[blocks == label].sum())
            theirs += drawn * float(baseline[blocks == label].sum())
        found.append(1 - ours / theirs)
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)


def shares(gradients: Mapping[str, float]) -> dict[str, float]:
    total = sum(gradients.values())
    return {name: value / total for name, value in gradients.items()}


def of_run(networks: Any, run: int) -> dict[str, Floats]:  # noqa: ANN401 (any pytree of arrays)
    """The weights of one run of an ensemble in float64, by name."""
    import jax

    paths, _ = jax.tree_util.tree_flatten_with_path(networks)
    return {
        jax.tree_util.keystr(path, simple=True, separator="."): np.asarray(leaf)[run].astype(
            np.float64
        )
        for path, leaf in paths
    }


def faded(
    values: ArrayLike, steps: ArrayLike, begins: ArrayLike, length: float, shape: str
) -> Floats:
    """A weighted mean of each stretch's past, piece by piece; each value holds for a step."""
    values, steps = np.asarray(values, dtype=np.float64), np.asarray(steps, dtype=np.float64)
    begins, found = np.asarray(begins), np.zeros(values.shape)
    for end in range(len(values)):
        first = max(i for i in range(end + 1) if begins[i])
        total, weights, far = np.zeros(values.shape[1]), 0.0, 0.0
        for i in range(end, first, -1):
            near, far = far, far + float(steps[i])
            if shape == "exponential":
                weight = np.exp(-near / length) - np.exp(-far / length)
            else:
                weight = max(min(far, length) - near, 0.0)
            total, weights = total + weight * values[i - 1], weights + weight
        if shape == "exponential":
            rest = np.exp(-far / length)
            found[end] = total + rest * values[first]
        else:
            found[end] = total / weights if weights else values[end]
    return found


def slip_rows(
    passed: ArrayLike, time: ArrayLike, driver: ArrayLike, friction: ArrayLike, step: float
) -> list[tuple[float, float, float, float]]:
    """Time, friction, mean of the driver over slip, and s for each µm, of every step of slip.

    A sample stands for the slip since the last.
    """
    passed, time = np.asarray(passed), np.asarray(time)
    driver, friction = np.asarray(driver), np.asarray(friction)

    def clock(edge: float) -> float:
        if edge == 0:
            return float(time[0])
        for i in range(1, passed.size):
            if passed[i] >= edge - 1e-9:
                part = (edge - passed[i - 1]) / (passed[i] - passed[i - 1])
                return float(time[i - 1] + part * (time[i] - time[i - 1]))
        raise AssertionError

    rows = []
    for number in range(1, int(passed[-1] / step + 1e-6) + 1):
        low, high, mean = (number - 1) * step, number * step, 0.0
        for i in range(1, passed.size):
            overlap = min(high, passed[i]) - max(low, passed[i - 1])
            mean += max(overlap, 0.0) * driver[i] / step
        end = next(i for i in range(passed.size) if passed[i] >= high - 1e-9)
        spent = (clock(high) - clock(low)) / step
        rows.append((float(time[end]), float(friction[end]), float(mean), spent))
    return rows
