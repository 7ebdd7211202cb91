"""Speed: windows a second through a training step of the paper's network, engine by engine.

Forward, backward and Adam, batches of 32 of each run, everything after the first weights. The
engines take turns in one process, because these machines drift: only the ratio is worth quoting.
"""

import argparse

import numpy as np

from machine import machine
from slicken.learning.engine import ENGINES, choose_engine
from slicken.learning.network import Architecture
from slicken.learning.training import Optimiser, Trainer, run_seeds, training_data
from slicken.study.presets import PAPER


def make_trainer(engine: str, *, length: int, runs: int, batches: int) -> Trainer:
    rng = np.random.default_rng(0)
    optimiser = Optimiser(**PAPER["optimiser"])
    ends = np.arange(length, length + batches * optimiser.batch)
    drivers = rng.standard_normal((length + ends.size, 5)).astype(np.float32)
    return Trainer(
        engine=choose_engine(engine),
        architecture=Architecture(**PAPER["network"]),
        optimiser=optimiser,
        length=length,
        seeds=run_seeds(0, runs),
        epochs=1,
        data=training_data(drivers, drivers[:, 0], ends, ends[:1]),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--length", type=int, default=400, help="samples in a window")
    parser.add_argument("--runs", type=int, default=20, help="networks trained together")
    parser.add_argument("--batches", type=int, default=4, help="timed in each turn")
    parser.add_argument("--turns", type=int, default=3, help="of each engine")
    asked = parser.parse_args()
    print(machine())
    print(f"the paper's network, L = {asked.length}, batch 32, {asked.runs} runs")
    trainers = {
        name: make_trainer(name, length=asked.length, runs=asked.runs, batches=asked.batches)
        for name in ENGINES
    }
    for trainer in trainers.values():
        trainer.probe(1)  # compiles
    windows = asked.batches * 32 * asked.runs
    rates: dict[str, list[float]] = {name: [] for name in trainers}
    for _ in range(asked.turns):
        for name, trainer in trainers.items():
            rates[name].append(windows / trainer.probe(asked.batches))
    slowest = min(np.median(rate) for rate in rates.values())
    for name, rate in rates.items():
        print(
            f"{name:10} {np.median(rate):7.0f} windows/s (best {max(rate):.0f}), "
            f"{np.median(rate) / slowest:.1f} times the slowest"
        )


if __name__ == "__main__":
    main()
