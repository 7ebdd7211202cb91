"""Stiffness: what a user gives, in friction per length or in stress per length."""

import re
from typing import TYPE_CHECKING

import numpy as np

from slicken.channels import NORMAL_STRESS
from slicken.errors import ChannelError, LawError, shown
from slicken.logs.units import ratio

if TYPE_CHECKING:
    from slicken.experiment.samples import Samples

_NUMBER = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(.*?)\s*\Z", re.DOTALL)
_ADVICE = 'give a number with its unit, as in "0.0065/um" or "0.1 MPa/um"'


def stiffness_of(text: str, samples: "Samples", normal_stress: float = np.nan) -> float:
    """Stiffness in friction per metre.

    Args:
        text: Number and unit: friction per length, or stress per length, which is divided by
            normal stress.
        samples: Record; its median normal stress is taken where none is given.
        normal_stress: Pa.

    Returns:
        1/m.

    Raises:
        LawError: If the text is no positive number with such a unit, or normal stress is needed
            and not known.
    """
    found = _NUMBER.match(text)
    if not found or not found[2]:
        raise LawError(f"stiffness {shown(text)}: {_ADVICE}")
    value, unit = float(found[1]), found[2]
    unit = f"1{unit}" if unit.startswith("/") else unit
    if not 0 < value < np.inf:
        raise LawError(f"stiffness {shown(text)}: must be above zero; {_ADVICE}")
    try:
        return value * ratio(unit, "1/m")
    except ChannelError:
        pass
    try:
        stress = value * ratio(unit, "Pa/m")
    except ChannelError:
        raise LawError(
            f"stiffness {shown(text)}: {shown(unit)} is neither friction nor stress per length; "
            f"{_ADVICE}"
        ) from None
    return stress / _known(normal_stress, text, samples)


def _known(normal_stress: float, text: str, samples: "Samples") -> float:
    if np.isfinite(normal_stress):
        return normal_stress
    pressing = samples.channels.get(NORMAL_STRESS.name)
    if pressing is not None:
        pressing = pressing[np.isfinite(pressing) & (pressing > 0)]
    if pressing is None or not pressing.size:
        raise LawError(
            f"stiffness {shown(text)}: {samples.name} has no normal stress to divide it by; map "
            'it, or give friction per length, as in "0.0065/um"'
        )
    return float(np.median(pressing))
