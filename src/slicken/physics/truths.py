"""Planted truths: simulated faults whose memory and causes we chose.

Each one is a way in which friction could answer, or seem to answer, what a rig logs. Where friction
depends on temperature it depends on what a noise-free thermocouple reads, not on the unlogged
surface: the cause must be among the logged drivers, or the truth would be a riddle about heat
conduction (the surface leads a sensor at 3 mm by some 10 s) and no longer have one memory.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from slicken.channels import (
    AXIAL_DISPLACEMENT,
    AXIAL_RATE,
    NORMAL_STRESS,
    SLIP_VELOCITY,
    TEMPERATURE,
    TEMPERATURE_RATE,
)
from slicken.physics.friction import (
    FrictionLaw,
    LoadHistory,
    Prescribed,
    RunningIn,
    ThermalWeakening,
    wander,
)
from slicken.physics.loading import (
    HIGHEST_STRESS,
    LOWEST_STRESS,
    Loading,
    rotary_shear,
    velocity_stepping,
)
from slicken.physics.rate_and_state import RateAndState
from slicken.physics.rig import Rig

Drive = Callable[[float, np.random.Generator], Loading]
MakeLaw = Callable[[float, Loading, np.random.Generator], FrictionLaw[Any]]


@dataclass(frozen=True)
class Truth:
    """A planted truth.

    Args:
        name: Name of the scenario on the command line.
        causes: Drivers on which friction depends.
        hidden: Other causes of friction, which no driver holds.
        proxies: Drivers that carry a cause or follow friction, and cause nothing.
        unit: Unit of the memory: ``s``, ``m`` (of slip), or empty where there is none to choose.
        memory: Default memory, in that unit; zero for none.
        law: Function from memory, loading and generator to the friction law.
        drive: Function from duration in s and generator to the loading.
        rig: Settings of the rig.
    """

    name: str
    law: MakeLaw
    causes: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    unit: Literal["s", "m", ""] = ""
    memory: float = 0.0
    drive: Drive = rotary_shear
    rig: Rig = field(default_factory=Rig)


def _temperature(memory: float, loading: Loading, rng: np.random.Generator) -> ThermalWeakening:
    del loading, rng
    return ThermalWeakening(memory=memory, reference=Rig().ambient)


def _running_in(memory: float, loading: Loading, rng: np.random.Generator) -> RunningIn:
    """Worn depth is the scale: that of ``memory`` metres of slip at the mean of the stresses."""
    del loading, rng
    return RunningIn(depth=Rig().wear.depth(0.0, memory, (LOWEST_STRESS + HIGHEST_STRESS) / 2.0))


def _load_history(memory: float, loading: Loading, rng: np.random.Generator) -> LoadHistory:
    del loading, rng
    return LoadHistory(memory=memory)


def _hidden_state(memory: float, loading: Loading, rng: np.random.Generator) -> Prescribed:
    return Prescribed(wander(len(loading), rng, dt=loading.dt, memory=memory))


def _rate_and_state(memory: float, loading: Loading, rng: np.random.Generator) -> RateAndState:
    """Without the normal-stress term, so that velocity is the only cause."""
    del loading, rng
    return RateAndState(slip_scale=memory, alpha=0.0)


def _nothing(memory: float, loading: Loading, rng: np.random.Generator) -> Prescribed:
    del memory
    return Prescribed(wander(len(loading), rng, dt=loading.dt))


_WARMED = (TEMPERATURE_RATE.name, AXIAL_DISPLACEMENT.name, AXIAL_RATE.name)
"""Drivers that carry temperature: its rate, and the expansion of the rods."""

TEMPERATURE_HISTORY = Truth(
    name="temperature-history",
    law=_temperature,
    causes=(TEMPERATURE.name,),
    proxies=_WARMED,
    unit="s",
    memory=100.0,
)

TEMPERATURE_NOW = Truth(
    name="temperature-now",
    law=_temperature,
    causes=(TEMPERATURE.name,),
    proxies=_WARMED,
)

RUNNING_IN = Truth(
    name="running-in",
    law=_running_in,
    causes=(AXIAL_DISPLACEMENT.name,),
    hidden=("worn depth",),
    # Load wears, and makes heat; both come with the rate of wear.
    proxies=(AXIAL_RATE.name, TEMPERATURE.name, TEMPERATURE_RATE.name),
    unit="m",
    memory=1.5,
)

LOAD_HISTORY = Truth(
    name="load-history",
    law=_load_history,
    hidden=(NORMAL_STRESS.name,),
    proxies=(AXIAL_DISPLACEMENT.name, AXIAL_RATE.name, TEMPERATURE.name, TEMPERATURE_RATE.name),
    unit="s",
    memory=200.0,
)

INVERSE_CALORIMETRY = Truth(
    name="inverse-calorimetry",
    law=_hidden_state,
    hidden=("a state of its own",),
    proxies=(TEMPERATURE.name, TEMPERATURE_RATE.name, AXIAL_DISPLACEMENT.name, AXIAL_RATE.name),
    unit="s",
    memory=300.0,
)

RATE_AND_STATE = Truth(
    name="rate-and-state",
    law=_rate_and_state,
    causes=(SLIP_VELOCITY.name,),
    # Dilatancy grows with the logarithm of velocity, and the work of slip makes heat.
    proxies=(AXIAL_DISPLACEMENT.name, AXIAL_RATE.name, TEMPERATURE.name, TEMPERATURE_RATE.name),
    unit="m",
    memory=100e-6,
    drive=velocity_stepping,
)

NOTHING = Truth(
    name="nothing",
    law=_nothing,
    # Heat made by a constant friction: with the law's own, temperature would reveal friction by
    # calorimetry, and a good model would be right to find it. That is `inverse-calorimetry`.
    rig=Rig(heating_friction=0.65),
)

TRUTHS: Mapping[str, Truth] = MappingProxyType(
    {
        truth.name: truth
        for truth in (
            TEMPERATURE_HISTORY,
            TEMPERATURE_NOW,
            RUNNING_IN,
            LOAD_HISTORY,
            INVERSE_CALORIMETRY,
            RATE_AND_STATE,
            NOTHING,
        )
    }
)
"""Every planted truth by the name of its scenario."""
