"""Logs to test with, made here; real ones are in the folder that SLICKEN_DATA names."""

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from slicken.experiment import ChannelMap
from slicken.logs.log import Log


@pytest.fixture
def make_log() -> Callable[..., Log]:
    """A log of a steady run, with any column replaced or added."""

    def make(samples: int = 200, **columns: np.ndarray) -> Log:
        time = np.arange(float(samples))
        values: dict[str, np.ndarray] = {
            "time": time,
            "velocity": np.full(samples, 4.0) + 0.5 * np.sin(time / 9),
            "shortening": 10 + time / 3,
            "temperature": 20 + np.sqrt(time),
            "friction": 0.6 + 0.1 * np.cos(time / 5),
        }
        values.update({name: np.asarray(column, float) for name, column in columns.items()})
        rows = np.arange(values["time"].size) + 2
        return Log("run", "run.csv", "", values, rows)

    return make


@pytest.fixture
def make_map() -> Callable[..., ChannelMap]:
    """A map for the logs of ``make_log``, with settings and more channels."""

    def make(more: Mapping[str, object] | None = None, **settings: object) -> ChannelMap:
        channels: dict[str, object] = {
            "time": {"column": "time", "unit": "s"},
            "slip_velocity": {"column": "velocity", "unit": "mm/s"},
            "axial_displacement": {"column": "shortening", "unit": "um"},
            "temperature": {"column": "temperature", "unit": "degC"},
            "friction": {"column": "friction"},
        }
        channels.update(more or {})
        present = {name: column for name, column in channels.items() if column is not None}
        return ChannelMap.model_validate({"channels": present, "preparation": settings})

    return make
