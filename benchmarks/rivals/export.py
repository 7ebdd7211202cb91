"""The experiments of planted truths as CSV files, for methods that are not slicken.

.venv/bin/python benchmarks/rivals/export.py build/rivals --seeds 1
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from slicken.channels import DRIVERS, FRICTION, TIME
from slicken.physics.truths import TRUTHS
from slicken.truth.bench import experiments_of
from slicken.truth.cases import GROUPS, Case, Group, cases

SCENARIOS = (
    "temperature-history",
    "thermal-softening",
    "two-memories",
    "rate-and-state",
    "temperature-now",
    "shared-trend",
    "nothing",
)
"""One of each kind: a memory that is linear, curved, double, or counted in slip; and none."""


def chosen(group: Group, scenarios: Sequence[str], seeds: Sequence[int]) -> Iterator[Case]:
    """Cases of a group with these planted truths and seeds."""
    return (one for one in cases(group) if one.scenario in scenarios and one.seed in seeds)


def export(case: Case, folder: Path) -> None:
    """Write what the study of a case is given: drivers and friction, and what was planted.

    Args:
        case: Simulated fault.
        folder: Folder for a CSV file of each experiment, and ``case.json``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    experiments = experiments_of(case)
    names = [*(driver.name for driver in DRIVERS), FRICTION.name]
    for one in experiments:
        table = np.column_stack([one.time, *(one.channels[name] for name in names)])
        header = ",".join([TIME.name, *names])
        np.savetxt(
            folder / f"{one.name}.csv", table, "%.9g", delimiter=",", header=header, comments=""
        )
    truth = TRUTHS[case.scenario]
    planted = {
        "case": case.name,
        "scenario": case.scenario,
        "seed": case.seed,
        "memory": case.memory,
        "unit": truth.unit,
        "causes": list(truth.causes),
        "carriers": list(truth.proxies),
    }
    (folder / "case.json").write_text(json.dumps(planted, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="folder; a case has its own in it")
    parser.add_argument("--group", choices=GROUPS, default="tuning")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--scenarios", choices=TRUTHS, nargs="+", default=SCENARIOS)
    asked = parser.parse_args()
    for case in chosen(asked.group, asked.scenarios, asked.seeds):
        export(case, asked.out / case.name)
        print(case.name, flush=True)


if __name__ == "__main__":
    main()
