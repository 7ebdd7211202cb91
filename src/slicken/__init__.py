"""slicken: how much of its past does rock friction remember, and what does it remember?

>>> import slicken
>>> experiments = slicken.simulate("temperature-history", experiments=3, duration=900.0)
>>> plan = slicken.Plan(preset="quick", windows=[50, 100], runs=2, epochs=5)
>>> study = slicken.run_study(experiments, plan, "diorite/")  # doctest: +SKIP
>>> study.window comparison.best  # doctest: +SKIP
100.0
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from slicken.api import report_study, run_study
    from slicken.datasets import fetch
    from slicken.errors import SlickenError
    from slicken.evidence.prediction import Prediction
    from slicken.evidence.study import Study
    from slicken.experiment import (
        ChannelMap,
        Experiment,
        Finding,
        describe,
        read_experiment,
        read_log,
    )
    from slicken.physics.scenarios import simulate, simulate_logs, write_log
    from slicken.reporting.predicted import write_prediction
    from slicken.study.logs import read_logs
    from slicken.study.plan import Plan

_HOMES = {
    "ChannelMap": "experiment",
    "Experiment": "experiment",
    "Finding": "experiment",
    "Plan": "study.plan",
    "Prediction": "evidence.prediction",
    "SlickenError": "errors",
    "Study": "evidence.study",
    "describe": "experiment",
    "fetch": "datasets",
    "read_experiment": "experiment",
    "read_log": "experiment",
    "read_logs": "study.logs",
    "report_study": "api",
    "run_study": "api",
    "simulate": "physics.scenarios",
    "simulate_logs": "physics.scenarios",
    "write_log": "physics.scenarios",
    "write_prediction": "report.predicted",
}

__all__ = [
    "ChannelMap",
    "Experiment",
    "Finding",
    "Plan",
    "Prediction",
    "SlickenError",
    "Study",
    "describe",
    "fetch",
    "read_experiment",
    "read_log",
    "read_logs",
    "report_study",
    "run_study",
    "simulate",
    "simulate_logs",
    "write_log",
    "write_prediction",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 (whatever the name stands for)
    # On first use only: JAX and pandas take seconds, and `slicken --help` needs neither.
    if name in _HOMES:
        return getattr(import_module(f"slicken.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'slicken' has no attribute {name!r}")
