"""Names: what a column name says, in English and Japanese: which quantity, in which unit."""

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slicken.channels import (
    AXIAL_DISPLACEMENT,
    FRICTION,
    LOAD_POINT,
    LOAD_POINT_VELOCITY,
    NORMAL_FORCE,
    NORMAL_STRESS,
    SHEAR_FORCE,
    SHEAR_STRESS,
    SLIP,
    SLIP_VELOCITY,
    TEMPERATURE,
    TIME,
    Channel,
)
from slicken.logs.units import is_unit, measures

if TYPE_CHECKING:
    from slicken.logs.log import Log


@dataclass(frozen=True)
class Reading:
    """What a name says.

    Args:
        channel: The channel it names.
        sure: Degree of certainty, from 3 (exactly this) to 1 (could be).
        sign: -1 where the quantity grows as the specimen lengthens.
    """

    channel: Channel
    sure: int
    sign: int = 1


# Words of a name after `_words`; the first pattern that matches the whole name decides.
# "Displacement" or "speed" alone could be many things: sure = 1, used only with a unit.
_VOCABULARY: tuple[tuple[str, Reading | None], ...] = (
    (
        r"(load ?point|lp) (velocity|vel|speed|rate)|v (load ?point|lp)|載荷点(の)?速度",
        Reading(LOAD_POINT_VELOCITY, 3),
    ),
    (
        r"(load ?point|lp)( (displacement|displ|disp|position))?|x (load ?point|lp)"
        r"|載荷点(の)?(変位|位置)",
        Reading(LOAD_POINT, 3),
    ),
    # Not ours, although they sound like it.
    (r".*\b(load ?point|rolling|motor|ram|piston|rotation(al)?|angular)\b.*", None),
    (r".*\b(set ?point|target|command|demand|nominal|ambient|room|error|std|rate)\b.*temp.*", None),
    (r"(test|elapsed|total|run|experiment|record) time", Reading(TIME, 3)),
    (r"time( elapsed| stamp)?|t|時間|経過時間|時刻|計測時間", Reading(TIME, 2)),
    (r"step time", Reading(TIME, 1)),
    (
        r"(equivalent )?(slip|sliding|shear|fault) (velocity|vel|speed|rate)"
        r"|slipvel(ocity)?|(等価)?(すべり|滑り|すべる|摺動|しゅう動)(速度|速さ)",
        Reading(SLIP_VELOCITY, 3),
    ),
    (r"velocity|vel|v|speed|速度", Reading(SLIP_VELOCITY, 1)),
    (
        r"(axial |fault normal )?(shortening|compaction)|wear( depth)?|軸?短縮量?|摩耗量?",
        Reading(AXIAL_DISPLACEMENT, 3),
    ),
    (
        r"((fault|gouge|layer|sample|specimen) )?thickness|pin height|dilat(at)?ion|層厚|試料厚",
        Reading(AXIAL_DISPLACEMENT, 3, -1),
    ),
    (
        r"(axial|normal|fault normal) (displacement|disp)|(軸|軸方向|垂直|法線)変位",
        Reading(AXIAL_DISPLACEMENT, 3),
    ),
    (r"displacement|disp|変位", Reading(AXIAL_DISPLACEMENT, 1)),
    (
        r"(specimen |sample |fault |slip surface |pin )?(temperature|temp)|温度|試料温度",
        Reading(TEMPERATURE, 3),
    ),
    (r".*\b(temperature|temp|thermocouple|tc) ?\d*|.*温度\d*", Reading(TEMPERATURE, 1)),
    (r"(effective )?normal ?stress|sigma ?n|\u03c3 ?n|(法線|垂直)応力", Reading(NORMAL_STRESS, 3)),
    (r"shear stress|tau|τ|(せん断|剪断)応力", Reading(SHEAR_STRESS, 3)),
    (
        r"(normal|axial|pin|ball|applied) (force|load)|normal|(法線|垂直|軸)(荷重|力)",
        Reading(NORMAL_FORCE, 3),
    ),
    (r"load|force|荷重", Reading(NORMAL_FORCE, 1)),
    (
        r"(friction(al)?|traction|shear|tangential) (force|load)|(摩擦|せん断)力",
        Reading(SHEAR_FORCE, 3),
    ),
    (
        r"((coefficient|coeff|coef) of )?(friction|traction)|cof|mu|μ|(見かけ)?摩擦係数"
        r"|(apparent )?(friction(al)?|traction) (coefficient|coeff|coef)",
        Reading(FRICTION, 3),
    ),
    (
        r"(cumulative |total )?(slip|sliding)( distance| displacement)?|(slip|sliding|shear) disp"
        r"|shear displacement|(すべり|滑り)(量|変位|距離)?",
        Reading(SLIP, 3),
    ),
    (r"distance|距離", Reading(SLIP, 1)),
)
_PATTERNS = [(re.compile(pattern), reading) for pattern, reading in _VOCABULARY]

