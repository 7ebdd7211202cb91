"""Memory: preparing a study must not cost more for long windows than for short ones.

Each case runs in a process of its own and reports its peak resident memory. The record is long
enough (40 experiments of an hour) that windows, were they copied, would need 1.2 GB at 500 s.
"""

import resource
import subprocess
import sys

from machine import machine

CASES = (50.0, 500.0)
MOST = 1.10


def prepare(seconds: float) -> None:
    """Everything before the first epoch: record, split, scaling, data and weights on the device."""
    import numpy as np

    from slicken.experiment import Experiment, Provenance
    from slicken.learning.engine import choose_engine
    from slicken.study.plan import Plan
    from slicken.study.prepared import prepare_study
    from slicken.study.task import make_trainer

    rng = np.random.default_rng(0)
    samples = 3600
    drivers = (
        "slip_velocity",
        "axial_displacement",
        "temperature",
        "temperature_rate",
        "axial_rate",
    )
    experiments = [
        Experiment(
            name=f"run{number}",
            time=np.arange(samples, dtype=np.float64),
            channels={name: rng.standard_normal(samples) for name in (*drivers, "friction")},
            stage=None,
            gap=np.zeros(samples, dtype=np.bool_),
            provenance=Provenance("benchmark"),
        )
        for number in range(40)
    ]
    plan = Plan(preset="paper", windows=[seconds])
    (prepared, *_) = prepare_study(experiments, plan)
    make_trainer(plan, prepared, choose_engine(plan.engine), seconds).start()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    targets = sum(ends.size for ends in prepared.split.ends.values())
    print(f"{peak:.0f} {targets}")


def main() -> None:
    print(machine())
    peaks = []
    for seconds in CASES:
        done = subprocess.run(  # noqa: S603 (this very file)
            [sys.executable, __file__, str(seconds)], capture_output=True, text=True, check=True
        )
        peak, targets = (float(number) for number in done.stdout.split())
        peaks.append(peak)
        print(f"windows of {seconds:g} s: {targets:.0f} target times, peak {peak:.0f} MiB")
    ratio = peaks[-1] / peaks[0]
    print(f"ratio {ratio:.3f}; at most {MOST:g} is asked")
    sys.exit(ratio > MOST)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        prepare(float(sys.argv[1]))
    else:
        main()
