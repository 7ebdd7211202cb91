"""Wear: how much of the rock a slip removes, more while it is running in."""

from dataclasses import dataclass

import numpy as np

from slicken.errors import PlanError


@dataclass(frozen=True)
class Wear:
    """Archard's law with running-in: the worn depth grows as ``k_w sigma dD``.

    ``dh/dD = k_w sigma [1 + (f - 1) exp(-D/D_w)]`` with slip D: Archard (1953), J. Appl. Phys. 24,
    981, times a running-in factor that fades with slip; running-in takes 1-3 m (Boneh, Chang,
    Lockner & Reches 2014), so it fades by a factor e in 1 m here. The coefficient is Archard's
    K over hardness, 0.014 over 7 GPa: abrasive wear of a crystalline rock, an assumption that
    makes 100-200 um of shortening in an hour at 4 mm/s. The factor 4 is an assumption too.

    Args:
        coefficient: Worn depth per metre of slip and pascal, k_w, in 1/Pa.
        running_in_factor: Factor f by which fresh surfaces wear faster.
        running_in_slip: Slip of running-in, D_w, in m.

    Raises:
        PlanError: if the coefficient is negative, the factor below 1 or the slip not positive.
    """

    coefficient: float = 2e-12
    running_in_factor: float = 4.0
    running_in_slip: float = 1.0

    def __post_init__(self) -> None:
        if (
            not self.coefficient >= 0
            or not self.running_in_factor >= 1
            or not self.running_in_slip > 0
        ):
            raise PlanError(
                f"wear needs a coefficient >= 0, a running-in factor >= 1 and a running-in slip > "
                f"0; got {self}"
            )

    def depth(self, start: float, end: float, normal_stress: float) -> float:
        """Depth worn between two slips, in m, exact while the normal stress is constant.

        Args:
            start: Slip since the surfaces were fresh, at the start, in m.
            end: Slip at the end, in m.
            normal_stress: Normal stress, in Pa.

        Example:
            Long after running in, 1 m at 1 MPa removes 2 um:

            >>> round(1e6 * Wear().depth(50.0, 51.0, 1e6), 6)
            2.0
        """
        running_in = np.exp(-start / self.running_in_slip) - np.exp(-end / self.running_in_slip)
        extra = (self.running_in_factor - 1.0) * self.running_in_slip * running_in
        return float(self.coefficient * normal_stress * (end - start + extra))
