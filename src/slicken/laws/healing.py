"""Healing: how much stronger a fault is after a hold, against how long it was held.

The peak of friction after a hold grows with the logarithm of its duration (Dieterich 1972,
10.1029/JB077i020p03690). By the ageing law, on a stiff machine, it grows by ``b ln 10`` per decade.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from slicken.channels import FRICTION
from slicken.laws.load import load_of
from slicken.laws.peaks import FEWEST, Level, Noise, end_at, line_at, noise_of, peak_of, thinned
from slicken.laws.pooling import fit_line
from slicken.laws.results import Estimate, Event, EventFit, Healing
from slicken.laws.shared import shared_parameters

if TYPE_CHECKING:
    from slicken.experiment.samples import Samples
    from slicken.physics.spring_slider import Evolution

Floats = NDArray[np.float64]
STEADY = 0.5
"""Share of the stretch before a hold that is taken for steady sliding: its end."""
DURATIONS = 3
"""Different durations of holds that a rate needs."""
DIFFER = 1.05
"""Ratio from which durations differ."""
ALIKE = 1.3
"""Ratio of velocities after and before from which a peak is not one of healing alone."""
STRESS_CHANGES = 0.05
"""Relative change of normal stress from which it is not, either."""
FREEDOM = 4.0
"""Degrees of freedom of Student's t, at least: samples are many, if correlation times are few."""
PIECES, RISES = 50, 5.0
"""Means of a hold, and standard errors by which the last may be above the lowest."""
POINTS = 256
"""Instants of a predicted reslide, until friction is back and beyond."""


class _Hold(NamedTuple):
    """What a hold did: friction, with 95 % intervals, ``(3,)``."""

    event: Event
    healed: Floats
    relaxed: Floats
    error: float


def measure_healing(
    samples: "Samples", events: Sequence[Event], fits: Sequence[EventFit]
) -> Healing | None:
    """Measure healing and relaxation of every hold of a record, and the rate of healing.

    Steady friction is a line through the sliding before a hold, continued over the displacement
    since. Noise and its correlation are those of friction about the line.

    Args:
        samples: Record.
        events: Its events; holds that end, with the same velocity and normal stress before and
            after, are measured.
        fits: Fits to its events, from which healing is predicted; may be empty.

    Returns:
        Healing; None where no hold could be measured.
    """
    plain = [event for event in events if _is_plain(event)]
    if not plain:
        return None
    position = load_of(samples).position
    holds = [_measured(samples, position, event) for event in plain]
    found = [hold for hold in holds if hold is not None]
    if not found:
        return None
    held = np.array([hold.event.held for hold in found])
    variances = np.array([hold.error**2 for hold in found])
    predicted = _predicted([hold.event for hold in found], fits)
    return Healing(
        record=samples.name,
        holds=held,
        healed=np.array([hold.healed for hold in found]),
        relaxed=np.array([hold.relaxed for hold in found]),
        rate=healing_rate(held, np.array([hold.healed[0] for hold in found]), variances),
        predicted=predicted,
        predicted_rate={
            law: healing_rate(held, values, variances).value for law, values in predicted.items()
        },
    )


def _is_plain(event: Event) -> bool:
    """Whether it is a hold that ends, with nothing else changed by it."""
    if event.kind != "hold" or not event.held > 0 or not event.before > 0:
        return False
    changed = abs(event.normal_stress_after / event.normal_stress - 1) > STRESS_CHANGES
    return 1 / ALIKE < event.after / event.before < ALIKE and not changed


def _measured(samples: "Samples", position: Floats, event: Event) -> _Hold | None:
    """Friction above and below steady friction; None where steady friction or a peak is missing."""
    friction, time = samples.channels[FRICTION.name], samples.time
    usable = np.isfinite(friction) & np.isfinite(position)
    time, friction, position = time[usable], friction[usable], position[usable]
    first = event.start - STEADY * (event.start - event.first)
    before = (time >= first) & (time < event.start - event.uncertainty)
    during = (time > event.start + event.uncertainty) & (time < event.resumed - event.uncertainty)
    after = (time > event.resumed) & (time <= event.last)
    if min(before.sum(), during.sum(), after.sum()) < 3 * FEWEST:
        return None
    line = np.polynomial.Polynomial.fit(position[before], friction[before], 1)
    noise = noise_of(time[before], friction[before] - line(position[before]))
    peak = peak_of(time[after], friction[after], noise)
    if peak is None:
        return None
    bottom = _bottom(time[during], friction[during], noise, event.resumed)
    freedom = max(FREEDOM, np.ptp(time[before]) / (2 * noise.scale) - 2)
    reach = float(stats.t.ppf(0.975, freedom))
    steady = (position[before], friction[before], _over_position(noise, time, position, before))
    at_peak = line_at(*steady, float(np.interp(peak.at, time, position)))
    at_start = line_at(*steady, float(np.interp(event.start, time, position)))
    errors = [np.hypot(peak.error, at_peak.error), np.hypot(bottom.error, at_start.error)]
    healed, relaxed = peak.value - at_peak.value, at_start.value - bottom.value
    ends = [
        np.array([value, value - reach * error, value + reach * error])
        for value, error in zip((healed, relaxed), errors, strict=True)
    ]
    return _Hold(event, ends[0], ends[1], float(errors[0]))


