"""Units: as labs write them, in readers only; elsewhere, everything is SI and degC."""

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from slicken.errors import ChannelError

if TYPE_CHECKING:
    import pint

    from slicken.channels import Channel

# Compared after NFKC, which turns ℃ into °C and the micro sign into mu, and in lower case.
_ALIASES = {
    "": "",
    "-": "",
    "--": "",
    "1": "",
    "none": "",
    "n/a": "",
    "m/m": "",
    "sec": "s",
    "secs": "s",
    "seconds": "s",
    "mins": "min",
    "hr": "h",
    "hrs": "h",
    "msec": "ms",
    "micron": "um",
    "microns": "um",
    "mpa": "MPa",
    "kpa": "kPa",
    "gpa": "GPa",
    "pa": "Pa",
    "kn": "kN",
    "newton": "N",
    "kgf": "kgf",
    "c": "degC",
    "°c": "degC",
    "deg c": "degC",
    "deg.c": "degC",
    "deg. c": "degC",
    "deg_c": "degC",
    "degc": "degC",
    "celsius": "degC",
    "f": "degF",
    "°f": "degF",
    "deg f": "degF",
    "degf": "degF",
    "k": "K",
    "kelvin": "K",
    "秒": "s",
    "分": "min",
    "時間": "h",
}
# Pint knows a tonne and a tesla; above a column these are what is measured.
_SYMBOLS = {"t", "T", "mu", "μ", "x", "d", "D", "u", "tau", "sigma"}
_TURNS = {"rpm", "rps", "rev/min", "r/min", "min-1", "hz", "rad/s", "deg/s", "turns/min"}
_LOOKS_LIKE_A_UNIT = re.compile(r"[A-Za-zμ°%Ω/*^.· \-()0-9]{1,30}\Z")
_POWERS = re.compile(r"(?<=[A-Za-zμ°%)])(?:\^|\*\*)?-?\d")
_EXAMPLES = {
    "s": "s, ms, min, h",
    "m/s": "m/s, mm/s, um/s, cm/s",
    "m": "m, mm, um, micron",
    "degC": "degC, °C, K, degF",
    "K/s": "K/s, degC/s",
    "Pa": "MPa, kPa, Pa, GPa, bar",
    "N": "N, kN, kgf",
    "1": "1, -, %",
}
_DIMENSIONS = {
    "s": "time",
    "m/s": "velocity",
    "m": "length",
    "degC": "temperature",
    "K/s": "temperature rate",
    "Pa": "stress",
    "N": "force",
    "1": "no dimension",
}


def to_si(values: NDArray[np.float64], unit: str, channel: "Channel") -> NDArray[np.float64]:
    """Convert a column to the unit in which its channel is held.

    Args:
        values: The numbers of the column.
        unit: Their unit as a lab writes it; blank means the channel's own unit.
        channel: What they measure.

    Returns:
        A new array of the same shape, in ``channel.unit``.

    Raises:
        ChannelError: If the unit is unknown or measures something else.

    >>> from slicken.channels import SLIP_VELOCITY
    >>> to_si(np.array([4.0]), "mm/s", SLIP_VELOCITY).tolist()
    [0.004]
    """
    text = _plain(unit)
    if not text:
        return np.array(values, np.float64)
    examples = f"units that work: {_EXAMPLES[channel.unit]}"
    if text.lower() in _TURNS and channel.unit == "m/s":
        raise ChannelError(
            f"{channel.name}: {unit!r} is a turning rate, not a velocity; multiply it by the "
            f"circumference at the mean radius of the specimen, or name a column in m/s; {examples}"
        )
    parsed = _parse(text, as_delta=channel.unit == "K/s")
    expected = _DIMENSIONS[channel.unit]
    if parsed is None:
        raise ChannelError(
            f"{channel.name}: unknown unit {unit!r}; expected a unit of {expected}; {examples}"
        )
    if not parsed.is_compatible_with(channel.unit if channel.unit != "1" else ""):
        raise ChannelError(
            f"{channel.name}: the unit {unit!r} does not measure {expected}, as {channel.name} "
            f"must; {examples}"
            if channel.unit != "1"
            else f"{channel.name}: the unit {unit!r} has a dimension, {channel.name} has none; "
            f"{examples}"
        )
    # A factor is applied to a copy: pint would otherwise be free to reuse the caller's array.
    quantity = _registry().Quantity(np.array(values, np.float64), parsed)
    target = channel.unit if channel.unit != "1" else ""
    return np.asarray(quantity.to(target).magnitude, np.float64)


