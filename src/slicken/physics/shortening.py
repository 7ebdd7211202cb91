"""Shortening: what an axial displacement sensor sees, positive when the specimens come closer."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slicken.errors import PlanError

if TYPE_CHECKING:
    from slicken.physics.heat import Specimen


@dataclass(frozen=True)
class Column:
    """The loaded column: two specimens, the machine around them and the gouge between them.

    Young's modulus (assumed, a stiff crystalline rock) and the expansion (7e-6 per K, diorite)
    are the rock's. The machine's stiffness is assumed, 1e8 N/m: a step of 1 MPa moves the sensor
    by about 5 um, which is how axial displacement tells the normal stress. Dilatancy is that of
    Segall & Rice (1995), J. Geophys. Res. 100, 22155: porosity grows by 1.7e-4 for each e-fold of
    velocity; with 0.1 mm of gouge it is far below the sensor's noise, as it would be.

    Args:
        young_modulus: Young's modulus of the rock, in Pa.
        stiffness: Axial stiffness of the machine, in N/m.
        expansion: Linear thermal expansion of the rock, in 1/K.
        gouge_thickness: Thickness of the gouge, in m.
        dilatancy: Porosity gained per e-fold of velocity.
        cutoff_velocity: Velocity below which dilatancy ends, in m/s, for a finite logarithm.

    Raises:
        PlanError: if modulus, stiffness or cut-off is not positive.
    """

    young_modulus: float = 70e9
    stiffness: float = 1e8
    expansion: float = 7e-6
    gouge_thickness: float = 1e-4
    dilatancy: float = 1.7e-4
    cutoff_velocity: float = 1e-6

    def __post_init__(self) -> None:
        if not min(self.young_modulus, self.stiffness, self.cutoff_velocity) > 0:
            raise PlanError(f"modulus, stiffness and cut-off must be positive; got {self}")

    def compliance(self, specimen: "Specimen") -> float:
        """Elastic shortening for each pascal, in m/Pa: both rods and the machine.

        Example:
            >>> from slicken.physics.heat import Specimen
            >>> round(1e12 * Column().compliance(Specimen()), 2)
            5.48
        """
        return 2.0 * specimen.length / self.young_modulus + specimen.area / self.stiffness


def shortening(
    column: Column,
    specimen: "Specimen",
    *,
    normal_stress: NDArray[np.float64],
    velocity: NDArray[np.float64],
    worn: NDArray[np.float64],
    mean_rise: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Axial displacement: elastic + wear - dilatancy - thermal expansion, in m, shape ``(T,)``.

    Zero is the cold, unloaded contact before the test.

    Args:
        column: Parts between the ends of the sensor.
        specimen: One of the two equal rods.
        normal_stress: Normal stress, in Pa, shape ``(T,)``.
        velocity: Slip velocity, in m/s, shape ``(T,)``.
        worn: Depth worn so far, in m, shape ``(T,)``.
        mean_rise: Temperature rise averaged along a rod, in K, shape ``(T,)``.

    Example:
        Both rods, warmed by 30 K on average, grow by 2 x 20 mm x 7e-6 x 30 = 8.4 um:

        >>> from slicken.physics.heat import Specimen
        >>> still = np.zeros(1)
        >>> x = shortening(Column(), Specimen(), normal_stress=still, velocity=still, worn=still,
        ...                mean_rise=np.array([30.0]))
        >>> round(1e6 * float(x[0]), 3)
        -8.4
    """
    elastic = column.compliance(specimen) * normal_stress
    opened = column.gouge_thickness * column.dilatancy * np.log1p(velocity / column.cutoff_velocity)
    expanded = 2.0 * specimen.length * column.expansion * mean_rise
    return np.asarray(elastic + worn - opened - expanded)
