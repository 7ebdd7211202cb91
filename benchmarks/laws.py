"""Friction laws: one velocity step of 6,000 samples by slicken, and by scipy as laboratories do it.

.venv/bin/python benchmarks/laws.py --write      # into benchmarks/README.md
.venv/bin/python benchmarks/laws.py --repeats 1  # printed only
"""

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from scipy.optimize import least_squares

from machine import machine
from slicken.physics.shear_test import Course, Readings, simulate_record
from slicken.physics.spring_slider import Evolution, SpringSlider
from slicken.truth.law_bench import KNOWN
from tables import write_between_markers

if TYPE_CHECKING:
    from slicken.experiment.samples import Samples
    from slicken.laws.results import Event

Floats = NDArray[np.float64]
LAWS: tuple[Evolution, ...] = ("ageing", "slip")
FAULT = SpringSlider(0.6, 0.0089, (0.0075,), (10e-6,), 2e3, 3e-6)
COURSE = Course("velocity-steps", (3e-6, 10e-6), (50.0, 50.0))
READINGS = Readings((60.0,), white=5e-4)
GUESS = {"a": 0.012, "b": 0.010, "dc": 20e-6, "stiffness": 4e3}
"""What somebody types: of the right size."""
SAME = 0.5
"""Difference of two answers, in formal standard deviations, up to which they are the same."""


@dataclass(frozen=True)
class Answer:
    """What a method found and how long it took.

    Args:
        method: Name.
        seconds: Of each repetition, for both laws.
        values: ``a``, ``b`` and ``dc`` by the ageing law.
        formal: Their standard deviations with white residuals.
        compiling: Seconds before the first repetition.
    """

    method: str
    seconds: Sequence[float]
    values: Mapping[str, float]
    formal: Mapping[str, float]
    compiling: float = 0.0


def difference(one: Answer, other: Answer) -> float:
    """Largest difference of two answers, in formal standard deviations of the second."""
    return max(abs(one.values[n] - other.values[n]) / other.formal[n] for n in other.values)


def ratio(slow: Answer, quick: Answer) -> float:
    """How many times as fast the second is, by medians."""
    return median(slow.seconds) / median(quick.seconds)


