"""Summary of friction laws for programs: ``laws.json``, in SI units; its keys are in the docs."""

import json
import math
from dataclasses import fields
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from slicken.laws.results import Estimate, Event, EventFit, Fit, Laws
from slicken.reporting.laws.answer import answer_of
from slicken.reporting.wording import words
from slicken.statements import Statement
from slicken.study.files import write_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from slicken.experiment.samples import Samples

UNITS = {
    "a": "1", "b": "1", "a_minus_b": "1", "dc": "m", "b2": "1", "dc2": "m", "stiffness": "1/m",
    "mu0": "1", "trend": "1/m", "start": "s", "velocity": "m/s", "slip": "m",
    "normal_stress": "Pa", "time": "s", "memory": "s", "per_kelvin": "1/K", "activation": "K",
}  # fmt: skip
_OF_FIT = ("law", "states", "correlation", "log_likelihood", "misfit", "r2", "rmse")


def summarise(laws: Laws, records: "Sequence[Samples]" = ()) -> dict[str, Any]:
    """Everything in ``laws.json``; numbers that are not finite are None.

    Args:
        laws: Friction laws.
        records: Their records, for the checksums of the logs.
    """
    answered = answer_of(laws)
    tree = {
        "slicken": version("slicken"),
        "units": UNITS,
        "records": [_record(name, records) for name in laws.records],
        "verdict": laws.verdict,
        "law": answered.law,
        "events": [_event(n, one) for n, one in enumerate(laws.events, 1)],
        "shared": laws.shared,
        "healing": laws.healing,
        "histories": [
            {f.name: getattr(one, f.name) for f in fields(one) if f.name not in _COURSES}
            for one in laws.histories
        ],
        "thermal": laws.thermal,
        "answer": {
            name: [_said(each) for each in finding.statements()]
            for name, finding in answered.found.items()
        },
        "caveats": [_said(each) for each in answered.caveats],
    }
    plain: dict[str, Any] = _plain(tree)
    return plain


def write_summary(laws: Laws, records: "Sequence[Samples]", folder: Path) -> Path:
    """Write ``laws.json``.

    Args:
        laws: Friction laws.
        records: Their records.
        folder: Folder of the output.
    """
    text = json.dumps(summarise(laws, records), indent=2, ensure_ascii=False, allow_nan=False)
    write_text(folder / "laws.json", text + "\n")
    return folder / "laws.json"


_COURSES = ("time", "friction", "modelled")
"""Long arrays, which stand in ``laws.nc``."""


def _record(name: str, records: "Iterable[Samples]") -> dict[str, Any]:
    of = next((one for one in records if one.name == name), None)
    if of is None:
        return {"name": name}
    return {
        "name": name,
        "source": of.provenance.source,
        "sha256": of.provenance.sha256,
        "samples": len(of),
    }


def _event(number: int, one: EventFit) -> dict[str, Any]:
    event = {f.name: getattr(one.event, f.name) for f in fields(Event)}
    return {
        "number": number,
        "record": one.record,
        **event,
        "verdict": one.verdict,
        "points": one.time.size,
        "samples": int(one.samples.sum()),
        "fits": [_fit(fit, one) for fit in one.fits],
    }


def _fit(fit: Fit, one: EventFit) -> dict[str, Any]:
    estimates = {
        name: {**each._asdict(), "determined": not fit.undetermined(name)}
        for name, each in fit.estimates.items()
    }
    return {
        **{name: getattr(fit, name) for name in _OF_FIT},
        "chosen": one.best(fit.law) is fit,
        "estimates": estimates,
        "noise": fit.noise,
        "fitted": fit.names,
        "covariance": fit.covariance,
    }


def _said(statement: Statement) -> dict[str, Any]:
    return {**statement.to_plain(), "text": words("en")(statement)}


def _plain(tree: Any) -> Any:  # noqa: ANN401 (any tree of results)
    """Results as what JSON can hold."""
    if isinstance(tree, Statement):
        return _plain(_said(tree))
    if isinstance(tree, Estimate) or hasattr(tree, "_asdict"):
        return _plain(tree._asdict())
    if hasattr(tree, "__dataclass_fields__"):
        return {f.name: _plain(getattr(tree, f.name)) for f in fields(tree)}
    if hasattr(tree, "items"):
        return {str(name): _plain(value) for name, value in tree.items()}
    if isinstance(tree, np.ndarray | np.generic):
        return _plain(tree.tolist())
    if isinstance(tree, list | tuple):
        return [_plain(value) for value in tree]
    if isinstance(tree, float) and not math.isfinite(tree):
        return None
    return tree
