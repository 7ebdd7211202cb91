"""Listed: the figures of a study, in the order in which a paper would show them."""

from typing import TYPE_CHECKING

from slicken.reporting.figures import (
    comparison,
    experiments,
    importance_lags,
    importance_ranked,
    importance_stress,
    importance_time,
    laws_beside,
    learning,
    memory,
    memory_answer,
    methods,
    predictions,
    residuals,
    saliency,
    skill,
    sliding,
    stages,
    traces,
    windows,
)

if TYPE_CHECKING:
    from slicken.reporting.figures.contract import StudyFigure

FIGURES: tuple["StudyFigure", ...] = (
    memory_answer,
    windows,
    comparison,
    memory,
    skill,
    predictions,
    traces,
    residuals,
    laws_beside,
    methods,
    importance_stress,
    importance_ranked,
    importance_time,
    importance_lags,
    saliency,
    learning,
    sliding,
    stages,
    experiments,
)
