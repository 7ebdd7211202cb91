"""Corrections: what is done to the columns of a log before they become channels, in order."""

from slicken.experiment.corrections.kinds import Correction
from slicken.experiment.corrections.order import Corrected, correct

__all__ = ["Corrected", "Correction", "correct"]
