"""Figures: results in, pictures out; the only room that imports matplotlib.

To add a figure of a study: a file here with ``NAME``, ``data`` and ``draw`` as in ``contract.py``, its
four keys in ``wording/LANGUAGE/figures.toml``, and its name in :data:`FIGURES`.
"""

from slicken.reporting.figures import (
    comparison,
    experiments,
    importance_lags,
    importance_ranked,
    importance_stress,
    importance_time,
    learning,
    memory,
    memory_answer,
    methods,
    predictions,
    saliency,
    skill,
    traces,
    windows,
)
from slicken.reporting.figures.contract import StudyFigure
from slicken.reporting.figures.experiment import experiment_figure
from slicken.reporting.figures.log import log_figure
from slicken.reporting.figures.predicted import Predicted, predicted_figure
from slicken.reporting.figures.save import save
from slicken.reporting.figures.style import WIDTHS_MM, Width

__all__ = [
    "FIGURES",
    "WIDTHS_MM",
    "Predicted",
    "StudyFigure",
    "Width",
    "experiment_figure",
    "log_figure",
    "predicted_figure",
    "save",
]

FIGURES: tuple[StudyFigure, ...] = (
    memory_answer,
    windows,
    comparison,
    memory,
    skill,
    predictions,
    traces,
    methods,
    importance_stress,
    importance_ranked,
    importance_time,
    importance_lags,
    saliency,
    learning,
    experiments,
)
"""Figures of a study, in the order in which a paper would show them."""
