"""The page: a study's answer, figures and everything needed to repeat it, in one HTML file."""

import base64
import math
from collections.abc import Sequence
from pathlib import Path

import jinja2
import numpy as np

from slicken.channels import CHANNELS
from slicken.evidence.gathering import MODELS
from slicken.evidence.study import Study
from slicken.figures.style import DOTS_PER_INCH
from slicken.report.drawing import Drawn, draw_study
from slicken.study.files import write_text
from slicken.study.presets import PAPER_ASSUMPTIONS

MEASURES = ("rmse", "r2", "correlation", "range_ratio")


def write_report(study: Study) -> Path:
    """Draw all figures and write ``report.html``.

    Returns:
        The page.
    """
    page = study.path / "report.html"
    write_text(page, render(study, draw_study(study)))
    return page


def render(study: Study, drawn: list[Drawn]) -> str:
    """The page as text; whatever came from a log is shown as text, never as markup."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("slicken.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["as"] = _as
    environment.filters["within"] = _within
    return environment.get_template("report.html.j2").render(
        study=study,
        verdict=study.verdict,
        figures=[(figure, _inline(figure.png), _width(figure.png)) for figure in drawn],
        names=[CHANNELS[name].title for name in study.prepared.record.channels],
        drivers=[(CHANNELS[one.channel].title, one) for one in study.drivers],
        lengths=[_length(study, seconds) for seconds in study.windows],
        rows=[_scores(study, seconds) for seconds in study.windows],
        unfinished=[f"{s:g}" for s in study.plan.windows if s not in study.windows],
        assumptions=PAPER_ASSUMPTIONS if study.plan.preset == "paper" else (),
        plan_toml=study.plan.to_toml(),
    )


def _length(study: Study, seconds: float) -> dict[str, object]:
    """What the contest says of one window length."""
    contest = study.contest
    losses = contest.losses.sel(window=seconds).to_numpy()
    kept = losses[np.isfinite(losses)]
    quartiles = np.percentile(kept, [25, 50, 75]) if kept.size else np.full(3, np.nan)
    compared = contest.comparison.sel(window=seconds)
    return {
        "seconds": f"{seconds:g}",
        "mean": float(kept.mean()) if kept.size else float("nan"),
        "low": float(quartiles[0]),
        "median": float(quartiles[1]),
        "high": float(quartiles[2]),
        "minimum": float(kept.min()) if kept.size else float("nan"),
        "probability": float(contest.probability_best.sel(window=seconds)),
        "excess": [100 * float(compared[f"excess{end}"]) for end in ("", "_low", "_high")],
        "rmse": float(study.scores["rmse"].sel(window=seconds, model="network")),
    }


def _scores(study: Study, seconds: float) -> dict[str, object]:
    """How well each model does with one window length."""
    scores = study.scores.sel(window=seconds)
    return {
        "seconds": f"{seconds:g}",
        "loss": {m: float(scores["validation_loss"].sel(model=m)) for m in MODELS},
        "test": {m: {n: float(scores[n].sel(model=m)) for n in MEASURES} for m in MODELS},
    }


def _as(value: float, form: str) -> str:
    """A number for a table; a dash where there is none."""
    return format(value, form) if math.isfinite(value) else "–"


def _within(numbers: Sequence[float], form: str) -> str:
    """A number with the ends of its interval, where it has one."""
    value, low, high = numbers
    if not (math.isfinite(value) and math.isfinite(low) and math.isfinite(high)):
        return _as(value, form)
    return f"{value:{form}} ({low:{form}} to {high:{form}})"


def _width(picture: Path) -> int:
    """CSS pixels that show a PNG a quarter larger than in print, whatever its column width."""
    pixels = int.from_bytes(picture.read_bytes()[16:20], "big")  # its header says so
    return round(1.25 * 96 * pixels / DOTS_PER_INCH)


def _inline(picture: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(picture.read_bytes()).decode("ascii")
