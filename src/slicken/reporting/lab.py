"""Laboratory, written: in statements, as tables, as JSON and as a figure."""

import json
import math
from collections.abc import Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from slicken.channels import SLIP_VELOCITY, TITLED
from slicken.laws.results import Estimate, undetermined
from slicken.reporting.figures import WIDTHS_MM, save
from slicken.reporting.figures.lab import lab_figure
from slicken.reporting.wording import Language, language_named, words
from slicken.statements import Statement
from slicken.study.files import write_text, written_aside

if TYPE_CHECKING:
    from slicken.evidence.lab import LabRun
    from slicken.evidence.lab_numbers import Lab, LabNumber
    from slicken.evidence.resampling import Interval

NAME = "lab"
"""Name of the files, without ending."""


def write_lab(lab: "Lab", out: str | Path, *, language: Language = "en") -> list[Path]:
    """Write experiments on networks as tables, JSON and a figure.

    Args:
        lab: Experiments on the networks of a study.
        out: Folder, made if it is not there; files of an earlier call are replaced.
        language: Language of the figure, ``en`` or ``ja``.

    Returns:
        ``lab.csv`` (numbers), ``lab_curves.csv`` (answers), ``lab.json``, then the figure for one
        and two columns of a journal as PDF, PNG and SVG.

    Raises:
        SlickenError: If the folder cannot be written, or there is no such language.
    """
    language, folder = language_named(language), Path(out)
    written = []
    tables = {NAME: lab.to_dataframe(), f"{NAME}_curves": curves(lab)}
    for name, table in tables.items():
        path = folder / f"{name}.csv"
        with written_aside(path) as aside:
            table.to_csv(aside, index=False, lineterminator="\n")
        written.append(path)
    tree = json.dumps(summarise(lab), indent=1, ensure_ascii=False, allow_nan=False)
    write_text(folder / f"{NAME}.json", tree + "\n")
    written.append(folder / f"{NAME}.json")
    for width in WIDTHS_MM:
        draw = partial(lab_figure, lab, words(language), width)
        written += save(draw, folder, f"{NAME}-{width}")
    return written


def curves(lab: "Lab") -> pd.DataFrame:
    """Answers of all experiments, in SI: mean and standard deviation over runs."""
    return pd.concat([_curve(run) for run in lab.runs], ignore_index=True)


def _curve(run: "LabRun") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "experiment": run.kind,
            "time_s": run.seconds,
            "driver": run.channel,
            "value": run.course.values[run.ends],
            "friction": run.friction.mean(axis=0),
            "spread_over_runs": run.friction.std(axis=0),
            "in_range": run.inside,
        }
    )


def heads(lab: "Lab") -> Iterator[Statement]:
    """What was done: window, other drivers, levels."""
    yield Statement("lab.head", name=lab.name, window=lab.window)
    yield Statement(f"lab.others_{lab.others}")
    for run in lab.runs:
        channel = TITLED[run.channel]
        levels = tuple(level * channel.shown_per_unit for level in run.course.levels)
        if run.kind == "holds":
            starts, ends = run.course.changes[0::2], run.course.changes[1::2]
            yield Statement(
                "lab.did_holds",
                speed=levels[0],
                held=levels[1],
                unit=channel.shown_unit,
                seconds=tuple((b - a) * run.step for a, b in zip(starts, ends, strict=True)),
            )
        else:
            kind = Statement(f"lab.{run.kind}")
            yield Statement("lab.did", kind=kind, levels=levels, unit=channel.shown_unit)


def row(one: "LabNumber") -> tuple[Statement, Statement, Statement]:
    """A number: its name, that of the networks or why there is none, and that of the data."""
    name = Statement("lab.name", name=one.name)
    told = _value(one.name, one.networks)
    if one.problem is not None:
        told = Statement("lab.not_told", why=one.problem)
    if not one.source:
        return name, told, Statement("lab.no_data")
    data = Statement("lab.of_data", value=_value(one.name, one.data), source=one.source)
    return name, told, data


def _value(name: str, interval: "Interval") -> Statement:
    """A number with its interval; not determined where that is too wide for a number."""
    known = np.isfinite([interval.low, interval.high]).all()
    wide = known and undetermined(name, Estimate(*interval, formal=np.nan))
    return Statement("lab.undetermined" if wide else "lab.value", value=(name, tuple(interval)))


def caveats(lab: "Lab") -> Iterator[Statement]:
    """What to beware of."""
    yield Statement("lab.over_folds" if lab.folds > 1 else "lab.over_runs", folds=lab.folds)
    if lab.grade == "seen_once":
        yield Statement("lab.seen_once")
    slow = [
        run.kind
        for run in lab.runs
        if run.kind == "velocity_steps" and min(run.course.levels) < lab.slowest
    ]
    if slow:
        speed = lab.slowest * SLIP_VELOCITY.shown_per_unit
        yield Statement("lab.too_slow", slowest=speed, unit=SLIP_VELOCITY.shown_unit)
    if lab.others == "held":
        yield Statement("lab.never_together")
    left = dict.fromkeys(name for run in lab.runs if not run.inside.all() for name in run.left)
    if left:
        yield Statement("lab.grey", drivers=tuple(left))
    if lab.law and any(one.name == "a" and one.problem is None for one in lab.numbers):
        yield Statement("lab.blurred", law=lab.law)


def summarise(lab: "Lab") -> dict[str, Any]:
    """Everything in ``lab.json``, in SI; numbers that are not finite are null."""
    say = words("en")
    return {
        "slicken": version("slicken"),
        "study": lab.name,
        "window_s": lab.window,
        "others": lab.others,
        "grade": lab.grade,
        "folds": lab.folds,
        "law": lab.law or None,
        "experiments": [
            {
                "kind": run.kind,
                "driver": run.channel,
                "unit": TITLED[run.channel].unit,
                "levels": list(run.course.levels),
                "in_range": float(run.inside.mean()),
                "leaves_range": list(run.left),
            }
            for run in lab.runs
        ],
        "numbers": [
            {
                "experiment": one.kind,
                "parameter": one.name,
                "networks": _plain(one.networks),
                "data": _plain(one.data),
                "data_from": one.source or None,
                "problem": None if one.problem is None else say(one.problem),
            }
            for one in lab.numbers
        ],
        "caveats": [say(each) for each in caveats(lab)],
    }


def _plain(interval: "Interval") -> list[float | None]:
    return [float(each) if math.isfinite(each) else None for each in interval]
