"""Figures: results in, pictures out; the only room that imports matplotlib.

To add a figure of a study: a file here with ``NAME``, ``data`` and ``draw`` as ``contract.py`` has
them, its four keys in ``wording/LANGUAGE/figures.toml``, and its module in ``listed.py``.
"""

from slicken.reporting.figures.experiment import experiment_figure
from slicken.reporting.figures.log import log_figure
from slicken.reporting.figures.output import save
from slicken.reporting.figures.predicted import Predicted, predicted_figure
from slicken.reporting.figures.style import WIDTHS_MM, Width

__all__ = [
    "WIDTHS_MM",
    "Predicted",
    "Width",
    "experiment_figure",
    "log_figure",
    "predicted_figure",
    "save",
]
