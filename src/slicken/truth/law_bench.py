"""Law bench: simulated steps, each found, judged usable or not, and fitted; a record of each."""

import json
import math
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from slicken.channels import FRICTION, SHEAR_STRESS
from slicken.errors import SlickenError
from slicken.experiment.samples import Samples
from slicken.laws.results import Event, EventFit, Fit
from slicken.physics.shear_test import shear
from slicken.study.files import write_text

if TYPE_CHECKING:
    from slicken.truth.law_cases import LawCase

LawRecord = dict[str, Any]
"""What was found of a case, beside what was planted; see :func:`run_law_case`."""
Find = Callable[[Samples, float | None], Sequence[Event]]
Fitted = Callable[..., EventFit]
KNOWN = 1e-6
"""Uncertainty of an instant that is known, s."""
NEAR = 0.1
"""Distance of a found change from the planted one, in shares of the time to the record's ends."""


def run_law_cases(
    cases: Iterable["LawCase"], folder: Path, tell: Callable[[str], None], *, workers: int = 1
) -> list[LawRecord]:
    """Run every case; those that lie in the folder already are read.

    Args:
        cases: Cases.
        folder: Folder for a record of each.
        tell: Called with a line for each case that was run.
        workers: Number of processes; two at most.
    """
    every = list(cases)
    fresh = [case for case in every if not (folder / f"{case.name}.json").is_file()]
    run = partial(_run_into, folder=folder)
    if workers < 2 or len(fresh) < 2:
        for case in fresh:
            tell(run(case))
    else:
        # JAX has threads, and these do not survive a fork.
        with ProcessPoolExecutor(min(workers, 2), get_context("spawn")) as pool:
            for line in pool.map(run, fresh):
                tell(line)
    return [json.loads((folder / f"{case.name}.json").read_text("utf-8")) for case in every]


def run_law_case(case: "LawCase", find: Find | None = None, fit: Fitted | None = None) -> LawRecord:
    """Simulate, find the change, fit, and write down what was found beside what was planted.

    Args:
        case: Case.
        find: Function from samples and stiffness to events, each with its problem if it cannot
            be used; slicken's own where None.
        fit: Function from samples and an event to its fits; slicken's own where None.
    """
    began = time.perf_counter()
    samples = samples_of(case)
    stiffness = case.fault.stiffness if case.given else None
    if find is None:  # the bound is that of a step whose instant is known
        find = true_events(case) if case.kind == "information" else found_events
    event = nearest(find(samples, stiffness), case)
    record = {**_planted(case), "found": event is not None, "start": None, "problem": None}
    fitted = None
    if event is not None:
        record["start"] = event.start
        record["problem"] = None if event.problem is None else event.problem.key
    if event is not None and event.problem is None:
        try:
            fitted = (fit or _fit_event())(samples, event, stiffness=stiffness)
        except SlickenError as error:
            record["problem"] = type(error).__name__
    if event is not None and fitted is not None and fitted.fits and fit is None:
        from slicken.laws.laws import judged_after

        problem = judged_after(event, fitted.fits).problem
        record["problem"] = None if problem is None else problem.key
    record["refused"] = fitted is None or not fitted.fits or record["problem"] is not None
    record["verdict"] = None if fitted is None else fitted.verdict
    best = [] if fitted is None else [fitted.best("ageing"), fitted.best("slip")]
    record["fits"] = {one.law: describe(one) for one in best if one is not None}
    record["planted"] = None
    if event is not None and fitted is not None and not record["refused"]:
        record["planted"] = _by_planted(case, samples, event, fitted, stiffness)
    record["seconds"] = round(time.perf_counter() - began, 2)
    return record


def _by_planted(
    case: "LawCase", samples: Samples, event: Event, fitted: EventFit, stiffness: float | None
) -> dict[str, Any] | None:
    """The fit by the planted law with the planted number of states, whatever slicken chose."""
    law, states = case.fault.evolution, len(case.fault.b)
    same = [one for one in fitted.fits if (one.law, one.states) == (law, states)]
    if not same:
        again = _fit_event()(samples, event, laws=(law,), states=(states,), stiffness=stiffness)
        same = list(again.fits)
    return describe(same[0]) if same else None


