"""Predicted: the friction predicted for a new log, as a table and as pictures."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from slicken.reporting.figures import WIDTHS_MM, Predicted, predicted_figure, save
from slicken.reporting.wording import Language, words
from slicken.study.files import written_aside

if TYPE_CHECKING:
    from slicken.evidence.prediction import Prediction


def write_prediction(
    prediction: "Prediction", table: Path, level: float, language: Language = "en"
) -> list[Path]:
    """Write a CSV of friction with its interval, and figures of both widths beside it.

    Args:
        prediction: of a new experiment.
        table: the CSV.
        level: of the interval.
        language: Language of the pictures.

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
    data = Predicted(
        prediction.name,
        prediction.seconds,
        prediction.time,
        prediction.friction,
        dataset["low"].to_numpy(),
        dataset["high"].to_numpy(),
        prediction.measured,
        level,
    )
    for width in WIDTHS_MM:
        draw = partial(predicted_figure, data, words(language, prediction.clock), width)
        written += save(draw, table.parent, f"{table.stem}-{width}")
    return written
