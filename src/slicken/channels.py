"""Channels: every quantity once: name, symbol, SI unit, and what it is called in each language."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Channel:
    """A measured or derived quantity.

    Arrays hold it in ``unit`` (SI, but temperature in degC); figures and tables show it in
    ``shown_unit``, which is ``shown_per_unit`` times the number.
    """

    name: str
    title: str
    japanese: str
    symbol: str
    unit: str
    shown_unit: str
    shown_per_unit: float = 1.0

    def title_in(self, language: str) -> str:
        """The spoken name in a language of the reports, ``en`` or ``ja``."""
        return self.japanese if language == "ja" else self.title

    def in_text(self, language: str = "en") -> str:
        """The spoken name within a sentence, such as ``normal stress``."""
        title = self.title_in(language)
        return title[:1].lower() + title[1:]

    @property
    def label(self) -> str:
        """The axis label, such as ``Normal stress (MPa)``."""
        return f"{self.title} ({self.shown_unit})" if self.shown_unit else self.title


TIME = Channel("time", "Time", "時間", "t", "s", "s")
SLIP_VELOCITY = Channel("slip_velocity", "Slip velocity", "すべり速度", "V", "m/s", "mm/s", 1e3)
AXIAL_DISPLACEMENT = Channel(
    "axial_displacement", "Axial displacement", "軸変位", "x", "m", "µm", 1e6
)
TEMPERATURE = Channel("temperature", "Temperature", "温度", "T", "degC", "°C")
TEMPERATURE_RATE = Channel(
    "temperature_rate", "Temperature rate", "温度変化率", "dT/dt", "K/s", "mK/s", 1e3
)
AXIAL_RATE = Channel(
    "axial_rate", "Axial displacement rate", "軸変位速度", "dx/dt", "m/s", "µm/s", 1e6
)
NORMAL_STRESS = Channel("normal_stress", "Normal stress", "垂直応力", "σ", "Pa", "MPa", 1e-6)
SHEAR_STRESS = Channel("shear_stress", "Shear stress", "せん断応力", "τ", "Pa", "MPa", 1e-6)
NORMAL_FORCE = Channel("normal_force", "Normal force", "垂直荷重", "Fn", "N", "N")
SHEAR_FORCE = Channel("shear_force", "Shear force", "せん断力", "Ft", "N", "N")
FRICTION = Channel("friction", "Friction coefficient", "摩擦係数", "µ", "1", "")
SLIP = Channel("slip", "Slip", "すべり量", "D", "m", "m")
LOAD_POINT = Channel("load_point", "Load-point displacement", "載荷点変位", "x_lp", "m", "µm", 1e6)
LOAD_POINT_VELOCITY = Channel(
    "load_point_velocity", "Load-point velocity", "載荷点速度", "V_lp", "m/s", "µm/s", 1e6
)
TIME_SPENT = Channel(
    "time_spent", "Time per slip", "すべり当たりの時間", "dt/dD", "ln(s/m)", "ln s/m"
)
"""A driver of slip grids, which no log has: the logarithm of the time that a metre of slip took."""

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
        LOAD_POINT,
        LOAD_POINT_VELOCITY,
    )
}

TITLED = {**CHANNELS, TIME_SPENT.name: TIME_SPENT}
"""All that has a printed name: the channels of logs, and what is derived from them."""

DRIVERS = (SLIP_VELOCITY, AXIAL_DISPLACEMENT, TEMPERATURE, TEMPERATURE_RATE, AXIAL_RATE)
"""The five inputs of the published study, in its order."""

LEAKS_TARGET = (NORMAL_STRESS, SHEAR_STRESS, NORMAL_FORCE, SHEAR_FORCE)
"""Friction is shear over normal: a network that sees these can divide instead of learn."""
