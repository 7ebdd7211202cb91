"""Experiment: from a rig's log to one run on a uniform time grid, in SI units.

``read_experiment(path, channels=map)`` does it all; ``describe(read_log(path))`` only looks.
"""

from typing import TYPE_CHECKING, Any

from slicken.experiment.experiment import Experiment, Provenance
from slicken.logs.finding import Finding

if TYPE_CHECKING:
    from slicken.experiment.channel_map import ChannelMap
    from slicken.experiment.guess import guess_channels
    from slicken.experiment.inspection import ColumnSummary, Inspection, describe
    from slicken.experiment.preparation import prepare, read_experiment
    from slicken.logs.log import Log
    from slicken.logs.readers import read_log

__all__ = [
    "ChannelMap",
    "ColumnSummary",
    "Experiment",
    "Finding",
    "Inspection",
    "Log",
    "Provenance",
    "describe",
    "guess_channels",
    "prepare",
    "read_experiment",
    "read_log",
]

_HOMES = {
    "ChannelMap": "experiment.channel_map",
    "ColumnSummary": "experiment.inspection",
    "Inspection": "experiment.inspection",
    "Log": "logs.log",
    "describe": "experiment.inspection",
    "guess_channels": "experiment.guess",
    "prepare": "experiment.preparation",
    "read_experiment": "experiment.preparation",
    "read_log": "logs.readers",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    # On first use only: pydantic takes a tenth of a second, and `slicken --help` needs none of it.
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"slicken.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
