"""Planted truths: simulated faults whose memory and causes we chose.

Each one is a way in which friction could answer, or seem to answer, what a rig logs. Where friction
depends on temperature it depends on what a noise-free thermocouple reads, not on the unlogged
surface: the cause must be among the logged drivers, or the truth would be a riddle about heat
conduction (the surface leads a sensor at 3 mm by some 10 s) and no longer have one memory.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
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
from slicken.physics import planted_laws
from slicken.physics.friction import FrictionLaw
from slicken.physics.loading import (
    SLOW,
    VELOCITY,
    Loading,
    rotary_shear,
    two_velocities,
    velocity_stages,
    velocity_stepping,
    warming_room,
)
from slicken.physics.rig import Noise, Rig

Drive = Callable[[float, np.random.Generator], Loading]
MakeLaw = Callable[[float, Loading, np.random.Generator], FrictionLaw[Any]]
Unit = Literal["s", "m", ""]
Clock = Literal["time", "slip", ""]
Kernel = Literal["present", "boxcar", "exponential", "age", "since_start", "switch", ""]
CLOCKS: Mapping[Unit, Clock] = MappingProxyType({"s": "time", "m": "slip", "": ""})


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
        kernel: How the past counts: the ``present`` alone; a ``boxcar`` or an ``exponential`` over
            the memory; the ``age`` of contacts (the ageing law); all slip ``since_start``; a
            ``switch`` that stays where it is; empty where friction follows nothing.
        fractions: Shorter memories beside it, as fractions of it.
        thresholds: Lower and upper temperature of a switch, in degC; empty for none.
        law: Function from memory, loading and generator to the friction law.
        drive: Function from duration in s and generator to the loading.
        velocity_factor: Fastest over slowest slip velocity of the drive, holds and noise left out.
        rig: Settings of the rig.
    """

    name: str
    law: MakeLaw
    causes: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    unit: Unit = ""
    memory: float = 0.0
    kernel: Kernel = ""
    fractions: tuple[float, ...] = ()
    thresholds: tuple[float, ...] = ()
    drive: Drive = rotary_shear
    velocity_factor: float = 1.0
    rig: Rig = field(default_factory=Rig)

    @property
    def clock(self) -> Clock:
        """What the memory is counted in: ``time``, ``slip``, or empty where it has no length."""
        return CLOCKS[self.unit]


_WARMED = (TEMPERATURE_RATE.name, AXIAL_DISPLACEMENT.name, AXIAL_RATE.name)
"""Drivers that carry temperature: its rate, and the expansion of the rods."""

TEMPERATURE_HISTORY = Truth(
    name="temperature-history",
    law=planted_laws.temperature,
    causes=(TEMPERATURE.name,),
    proxies=_WARMED,
    unit="s",
    memory=100.0,
    kernel="boxcar",
)

TEMPERATURE_NOW = Truth(
    name="temperature-now",
    law=planted_laws.temperature,
    causes=(TEMPERATURE.name,),
    proxies=_WARMED,
    kernel="present",
)

RUNNING_IN = Truth(
    name="running-in",
    law=planted_laws.running_in,
    causes=(AXIAL_DISPLACEMENT.name,),
    hidden=("worn depth",),
    # Load wears, and makes heat; both come with the rate of wear.
    proxies=(AXIAL_RATE.name, TEMPERATURE.name, TEMPERATURE_RATE.name),
    unit="m",
    memory=1.5,
    kernel="since_start",
)

LOAD_HISTORY = Truth(
    name="load-history",
    law=planted_laws.load_history,
    hidden=(NORMAL_STRESS.name,),
    proxies=(AXIAL_DISPLACEMENT.name, AXIAL_RATE.name, TEMPERATURE.name, TEMPERATURE_RATE.name),
    unit="s",
    memory=200.0,
    kernel="exponential",
)

INVERSE_CALORIMETRY = Truth(
    name="inverse-calorimetry",
    law=planted_laws.hidden_state,
    hidden=("a state of its own",),
    proxies=(TEMPERATURE.name, TEMPERATURE_RATE.name, AXIAL_DISPLACEMENT.name, AXIAL_RATE.name),
    unit="s",
    memory=300.0,
)

