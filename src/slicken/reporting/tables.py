"""Tables: everything that the page tabulates, and the predictions, as data frames and CSV."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from slicken.evidence.attribution import METHODS
from slicken.evidence.drivers import shares_of
from slicken.evidence.importance import KINDS
from slicken.experiment.by_stage import STAGE_COLUMNS, by_stage
from slicken.learning.splits import PARTS, Part
from slicken.lengths import plain
from slicken.reporting.quantities import QUANTITIES
from slicken.study.files import written_aside

if TYPE_CHECKING:
    from slicken.evidence.evidence import Evidence

ENDS = ("", "_low", "_high")
"""Endings of the three columns of a number with its interval."""
TIMES = ("time_s", "start_s", "end_s", "step_s", "duration_s", "velocity_um_s")
"""Names that end with seconds and are no lengths of windows, whatever their clock."""
SCORED: tuple[Part, ...] = ("validation", "test")


def tables_of(evidence: "Evidence") -> dict[str, pd.DataFrame]:
    """Every table of a study by the name of its file.

    Args:
        evidence: All evidence of the study.

    Returns:
        Data frames; units are in the names of their columns.
    """
    return {name: build(evidence) for name, build in TABLES.items()}


def write_tables(tables: Mapping[str, pd.DataFrame], folder: Path, unit: str = "s") -> list[Path]:
    """Write each table as ``tables/NAME.csv`` into a study folder.

    Args:
        tables: Data frames by name.
        folder: Study folder.
        unit: Unit of the study's lengths; columns such as ``window_s`` are named after it.

    Returns:
        The files.
    """
    written = []
    for name, table in tables.items():
        path = folder / "tables" / f"{name}.csv"
        with written_aside(path, synced=False) as aside:
            table.rename(columns=partial(in_unit, unit=unit)).to_csv(
                aside, index=False, lineterminator="\n"
            )
        written.append(path)
    return written


def in_unit(name: str, unit: str) -> str:
    """The name of a length in seconds, such as ``window_s``, for lengths in another unit.

    Example:
        >>> in_unit("window_s", "µm"), in_unit("time_s", "µm")
        ('window_um', 'time_s')
    """
    of_length = name.endswith("_s") and name not in TIMES
    return f"{name.removesuffix('_s')}_{plain(unit)}" if of_length else name


def _experiments(evidence: "Evidence") -> pd.DataFrame:
    """Experiments as prepared, and the parts that each serves."""
    trained = evidence.trained
    record, split = trained.prepared.record, trained.prepared.split
    rows = []
    for place, experiment in enumerate(trained.experiments):
        serves = (
            ["held_out"]
            if trained.has_folds
            else [p for p in PARTS if (record.experiment[split.samples(p)] == place).any()]
        )
        stage = experiment.stage
        low, high = np.nanpercentile(experiment.channels["friction"], [5, 95])
        rows.append(
            {
                "experiment": experiment.name,
                "parts": " ".join(serves),
                "duration_s": experiment.time[-1] - experiment.time[0],
                "step_s": experiment.dt,
                "samples": len(experiment),
                "stages": -1 if stage is None else int(np.unique(stage[stage >= 0]).size),
                "friction_p5": low,
                "friction_p95": high,
                "findings": len(experiment.findings),
                "source": experiment.provenance.source,
                "sha256": experiment.provenance.sha256,
            }
        )
    return pd.DataFrame(rows)


def _drivers(evidence: "Evidence") -> pd.DataFrame:
    """Verdict, share of error reduction and gradient shares of each driver."""
    best = evidence.comparison.best
    gradients = {kind: _mean(evidence.importance.by_run(best, kind)) for kind in KINDS}
    return pd.DataFrame(
        [
            {
                "driver": one.channel,
                "verdict": one.verdict,
                **_interval("share", one.share),
                **_interval("rank", one.rank),
                **{
                    f"{kind}_gradient_share": float(shares.sel(channel=one.channel))
                    for kind, shares in gradients.items()
                },
            }
            for one in evidence.drivers
        ]
    )


def _windows(evidence: "Evidence") -> pd.DataFrame:
    """Window lengths compared on the validation part, with the networks' error on the test part."""
    comparison = evidence.comparison
    rows = []
    for seconds in evidence.trained.windows:
        losses = comparison.losses.sel(window=seconds).to_numpy().astype(np.float64)
        kept = losses[np.isfinite(losses)]
        quartiles = np.percentile(kept, [25, 50, 75]) if kept.size else np.full(3, np.nan)
        compared = comparison.table.sel(window=seconds)
        spans = evidence.memory.spans[seconds].mean("run", skipna=True)
        rows.append(
            {
                "window_s": seconds,
                "runs": kept.size,
                "mean_loss": kept.mean() if kept.size else np.nan,
                "median_loss": quartiles[1],
                "quartile_low_loss": quartiles[0],
                "quartile_high_loss": quartiles[2],
                "lowest_loss": kept.min() if kept.size else np.nan,
                "probability_lowest_mean": float(comparison.probability_best.sel(window=seconds)),
                **_interval("excess", [float(compared[f"excess{end}"]) for end in ENDS]),
                "not_distinguishable": seconds in comparison.tied,
                "gradient_span_50_s": float(spans.sel(mass=0.5)),
                "gradient_span_90_s": float(spans.sel(mass=0.9)),
                "test_rmse": float(evidence.scores.at(seconds)["rmse"].sel(model="network")),
            }
        )
    return pd.DataFrame(rows)


