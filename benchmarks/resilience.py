"""Resilience: what checkpoints and workers cost, in shares of the time of training.

    .venv/bin/python benchmarks/resilience.py [--quick]

Printed is a table for ``benchmarks/README.md``, and what a study of 10,000 trainings on 100 nodes
would cost a scheduler and a file system, from costs measured here; see ``docs/why/scale.md``.
"""

import argparse
import pickle
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from machine import machine
from slicken.physics.scenarios import simulate
from slicken.study import checkpoint
from slicken.study.executors import LocalWorkers
from slicken.study.plan import Plan
from slicken.study.prepared import prepare_study
from slicken.study.progress import Progress
from slicken.study.remote import results_of
from slicken.study.training import train_study

PAPER_LIKE: dict[str, Any] = {"preset": "paper", "controls": False, "stride": 10.0}
"""Networks of the published size, of which a checkpoint is largest beside an epoch."""


class Stopwatch:
    """Times training from its first epoch to the last, without start and compiling."""

    def __init__(self) -> None:
        self.first = self.last = 0.0

    def __call__(self, progress: Progress) -> None:
        """Read the clock."""
        if progress.losses is not None:
            self.last = time.perf_counter()
            self.first = self.first or self.last


def cost_of_checkpoints(experiments: list[Any], plan: Plan, every: float) -> dict[str, float]:
    """Train once, and time every checkpoint."""
    spent: list[float] = []
    sizes: list[int] = []
    write = checkpoint.Checkpoint.write

    def timed(self: checkpoint.Checkpoint, *given: Any) -> None:  # noqa: ANN401 (passed on)
        began = time.perf_counter()
        write(self, *given)
        spent.append(time.perf_counter() - began)
        sizes.append(self.file.stat().st_size)

    watch = Stopwatch()
    checkpoint.Checkpoint.write = timed  # type: ignore[method-assign]
    try:
        with tempfile.TemporaryDirectory() as place:
            out = Path(place) / "study"
            train_study(experiments, plan, out, on_progress=watch, checkpoint_every=every)
    finally:
        checkpoint.Checkpoint.write = write  # type: ignore[method-assign]
    whole = watch.last - watch.first
    return {
        "training": whole,
        "checkpoints": len(spent),
        "each": statistics.median(spent) if spent else 0.0,
        "MB": max(sizes, default=0) / 1e6,
        "share": sum(spent) / whole,
    }


def scaling(experiments: list[Any], plan: Plan, turns: int) -> dict[str, float]:
    """Median seconds of a study's training, started afresh, by who trains; in turns."""
    ways: dict[str, Callable[[], LocalWorkers | None]] = {
        "one process": lambda: None,
        "1 worker": lambda: LocalWorkers(1),
        "2 workers": lambda: LocalWorkers(2),
    }
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(turns):
        for name, workers in ways.items():
            with tempfile.TemporaryDirectory() as place:
                began = time.perf_counter()
                train_study(experiments, plan, Path(place) / "study", executor=workers())
                took[name].append(time.perf_counter() - began)
    return {name: statistics.median(seconds) for name, seconds in took.items()}


def nothing(number: int) -> int:
    """A task that costs what a task costs."""
    return number


def costs_of_tasks(count: int) -> float:
    """Seconds a task, when it does nothing."""
    with LocalWorkers(2).client() as client:
        list(results_of(client, nothing, range(10)))
        began = time.perf_counter()
        for _ in results_of(client, nothing, range(count)):
            pass
        return (time.perf_counter() - began) / count


def main() -> None:
    """Measure, and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--quick", action="store_true", help="a look, not a result")
    quick = asked.parse_args().quick
    print(machine())
    experiments = simulate("temperature-history", experiments=6, duration=1800.0, seed=1)
    epochs = 10 if quick else 150
    plan = Plan(**PAPER_LIKE, windows=[50], runs=20, epochs=epochs, name="checkpoints")
    print("\n| checkpoints | training | written | each | size | share of the time |")
    print("| --- | --- | --- | --- | --- | --- |")
    for words, every in (("every 30 s", 30.0), ("as often as may be", 0.0)):
        found = cost_of_checkpoints(experiments, plan, every)
        print(
            f"| {words} | {found['training']:.0f} s | {found['checkpoints']:.0f} | "
            f"{1000 * found['each']:.0f} ms | {found['MB']:.1f} MB | {found['share']:.2%} |"
        )
    spread = Plan(
        **PAPER_LIKE, windows=[50, 100], runs=10, epochs=4 if quick else 40, name="scaling"
    )
    took = scaling(experiments, spread, 1 if quick else 3)
    print("\n| who trains | seconds, start included | ratio to one process |")
    print("| --- | --- | --- |")
    for name, seconds in took.items():
        print(f"| {name} | {seconds:.1f} | {took['one process'] / seconds:.2f} |")
    size = len(pickle.dumps(prepare_study(experiments, spread))) / 1e6
    each = costs_of_tasks(200 if quick else 2000)
    print(
        f"\na task costs the scheduler {1000 * each:.2f} ms; what all tasks share has {size:.2f} MB"
    )


if __name__ == "__main__":
    main()
