"""Shear scenarios: simulated velocity steps and slide-hold-slides, from a few numbers."""

import zlib
from collections.abc import Sequence
from dataclasses import replace

from slicken.errors import PlanError
from slicken.physics.shear_test import Course, Readings, ShearTest, shear
from slicken.physics.spring_slider import Evolution, SpringSlider

SHEAR_SCENARIOS = ("velocity-steps", "slide-hold-slide")
MOST = 5_000_000
"""Samples of a log; more is taken for a mistake in the units."""


def simulate_shear(
    scenario: str,
    *,
    experiments: int = 1,
    seed: int = 0,
    velocities: Sequence[float] = (1e-6, 1e-5, 1e-6),
    velocity: float = 1e-5,
    holds: Sequence[float] = (10.0, 30.0, 100.0, 300.0),
    slip: float = 500e-6,
    law: Evolution = "ageing",
    a: float = 0.01,
    b: Sequence[float] = (0.012,),
    dc: Sequence[float] = (10e-6,),
    mu0: float = 0.6,
    stiffness: float = 2e3,
    readings: Readings | None = None,
) -> list[ShearTest]:
    """Simulate shear tests of a fault whose friction law is known; units are SI.

    Experiments differ in their noise and in the phase of the surface's undulation. The same call
    gives the same bits.

    Args:
        scenario: ``velocity-steps`` or ``slide-hold-slide``.
        experiments: Number of records.
        seed: Random seed, zero or more.
        velocities: Of the load point in ``velocity-steps``, m/s; the first before the steps.
        velocity: Of the load point round the holds of ``slide-hold-slide``, m/s.
        holds: Hold times, s.
        slip: Displacement of the load point at each velocity and between holds, m.
        law: Evolution law, ``ageing`` or ``slip``.
        a: Direct effect.
        b: Evolution effects, one a state.
        dc: Critical slip distances, one a state, m.
        mu0: Steady friction at the first velocity.
        stiffness: Friction per metre of load-point displacement, 1/m; infinity imposes the
            velocity on the fault.
        readings: Sampling, noise and surface; None for 100 Hz and a little white noise.

    Raises:
        PlanError: If the scenario is unknown or an argument makes no sense.

    Example:
        >>> test, = simulate_shear("slide-hold-slide", holds=(10.0,), readings=Readings((10.0,)))
        >>> test.truth["law"], [change["start_s"] for change in test.truth["changes"]]
        ('ageing', [50.0, 60.0])
    """
    if experiments < 1:
        raise PlanError(f"{experiments} experiments: simulate at least one")
    if seed < 0:
        raise PlanError(f"the seed is {seed}; choose a whole number of zero or more")
    if not slip > 0:
        raise PlanError(f"a displacement of {slip:g} m at each velocity: choose more than 0")
    if scenario == "velocity-steps":
        course = Course.steps(velocities, slip)
    elif scenario == "slide-hold-slide":
        course = Course.holds(velocity, holds, slip)
    else:
        raise PlanError(f"unknown scenario {scenario!r}; choose {' or '.join(SHEAR_SCENARIOS)}")
    fault = SpringSlider(mu0, a, tuple(b), tuple(dc), stiffness, course.velocities[0], law)
    readings = readings or Readings()
    samples = sum(course.durations) * max(readings.rates)
    if samples > MOST:
        raise PlanError(f"{samples:.2g} samples in a log: lower the rate, or raise the velocity")
    tests = []
    for number in range(experiments):
        streams = (seed, zlib.crc32(scenario.encode()), number)
        test = shear(fault, course, readings, streams, f"{scenario}-{number + 1:02d}")
        truth = {**test.truth, "seed": seed, "experiment": number}
        tests.append(replace(test, truth=truth))
    return tests
