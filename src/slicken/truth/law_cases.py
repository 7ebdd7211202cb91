"""Law cases: simulated steps whose law is known; those that judge are not looked at in tuning.

The parameters are 65 published fits (``published.csv``), under noise, trend and undulation as rigs
have them. Experiments and seeds of the two groups differ.
"""

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import product
from typing import TYPE_CHECKING, Literal

import numpy as np

from slicken.physics.shear_test import Course, Readings
from slicken.physics.spring_slider import Evolution, SpringSlider

if TYPE_CHECKING:
    from slicken.truth.cases import Group

Kind = Literal["published", "not_steady", "too_short", "stick_slip", "information"]
UNUSABLE: tuple[Kind, ...] = ("not_steady", "too_short", "stick_slip")
SEEDS: dict["Group", tuple[int, ...]] = {
    "judged": tuple(range(401, 411)),
    "tuning": tuple(range(1, 11)),
}
EXPERIMENTS: dict["Group", tuple[str, ...]] = {
    "judged": ("p5756", "p5894", "p5896"),
    "tuning": ("p5760", "p5866", "p5895", "p5791"),
}
"""Seeds and published experiments of the two groups; they share none."""
SETTINGS = tuple(
    product(
        ("white", "correlated in time", "correlated over slip"),
        ("none", "100 µm"),
        ("1", "2"),
        ("given", "free"),
        ("up", "down"),
    )
)
"""Noise, undulation, states, stiffness and direction of the step: every combination."""
STRIDE = 29
"""Has no divisor in common with the number of settings, so all of them are reached."""
DRAWS = 40
"""Draws of the information case a seed: 400 over ten seeds."""
UNUSABLE_EACH = 4
RATES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
UM = 1e-6


@dataclass(frozen=True)
class LawCase:
    """One simulated record with the change of load that is judged.

    Args:
        name: Name of its record file.
        kind: ``published`` steps can be used; those of :data:`UNUSABLE` cannot; ``information``
            is diabayes' example.
        fault: Law and stiffness.
        course: Course of the load point.
        readings: Sampling, noise and surface.
        seed: Seed of the simulation, as a whole.
        change: Number of the judged change of load, from 0.
        given: Whether the fit is given the stiffness.
        labels: Classes that the case belongs to, such as ``noise``: ``white``.
        drop: Drop of friction in each stick-slip; 0 for none.
    """

    name: str
    kind: Kind
    fault: SpringSlider
    course: Course
    readings: Readings
    seed: tuple[int, ...]
    change: int
    given: bool
    labels: Mapping[str, str]
    drop: float = 0.0

    @property
    def start(self) -> float:
        """When the load changes, s."""
        return float(self.course.starts[self.change + 1])


@dataclass(frozen=True)
class Published:
    """One published fit, in SI units.

    Args:
        experiment: Name of the experiment.
        law: Evolution law.
        mu0: Friction before the step.
        stiffness: 1/m.
        before: Load-point velocity before, m/s.
        after: Load-point velocity after, m/s.
        a: Direct effect.
        b: Evolution effect.
        dc: Critical slip distance, m.
        trend: Of friction with displacement, 1/m.
        r2: Share of variance that the published fit explains.
    """

    experiment: str
    law: Evolution
    mu0: float
    stiffness: float
    before: float
    after: float
    a: float
    b: float
    dc: float
    trend: float
    r2: float


@cache
def published() -> tuple[Published, ...]:
    """The published fits, in the order of the table."""
    text = (files("slicken.truth") / "published.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return tuple(
        Published(
            experiment=row["experiment"],
            law="ageing" if row["law"] == "ageing" else "slip",
            mu0=float(row["mu0"]),
            stiffness=float(row["stiffness_per_um"]) / UM,
            before=float(row["v0_um_s"]) * UM,
            after=float(row["v1_um_s"]) * UM,
            a=float(row["a"]),
            b=float(row["b"]),
            dc=float(row["dc_um"]) * UM,
            trend=float(row["trend_per_um"] or 0.0) / UM,
            r2=float(row["r2"]),
        )
        for row in rows
    )


def law_cases(group: "Group") -> Iterator[LawCase]:
    """All cases of a group, seed by seed: a bench that is cut short has seen every kind."""
    chosen = [
        (number, one)
        for number, one in enumerate(published())
        if one.experiment in EXPERIMENTS[group]
    ]
    clear = [(number, one) for number, one in chosen if one.dc > 5 * UM]
    for turn, seed in enumerate(SEEDS[group]):
        for place, (number, one) in enumerate(chosen):
            setting = SETTINGS[(STRIDE * (place + turn * len(chosen))) % len(SETTINGS)]
            yield _usable(number, one, seed, setting)
        for kind, part in product(UNUSABLE, range(UNUSABLE_EACH)):
            place = (turn * 7 + part * 5 + UNUSABLE.index(kind)) % len(clear)
            yield _unusable(kind, part, *clear[place], seed)
        for draw in range(DRAWS):
            yield information(seed, draw)