def true_events(case: "LawCase") -> Find:
    """Events as they were planted, for a fit that is to be judged without their detection."""
    bounds = [*case.course.starts[1:], sum(case.course.durations)]
    begins = case.course.starts

    def find(samples: Samples, stiffness: float | None) -> list[Event]:
        del samples, stiffness
        return [
            Event(
                kind="step",
                start=float(bounds[number]),
                uncertainty=KNOWN,
                resumed=np.nan,
                first=float(begins[number]),
                last=float(bounds[number + 1]),
                slip=float(case.course.displacement(np.array(bounds[number]))),
                before=before,
                after=after,
                normal_stress=case.readings.normal_stress,
                normal_stress_after=case.readings.normal_stress,
            )
            for number, (before, after) in enumerate(
                zip(case.course.velocities, case.course.velocities[1:], strict=False)
            )
        ]

    return find


def found_events(samples: Samples, stiffness: float | None) -> Sequence[Event]:
    """Events as slicken finds and judges them."""
    from slicken.laws.events import find_events
    from slicken.laws.usable import judged

    return [judged(event, samples, stiffness) for event in find_events(samples)]


def samples_of(case: "LawCase") -> Samples:
    """The record of a case, with its stick-slip, if there is any."""
    samples = shear(case.fault, case.course, case.readings, case.seed, case.name).samples()
    if not case.drop:
        return samples
    # The spring is loaded until it lets go, again and again, at any velocity.
    moved = case.course.displacement(samples.time)
    sawtooth = np.mod(case.fault.stiffness * moved, case.drop) - case.drop / 2
    friction = samples.channels[FRICTION.name] + sawtooth
    normal = samples.channels[SHEAR_STRESS.name] / samples.channels[FRICTION.name]
    stick = {FRICTION.name: friction, SHEAR_STRESS.name: friction * normal}
    return replace(samples, channels={**samples.channels, **stick})


def nearest(events: Sequence[Event], case: "LawCase") -> Event | None:
    """The step that was found where one was planted; None where there is none."""
    durations = case.course.durations
    reach = NEAR * min(durations[case.change], durations[case.change + 1])
    near = [
        event
        for event in events
        if event.kind == "step" and abs(event.start - case.start) <= reach + event.uncertainty
    ]
    return min(near, key=lambda event: abs(event.start - case.start)) if near else None


def describe(fit: Fit) -> dict[str, Any]:
    """The numbers of a fit that are counted."""
    return {
        "states": fit.states,
        "estimates": {name: list(one) for name, one in fit.estimates.items()},
        "undetermined": [name for name in fit.estimates if fit.undetermined(name)],
        "log_likelihood": fit.log_likelihood,
        "misfit": fit.misfit,
        "r2": fit.r2,
    }


def _planted(case: "LawCase") -> LawRecord:
    fault = case.fault
    order = np.argsort(fault.slip_scales)
    b, dc = np.array(fault.b)[order].tolist(), np.array(fault.slip_scales)[order].tolist()
    truth = {"a": fault.a, "b": b[0], "a_minus_b": fault.a - sum(b), "dc": dc[0]}
    if len(b) == 2:
        truth |= {"b2": b[1], "dc2": dc[1]}
    truth |= {"stiffness": fault.stiffness, "trend": case.readings.trend}
    return {
        "name": case.name,
        "kind": case.kind,
        "seed": list(case.seed),
        "law": fault.evolution,
        "labels": dict(case.labels),
        "planted_start": case.start,
        "truth": truth,
    }


def _run_into(case: "LawCase", folder: Path) -> str:
    record = run_law_case(case)
    text = json.dumps(strict(record), indent=1, allow_nan=False)
    write_text(folder / f"{case.name}.json", text + "\n")
    said = record["problem"] or record["verdict"] or "no step found"
    return f"{case.name}: {said} ({record['seconds']:.1f} s)"


def strict(tree: Any) -> Any:  # noqa: ANN401 (a tree that JSON can hold)
    """A tree whose numbers that are not finite are null, which any program can read."""
    if isinstance(tree, dict):
        return {key: strict(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [strict(value) for value in tree]
    return None if isinstance(tree, float) and not math.isfinite(tree) else tree


def _fit_event() -> Fitted:
    from slicken.laws.fit import fit_event

    return fit_event
