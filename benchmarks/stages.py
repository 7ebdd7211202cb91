"""Stages: how often a load that only drifts is cut up, and steps of it are missed, by noise.

Prints the tables of docs/why/limits.md. The method was tuned on seeds below 100; these are others.
"""

import argparse
from collections.abc import Callable

import numpy as np

from slicken.experiment.stages import find_stages

SECONDS, LEVEL, CHANGE = 3600, 5.0, 0.05
"""Samples at 1 Hz, MPa, and the change that counts, by default."""
NEAR = 10
"""Samples by which a step may be misplaced."""
NOISES = ((0.0, 0.0), (0.01, 0.0), (0.02, 0.0), (0.05, 0.0), (0.1, 0.0), (0.03, 0.9), (0.05, 0.9))
"""Standard deviation over the level, and correlation of neighbours."""
DRIFTS = (0.0, 0.02, 0.04, 0.06, 0.08)
STEPS = (0.05, 0.1, 0.15, 0.2, 0.3)
KERNELS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "a straight line": lambda t: t,
    "an approach to a level": lambda t: 1 - np.exp(-4 * t),
    "one and a half waves": lambda t: 0.5 * (1 - np.cos(3 * np.pi * t)),
}
"""How far a drift has come, from 0 to 1."""


def noise(random: np.random.Generator, correlation: float) -> np.ndarray:
    """Unit variance, neighbours correlated."""
    from scipy.signal import lfilter

    white = random.normal(size=SECONDS)
    return np.asarray(lfilter([1.0], [1.0, -correlation], white)) * np.sqrt(1 - correlation**2)


def drifting(seed: int, drift: float, deviation: float, correlation: float) -> np.ndarray:
    """A load that is held, and drifts up or down by so much, in one of the shapes."""
    random = np.random.default_rng([seed, 7])
    shape = list(KERNELS.values())[seed % len(KERNELS)](np.linspace(0, 1, SECONDS))
    load = 1 + drift * (shape if seed % 2 else -shape)
    return LEVEL * (load + deviation * noise(random, correlation))


def stepping(
    seed: int, step: float, drift: float, deviation: float, correlation: float
) -> tuple[np.ndarray, np.ndarray]:
    """A load of four stages, neighbours ``step`` apart, that drifts too; and where it steps."""
    random = np.random.default_rng([seed, 8])
    lengths = random.multinomial(SECONDS - 800, np.ones(4) / 4) + 200
    factors = np.where(random.random(3) < 0.5, 1 + step, 1 / (1 + step))
    levels = LEVEL * np.cumprod([1.0, *factors])
    shape = list(KERNELS.values())[seed % len(KERNELS)](np.linspace(0, 1, SECONDS))
    load = np.repeat(levels, lengths) * (1 + drift * shape)
    load += deviation * float(np.mean(load)) * noise(random, correlation)
    return load, np.cumsum(lengths)[:-1]


def cut_up(seeds: range, drift: float, deviation: float, correlation: float) -> int:
    """Of loads that only drift, how many have more than one stage."""
    return sum(
        int(find_stages(drifting(seed, drift, deviation, correlation), CHANGE).max() > 0)
        for seed in seeds
    )


def found(
    seeds: range, step: float, drift: float, deviation: float, correlation: float
) -> tuple[int, int, int]:
    """How many steps are found near their place, of how many, and how many others are found."""
    hits, planted, others = 0, 0, 0
    for seed in seeds:
        load, places = stepping(seed, step, drift, deviation, correlation)
        edges = np.flatnonzero(np.diff(find_stages(load, CHANGE))) + 1
        near = np.abs(edges[:, None] - places[None, :]) <= NEAR
        hits, planted = hits + int(near.any(axis=0).sum()), planted + places.size
        others += int((~near.any(axis=1)).sum())
    return hits, planted, others


def main() -> None:
    """Print both tables."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--first", type=int, default=2000)
    words.add_argument("--logs", type=int, default=60)
    asked = words.parse_args()
    seeds = range(asked.first, asked.first + asked.logs)
    heads = [f"{d:.0%}{', slow' if c else ''}" for d, c in NOISES]
    print(f"| drift | {' | '.join(heads)} |\n| --- |{' --- |' * len(heads)}")
    for drift in DRIFTS:
        cells = [f"{cut_up(seeds, drift, *each)} of {len(seeds)}" for each in NOISES]
        print(f"| {drift:.0%} | {' | '.join(cells)} |", flush=True)
    print(f"\n| step | {' | '.join(heads)} |\n| --- |{' --- |' * len(heads)}")
    for step in STEPS:
        cells = []
        for each in NOISES:
            hits, planted, others = found(seeds, step, 0.04, *each)
            cells.append(f"{hits / planted:.0%}, {others}")
        print(f"| {step:.0%} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