def ratio(unit: str, into: str) -> float:
    """How many of one unit make up another: ``ratio("mm", "um")`` is 1000.

    Raises:
        ChannelError: If a unit is unknown, or they measure different things.

    >>> round(ratio("MPa/um", "kPa/mm"), 6)
    1000000.0
    """
    units = {text: _parse(_plain(text), as_delta=True) for text in (unit, into)}
    for text, parsed in units.items():
        if parsed is None:
            raise ChannelError(f"unknown unit {text!r}; units that work: MPa, kN, mm, um, MPa/um")
    if not units[unit].is_compatible_with(units[into]):  # type: ignore[union-attr]
        raise ChannelError(f"the unit {unit!r} does not measure what {into!r} does")
    return float(_registry().Quantity(1.0, units[unit]).to(units[into]).magnitude)


def measures(unit: str, channel: "Channel") -> bool:
    """Whether a unit can be the unit of a channel; a blank one fits any.

    >>> from slicken.channels import TEMPERATURE
    >>> measures("℃", TEMPERATURE), measures("mm", TEMPERATURE)
    (True, False)
    """
    try:
        to_si(np.zeros(1), unit, channel)
    except ChannelError:
        return False
    return True


@lru_cache(maxsize=4096)
def is_unit(text: str) -> bool:
    """Whether a text is a unit that a rig could write; a dash says that there is none."""
    plain = _plain(text)
    if not plain:
        return bool(text.strip())
    if plain in _SYMBOLS:
        return False
    return plain.lower() in _TURNS or _parse(plain, as_delta=True) is not None


def _plain(unit: str) -> str:
    """A unit in plain letters: one micro sign, one degree sign, no superscripts."""
    # Before NFKC, which would make an "o" of the ordinal that keyboards offer as a degree sign.
    text = unit.replace("⁻", "^-").replace("²", "^2").replace("º", "°")
    text = unicodedata.normalize("NFKC", text)
    text = text.strip().strip("[]").strip().replace("µ", "μ").replace("\u2212", "-")
    text = text.rstrip(".")
    return _ALIASES.get(text.lower(), text)


@lru_cache(maxsize=4096)
def _parse(text: str, *, as_delta: bool) -> "pint.Unit | None":
    if not _LOOKS_LIKE_A_UNIT.match(text) or not re.search(r"[A-Za-zμ%°]", text):
        return None
    # No unit has such a power, or is the power of a number, and pint would compute it: 9^9^9.
    if re.search(r"\d\d", text) or re.search(r"[02-9]", _POWERS.sub("", text)):
        return None
    parts = re.split(r"([/*·() ])", text)
    # The numerator of "1/um" is no alias of a blank unit.
    spelled = "".join(_ALIASES.get(part.lower()) or part for part in parts)
    spelled = re.sub(r"([A-Za-zμ])\^?(-?\d)", r"\1**\2", spelled.replace("·", "*"))
    spelled = re.sub(r"°C", "degC", spelled)
    spelled = "percent" if spelled.strip() == "%" else spelled
    try:
        return _registry().parse_units(spelled, as_delta=as_delta)
    except Exception:  # noqa: BLE001 - pint's parser raises many kinds for text that is no unit
        return None


@lru_cache(maxsize=1)
def _registry() -> Any:  # noqa: ANN401 - pint's registry is generic in ways mypy cannot follow
    # Pint takes half a second to import, and only a reader needs it.
    import pint

    return pint.UnitRegistry()
