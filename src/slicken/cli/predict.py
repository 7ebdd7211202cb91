"""``slicken predict``: friction with intervals for a new log."""

from pathlib import Path
from typing import Annotated

import typer


def run(
    study: Annotated[Path, typer.Argument(help="A study folder.")],
    log: Annotated[Path, typer.Argument(help="A log that has the drivers of the study.")],
    channels: Annotated[Path | None, typer.Option(help="Channel map of the log.")] = None,
    window: Annotated[float | None, typer.Option(help="Length in s; the best if none.")] = None,
    level: Annotated[float, typer.Option(help="Of the interval.")] = 0.9,
    out: Annotated[Path | None, typer.Option(help="CSV file; LOG-friction.csv if none.")] = None,
) -> None:
    """Predict the friction of a new log, and compare it with what was measured."""
    from slicken.cli.terminal import say, show_findings
    from slicken.evidence.study import Study
    from slicken.experiment import read_experiment
    from slicken.report.predicted import write_prediction

    opened = Study.open(study)
    experiment = read_experiment(log, channels)
    show_findings([experiment])
    prediction = opened.predict(experiment, window)
    table, *pictures = write_prediction(prediction, out or Path(f"{log.stem}-friction.csv"), level)
    score = prediction.score()
    low, high = prediction.interval(level)
    inside = float(((prediction.measured >= low) & (prediction.measured <= high)).mean())
    say(
        f"{prediction.name}: {prediction.time.size} instants with the window of "
        f"{prediction.seconds:g} s, {prediction.runs.shape[0]} runs"
    )
    say(f"RMSE {score.rmse:.4f}, R2 {score.r2:.2f}, correlation {score.correlation:.2f}")
    say(f"{inside:.0%} of the measured friction lies within the {level:.0%} interval")
    if not opened.evidence.has_skill:
        say("note: this study has no skill on its own test part; do not rely on its predictions")
    for path in (table, *pictures):
        say(f"wrote {path}")
