"""Forward references: numbers that the forward model must reproduce, and the information bound."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from slicken.physics.shear_test import Course, imposed_friction
from slicken.physics.spring_slider import SpringSlider

Floats = NDArray[np.float64]
RSFMODEL = {11.0: 0.60720485, 12.0: 0.60186637, 13.0: 0.58400910, 14.0: 0.58563096}
"""Friction at some instants (s) in the tests of rsfmodel (MIT licence): a 0.005, b 0.01, Dc 10 um,
k 0.001/um, ageing law, 1 to 10 um/s at 10 s; eight digits."""
RSFMODEL_END = 0.58848708
"""Its steady friction after the step."""
BOUND = {"a": 6.95e-5, "b": 6.76e-5, "dc": 9.71e-8, "a_minus_b": 1.67e-5}
"""Information (Cramer-Rao) bound of standard deviations in the example of diabayes, where mu0, k,
V0 and the instant of the step are known: a 0.01, b 0.009, Dc 10 um, k 0.001/um, 1 to 10 um/s,
1000 samples over 15 s with white noise of 0.001. Sliding is steady before; if the state at the step
were known too (10 s, whatever Dc is), the bound would be 4.27e-5 for a, 4.77e-5 for b and 9.1e-8 m
for Dc."""
LIMITS: Mapping[str, float] = MappingProxyType(
    {
        "rsfmodel": 1e-6,
        "rsfmodel, steady": 1e-6,
        "imposed velocity, ageing": 1e-5,
        "imposed velocity, slip": 1e-5,
        "stiffness ten times higher, ageing": 0.15,
        "stiffness ten times higher, slip": 0.15,
        "information bound": 0.03,
    }
)
"""Largest error of each number: of friction, of its ratio, or relative."""
_RELATIVE = 1e-4


@cache
def forward_numbers() -> Mapping[str, float]:
    """Errors of the forward model, by the names of :data:`LIMITS`.

    ``stiffness ten times higher`` is the ratio of the distances from the solution with imposed
    velocity, which falls as one over the stiffness.
    """
    law = SpringSlider(0.6, 0.005, (0.01,), (10e-6,), 1e3, 1e-6)
    times = np.array([*RSFMODEL, 60.0])
    friction = law.friction(times, np.array([10.0]), np.array([1e-5]), 1e-6)
    errors = np.abs(friction - [*RSFMODEL.values(), RSFMODEL_END])
    numbers = {"rsfmodel": errors[:-1].max(), "rsfmodel, steady": errors[-1]}
    for evolution in ("ageing", "slip"):
        soft, stiff = (_distance(replace(law, evolution=evolution), k) for k in (1e6, 1e7))
        numbers[f"imposed velocity, {evolution}"] = stiff
        numbers[f"stiffness ten times higher, {evolution}"] = stiff / soft
    found = information_bound(before=False)
    numbers["information bound"] = max(abs(found[name] / BOUND[name] - 1) for name in BOUND)
    return MappingProxyType({name: float(numbers[name]) for name in LIMITS})


def _distance(law: SpringSlider, stiffness: float) -> float:
    """Largest distance from imposed velocity, but for the first second after each step."""
    course = Course("velocity-steps", (1e-6, 1e-5, 1e-6), (20.0, 10.0, 20.0))
    times = np.arange(0.05, 50.0, 0.1)
    since = times - course.starts[np.searchsorted(course.starts, times) - 1]
    late = times[since > 1.0]
    spring = replace(law, stiffness=stiffness).friction(
        late, course.starts, np.array(course.velocities), 1e-6
    )
    return float(np.abs(spring - imposed_friction(law, course, late)).max())


def information_bound(*, free: Sequence[str] = (), before: bool = True) -> dict[str, float]:
    """Least standard deviations of an unbiased fit to the example of diabayes.

    Args:
        free: What is fitted besides a, b and Dc: ``mu0``, ``trend``.
        before: Whether 100 s of steady sliding before the step are sampled too, 10 times a second.

    Returns:
        Standard deviations of ``a``, ``b``, ``dc`` (m) and ``a_minus_b``.
    """
    step = 100.0 if before else 0.0
    earlier = np.arange(0.05, step, 0.1)
    times = np.concatenate([earlier, step + (np.arange(1000) + 0.5) * 0.015])
    values = {"a": 0.01, "b": 0.009, "dc": 10e-6}
    columns = [_slope(values, name, times, step) for name in values]
    moved = np.where(times < step, 1e-6 * times, 1e-6 * step + 1e-5 * (times - step))
    columns += [np.ones_like(times)] * ("mu0" in free) + [moved] * ("trend" in free)
    scale = np.array([np.linalg.norm(column) for column in columns])
    jacobian = np.column_stack(columns) / scale
    covariance = 1e-3**2 * np.linalg.inv(jacobian.T @ jacobian) / np.outer(scale, scale)
    spread = np.sqrt(np.diag(covariance))
    difference = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    return dict(zip(values, spread.tolist(), strict=False)) | {
        "a_minus_b": float(np.sqrt(difference))
    }


def _slope(values: Mapping[str, float], name: str, times: Floats, step: float) -> Floats:
    """Derivative of friction by a parameter, from central differences."""
    sides = []
    for sign in (1, -1):
        one = {**values, name: values[name] * (1 + sign * _RELATIVE)}
        law = SpringSlider(0.6, one["a"], (one["b"],), (one["dc"],), 1e3, 1e-6)
        starts, speeds = np.array([0.0, step]), np.array([1e-6, 1e-5])
        sides.append(law.friction(times, starts, speeds, 1e-6))
    return np.asarray((sides[0] - sides[1]) / (2 * _RELATIVE * values[name]))
