"""Histories: what an epoch costs where each window has a history of its own, sorted and not.

Gradients only, without Adam, by the native engine. See the README beside this file.
"""

import argparse
import time
from statistics import median
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from machine import machine
from slicken.learning.engine import Windows
from slicken.learning.engine.native import NativeEngine
from slicken.learning.network import Network, start_network
from slicken.learning.settings import Architecture

LENGTH, SAMPLES, DRIVERS, RUNS = 500, 6000, 5, 4
LANES = 16
"""Windows that AVX-512 computes together."""

Steps = Any
"""A jitted function of a batch's ends, histories and targets."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3, help="turns of each epoch")
    parser.add_argument("--windows", type=int, default=512, help="in an epoch, of each run")
    asked = parser.parse_args()
    print(machine())
    print(
        "batch, gates: seconds with 500 samples; parts of that: sorted, as they come, mean length"
    )
    for batch in (32, 128):
        for gates in ("zero", "chrono"):
            seconds = time_epochs(batch, gates, asked.windows // batch, asked.repeats)
            whole = seconds.pop("whole")
            parts = ", ".join(f"{name} {each / whole:.3f}" for name, each in seconds.items())
            print(f"{batch}, {gates}: {whole:.2f} s; {parts}", flush=True)


def time_epochs(batch: int, gates: str, batches: int, repeats: int) -> dict[str, float]:
    """Median seconds of an epoch of each kind, all kinds in turns."""
    random = np.random.default_rng(7)
    architecture = Architecture(gate_start=gates)
    shape = batches, RUNS, batch
    ends = random.integers(LENGTH - 1, SAMPLES, shape).astype(np.int32)
    drawn = draw_histories(random, architecture.shortest_window, shape)
    ordered = -np.sort(-drawn, axis=-1)
    tiles = ordered.reshape(-1, LANES).max(axis=1).mean() / LENGTH
    mean = round(float(drawn.mean()))
    print(f"  steps of sorted tiles {tiles:.3f}, mean history {mean / LENGTH:.3f} of all")
    networks = start(architecture)
    record = jnp.asarray(random.normal(size=(SAMPLES, DRIVERS)), jnp.float32)
    targets = jnp.asarray(random.normal(size=(RUNS, batch)), jnp.float32)
    epochs = {
        "whole": (LENGTH, None),
        "sorted": (LENGTH, ordered),
        "as they come": (LENGTH, drawn),
        "mean length": (mean, None),
    }
    spent: dict[str, list[float]] = {name: [] for name in epochs}
    steps = {name: step_of(networks, record, length) for name, (length, _) in epochs.items()}
    for turn in range(repeats + 1):  # the first compiles and warms up
        for name, (_, histories) in epochs.items():
            began = time.perf_counter()
            for number in range(batches if turn else 1):
                of_batch = None if histories is None else jnp.asarray(histories[number])
                jax.block_until_ready(steps[name](ends[number], of_batch, targets))
            if turn:
                spent[name].append(time.perf_counter() - began)
    return {name: median(each) for name, each in spent.items()}


def draw_histories(random: np.random.Generator, shortest: int, shape: tuple[int, ...]) -> Any:  # noqa: ANN401 (an array)
    """Log-uniform from 3 samples, or what one step needs, to the whole window."""
    drawn = np.exp(random.uniform(np.log(3), np.log(LENGTH), shape))
    return np.maximum(np.round(drawn), shortest).astype(np.int32)


def start(architecture: Architecture) -> Network:
    keys = jax.random.split(jax.random.key(0), RUNS)
    networks: Network = jax.vmap(lambda key: start_network(architecture, DRIVERS, LENGTH, key))(
        keys
    )
    return networks


def step_of(networks: Network, record: Any, length: int) -> Steps:  # noqa: ANN401 (an array)
    engine = NativeEngine()

    @jax.jit
    def step(ends: Any, histories: Any, targets: Any) -> Any:  # noqa: ANN401 (arrays)
        windows = Windows(record, ends, length, histories)
        return engine.loss_and_gradients(networks, windows, targets, jnp.ones_like(targets))

    return step


if __name__ == "__main__":
    main()
