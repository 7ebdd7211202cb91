"""Laws of the planted truths: each is made from a memory, a loading and a source of randomness.

A memory is in the unit of its truth; a law that has none to choose leaves it aside.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slicken.physics.friction import (
    Levelled,
    LoadHistory,
    Prescribed,
    RunningIn,
    RunningInBySlip,
    ThermalWeakening,
    wander,
)
from slicken.physics.loading import HIGHEST_STRESS, LOWEST_STRESS
from slicken.physics.rate_and_state import RateAndState
from slicken.physics.rig import Rig
from slicken.physics.thermal import (
    ThermalHysteresis,
    ThermalRateWeakening,
    ThermalSoftening,
    TwoThermalMemories,
)

if TYPE_CHECKING:
    from slicken.physics.loading import Loading

THRESHOLDS = (40.0, 50.0)
"""degC: both are passed, up and down, at 4 mm/s and 0.3-5.8 MPa."""
FAST = 0.125
"""The fast of two memories over the slow one."""
HIGHEST_LEVEL = 0.06
"""Friction of a specimen above or below that of the rock, at most: an assumption; at low stress
friction varies widely between experiments (Byerlee 1978, Pure Appl. Geophys. 116, 615)."""
DRYING = 0.005
"""Rise of friction per K by which a room warms: an assumption. Bare rock is weaker in humid air."""


def temperature(memory: float, loading: "Loading", rng: np.random.Generator) -> ThermalWeakening:
    """Friction falls with the mean temperature, by what dolerite loses per K."""
    del loading, rng
    return ThermalWeakening(memory=memory, reference=Rig().ambient)


def running_in(memory: float, loading: "Loading", rng: np.random.Generator) -> RunningIn:
    """Worn depth is the scale: that of ``memory`` metres of slip at the mean of the stresses."""
    del loading, rng
    return RunningIn(depth=Rig().wear.depth(0.0, memory, (LOWEST_STRESS + HIGHEST_STRESS) / 2.0))


def load_history(memory: float, loading: "Loading", rng: np.random.Generator) -> LoadHistory:
    """Friction answers changes of normal stress, and forgets them."""
    del loading, rng
    return LoadHistory(memory=memory)


def hidden_state(memory: float, loading: "Loading", rng: np.random.Generator) -> Prescribed:
    """Friction wanders by itself, with the memory as correlation time."""
    return Prescribed(wander(len(loading), rng, dt=loading.dt, memory=memory))


def rate_and_state(memory: float, loading: "Loading", rng: np.random.Generator) -> RateAndState:
    """Without the normal-stress term, so that velocity is the only cause."""
    del loading, rng
    return RateAndState(slip_scale=memory, alpha=0.0)


def rate_and_state_by_slip(
    memory: float, loading: "Loading", rng: np.random.Generator
) -> RateAndState:
    """The slip law; likewise."""
    return replace(rate_and_state(memory, loading, rng), evolution="slip")


def nothing(memory: float, loading: "Loading", rng: np.random.Generator) -> Prescribed:
    """Friction wanders by itself, over half an hour."""
    del memory
    return Prescribed(wander(len(loading), rng, dt=loading.dt))


def softening(memory: float, loading: "Loading", rng: np.random.Generator) -> ThermalSoftening:
    """Friction softens along a curve of the mean temperature."""
    del loading, rng
    return ThermalSoftening(memory=memory, reference=Rig().ambient)


def temperature_velocity(
    memory: float, loading: "Loading", rng: np.random.Generator
) -> ThermalRateWeakening:
    """Friction falls with the product of mean temperature and velocity."""
    del loading, rng
    return ThermalRateWeakening(memory=memory, reference=Rig().ambient)


def hysteresis(memory: float, loading: "Loading", rng: np.random.Generator) -> ThermalHysteresis:
    """Friction switches at two temperatures."""
    del memory, loading, rng
    lower, upper = THRESHOLDS
    return ThermalHysteresis(lower=lower, upper=upper)


def two_memories(memory: float, loading: "Loading", rng: np.random.Generator) -> TwoThermalMemories:
    """Friction falls with the mean temperature of a long and of a short past."""
    del loading, rng
    return TwoThermalMemories(memory=memory, fraction=FAST, reference=Rig().ambient)


def running_in_by_slip(
    memory: float, loading: "Loading", rng: np.random.Generator
) -> RunningInBySlip:
    """Friction falls with the slip since the start, by a factor e over the memory."""
    del loading, rng
    return RunningInBySlip(slip=memory)


def specimen_level(
    memory: float, loading: "Loading", rng: np.random.Generator
) -> Levelled[NDArray[np.float64]]:
    """Uniform: no specimen is far out, and the spread (0.035) is seven times what moves in one."""
    level = float(rng.uniform(-HIGHEST_LEVEL, HIGHEST_LEVEL))
    return Levelled(temperature(memory, loading, rng), level)


def steep_temperature(
    memory: float, loading: "Loading", rng: np.random.Generator
) -> ThermalWeakening:
    """So steep that 1 K of noise is as much friction as the noise of friction itself."""
    del loading, rng
    return ThermalWeakening(mu0=0.7, slope=-2.5e-3, memory=memory, reference=Rig().ambient)


def drying_air(memory: float, loading: "Loading", rng: np.random.Generator) -> Prescribed:
    """Friction rises as the air dries, and the air dries as the room warms."""
    del memory, rng
    room = np.zeros(len(loading)) if loading.room is None else loading.room
    return Prescribed((0.62 + DRYING * room).tolist())