def as_table(answers: Sequence[Answer]) -> str:
    """All answers beside the last, which is what laboratories do."""
    usual = answers[-1]
    heads = ("method", "both laws, s", "compiling, s", "times as fast", "differs by, sd")
    rows = [
        (one.method, f"{median(one.seconds):.2f}", f"{one.compiling:.1f}",
         f"{ratio(usual, one):.1f}", f"{difference(one, usual):.2f}")
        for one in answers
    ]  # fmt: skip
    lines = [heads, ("---", *["---:"] * 4), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def step_of(seed: int) -> tuple["Samples", "Event"]:
    """A simulated step, and the event in it."""
    from slicken.laws.results import Event

    samples = simulate_record(FAULT, COURSE, READINGS, seed)
    change, end = COURSE.durations[0], sum(COURSE.durations)
    slip = float(COURSE.displacement(np.array(change)))
    event = Event("step", change, KNOWN, np.nan, 0.0, end, slip, *COURSE.velocities)
    return samples, event


def by_slicken(states: tuple[int, ...], repeats: int) -> Answer:
    """The fit of slicken with its intervals; compiling is the first call less a later one."""
    from slicken.laws.fit import fit_event

    seconds, first = [], None
    for seed in (1, *range(2, repeats + 2)):
        began = time.perf_counter()
        fitted = fit_event(*step_of(seed), laws=LAWS, states=states)
        seconds.append(time.perf_counter() - began)
        first = first or fitted
    estimates = next(f for f in first.fits if f.law == "ageing" and f.states == 1).estimates
    return Answer(
        f"slicken, {' or '.join(map(str, states))} state{'s' if len(states) > 1 else ''}",
        seconds[1:],
        {name: estimates[name].value for name in ("a", "b", "dc")},
        {name: estimates[name].formal for name in ("a", "b", "dc")},
        max(seconds[0] - median(seconds[1:]), 0.0),
    )


def by_scipy(repeats: int) -> Answer:
    """LSODA and least squares with finite differences, all samples, one state."""
    seconds, found = [], []
    for seed in range(1, repeats + 1):
        samples, event = step_of(seed)
        began = time.perf_counter()
        found += [scipy_fit(samples, event, law) for law in LAWS]
        seconds.append(time.perf_counter() - began)
    values, formal = found[0]  # of the first step and law
    return Answer("scipy, LSODA and finite differences, 1 state", seconds, values, formal)


def scipy_fit(
    samples: "Samples", event: "Event", law: Evolution
) -> tuple[dict[str, float], dict[str, float]]:
    """a, b, Dc, k, mu0, trend and the instant of the step, from typed guesses.

    Returns:
        ``a``, ``b`` and ``dc`` (m), and their formal standard deviations.
    """
    time, friction = samples.time, samples.channels["friction"]
    moved = np.where(
        time < event.start, event.before * (time - event.start), event.after * (time - event.start)
    )
    gap = 2 * float(np.median(np.diff(time)))

    def modelled(x: Floats) -> Floats:
        a, b, dc, stiffness = np.exp(x[:4])
        solved = scipy_step(event, law, (a, b, dc, stiffness), time - event.start - gap * x[6])
        return np.asarray(x[4] + solved + x[5] * 1e3 * moved)

    guess = [*np.log(list(GUESS.values())), float(friction[:100].mean()), 0.0, 0.0]
    low = [-np.inf] * 6 + [-1.0]
    found = least_squares(
        lambda x: modelled(x) - friction, guess, bounds=(low, [np.inf] * 6 + [1.0]), x_scale="jac"
    )
    variance = 2 * found.cost / (time.size - found.x.size)
    covariance = variance * np.linalg.pinv(found.jac.T @ found.jac)
    values = np.exp(found.x[:3])
    spread = values * np.sqrt(np.diag(covariance)[:3])
    names = ("a", "b", "dc")
    return dict(zip(names, values, strict=True)), dict(zip(names, spread, strict=True))


def scipy_step(
    event: "Event", law: Evolution, values: tuple[float, float, float, float], since: Floats
) -> Floats:
    """Friction less that before, by LSODA in friction and ln theta, at times since the step, s."""
    a, b, dc, stiffness = values
    before = event.before

    def rates(_: float, y: Floats) -> list[float]:
        velocity = before * np.exp(np.clip((y[0] - b * y[1]) / a, -50, 50))
        aged = before / dc * np.exp(-y[1]) - velocity / dc
        if law == "slip":
            aged = -velocity / dc * (y[1] + np.log(velocity / before))
        return [stiffness * (event.after - velocity), aged]

    after = since > 0
    friction = np.zeros_like(since)
    solved = solve_ivp(
        rates, (0.0, since[-1]), [0.0, 0.0], "LSODA", since[after], rtol=1e-8, atol=1e-10
    )
    friction[after] = solved.y[0] if solved.y[0].size == after.sum() else 1e3
    return friction


def main() -> None:
    """Time all, one after another, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    repeats = given.repeats
    answers = [by_slicken((1,), repeats), by_slicken((1, 2), repeats), by_scipy(repeats)]
    apart = max(difference(one, answers[-1]) for one in answers)
    if apart > SAME:
        sys.exit(f"answers differ by {apart:.2f} formal standard deviations: no comparison")
    found = f"{machine()}; {time.strftime('%Y-%m-%d')}.\n\n{as_table(answers)}"
    print(found)
    if given.write:
        page = Path(__file__).with_name("README.md")
        write_between_markers(page, found, "<!-- laws -->", "<!-- /laws -->")


if __name__ == "__main__":
    main()