def _models(evidence: "Evidence") -> pd.DataFrame:
    """Scores of every model at every window length."""
    measures = ["validation_loss", "rmse", "r2", "correlation", "range_ratio"]
    frame = evidence.scores.table[measures].to_dataframe().reset_index()
    return frame.rename(columns={"window": "window_s"})[["window_s", "model", *measures]]


def _skill(evidence: "Evidence") -> pd.DataFrame:
    """Skill of the networks over every other model, by part, experiment and stage."""
    frame = evidence.skill.table[["part", "experiment", "stage", "skill", "low", "high"]]
    table = frame.to_dataframe().reset_index()
    table = table.rename(columns={"model": "against", "low": "skill_low", "high": "skill_high"})
    names = ["part", "experiment", "stage", "against", "skill", "skill_low", "skill_high"]
    return table.sort_values("row", kind="stable")[names]


def _friction_laws(evidence: "Evidence") -> pd.DataFrame:
    """Parameters of the friction laws that were fitted to the training part, in the field's units.

    With folds a value is the median over them, and an interval holds those of all.
    """
    rows = [
        {
            "law": law.model,
            "parameter": QUANTITIES[name].column,
            **_interval("value", [QUANTITIES[name].per_unit * x for x in number]),
        }
        for law in evidence.laws
        for name, number in law.parameters.items()
    ]
    return pd.DataFrame(rows, columns=["law", "parameter", *(f"value{end}" for end in ENDS)])


def _required_history(evidence: "Evidence") -> pd.DataFrame:
    """Loss of models trained on less history, by family."""
    columns = ("history", "loss", "low", "high", "clearly_worse")
    frames = [
        pd.DataFrame({name: getattr(one, name) for name in columns}).assign(family=one.family)
        for one in evidence.memory.required
    ]
    names = {"history": "history_s", "low": "loss_excess_low", "high": "loss_excess_high"}
    found = pd.concat(frames) if frames else pd.DataFrame(columns=[*columns, "family"])
    return found.rename(columns=names)[["family", *(names.get(name, name) for name in columns)]]


def _kernels(evidence: "Evidence") -> pd.DataFrame:
    """Memory kernels: the best length of each, its interval and its fit."""
    rows = [
        {
            "shape": one.shape,
            "drivers": " ".join(evidence.memory.selected),
            **_interval("memory", (one.memory, one.low, one.high), unit="_s"),
            **_interval("excess", one.excess),
            **_interval("gain", one.gain),
            "fits": one.fits,
            "is_shown": one.is_shown,
        }
        for one in evidence.memory.kernels
    ]
    return pd.DataFrame(rows)


