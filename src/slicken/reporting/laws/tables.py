"""Tables of friction laws: data frames with units in the names of their columns, and CSV."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from slicken.laws.results import PARAMETERS, Estimate, EventFit, Fit, Laws
from slicken.reporting.quantities import QUANTITIES, in_units
from slicken.study.files import written_aside

MICROMETRES, MEGAPASCALS = 1e6, 1e-6
ENDS = ("", "_low", "_high", "_formal_sd")
"""Endings of the four columns of an estimate."""
NOISE = {
    "white": ("noise_white", 1.0), "correlated": ("noise_correlated", 1.0),
    "scale": ("noise_scale_s", 1.0), "undulation": ("noise_undulation", 1.0),
    "wavelength": ("noise_wavelength_um", MICROMETRES),
}  # fmt: skip
"""Column of each number of the noise, and how many of its unit are in the SI unit."""
PER = {
    "velocity": ("e_fold", 1.0), "slip": ("mm", 1e-3), "normal_stress": ("MPa", 1e6),
}  # fmt: skip
"""Unit in which a trend is given, and its size in the SI unit of the results."""


def tables_of(laws: Laws) -> dict[str, pd.DataFrame]:
    """Every table by the name of its file; those without rows are left out.

    Args:
        laws: Friction laws.
    """
    tables = {
        "laws": laws_table(laws),
        "shared": shared_table(laws),
        "healing": healing_table(laws),
        "histories": _of_records(laws, "histories"),
        "thermal": _of_records(laws, "thermal"),
    }
    return {name: table for name, table in tables.items() if len(table) or name == "laws"}


def write_tables(tables: Mapping[str, pd.DataFrame], folder: Path) -> list[Path]:
    """Write each table as ``NAME.csv``.

    Args:
        tables: Data frames by name.
        folder: Folder, made if it is not there.
    """
    written = []
    for name, table in tables.items():
        path = folder / f"{name}.csv"
        with written_aside(path, synced=False) as aside:
            table.to_csv(aside, index=False, lineterminator="\n")
        written.append(path)
    return written


def laws_table(laws: Laws) -> pd.DataFrame:
    """A row for each event, law and number of states; an event that cannot be used has one row."""
    rows = []
    for number, one in enumerate(laws.events, 1):
        about = {"event": number, **_event(one)}
        rows += [{**about, **_fit(one, fit)} for fit in one.fits] or [about]
    columns = [*(_event_columns()), *_fit_columns()]
    return pd.DataFrame(rows, columns=columns)


def shared_table(laws: Laws) -> pd.DataFrame:
    """A row for each parameter over events; trends stand beside it."""
    rows = []
    for one in laws.shared:
        row = {
            "record": one.record, "law": one.law, "events": one.events,
            **_estimate(one.parameter, one.estimate, plain=True),
            "scatter": one.scatter if _as_logarithm(one.parameter) else in_units(
                one.parameter, one.scatter
            ),
            "p_same": one.p_same,
        }  # fmt: skip
        for trend in one.trends:
            unit, size = PER[trend.per]
            scale = size if _as_logarithm(one.parameter) else in_units(one.parameter, size)
            name = f"slope_per_{unit}"
            numbers = [scale * x for x in trend.slope[:3]]
            row |= {f"{name}{end}": x for end, x in zip(ENDS[:3], numbers, strict=True)}
            row[f"p_{trend.per}"] = trend.p
        rows.append(row)
    return pd.DataFrame(rows)


def healing_table(laws: Laws) -> pd.DataFrame:
    """A row for each hold."""
    rows = []
    for one in laws.healing:
        for place, seconds in enumerate(one.holds):
            rows.append(
                {
                    "record": one.record,
                    "hold_s": seconds,
                    **_numbers("healed", one.healed[place]),
                    **_numbers("relaxed", one.relaxed[place]),
                    **{f"healed_{law}_law": x[place] for law, x in one.predicted.items()},
                    **_numbers("rate_per_decade", one.rate[:3]),
                    **{f"rate_{law}_law": x for law, x in one.predicted_rate.items()},
                }
            )
    return pd.DataFrame(rows)


def _of_records(laws: Laws, kind: str) -> pd.DataFrame:
    """Laws of whole records: a row for each parameter."""
    rows = []
    for one in getattr(laws, kind):
        about = {
            name: getattr(one, name) for name in ("law", "form", "shape") if hasattr(one, name)
        }
        about |= {"jackknife_over": one.unit, "units": one.units, "rmse": one.rmse, "r2": one.r2}
        rows += [
            about | _estimate(name, estimate, plain=True)
            for name, estimate in one.estimates.items()
        ]
    return pd.DataFrame(rows)


def _as_logarithm(parameter: str) -> bool:
    return parameter in ("dc", "dc2", "stiffness")


def _event(one: EventFit) -> dict[str, object]:
    event = one.event
    return {
        "record": one.record,
        "kind": event.kind,
        "change_s": event.start,
        "hold_s": event.held,
        "velocity_before_um_s": MICROMETRES * event.before,
        "velocity_after_um_s": MICROMETRES * event.after,
        "slip_um": MICROMETRES * event.slip,
        "normal_stress_MPa": MEGAPASCALS * event.normal_stress,
        "usable": event.problem is None,
        "verdict": one.verdict or "",
    }


def _fit(one: EventFit, fit: Fit) -> dict[str, object]:
    """All of a fit; parameters in the units that their columns name."""
    row: dict[str, object] = {
        "law": fit.law, "states": fit.states, "chosen": one.best(fit.law) is fit,
    }  # fmt: skip
    for name, estimate in fit.estimates.items():
        row |= _estimate(name, estimate)
        row[f"{QUANTITIES[name].column}_determined"] = not fit.undetermined(name)
    noise = {
        column: size * fit.noise[name]
        for name, (column, size) in NOISE.items()
        if name in fit.noise
    }
    return row | {
        "correlation_a_b": fit.correlation,
        "log_likelihood": fit.log_likelihood,
        "misfit_p": fit.misfit,
        "r2": fit.r2,
        "rmse": fit.rmse,
        **noise,
        "points": one.time.size,
        "samples": int(one.samples.sum()),
    }


def _event_columns() -> list[str]:
    return [
        "event", "record", "kind", "change_s", "hold_s", "velocity_before_um_s",
        "velocity_after_um_s", "slip_um", "normal_stress_MPa", "usable", "verdict",
    ]  # fmt: skip


def _fit_columns() -> list[str]:
    columns = ["law", "states", "chosen"]
    for name in PARAMETERS:
        columns += [f"{QUANTITIES[name].column}{end}" for end in (*ENDS, "_determined")]
    return [
        *columns, "correlation_a_b", "log_likelihood", "misfit_p", "r2", "rmse",
        *(column for column, _ in NOISE.values()), "points", "samples",
    ]  # fmt: skip


def _estimate(name: str, one: Estimate, *, plain: bool = False) -> dict[str, object]:
    """Four columns of an estimate; with its name and unit in columns of their own if ``plain``."""
    numbers = [in_units(name, x) for x in one]
    if not plain:
        column = QUANTITIES[name].column
        return {f"{column}{end}": x for end, x in zip(ENDS, numbers, strict=True)}
    unit = QUANTITIES[name].unit.replace("µ", "u")
    values = dict(zip(("value", "low", "high", "formal_sd"), numbers, strict=True))
    return {"parameter": name, "unit": unit, **values}


def _numbers(name: str, numbers: object) -> dict[str, float]:
    """Three columns of a number with its interval."""
    return {f"{name}{end}": float(x) for end, x in zip(ENDS, numbers, strict=False)}  # type: ignore[call-overload]
