"""Figures: results in, axes out; the only room that imports matplotlib."""

from slicken.reporting.figures.catalogue import (
    experiment_figure,
    experiments_figure,
    importance_by_lag_figure,
    importance_over_time_figure,
    learning_curves_figure,
    prediction_figure,
    ranked_importance_figure,
    stage_importance_figure,
    trace_figure,
    window_figure,
)
from slicken.reporting.figures.comparison import draw_excess, draw_probability
from slicken.reporting.figures.experiments import draw_brief, draw_channel
from slicken.reporting.figures.findings import (
    comparison_figure,
    memory_figure,
    methods_figure,
    saliency_figure,
    skill_figure,
)
from slicken.reporting.figures.importance import draw_by_run_and_stage, draw_ranked
from slicken.reporting.figures.importance_course import draw_by_lag, draw_over_time
from slicken.reporting.figures.logs import draw_column, log_figure
from slicken.reporting.figures.memory import draw_gradient_span, draw_required, draw_truncated
from slicken.reporting.figures.methods import draw_method
from slicken.reporting.figures.pictures import picture_of
from slicken.reporting.figures.prediction import draw_interval, draw_scatter, draw_trace
from slicken.reporting.figures.saliency import draw_saliency
from slicken.reporting.figures.skill import draw_skill
from slicken.reporting.figures.style import journal_style, letter_panels, new_figure, save
from slicken.reporting.figures.training import draw_learning_curves
from slicken.reporting.figures.windows import draw_window_curve
from slicken.reporting.figures.words import reword

__all__ = [
    "comparison_figure",
    "draw_brief",
    "draw_by_lag",
    "draw_by_run_and_stage",
    "draw_channel",
    "draw_column",
    "draw_excess",
    "draw_gradient_span",
    "draw_interval",
    "draw_learning_curves",
    "draw_method",
    "draw_over_time",
    "draw_probability",
    "draw_ranked",
    "draw_required",
    "draw_saliency",
    "draw_scatter",
    "draw_skill",
    "draw_trace",
    "draw_truncated",
    "draw_window_curve",
    "experiment_figure",
    "experiments_figure",
    "importance_by_lag_figure",
    "importance_over_time_figure",
    "journal_style",
    "learning_curves_figure",
    "letter_panels",
    "log_figure",
    "memory_figure",
    "methods_figure",
    "new_figure",
    "picture_of",
    "prediction_figure",
    "ranked_importance_figure",
    "reword",
    "saliency_figure",
    "save",
    "skill_figure",
    "stage_importance_figure",
    "trace_figure",
    "window_figure",
]
