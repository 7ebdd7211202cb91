"""The page: a study's answer, figures and everything needed to repeat it, in one HTML file."""

import base64
import math
from pathlib import Path

import jinja2

from slicken.channels import CHANNELS
from slicken.evidence.study import Study
from slicken.figures.style import DOTS_PER_INCH
from slicken.report.drawing import Drawn, draw_study
from slicken.study.files import write_text
from slicken.study.presets import PAPER_ASSUMPTIONS


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
    return environment.get_template("report.html.j2").render(
        study=study,
        verdict=study.verdict,
        figures=[(figure, _inline(figure.png), _width(figure.png)) for figure in drawn],
        drivers=[CHANNELS[name].title for name in study.prepared.record.channels],
        rows=_rows(study),
        unfinished=[f"{s:g}" for s in study.plan.windows if s not in study.windows],
        assumptions=PAPER_ASSUMPTIONS if study.plan.preset == "paper" else (),
        plan_toml=study.plan.to_toml(),
    )


def _rows(study: Study) -> list[dict[str, object]]:
    rows = []
    for seconds in study.windows:
        scores = study.scores.sel(window=seconds)
        losses = study.contest.losses.sel(window=seconds)
        rows.append(
            {
                "seconds": f"{seconds:g}",
                "mean": float(losses.mean()),
                "minimum": float(losses.min()),
                "ridge_loss": float(scores["ridge_loss"]),
                "models": {
                    model: {
                        measure: float(scores[measure].sel(model=model))
                        for measure in ("rmse", "r2", "correlation", "range_ratio")
                    }
                    for model in scores["model"].to_numpy().tolist()
                },
            }
        )
    return rows


def _as(value: float, form: str) -> str:
    """A number for a table; a dash where there is none."""
    return format(value, form) if math.isfinite(value) else "–"


def _width(picture: Path) -> int:
    """CSS pixels that show a PNG a quarter larger than in print, whatever its column width."""
    pixels = int.from_bytes(picture.read_bytes()[16:20], "big")  # its header says so
    return round(1.25 * 96 * pixels / DOTS_PER_INCH)


def _inline(picture: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(picture.read_bytes()).decode("ascii")
