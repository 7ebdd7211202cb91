"""``slicken predict``: friction with intervals for a new log."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slicken.cli.options import Study
from slicken.cli.terminal import say, show_findings
from slicken.errors import FolderError
from slicken.lengths import UNITS

if TYPE_CHECKING:
    from slicken.evidence.prediction import Prediction


def run(
    study: Study,
    log: Annotated[
        Path, typer.Argument(metavar="LOG", help="Log that has the drivers of the study.")
    ],
    channels: Annotated[
        Path | None, typer.Option(metavar="MAP.toml", help="Channel map of the log.")
    ] = None,
    window: Annotated[
        float | None,
        typer.Option(
            metavar="LENGTH", help="Window length, in s, or µm of slip; by default the best."
        ),
    ] = None,
    level: Annotated[
        float, typer.Option(metavar="SHARE", help="Coverage of the interval, between 0 and 1.")
    ] = 0.9,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv | FOLDER", help="Output; by default LOG-friction.csv here."),
    ] = None,
) -> None:
    """Predict the friction of a new log with an interval, and compare it with the measured one."""
    from slicken.pipeline import explain, open_study, prepare
    from slicken.reporting.predicted import write_prediction

    table = _table(log, out)
    trained = open_study(study)
    experiment = prepare(log, channels)
    show_findings([experiment])
    evidence = explain(trained)
    prediction = evidence.predict(experiment, window)
    written = write_prediction(prediction, table, level)
    _show(prediction, level)
    if not evidence.skill.proven:
        say(
            "note: this study has no proven skill on its own test part; do not rely on what it "
            "predicts"
        )
    elif evidence.skill.grade == "common_course":
        say(
            "note: this study shows no more than a course common to its experiments; use this "
            "prediction only for an experiment with the same starting state and loading"
        )
    for path in written:
        say(f"wrote {path}")


def _show(prediction: "Prediction", level: float) -> None:
    """Print how well it fits the measured friction."""
    score, known = prediction.score(), prediction.level_span
    if known is not None:
        say(
            f"friction is predicted less its level: the level is measured, over the first {known:g}"
            " s of the log, and added; predictions begin after it"
        )
    low, high = prediction.interval(level)
    inside = float(((prediction.measured >= low) & (prediction.measured <= high)).mean())
    say(
        f"{prediction.name}: {prediction.time.size} instants with the window of "
        f"{prediction.seconds:g} {UNITS[prediction.clock]}, {prediction.runs.shape[0]} runs"
    )
    say(f"RMSE {score.rmse:.4f}, R2 {score.r2:.2f}, correlation {score.correlation:.2f}")
    share, asked = f"{100 * inside:.0f} %", f"{100 * level:.0f} %"
    say(f"{share} of the measured friction lies within the {asked} interval")


def _table(log: Path, out: Path | None) -> Path:
    """Where the CSV goes; never over the log itself."""
    out = out or Path()
    table = out if out.suffix.lower() == ".csv" else out / f"{log.stem}-friction.csv"
    if table.resolve() == log.resolve():
        raise FolderError(f"{table}: this is the log itself; choose another --out")
    return table