def _importance(evidence: "Evidence") -> pd.DataFrame:
    """Share of each driver in the gradients of each run, at every window length."""
    frames = []
    for seconds in evidence.trained.windows:
        for kind in KINDS:
            shares = evidence.importance.by_run(seconds, kind)
            frames.append(_long(shares).assign(window_s=seconds, method=f"{kind}_gradient"))
    return pd.concat(frames)[["window_s", "method", "run", "channel", "share"]].rename(
        columns={"channel": "driver"}
    )


def _methods(evidence: "Evidence") -> pd.DataFrame:
    """Share of each driver by every method of importance, run by run, at the best length."""
    table = evidence.importance.attribution
    frames = [
        _long(shares_of(table, name)).assign(method=name) for name in METHODS if name in table
    ]
    found = pd.concat(frames).assign(window_s=evidence.comparison.best)
    names = ["window_s", "method", "run", "channel", "share"]
    return found[names].rename(columns={"channel": "driver"})


def _predictions(evidence: "Evidence") -> pd.DataFrame:
    """Friction predicted and measured at the best length, with its 90 % interval."""
    return pd.concat([_predicted(evidence, part) for part in SCORED])


def _predicted(evidence: "Evidence", part: Part) -> pd.DataFrame:
    found = evidence.trained.predictions(None, part)
    runs = found["predicted"].transpose("run", "target").to_numpy().astype(np.float64)
    mean, spread = runs.mean(axis=0), runs.std(axis=0)
    half = evidence.skill.calibration.width(spread)
    return pd.DataFrame(
        {
            "part": part,
            "experiment": found["experiment"].to_numpy().astype(str),
            "time_s": found["time"].to_numpy(),
            "window_s": _lengths(evidence, part),
            "measured_friction": found["measured"].to_numpy(),
            "friction": mean,
            "friction_low": mean - half,
            "friction_high": mean + half,
            "spread_over_runs": spread,
        }
    )


def _lengths(evidence: "Evidence", part: Part) -> NDArray[np.float64]:
    """Window length behind each prediction, s: that which its fold chose."""
    folds = evidence.trained.folds
    return np.repeat([f.chosen for f in folds], [f.prepared.split.ends[part].size for f in folds])


def _mean(shares: xr.DataArray) -> xr.DataArray:
    return shares.mean("run", skipna=True)


def _long(shares: xr.DataArray) -> pd.DataFrame:
    """A row for each run and driver."""
    return shares.rename("share").to_dataframe().reset_index()[["run", "channel", "share"]]


def _interval(name: str, numbers: Sequence[float], unit: str = "") -> dict[str, float]:
    """A number and the ends of its interval, as three columns."""
    return {f"{name}{end}{unit}": float(x) for end, x in zip(ENDS, numbers, strict=True)}


def _stages(evidence: "Evidence") -> pd.DataFrame:
    """Mean friction of each level of velocity and load, where an experiment has several."""
    stages = {one.name: by_stage(one) for one in evidence.trained.experiments}
    rows = [
        {"experiment": name, **row, "stage": int(row["stage"])}
        for name, found in stages.items()
        if found is not None
        for row in found.rows()
    ]
    return pd.DataFrame(rows, columns=["experiment", *STAGE_COLUMNS])


TABLES: Mapping[str, Callable[["Evidence"], pd.DataFrame]] = {
    "drivers": _drivers,
    "windows": _windows,
    "models": _models,
    "skill": _skill,
    "friction_laws": _friction_laws,
    "required_history": _required_history,
    "kernels": _kernels,
    "importance": _importance,
    "methods": _methods,
    "predictions": _predictions,
    "experiments": _experiments,
    "stages": _stages,
}
"""Every table by the name of its file, and what builds it."""