def _bottom(time: Floats, friction: Floats, noise: Noise, resumed: float) -> Level:
    """Friction at the end of a hold; or where it is lowest, if it rises again before the end.

    Then the load point moved again, or the machine was adjusted, before its sensor says so.
    """
    pieces = np.array_split(np.arange(time.size), min(PIECES, time.size // FEWEST))
    means = np.array([friction[piece].mean() for piece in pieces])
    some, _, joined = thinned(time[pieces[0]], friction[pieces[0]])
    of_means = noise._replace(white=noise.white / np.sqrt(joined))
    error, _ = of_means.errors(some, np.full(some.size, 1 / some.size))
    lowest = int(np.argmin(means))
    if means[-1] - means[lowest] <= RISES * error:
        return end_at(time, friction, noise, resumed)
    until = slice(0, int(pieces[lowest][-1]) + 1)
    return end_at(time[until], friction[until], noise, float(time[until][-1]))


def _over_position(
    noise: Noise, time: Floats, position: Floats, before: NDArray[np.bool_]
) -> Noise:
    """The noise of steady sliding, its correlation counted in displacement."""
    velocity = np.ptp(position[before]) / np.ptp(time[before])
    return noise._replace(scale=float(noise.scale * velocity))


def healing_rate(holds: Floats, healed: Floats, variances: Floats) -> Estimate:
    """Healing per decade of hold time, from a line through holds whose scatter is estimated.

    Args:
        holds: Durations, s, shape ``(N,)``.
        healed: Peak above steady friction, ``(N,)``.
        variances: Of ``healed``, ``(N,)``.

    Returns:
        Rate with its interval; NaN with fewer than three different durations.
    """
    usable = np.isfinite(healed)
    decades = np.log10(holds[usable])
    apart = np.diff(np.sort(decades)) > np.log10(DIFFER)
    if int(apart.sum()) + 1 < DURATIONS or usable.sum() < DURATIONS:
        return Estimate(np.nan, np.nan, np.nan, np.nan)
    columns = np.column_stack([np.ones_like(decades), decades - decades.mean()])
    line = fit_line(healed[usable], variances[usable], columns)
    return Estimate(float(line.values[1]), *line.interval(1), float(line.formal[1]))


def _predicted(events: Sequence[Event], fits: Sequence[EventFit]) -> Mapping[str, Floats]:
    """Law to the healing of each hold by its shared parameters; NaN where it slips unstably."""
    found: dict[str, Floats] = {}
    shared = shared_parameters(fits)
    for law in dict.fromkeys(one.law for one in shared):
        values = {one.parameter: one.estimate.value for one in shared if one.law == law}
        if "stiffness" not in values:
            values["stiffness"] = _given_stiffness(fits, law)
        if not np.isfinite(values["stiffness"]):
            continue
        found[law] = np.array([predicted_healing(values, law, event) for event in events])
    return found


def _given_stiffness(fits: Sequence[EventFit], law: "Evolution") -> float:
    """The stiffness that the fits of a law have in common; NaN where slip was imposed."""
    chosen = [best for each in fits if (best := each.best(law)) is not None]
    given = [fit.estimates["stiffness"].value for fit in chosen if "stiffness" in fit.estimates]
    return float(np.median(given)) if given else np.nan


def predicted_healing(values: Mapping[str, float], law: "Evolution", event: Event) -> float:
    """Peak friction above steady friction that a law predicts; NaN where it slips unstably.

    Args:
        values: a, b, dc and stiffness, in SI; b2 and dc2 for a second state.
        law: Evolution law.
        event: Hold.
    """
    from slicken.errors import PlanError
    from slicken.physics.spring_slider import SpringSlider

    effects = [values["b"], *([values["b2"]] if "dc2" in values else [])]
    scales = [values["dc"], *([values["dc2"]] if "dc2" in values else [])]
    a, stiffness, speed = values["a"], values["stiffness"], event.before
    if not min(a, stiffness, *scales) > 0:
        return np.nan
    start = min(scales) / speed
    held = event.held
    # how far the load point goes until friction is back, and the peak behind
    fall = a * np.log1p(stiffness * speed * held / a)
    rise = sum(abs(b) * np.log1p(speed * held / d) for b, d in zip(effects, scales, strict=True))
    back = 1.2 * (fall + rise) / (stiffness * event.after)
    beyond = np.geomspace(back / POINTS, back + 10 * max(scales) / event.after, POINTS)
    resumed = start + held
    again = np.concatenate([np.linspace(0.0, back, POINTS), back + beyond])
    times = np.append(0.5 * start, resumed + again)
    try:
        fault = SpringSlider(0.0, a, tuple(effects), tuple(scales), stiffness, speed, law)
        friction = fault.friction(
            times, np.array([0.0, start, resumed]), np.array([speed, 0.0, event.after]), speed
        )
    except PlanError:
        return np.nan
    top = int(np.clip(np.argmax(friction), 2, friction.size - 2))
    curve = np.polyfit(again[top - 2 : top + 1] - again[top - 1], friction[top - 1 : top + 2], 2)
    over = -(curve[1] ** 2) / (4 * curve[0]) if curve[0] < 0 else 0.0
    return float(friction[top] + over - friction[0])
