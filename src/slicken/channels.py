"""Channels: every quantity once, with its name, symbol, SI unit and axis label."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Channel:
    """A measured or derived quantity.

    Arrays hold it in ``unit`` (SI, but temperature in degC); figures and tables show it in
    ``shown_unit``, which is ``shown_per_unit`` times the number.
    """

    name: str
    title: str
    symbol: str
    unit: str
    shown_unit: str
    shown_per_unit: float = 1.0

    @property
    def label(self) -> str:
        """The axis label, such as ``Normal stress (MPa)``."""
        return f"{self.title} ({self.shown_unit})" if self.shown_unit else self.title


TIME = Channel("time", "Time", "t", "s", "s")
SLIP_VELOCITY = Channel("slip_velocity", "Slip velocity", "V", "m/s", "mm/s", 1e3)
AXIAL_DISPLACEMENT = Channel("axial_displacement", "Axial displacement", "x", "m", "µm", 1e6)
TEMPERATURE = Channel("temperature", "Temperature", "T", "degC", "°C")
TEMPERATURE_RATE = Channel("temperature_rate", "Temperature rate", "dT/dt", "K/s", "mK/s", 1e3)
AXIAL_RATE = Channel("axial_rate", "Axial displacement rate", "dx/dt", "m/s", "µm/s", 1e6)
NORMAL_STRESS = Channel("normal_stress", "Normal stress", "σ", "Pa", "MPa", 1e-6)
SHEAR_STRESS = Channel("shear_stress", "Shear stress", "τ", "Pa", "MPa", 1e-6)
NORMAL_FORCE = Channel("normal_force", "Normal force", "Fn", "N", "N")
SHEAR_FORCE = Channel("shear_force", "Friction force", "Ft", "N", "N")
FRICTION = Channel("friction", "Friction coefficient", "µ", "1", "")
SLIP = Channel("slip", "Slip", "D", "m", "m")

CHANNELS = {
    channel.name: channel
    for channel in (
        TIME,
        SLIP_VELOCITY,
        AXIAL_DISPLACEMENT,
        TEMPERATURE,
        TEMPERATURE_RATE,
        AXIAL_RATE,
        NORMAL_STRESS,
        SHEAR_STRESS,
        NORMAL_FORCE,
        SHEAR_FORCE,
        FRICTION,
        SLIP,
    )
}

DRIVERS = (SLIP_VELOCITY, AXIAL_DISPLACEMENT, TEMPERATURE, TEMPERATURE_RATE, AXIAL_RATE)
"""The five inputs of the published study, in its order."""

LEAKS_TARGET = (NORMAL_STRESS, SHEAR_STRESS, NORMAL_FORCE, SHEAR_FORCE)
"""Friction is shear over normal: a network that sees these can divide instead of learn."""