RATE_AND_STATE = Truth(
    name="rate-and-state",
    law=planted_laws.rate_and_state,
    causes=(SLIP_VELOCITY.name,),
    # Dilatancy grows with the logarithm of velocity, and the work of slip makes heat.
    proxies=(AXIAL_DISPLACEMENT.name, AXIAL_RATE.name, TEMPERATURE.name, TEMPERATURE_RATE.name),
    unit="m",
    memory=100e-6,
    drive=velocity_stepping,
    velocity_factor=1000.0,
    kernel="age",
)

RATE_AND_STATE_SLIP = replace(
    RATE_AND_STATE,
    name="rate-and-state-slip",
    law=planted_laws.rate_and_state_by_slip,
    # Theta = ln(V0 theta/Dc) relaxes to -ln(V/V0) exponentially in slip.
    kernel="exponential",
)

THERMAL_SOFTENING = Truth(
    name="thermal-softening",
    law=planted_laws.softening,
    causes=(TEMPERATURE.name,),
    proxies=_WARMED,
    unit="s",
    memory=120.0,
    kernel="boxcar",
)

TEMPERATURE_VELOCITY = Truth(
    name="temperature-velocity",
    law=planted_laws.temperature_velocity,
    causes=(TEMPERATURE.name, SLIP_VELOCITY.name),
    proxies=_WARMED,
    unit="s",
    memory=100.0,
    kernel="boxcar",
    drive=velocity_stages,
    velocity_factor=VELOCITY / SLOW,
)

TEMPERATURE_SWITCH = Truth(
    name="temperature-switch",
    law=planted_laws.hysteresis,
    causes=(TEMPERATURE.name,),
    proxies=_WARMED,
    kernel="switch",
    thresholds=planted_laws.THRESHOLDS,
)

RUNNING_IN_BY_SLIP = Truth(
    name="running-in-by-slip",
    law=planted_laws.running_in_by_slip,
    # A window holds the slip of its own seconds, not that since the start; what wears tells it.
    hidden=("slip since the start",),
    proxies=(
        SLIP_VELOCITY.name,
        AXIAL_DISPLACEMENT.name,
        AXIAL_RATE.name,
        TEMPERATURE.name,
        TEMPERATURE_RATE.name,
    ),
    unit="m",
    memory=1.5,
    kernel="since_start",
    drive=two_velocities,
    velocity_factor=VELOCITY / SLOW,
)

TWO_MEMORIES = Truth(
    name="two-memories",
    law=planted_laws.two_memories,
    causes=(TEMPERATURE.name,),
    proxies=_WARMED,
    unit="s",
    memory=200.0,
    kernel="boxcar",
    fractions=(planted_laws.FAST,),
)

SPECIMEN_LEVEL = Truth(
    name="specimen-level",
    law=planted_laws.specimen_level,
    causes=(TEMPERATURE.name,),
    hidden=("level of the specimen",),
    proxies=_WARMED,
    unit="s",
    memory=100.0,
    kernel="boxcar",
)

NOISY_THERMOCOUPLE = Truth(
    name="noisy-thermocouple",
    law=planted_laws.steep_temperature,
    causes=(TEMPERATURE.name,),
    proxies=_WARMED,
    kernel="present",
    rig=Rig(noise=Noise(temperature=1.0)),
)

SHARED_TREND = Truth(
    name="shared-trend",
    law=planted_laws.drying_air,
    hidden=("humidity of the air",),
    # The thermocouple and the rods warm with the room; wear goes on as the trend does.
    proxies=(TEMPERATURE.name, *_WARMED),
    drive=warming_room,
    # As in `nothing`: friction itself leaves no trace in a driver.
    rig=Rig(heating_friction=0.65),
)

NOTHING = Truth(
    name="nothing",
    law=planted_laws.nothing,
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
            THERMAL_SOFTENING,
            TEMPERATURE_VELOCITY,
            TEMPERATURE_SWITCH,
            TWO_MEMORIES,
            SPECIMEN_LEVEL,
            NOISY_THERMOCOUPLE,
            RUNNING_IN,
            RUNNING_IN_BY_SLIP,
            LOAD_HISTORY,
            INVERSE_CALORIMETRY,
            RATE_AND_STATE,
            RATE_AND_STATE_SLIP,
            SHARED_TREND,
            NOTHING,
        )
    }
)
"""Every planted truth by the name of its scenario."""
