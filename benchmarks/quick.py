"""Quick: where the time of the demo and of a small study of real logs goes, step by step.

    .venv/bin/python benchmarks/quick.py [demo] [te67]

Each study runs in a process of its own, so that compiling counts. Printed is a table for
``benchmarks/README.md``. The real logs are four of ``slicken fetch te67``.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TypeVar

from machine import machine

T = TypeVar("T")

CHANNELS = Path(__file__).parents[1] / "examples" / "te67" / "channels.toml"
LOGS = (
    "PPS+30PTFE_100N_200RPM_30MINS_1.tsv", "PPS+30PTFE_100N_200RPM_30MINS_2.tsv",
    "PPS+30PTFE_60N_200RPM_30MINS_1.tsv", "PPS+30PTFE_60N_200RPM_30MINS_2.tsv",
)  # fmt: skip
STUDIES = {
    "demo": "`slicken demo`",
    "te67": "four logs of TE67, windows of 25 and 50 s, 4 runs, 4 epochs",
}


class Laps:
    """Seconds of each step, by the clock on the wall and by that of the processor."""

    def __init__(self) -> None:
        self.seconds: dict[str, tuple[float, float]] = {}

    def take(self, name: str, step: Callable[[], T]) -> T:
        """Do a step, and note what it took."""
        wall, work = time.perf_counter(), used()
        found = step()
        self.seconds[name] = time.perf_counter() - wall, used() - work
        return found


def used() -> float:
    """Processor seconds of this process and of those it started."""
    return sum(os.times()[:4])


def study(name: str) -> dict[str, tuple[float, float]]:
    """One study in this process, step by step."""
    laps = Laps()

    def start() -> None:
        import_module("slicken.learning.training")
        import_module("slicken.pipeline")

    laps.take("import", start)
    import slicken
    from slicken.cli import demo
    from slicken.datasets import fetch
    from slicken.physics.scenarios import simulate

    if name == "demo":
        given = laps.take(
            "simulate",
            lambda: simulate(
                demo.SCENARIO, experiments=demo.EXPERIMENTS, duration=demo.DURATION, seed=0
            ),
        )
        plan = slicken.Plan(name="demo", preset="quick", windows=demo.WINDOWS, seed=0)
    else:
        logs = {path.name: path for path in fetch("te67")}
        given = laps.take(
            "read, prepare", lambda: [slicken.prepare(logs[log], CHANNELS) for log in LOGS]
        )
        plan = slicken.Plan(preset="quick", windows=(25, 50), runs=4, epochs=4)
    with tempfile.TemporaryDirectory() as place:
        trained = laps.take("train", lambda: slicken.train(given, plan, Path(place) / name))
        evidence = laps.take("explain", lambda: slicken.explain(trained))
        laps.take("report", lambda: slicken.report(evidence))
    return laps.seconds


def table(of_studies: dict[str, dict[str, tuple[float, float]]]) -> str:
    """A row for each step: seconds by the wall, and of processor time, for each study."""
    steps = list(dict.fromkeys(step for laps in of_studies.values() for step in laps))
    head = [f"{STUDIES[name]}: wall | processor" for name in of_studies]
    rows = [f"| step | {' | '.join(head)} |", f"| --- |{' ---: | ---: |' * len(of_studies)}"]
    for step in [*steps, "in all"]:
        cells = []
        for laps in of_studies.values():
            whole = tuple(sum(each) for each in zip(*laps.values(), strict=True))
            taken = whole if step == "in all" else laps.get(step)
            cells += ["", ""] if taken is None else [f"{taken[0]:.1f}", f"{taken[1]:.1f}"]
        rows.append(f"| {step} | {' | '.join(cells)} |")
    return "\n".join(rows)


def main(names: list[str]) -> None:
    """Print the table of some studies, or of all."""
    found = {}
    for name in names or STUDIES:
        done = subprocess.run(  # noqa: S603 (this very file)
            [sys.executable, __file__, "--alone", name], capture_output=True, text=True, check=True
        )
        found[name] = json.loads(done.stdout.splitlines()[-1])
    print(machine())
    print(table(found))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--alone"]:
        print(json.dumps(study(sys.argv[2])))
    else:
        main(sys.argv[1:])
