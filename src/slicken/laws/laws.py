"""Laws: friction laws of one or several records, from their events to what these have in common."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from slicken.channels import FRICTION
from slicken.errors import LawError, shown
from slicken.experiment.experiment import Experiment
from slicken.experiment.samples import Samples
from slicken.laws.event_table import read_events
from slicken.laws.events import find_events
from slicken.laws.fit import TOLD, fit_event, likeliest, score
from slicken.laws.healing import measure_healing
from slicken.laws.histories import fit_history
from slicken.laws.results import (
    EventFit,
    Fit,
    Healing,
    History,
    Laws,
    Shared,
    Verdict,
    undetermined,
)
from slicken.laws.settled import settled
from slicken.laws.shared import shared_parameters
from slicken.laws.stiffness import stiffness_of
from slicken.laws.thermal import fit_thermal
from slicken.laws.usable import judged, judged_by_fit
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.laws.results import Event
    from slicken.physics.spring_slider import Evolution

LAWS: tuple["Evolution", ...] = ("ageing", "slip")
NEGATIVE, NEARLY_ALL = 0.05, 0.95
"""Friction that is this far below zero, in so large a share of samples, has the wrong sign."""
OnEvent = Callable[[str, int, int], None]


def fit_laws(
    records: "Samples | Experiment | Sequence[Samples | Experiment]",
    *,
    laws: Sequence["Evolution"] = LAWS,
    states: Sequence[int] = (1, 2),
    stiffness: float | str | None = None,
    steps: str | Path | None = None,
    history: bool | None = None,
    thermal: bool = False,
    on_event: OnEvent | None = None,
) -> Laws:
    """Fit friction laws to the velocity steps and holds of records.

    Args:
        records: Samples that ``slicken.read_samples`` returns, or experiments.
        laws: Evolution laws: ``ageing``, ``slip``, or both; none for a thermal law alone.
        states: Numbers of states to try; of two, the better is chosen.
        stiffness: Of the machine and the specimen, friction per metre, or with a unit, such as
            ``"0.0065/um"`` or ``"0.1 MPa/um"``; fitted where None.
        steps: Table of events of one record, in place of those that are found.
        history: Whether laws are also fitted to whole records with the velocity imposed; where
            None, only if no event can be fitted.
        thermal: Whether thermal laws are fitted.
        on_event: Called before each event with the name of its record, its number, and how many
            there are.

    Raises:
        LawError: If a law, a number of states or a stiffness makes no sense, the load is not
            known, or nothing can be fitted.

    Example:
        >>> from slicken.physics.shear_test import Course, Readings, simulate_record
        >>> from slicken.physics.spring_slider import SpringSlider
        >>> fault = SpringSlider(0.6, 0.0075, (0.0055,), (15e-6,), 1.5e3, 1e-6)
        >>> course = Course.steps([3e-6, 10e-6], 300e-6)
        >>> found = fit_laws(simulate_record(fault, course, Readings(white=1e-5), seed=1))
        >>> round(found.events[0].best("ageing").estimates["a"].value, 4)
        0.0075
    """
    samples = _records(records)
    _check(laws, states, thermal)
    if steps is not None and len(samples) > 1:
        raise LawError(
            f"{steps}: a table of events is for one record, and there are {len(samples)}"
        )
    fits: list[EventFit] = []
    problems: list[Statement] = []
    stiff = {one.name: _stiffness(stiffness, one) for one in samples}
    events: dict[str, tuple[Event, ...]] = {}
    if laws:
        for one in samples:
            found = find_events(one) if steps is None else read_events(steps, one)
            events[one.name] = tuple(judged(event, one, stiff[one.name]) for event in found)
            if not found:
                problems.append(Statement("laws.none_in_record", record=one.name))
        fits = _fitted(samples, events, laws, states, stiff, on_event)
    usable = [each for each in fits if each.event.problem is None and each.fits]
    wanted = history if history is not None else bool(laws) and not usable
    shared = shared_parameters(usable)
    return Laws(
        records=tuple(one.name for one in samples),
        events=tuple(fits),
        shared=shared,
        healing=_healing(samples, events, usable),
        histories=_histories(samples, events, laws, stiff, shared) if wanted else (),
        thermal=fit_thermal(samples) if thermal else (),
        verdict=_verdict(usable),
        problems=tuple(problems),
    )


def _records(given: "Samples | Experiment | Sequence[Samples | Experiment]") -> list[Samples]:
    each = [given] if isinstance(given, Samples | Experiment) else list(given)
    if not each:
        raise LawError("fit_laws: got no records; give what slicken.read_samples returns")
    for one in each:
        if not isinstance(one, Samples | Experiment):
            raise LawError(
                f"fit_laws: {shown(one)} is no record; give what slicken.read_samples returns"
            )
    samples = [Samples.of(one) if isinstance(one, Experiment) else one for one in each]
    for one in samples:
        _check_sign(one)
    return samples


def _check_sign(samples: Samples) -> None:
    """Refuse friction that is clearly negative: a load that was logged with the other sign."""
    friction = samples.channels[FRICTION.name]
    known = friction[np.isfinite(friction)]
    if known.size and np.median(known) < -NEGATIVE and np.mean(known < 0) > NEARLY_ALL:
        raise LawError(
            f"{samples.name}: friction is negative, {np.median(known):.3g} in the median; set "
            f"sign = -1 under [channels.{FRICTION.name}] of a channel map, or under the stress"
        )


def _check(laws: Sequence[str], states: Sequence[int], thermal: bool) -> None:
    for law in laws:
        if law not in LAWS:
            raise LawError(f"no law is named {shown(law)}; there is ageing and slip")
    if not laws and not thermal:
        raise LawError("no law to fit; give laws, such as ('ageing', 'slip'), or thermal=True")
    if not states or any(count not in (1, 2) for count in states):
        raise LawError(f"states {shown(states)}: a law has one or two; give (1,), (2,) or (1, 2)")


def _stiffness(given: float | str | None, samples: Samples) -> float | None:
    if given is None:
        return None
    if isinstance(given, str):
        return stiffness_of(given, samples)
    if not 0 < given < float("inf"):
        raise LawError(f"stiffness {given:g}: expected friction per metre, above zero")
    return float(given)


def _fitted(
    samples: Sequence[Samples],
    events: Mapping[str, Sequence["Event"]],
    laws: Sequence["Evolution"],
    states: Sequence[int],
    stiff: Mapping[str, float | None],
    on_event: OnEvent | None,
) -> list[EventFit]:
    fits: list[EventFit] = []
    for one in samples:
        for number, found in enumerate(events[one.name]):
            event = settled(found, fits[len(fits) - number :])
            if on_event is not None:
                on_event(one.name, number + 1, len(events[one.name]))
            try:
                fit = fit_event(one, event, laws=laws, states=states, stiffness=stiff[one.name])
            except LawError as error:  # too few samples on one side, once gaps are left out
                few = Statement("laws.problem_not_fitted", reason=str(error))
                fit = fit_event(one, replace(event, problem=few), laws=laws)
            fits.append(_judged(fit))
    return fits


def _judged(fit: EventFit) -> EventFit:
    """The fit of an event, with the problem that only the fit shows."""
    if not fit.fits:
        if fit.event.problem is None and fit.event.kind != "stress_step":
            velocities = (1e6 * max(fit.event.before, fit.event.after), "µm/s")
            problem = Statement("laws.problem_unstable", fastest=velocities)
            return replace(fit, event=replace(fit.event, problem=problem))
        return fit
    event = judged_after(fit.event, fit.fits)
    dc, apart = max(fit.fits, key=score).estimates["dc"].value, _apart(fit)
    if event.problem is None and dc < apart:
        apart_um, dc_um = (apart * 1e6, "µm"), (dc * 1e6, "µm")
        coarse = Statement("laws.problem_coarse", dc=dc_um, apart=apart_um)
        event = replace(event, problem=coarse)
    return replace(fit, event=event, verdict=None if event.problem else fit.verdict)


def _apart(fit: EventFit) -> float:
    """Displacement from sample to sample just after the last change, m."""
    event = fit.event
    after = fit.displacement[fit.time > (event.start if np.isnan(event.resumed) else event.resumed)]
    return float(np.diff(after).min()) if after.size > 1 else 0.0


def judged_after(event: "Event", fits: Sequence[Fit]) -> "Event":
    """An event with the problem that only its fits show: too little slip, too soft a spring."""
    best = max(fits, key=score).estimates
    b = best["a"].value - best["a_minus_b"].value
    stiffness = best["stiffness"].value if "stiffness" in best else None
    return judged_by_fit(event, best["a"].value, b, best["dc"].value, stiffness)


def _verdict(usable: Sequence[EventFit]) -> Verdict | None:
    """Which law the events that a law fits tell together: their likelihoods multiply."""
    if not usable:
        return None
    fitting = [each for each in usable if each.verdict != "neither"]
    if 2 * len(fitting) < len(usable):
        return "neither"
    ahead = 0.0
    for each in fitting:
        if {fit.law for fit in each.fits} != set(LAWS):
            return "not_distinguishable"
        ahead += likeliest(each.fits, "ageing") - likeliest(each.fits, "slip")
    if abs(ahead) < TOLD:
        return "not_distinguishable"
    return "ageing" if ahead > 0 else "slip"


def _healing(
    samples: Sequence[Samples],
    events: Mapping[str, Sequence["Event"]],
    usable: Sequence[EventFit],
) -> tuple[Healing, ...]:
    found = (
        measure_healing(
            one, events.get(one.name, ()), [fit for fit in usable if fit.record == one.name]
        )
        for one in samples
    )
    return tuple(one for one in found if one is not None)


def _histories(
    samples: Sequence[Samples],
    events: Mapping[str, Sequence["Event"]],
    laws: Sequence["Evolution"],
    stiff: Mapping[str, float | None],
    shared: Sequence[Shared],
) -> tuple[History, ...]:
    """Each law over whole records, with the stiffness that was given or that its events tell."""
    given = stiff[samples[0].name]
    return tuple(
        fit_history(samples, events, law, _told(shared, law) if given is None else given)
        for law in laws
    )


def _told(shared: Sequence[Shared], law: "Evolution") -> float | None:
    """Stiffness over all events under a law, 1/m; None where they do not determine it."""
    found = [one for one in shared if one.law == law and one.parameter == "stiffness"]
    of_all = [one for one in found if not one.record] or found
    if len(of_all) != 1 or undetermined("stiffness", of_all[0].estimate):
        return None
    return of_all[0].estimate.value
