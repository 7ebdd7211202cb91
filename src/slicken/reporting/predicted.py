"""Predicted: the friction predicted for a new log, as a table and as pictures."""

from pathlib import Path

import numpy as np

from slicken.evidence.prediction import Prediction
from slicken.reporting.figures import draw_interval, letter_panels, new_figure, save
from slicken.reporting.figures.style import WIDTHS_MM
from slicken.study.files import written_aside


def write_prediction(prediction: Prediction, table: Path, level: float) -> list[Path]:
    """Write a CSV of friction with its interval, and figures of both widths beside it.

    Args:
        prediction: of a new experiment.
        table: the CSV.
        level: of the interval.

    Returns:
        The table, then the pictures.
    """
    dataset = prediction.to_dataset(level)
    columns = ("time", "friction", "low", "high", "spread", "measured")
    rows = np.column_stack([dataset[name].to_numpy() for name in columns])
    header = "time_s,friction,friction_low,friction_high,spread_over_runs,measured_friction"
    with written_aside(table) as aside:
        np.savetxt(aside, rows, delimiter=",", header=header, comments="", fmt="%.8g")
    written = [table]
    for width in WIDTHS_MM:
        figure, (axes,) = new_figure(width=width, height_mm=70)
        draw_interval(
            axes,
            prediction.time,
            prediction.friction,
            dataset["low"].to_numpy(),
            dataset["high"].to_numpy(),
            measured=prediction.measured,
            label=f"{level:.0%} interval",
        )
        letter_panels([axes], [f"{prediction.name}, window of {prediction.seconds:g} s"])
        written += save(figure, table.parent, f"{table.stem}-{width}")
    return written