# Units at the end of a name in snake_case, where there is no "/" and often no capital.
_SUFFIXES = {
    **{f"{length}_{time}": f"{length}/{time}" for length in ("m", "mm", "um", "cm", "nm")
       for time in ("s", "sec", "min")},
    **{f"{length}_per_{time}": f"{length}/{time}" for length in ("m", "mm", "um", "cm", "nm")
       for time in ("s", "sec", "min")},
    **{unit.lower(): unit for unit in ("s", "ms", "min", "h", "sec", "hr", "m", "mm", "um", "cm",
                                       "nm", "MPa", "kPa", "Pa", "GPa", "bar", "N", "kN", "kgf",
                                       "degC", "degF", "K", "C", "rpm", "Hz", "V", "mV", "micron")},
    "deg_c": "degC",
    "mps": "m/s",
    "μm": "um",
    "μm_s": "um/s",
}  # fmt: skip


def split_name(name: str) -> tuple[str, str]:
    """A column name as the quantity and its unit; the unit is blank where there is none.

    >>> split_name("(1) Time.(s)"), split_name("slip_velocity_um_s"), split_name("温度(℃)")
    (('Time', 's'), ('slip_velocity', 'um/s'), ('温度', '°C'))
    """
    text = unicodedata.normalize("NFKC", name).strip()
    text = re.sub(r"^[(\[]?\d{1,3}[)\].:]\s*", "", text) or text
    for pattern in (
        r"(.*?)[\s.,_]*[(\[{<]\s*([^()\[\]{}<>]*(?:\([^()]*\))?)\s*[)\]}>]\s*",  # Wear (um)
        r"(.*?)\s+/\s*(\S+)",  # Time / s
        r"(.*?)/([^/\s]+(?:/[^/\s]+)?)",  # v/mm/s
        r"(.*?)\s*,\s*(\S+)",  # Temperature, °C
        r"(.*?)\s+(\S*[/°%]\S*|MPa|kPa|[kmGM]?N|deg ?C|[mμu]m)",  # Stress MPa
    ):
        match = re.fullmatch(pattern, text)
        if match and match[1] and is_unit(match[2]):
            return match[1].strip(" .,_"), "1" if match[2] in ("-", "1") else match[2].strip()
    return _snake(text)


def _snake(text: str) -> tuple[str, str]:
    parts = text.split("_")
    for size in (3, 2, 1):
        unit = _SUFFIXES.get("_".join(parts[-size:]).lower())
        if unit and len(parts) > size:
            return "_".join(parts[:-size]), unit
    return text, ""


def read_name(name: str, unit: str = "") -> Reading | None:
    """Which channel a name means; None where it means none.

    The unit is asked only about ``T``, which is time to one lab and temperature to another.

    >>> read_name("Sliding Velocity").channel.name, read_name("motor_velocity")
    ('slip_velocity', None)
    """
    words = _words(name)
    if words == "t" and unit and measures(unit, TEMPERATURE):
        return Reading(TEMPERATURE, 2)
    for pattern, reading in _PATTERNS:
        if pattern.fullmatch(words):
            return reading
    return None


def is_displacement(name: str) -> bool:
    """Whether a name says displacement and no more: of what, only the experiment can tell.

    >>> is_displacement("Displ"), is_displacement("Axial displacement")
    (True, False)
    """
    return re.fullmatch(r"displ?(acement)?|変位", _words(name)) is not None


def unit_of(log: "Log", column: str) -> str:
    """The unit that a log gives a column, in a units row or in the name; blank if none."""
    unit = log.units.get(column, "")
    if unit:
        return "1" if unit in ("-", "1") else unit
    return split_name(re.sub(r" \(\d+\)$", "", column))[1]


def _words(name: str) -> str:
    """Lower-case words with single spaces, from ``SlipVelocity`` as from ``SLIP_VELOCITY``."""
    text = unicodedata.normalize("NFKC", name)
    text = re.sub(r"([a-z])([A-Z])", r"\1 \2", text).lower()
    return " ".join(re.sub(r"[\W_]+", " ", text).split())
