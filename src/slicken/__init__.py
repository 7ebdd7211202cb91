"""slicken: how much of its past does rock friction remember, and what does it remember?

>>> import slicken
>>> experiments = slicken.simulate("temperature-history", experiments=3, duration=900.0)
>>> plan = slicken.Plan(preset="quick", windows=[50, 100], runs=2, epochs=5)
>>> trained = slicken.train(experiments, plan, "diorite")  # doctest: +SKIP
>>> evidence = slicken.explain(trained)  # doctest: +SKIP
>>> evidence.comparison.best  # doctest: +SKIP
100.0
>>> slicken.report(evidence)  # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from slicken.datasets import fetch
    from slicken.errors import SlickenError
    from slicken.evidence.evidence import Evidence
    from slicken.evidence.lab_numbers import Lab, run_lab
    from slicken.evidence.prediction import Prediction
    from slicken.experiment import ChannelMap, Experiment, Finding, describe
    from slicken.experiment.reading import prepare, read, read_logs
    from slicken.experiment.samples import Samples, read_samples
    from slicken.laws.laws import fit_laws
    from slicken.laws.results import Laws
    from slicken.laws.saved import load_laws
    from slicken.physics.scenarios import simulate, simulate_logs, write_log
    from slicken.physics.shear_scenarios import simulate_shear
    from slicken.pipeline import explain, open_study, report, train
    from slicken.reporting.lab import write_lab
    from slicken.reporting.laws.report import write_laws
    from slicken.reporting.predicted import write_prediction
    from slicken.study.plan import Plan
    from slicken.study.trained import Trained

_HOMES = {
    "ChannelMap": "experiment",
    "Evidence": "evidence.evidence",
    "Experiment": "experiment",
    "Finding": "experiment",
    "Lab": "evidence.lab_numbers",
    "Laws": "laws.results",
    "Plan": "study.plan",
    "Prediction": "evidence.prediction",
    "Samples": "experiment.samples",
    "SlickenError": "errors",
    "Trained": "study.trained",
    "describe": "experiment",
    "explain": "pipeline",
    "fetch": "datasets",
    "fit_laws": "laws.laws",
    "load_laws": "laws.saved",
    "open_study": "pipeline",
    "prepare": "experiment.reading",
    "read": "experiment.reading",
    "read_logs": "experiment.reading",
    "read_samples": "experiment.samples",
    "report": "pipeline",
    "run_lab": "evidence.lab_numbers",
    "simulate": "physics.scenarios",
    "simulate_logs": "physics.scenarios",
    "simulate_shear": "physics.shear_scenarios",
    "train": "pipeline",
    "write_lab": "reporting.lab",
    "write_laws": "reporting.laws.report",
    "write_log": "physics.scenarios",
    "write_prediction": "reporting.predicted",
}

__all__ = [
    "ChannelMap",
    "Evidence",
    "Experiment",
    "Finding",
    "Lab",
    "Laws",
    "Plan",
    "Prediction",
    "Samples",
    "SlickenError",
    "Trained",
    "describe",
    "explain",
    "fetch",
    "fit_laws",
    "load_laws",
    "open_study",
    "prepare",
    "read",
    "read_logs",
    "read_samples",
    "report",
    "run_lab",
    "simulate",
    "simulate_logs",
    "simulate_shear",
    "train",
    "write_lab",
    "write_laws",
    "write_log",
    "write_prediction",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 (whatever the name stands for)
    # On first use only: JAX and pandas take seconds, and `slicken --help` needs neither.
    if name in _HOMES:
        return getattr(import_module(f"slicken.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'slicken' has no attribute {name!r}")
