"""Heat: how the work of friction warms a short specimen, and what its thermocouple reads.

Each of the two specimens is a rod from the slip surface (``z = 0``) to the grip (``z = L``), which
stays at ambient temperature. With ``theta`` the rise above ambient::

    d theta/dt = alpha d2 theta/dz2 - 2 h/(rho c R) theta
    -k d theta/dz = mu sigma V/2  at z = 0;   theta = 0  at z = L

Carslaw & Jaeger (1959), Conduction of Heat in Solids, chapters 3-4: heat is made at the slip
surface, half of it enters each side, and a cylinder of radius R loses it sideways at a rate set by
the surface coefficient h.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm

from slicken.errors import PlanError

NODES = 80
"""Nodes along a specimen: 0.25 mm at 20 mm, a quarter of the depth heat reaches in one second."""


@dataclass(frozen=True)
class Specimen:
    """One of the two rods of rock that slide on one another.

    The defaults are a diorite: conductivity as published for the rock of the study that this
    package generalises, heat capacity that of dense crystalline rock. Length, radius and surface
    coefficient (still air with radiation: 5-15 W/m2/K) are those of a common rotary-shear rig;
    they were chosen before any network was trained on the result.

    Args:
        length: Distance from the slip surface to the grip, in m.
        radius: Radius of the rod, in m.
        conductivity: Thermal conductivity k, in W/m/K.
        heat_capacity: Heat capacity per volume, rho c, in J/m3/K.
        surface_coefficient: Coefficient h of the heat lost sideways, in W/m2/K.

    Raises:
        PlanError: if a value is not positive (the surface coefficient may be zero).
    """

    length: float = 20e-3
    radius: float = 12.5e-3
    conductivity: float = 2.3
    heat_capacity: float = 2.66e6
    surface_coefficient: float = 10.0

    def __post_init__(self) -> None:
        positive = (self.length, self.radius, self.conductivity, self.heat_capacity)
        if not min(positive) > 0 or not self.surface_coefficient >= 0:
            raise PlanError(
                f"a specimen needs positive length, radius, conductivity and heat capacity, and a "
                f"surface coefficient of zero or more; got {self}"
            )

    @property
    def diffusivity(self) -> float:
        """Thermal diffusivity alpha = k/(rho c), in m2/s."""
        return self.conductivity / self.heat_capacity

    @property
    def area(self) -> float:
        """Area of the slip surface, in m2."""
        return float(np.pi * self.radius**2)

    @property
    def lateral_loss(self) -> float:
        """Rate at which the rod cools sideways, 2 h/(rho c R), in 1/s."""
        return 2.0 * self.surface_coefficient / (self.heat_capacity * self.radius)

    @property
    def slowest_time(self) -> float:
        """Time constant of the slowest decay, in s.

        ``1/(pi^2 alpha/(4 L^2) + 2 h/(rho c R))``: a quarter wave between the slip surface and
        the grip; without lateral loss it is ``4 L^2/(pi^2 alpha)``.

        Example:
            >>> round(Specimen(surface_coefficient=0.0).slowest_time)
            187
        """
        quarter_wave = np.pi**2 * self.diffusivity / (4.0 * self.length**2)
        return float(1.0 / (quarter_wave + self.lateral_loss))


@dataclass(frozen=True)
class Thermocouple:
    """Where the thermometer sits and how late it is.

    Rigs drill it in 2-5 mm behind the slip surface, and sheathed wires answer in 1-10 s; the
    defaults lie inside both ranges.

    Args:
        depth: Depth behind the slip surface, in m.
        lag: Time constant of the sensor's first-order response, in s.

    Raises:
        PlanError: if the depth is negative or the lag is not positive.
    """

    depth: float = 3e-3
    lag: float = 3.0

    def __post_init__(self) -> None:
        if not self.depth >= 0 or not self.lag > 0:
            raise PlanError(f"a thermocouple needs depth >= 0 and lag > 0; got {self}")


@dataclass(frozen=True, eq=False)
class Conduction:
    """The heated rod and its thermocouple, cut into nodes: one exact step of ``dt``.

    A state holds rises above ambient in K, shape ``(nodes + 1,)``: the nodes from the slip surface
    inwards, then the thermocouple. Made by :func:`discretise`.

    Args:
        advance: Effect of one step on the state, shape ``(nodes + 1, nodes + 1)``.
        heating: Effect of a flux of 1 W/m2 held for the step, shape ``(nodes + 1,)``.
        averaging: Weights of the mean rise over the rod, shape ``(nodes + 1,)``.
    """

    advance: NDArray[np.float64]
    heating: NDArray[np.float64]
    averaging: NDArray[np.float64]

    def __post_init__(self) -> None:
        for array in (self.advance, self.heating, self.averaging):
            array.flags.writeable = False

    def rest(self) -> NDArray[np.float64]:
        """The state of a rod at ambient temperature, shape ``(nodes + 1,)``."""
        return np.zeros_like(self.heating)

    def step(self, state: NDArray[np.float64], flux: float) -> NDArray[np.float64]:
        """The state one step later, ``flux`` (W/m2, into this side) held meanwhile."""
        return np.asarray(self.advance @ state + self.heating * flux)

    def surface(self, state: NDArray[np.float64]) -> float:
        """Rise of the slip surface, in K."""
        return float(state[0])

    def reading(self, state: NDArray[np.float64]) -> float:
        """Rise that the thermocouple shows, in K: at its depth, and late."""
        return float(state[-1])

    def mean(self, state: NDArray[np.float64]) -> float:
        """Rise averaged along the rod, in K; it is what lengthens the rod."""
        return float(self.averaging @ state)


@lru_cache(maxsize=32)  # every experiment of a set has the same rods
def discretise(
    specimen: Specimen, thermocouple: Thermocouple, *, dt: float, nodes: int = NODES
) -> Conduction:
    """Cut a specimen into nodes and find its exact step.

    Second-order differences in space; in time the matrix exponential of the whole system with the
    flux held over the step (zero-order hold), so any ``dt`` is stable and nothing is lost to time
    stepping. The node at the grip is left out: its rise is always zero.

    Args:
        specimen: Rod.
        thermocouple: Place and lag of the sensor.
        dt: Time step, in s.
        nodes: Number of nodes.

    Raises:
        PlanError: if the thermocouple is not inside the specimen or the step is not positive.

    Example:
        A flux of 1000 W/m2 held for an hour, without lateral loss, warms the surface by q L/k:

        >>> rod = Specimen(surface_coefficient=0.0)
        >>> hour = discretise(rod, Thermocouple(), dt=3600.0)
        >>> round(hour.surface(hour.step(hour.rest(), 1000.0)), 3)
        8.696
        >>> round(1000.0 * rod.length / rod.conductivity, 3)
        8.696
    """
    if not thermocouple.depth < specimen.length:
        raise PlanError(
            f"the thermocouple is {thermocouple.depth} m behind the slip surface, outside a "
            f"specimen of {specimen.length} m; move it closer"
        )
    if not dt > 0:
        raise PlanError(f"the time step must be positive; got {dt} s")
    spacing = specimen.length / nodes
    rates, source = _rod(specimen, spacing, nodes)
    rates[nodes, :nodes] = _weights_at(thermocouple.depth / spacing, nodes) / thermocouple.lag
    rates[nodes, nodes] = -1.0 / thermocouple.lag
    held = np.zeros((nodes + 2, nodes + 2))
    held[:-1, :-1], held[:-1, -1] = rates, source
    step = expm(held * dt)
    averaging = np.append(np.full(nodes, 1.0 / nodes), 0.0)
    averaging[0] /= 2.0  # the surface node owns half a cell
    return Conduction(
        advance=np.ascontiguousarray(step[:-1, :-1]),
        heating=step[:-1, -1].copy(),
        averaging=averaging,
    )


def _rod(
    specimen: Specimen, spacing: float, nodes: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rates between nodes (1/s) and rate per flux (K/s per W/m2), with a free last row."""
    rates = np.zeros((nodes + 1, nodes + 1))
    exchange = specimen.diffusivity / spacing**2
    inner = np.arange(nodes)
    rates[inner, inner] = -2.0 * exchange - specimen.lateral_loss
    rates[inner[1:], inner[:-1]] = exchange
    rates[inner[:-1], inner[1:]] = exchange
    rates[0, 1] = 2.0 * exchange  # half a cell trades with one neighbour
    source = np.zeros(nodes + 1)
    source[0] = 2.0 / (specimen.heat_capacity * spacing)
    return rates, source


def _weights_at(place: float, nodes: int) -> NDArray[np.float64]:
    """Weights that interpolate linearly at ``place`` (in spacings); the grip counts as zero."""
    weights = np.zeros(nodes + 1)
    below = int(place)
    weights[below] = below + 1 - place
    weights[below + 1] = place - below
    return weights[:nodes]
