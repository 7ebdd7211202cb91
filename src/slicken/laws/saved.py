"""Saved: friction laws as a tree of labelled arrays, in a netCDF file, and back without loss.

Groups: ``events`` (a row for each event), ``fits/N`` (points and fits of event N, counted from 1),
``shared``, ``healing/N``, ``histories/N`` with a group for each record, ``thermal/N``. Everything
is in SI units.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from slicken.errors import LawError
from slicken.laws.results import (
    Estimate,
    Event,
    EventFit,
    Fit,
    Healing,
    History,
    Laws,
    Shared,
    Thermal,
    Trend,
)
from slicken.statements import Statement

Group = dict[str, xr.Dataset]
NUMBERS = Estimate._fields
TRENDS = ("velocity", "slip", "normal_stress")
UNITS = {
    "start": "s", "uncertainty": "s", "resumed": "s", "first": "s", "last": "s", "slip": "m",
    "before": "m s-1", "after": "m s-1", "normal_stress": "Pa", "normal_stress_after": "Pa",
    "time": "s", "displacement": "m", "friction": "1", "modelled": "1", "holds": "s",
    "distances": "m",
}  # fmt: skip
_OF_EVENT = tuple(f.name for f in fields(Event) if f.name not in ("kind", "problem"))
_OF_FIT = ("correlation", "log_likelihood", "misfit", "r2", "rmse")


def to_tree(laws: Laws) -> xr.DataTree:
    """Friction laws as a tree of datasets.

    Args:
        laws: Friction laws.
    """
    about = {
        "records": json.dumps(laws.records),
        "verdict": laws.verdict or "",
        "problems": json.dumps([one.to_plain() for one in laws.problems]),
    }
    groups: Group = {
        "/": xr.Dataset(attrs=about),
        "/events": _events(laws.events),
        "/shared": _shared(laws.shared),
    }
    groups |= {f"/fits/{n}": _event_fit(one) for n, one in enumerate(laws.events, 1)}
    groups |= {f"/healing/{n}": _healing(one) for n, one in enumerate(laws.healing, 1)}
    for n, history in enumerate(laws.histories, 1):
        groups |= _history(history, f"/histories/{n}")
    groups |= {f"/thermal/{n}": _thermal(one) for n, one in enumerate(laws.thermal, 1)}
    return xr.DataTree.from_dict({name: _with_units(one) for name, one in groups.items()})


def from_tree(tree: xr.DataTree) -> Laws:
    """Friction laws from a tree that :func:`to_tree` made."""
    about = tree.attrs
    return Laws(
        records=tuple(json.loads(about["records"])),
        events=_events_again(tree),
        shared=_shared_again(tree["shared"].to_dataset()),
        healing=tuple(_healing_again(one.to_dataset()) for one in _children(tree, "healing")),
        histories=tuple(_history_again(one) for one in _children(tree, "histories")),
        thermal=tuple(_thermal_again(one.to_dataset()) for one in _children(tree, "thermal")),
        verdict=about["verdict"] or None,
        problems=tuple(Statement.from_plain(one) for one in json.loads(about["problems"])),
    )


def save_laws(laws: Laws, file: Path) -> None:
    """Write friction laws as a netCDF file.

    Args:
        laws: Friction laws.
        file: File, such as ``laws.nc``.
    """
    to_tree(laws).to_netcdf(file, engine="h5netcdf")


def load_laws(file: str | Path) -> Laws:
    """Friction laws from a file that :func:`save_laws` wrote.

    Args:
        file: File.

    Raises:
        LawError: If there is none, or it holds something else.
    """
    try:
        with xr.open_datatree(file, engine="h5netcdf") as tree:
            return from_tree(tree.load())
    except (OSError, KeyError, ValueError, TypeError, IndexError) as error:
        raise LawError(
            f"{file}: holds no friction laws ({type(error).__name__}: {error}); give laws.nc of a "
            "folder that 'slicken law' wrote"
        ) from error


def _children(tree: xr.DataTree, name: str) -> list[xr.DataTree]:
    """The groups below a name, in their order."""
    if name not in tree.children:
        return []
    return [tree[name].children[n] for n in sorted(tree[name].children, key=int)]


def _with_units(dataset: xr.Dataset) -> xr.Dataset:
    for name in dataset.variables:
        if name in UNITS:
            dataset[name].attrs["units"] = UNITS[str(name)]
    return dataset


def _words(values: Iterable[str]) -> np.ndarray:
    return np.array(list(values), dtype=object)


def _said(problem: Statement | None) -> str:
    return "" if problem is None else json.dumps(problem.to_plain())


def _problem(text: str) -> Statement | None:
    return Statement.from_plain(json.loads(text)) if text else None


def _events(events: Sequence[EventFit]) -> xr.Dataset:
    numbers = {
        name: ("event", np.array([getattr(one.event, name) for one in events], np.float64))
        for name in _OF_EVENT
    }
    texts: dict[str, list[str]] = {
        "record": [one.record for one in events],
        "kind": [one.event.kind for one in events],
        "problem": [_said(one.event.problem) for one in events],
        "verdict": [one.verdict or "" for one in events],
    }
    said = {name: ("event", _words(values)) for name, values in texts.items()}
    return xr.Dataset({**said, **numbers}, {"event": np.arange(1, len(events) + 1)})


def _events_again(tree: xr.DataTree) -> tuple[EventFit, ...]:
    table = tree["events"].to_dataset()
    found = []
    for place, of_event in enumerate(_children(tree, "fits")):
        row = table.isel(event=place)
        event = Event(
            kind=str(row["kind"].item()),  # type: ignore[arg-type]
            problem=_problem(str(row["problem"].item())),
            **{name: float(row[name]) for name in _OF_EVENT},
        )
        points = of_event.to_dataset()
        found.append(
            EventFit(
                record=str(row["record"].item()),
                event=event,
                fits=_fits_again(points),
                verdict=str(row["verdict"].item()) or None,  # type: ignore[arg-type]
                samples=points["samples"].to_numpy().astype(np.int64),
                **{name: points[name].to_numpy() for name in ("time", "displacement", "friction")},
            )
        )
    return tuple(found)


def _event_fit(one: EventFit) -> xr.Dataset:
    """The points of an event, and its fits; which parameters each has stands in ``fits``."""
    points = {
        name: ("point", getattr(one, name))
        for name in ("time", "displacement", "friction", "samples")
    }
    about = [
        {"law": f.law, "states": f.states, "estimates": [*f.estimates], "names": f.names,
         "noise": [*f.noise]}
        for f in one.fits
    ]  # fmt: skip
    dataset = xr.Dataset(points, attrs={"fits": json.dumps(about)})
    if not one.fits:
        return dataset
    parameters = _in_order(f.estimates for f in one.fits)
    fitted = _in_order(f.names for f in one.fits)
    noises = _in_order(f.noise for f in one.fits)
    covariance = np.full((len(one.fits), len(fitted), len(fitted)), np.nan)
    for place, fit in enumerate(one.fits):
        at = [fitted.index(name) for name in fit.names]
        covariance[place][np.ix_(at, at)] = fit.covariance
    estimates = np.stack([_numbers(f.estimates, parameters) for f in one.fits])
    noise = [[f.noise.get(name, np.nan) for name in noises] for f in one.fits]
    found: dict[str, Any] = {
        "estimate": (("fit", "parameter", "number"), estimates),
        "covariance": (("fit", "fitted", "also_fitted"), covariance),
        "noise": (("fit", "of_noise"), noise),
        "modelled": (("fit", "point"), np.stack([f.modelled for f in one.fits])),
        **{name: ("fit", [getattr(f, name) for f in one.fits]) for name in _OF_FIT},
    }
    return dataset.assign(found).assign_coords(
        law=("fit", _words(f.law for f in one.fits)),
        states=("fit", [f.states for f in one.fits]),
        parameter=_words(parameters),
        number=_words(NUMBERS),
        fitted=_words(fitted),
        also_fitted=_words(fitted),
        of_noise=_words(noises),
    )


def _fits_again(dataset: xr.Dataset) -> tuple[Fit, ...]:
    found = []
    for place, about in enumerate(json.loads(dataset.attrs["fits"])):
        one, names = dataset.isel(fit=place), tuple(about["names"])
        at = [one["fitted"].to_numpy().tolist().index(name) for name in names]
        found.append(
            Fit(
                law=about["law"],
                states=about["states"],
                estimates=_estimates(one, about["estimates"]),
                names=names,
                covariance=one["covariance"].to_numpy()[np.ix_(at, at)],
                modelled=one["modelled"].to_numpy(),
                noise={n: float(one["noise"].sel(of_noise=n)) for n in about["noise"]},
                **{name: float(one[name]) for name in _OF_FIT},
            )
        )
    return tuple(found)


def _in_order(names: Iterable[Iterable[str]]) -> list[str]:
    """All names once, in the order in which they came."""
    return list(dict.fromkeys(name for each in names for name in each))


def _numbers(estimates: Mapping[str, Estimate], names: Iterable[str]) -> np.ndarray:
    nothing = Estimate(np.nan, np.nan, np.nan, np.nan)
    rows = [estimates.get(name, nothing) for name in names]
    return np.array(rows, np.float64).reshape(-1, len(NUMBERS))


def _estimates(dataset: xr.Dataset, names: Iterable[str]) -> dict[str, Estimate]:
    return {
        name: Estimate(*dataset["estimate"].sel(parameter=name).to_numpy().tolist())
        for name in names
    }


def _shared(shared: Sequence[Shared]) -> xr.Dataset:
    trends = np.full((len(shared), len(TRENDS), len(NUMBERS) + 1), np.nan)
    for place, one in enumerate(shared):
        for trend in one.trends:
            trends[place, TRENDS.index(trend.per)] = (*trend.slope, trend.p)
    values = np.array([one.estimate for one in shared], np.float64).reshape(-1, len(NUMBERS))
    columns: dict[str, Any] = {
        **{n: _words(getattr(s, n) for s in shared) for n in ("record", "law", "parameter")},
        **{n: [getattr(s, n) for s in shared] for n in ("events", "scatter", "p_same")},
    }
    return xr.Dataset(
        {
            **{name: ("row", np.asarray(column)) for name, column in columns.items()},
            "estimate": (("row", "number"), values),
            "slope": (("row", "per", "number"), trends[:, :, :-1]),
            "p_slope": (("row", "per"), trends[:, :, -1]),
        },
        {"number": _words(NUMBERS), "per": _words(TRENDS)},
        {"trends": json.dumps([[trend.per for trend in one.trends] for one in shared])},
    )


def _shared_again(table: xr.Dataset) -> tuple[Shared, ...]:
    found = []
    for place, pers in enumerate(json.loads(table.attrs["trends"])):
        row = table.isel(row=place)
        trends = tuple(
            Trend(per, Estimate(*row["slope"].sel(per=per).to_numpy().tolist()),
                  float(row["p_slope"].sel(per=per)))
            for per in pers
        )  # fmt: skip
        about: dict[str, Any] = {n: str(row[n].item()) for n in ("record", "law", "parameter")}
        found.append(
            Shared(
                estimate=Estimate(*row["estimate"].to_numpy().tolist()),
                trends=trends,
                events=int(row["events"]),
                scatter=float(row["scatter"]),
                p_same=float(row["p_same"]),
                **about,
            )
        )
    return tuple(found)


def _healing(one: Healing) -> xr.Dataset:
    ends = NUMBERS[:3]
    return xr.Dataset(
        {
            "holds": ("hold", one.holds),
            "healed": (("hold", "end"), one.healed),
            "relaxed": (("hold", "end"), one.relaxed),
            "rate": ("number", list(one.rate)),
            **{f"predicted_{law}": ("hold", values) for law, values in one.predicted.items()},
        },
        {"end": _words(ends), "number": _words(NUMBERS)},
        {
            "record": one.record,
            "laws": json.dumps([*one.predicted]),
            "predicted_rate": json.dumps(dict(one.predicted_rate)),
        },
    )


def _healing_again(table: xr.Dataset) -> Healing:
    return Healing(
        record=table.attrs["record"],
        rate=Estimate(*table["rate"].to_numpy().tolist()),
        predicted={
            law: table[f"predicted_{law}"].to_numpy() for law in json.loads(table.attrs["laws"])
        },
        predicted_rate=json.loads(table.attrs["predicted_rate"]),
        **{name: table[name].to_numpy() for name in ("holds", "healed", "relaxed")},
    )


def _whole(one: History | Thermal, **about: str) -> xr.Dataset:
    """What laws of whole records have in common."""
    names = [*one.estimates]
    return xr.Dataset(
        {
            "estimate": (("parameter", "number"), _numbers(one.estimates, names)),
            "rmse": one.rmse,
            "r2": one.r2,
            "units": one.units,
        },
        {"number": _words(NUMBERS)},
        {"parameters": json.dumps(names), "unit": one.unit, "problem": _said(one.problem), **about},
    ).assign_coords({"parameter": _words(names)} if names else {})


def _whole_again(table: xr.Dataset) -> dict[str, Any]:
    return {
        "estimates": _estimates(table, json.loads(table.attrs["parameters"])),
        "unit": table.attrs["unit"],
        "units": int(table["units"]),
        "rmse": float(table["rmse"]),
        "r2": float(table["r2"]),
        "problem": _problem(table.attrs["problem"]),
    }


def _history(one: History, place: str) -> Group:
    whole = _whole(one, law=one.law, records=json.dumps(one.records)).assign(
        distances=("tried", one.distances), losses=("tried", one.losses)
    )
    courses = {
        f"{place}/records/{n}": xr.Dataset(
            {k: ("sample", getattr(one, k)[name]) for k in ("time", "friction", "modelled")},
            attrs={"record": name},
        )
        for n, name in enumerate(one.time, 1)
    }
    return {place: whole, **courses}


def _history_again(tree: xr.DataTree) -> History:
    whole = tree.to_dataset()
    courses = {one.attrs["record"]: one.to_dataset() for one in _children(tree, "records")}
    arrays: dict[str, Any] = {
        k: {name: course[k].to_numpy() for name, course in courses.items()}
        for k in ("time", "friction", "modelled")
    }
    return History(
        law=whole.attrs["law"],
        records=tuple(json.loads(whole.attrs["records"])),
        distances=whole["distances"].to_numpy(),
        losses=whole["losses"].to_numpy(),
        **arrays,
        **_whole_again(whole),
    )


def _thermal(one: Thermal) -> xr.Dataset:
    return _whole(one, form=one.form, shape=one.shape)


def _thermal_again(table: xr.Dataset) -> Thermal:
    return Thermal(form=table.attrs["form"], shape=table.attrs["shape"], **_whole_again(table))