def information(seed: int, draw: int) -> LawCase:
    """The example of diabayes: white noise, stiffness known, 1 to 10 um/s; steady before."""
    fault = SpringSlider(0.6, 0.01, (0.009,), (10 * UM,), 1e3, UM)
    return LawCase(
        name=f"information-seed{seed}-{draw:02d}",
        kind="information",
        fault=fault,
        course=Course("velocity-steps", (UM, 10 * UM), (100.0, 15.0)),
        readings=Readings((10.0, 1000 / 15), white=1e-3),
        seed=(seed, 2, draw),
        change=0,
        given=True,
        labels={},
    )


def _usable(number: int, one: Published, seed: int, setting: tuple[str, ...]) -> LawCase:
    noise, undulation, states, stiffness, direction = setting
    rng = np.random.default_rng((seed, 0, number))
    fault = _fault(one, states == "2", direction == "down", rng)
    speeds = (one.before, one.after) if direction == "up" else (one.after, one.before)
    slip = float(np.clip(max(rng.uniform(200, 500) * UM, 6 * max(fault.slip_scales)), 0, 2e-3))
    course = Course(
        "velocity-steps", speeds, (rng.uniform(100, 300) * UM / speeds[0], slip / speeds[1])
    )
    return LawCase(
        name=f"{one.experiment}-{number:02d}-seed{seed}",
        kind="published",
        fault=fault,
        course=course,
        readings=_readings(one, course, noise, undulation != "none", rng),
        seed=(seed, 0, number, 1),
        change=0,
        given=stiffness == "given",
        labels={
            "law": one.law,
            "states": states,
            "step": direction,
            "noise": noise,
            "undulation": undulation,
            "stiffness": stiffness,
        },
    )


def _unusable(kind: Kind, part: int, number: int, one: Published, seed: int) -> LawCase:
    rng = np.random.default_rng((seed, 1, number, part))
    fault = _fault(one, False, False, rng)
    # Until the spring is loaded to the new velocity, and a part of Dc beyond.
    loaded = one.a * math.log(one.after / one.before) / one.stiffness
    short = loaded + rng.uniform(0.3, 1.0) * one.dc
    slips = [rng.uniform(100, 300) * UM, rng.uniform(200, 500) * UM]
    speeds = [one.before, one.after]
    if kind == "not_steady":
        slips.insert(1, short)
        speeds.append(3 * one.after)
    elif kind == "too_short":
        slips[1] = short
    durations = tuple(slip / speed for slip, speed in zip(slips, speeds, strict=True))
    course = Course("velocity-steps", tuple(speeds), durations)
    return LawCase(
        name=f"{kind}-{part}-seed{seed}",
        kind=kind,
        fault=fault,
        course=course,
        readings=_readings(one, course, "white", False, rng),
        seed=(seed, 1, number, part),
        change=1 if kind == "not_steady" else 0,
        given=False,
        labels={"kind": kind},
        drop=rng.uniform(0.004, 0.015) if kind == "stick_slip" else 0.0,
    )


def _fault(one: Published, second: bool, down: bool, rng: np.random.Generator) -> SpringSlider:
    """The published law; where asked, with a second, longer state of either sign."""
    b, scales = [one.b], [one.dc]
    if second:
        scales.append(min(one.dc * math.exp(rng.uniform(math.log(5), math.log(20))), 500 * UM))
        b.append(rng.uniform(0.15, 0.5) * one.b * (1 if rng.uniform() < 0.7 else -1))
        if scales[1] < 3 * scales[0]:
            scales = [scales[1] / 5, scales[1]]
        while b[1] > 0 and 3 * (sum(b) - one.a) / scales[0] > one.stiffness:
            b[1] /= 2
    before = one.after if down else one.before
    return SpringSlider(one.mu0, one.a, tuple(b), tuple(scales), one.stiffness, before, one.law)


def _readings(
    one: Published, course: Course, noise: str, undulated: bool, rng: np.random.Generator
) -> Readings:
    """Noise, surface and sampling as rigs have them; all numbers are drawn, used or not."""
    white, coloured = rng.uniform(2e-4, 1e-3), rng.uniform(1e-4, 5e-4)
    seconds = math.exp(rng.uniform(math.log(0.1), math.log(5)))
    slip = math.exp(rng.uniform(math.log(1), math.log(50))) * UM
    amplitude, wavelength = rng.uniform(2e-4, 1.5e-3), rng.uniform(70, 150) * UM
    wanted = (rng.uniform(500, 2000), rng.uniform(1500, 6000))
    after = sum(course.durations[1:])
    rates = (_rate(course.durations[0], wanted[0]), _rate(after, wanted[1]))
    return Readings(
        rates=rates,
        white=white,
        coloured=0.0 if noise == "white" else coloured,
        correlation=seconds,
        correlation_slip=slip if noise == "correlated over slip" else 0.0,
        trend=one.trend,
        undulation=amplitude if undulated else 0.0,
        wavelength=wavelength,
        displacement=0.1 * UM,
        quantum=0.05 * UM,
    )


def _rate(duration: float, samples: float) -> float:
    """The fastest usual rate, Hz, that gives at most ``samples`` samples."""
    slow = [rate for rate in RATES if rate * duration <= samples]
    return float(slow[-1] if slow else RATES[0])
