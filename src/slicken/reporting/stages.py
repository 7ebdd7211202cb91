"""Stages: mean friction of each level of velocity and normal stress, as a table."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from slicken.study.files import written_aside

if TYPE_CHECKING:
    from slicken.experiment.by_stage import StageLevel


def stages_table(levels: "Mapping[str, Sequence[StageLevel]]") -> pd.DataFrame:
    """One row for each level of each experiment, in the units of the field.

    Args:
        levels: Name of each experiment to its levels.
    """
    rows = [
        {
            "experiment": name,
            "start_time_s": one.start,
            "end_time_s": one.end,
            "slip_velocity_um_per_s": one.velocity * 1e6,
            "normal_stress_MPa": one.normal_stress * 1e-6,
            "friction": one.friction,
            "friction_error": one.error,
            "velocity_dependence": one.slope,
            "velocity_dependence_error": one.slope_error,
        }
        for name, each in levels.items()
        for one in each
    ]
    columns = list(rows[0]) if rows else []
    return pd.DataFrame(rows, columns=columns)


def write_stages(levels: "Mapping[str, Sequence[StageLevel]]", folder: Path, name: str) -> Path:
    """Write the levels as a CSV file, and return its path."""
    path = folder / f"{name}.csv"
    with written_aside(path) as aside:
        stages_table(levels).to_csv(aside, index=False, lineterminator="\n")
    return path
