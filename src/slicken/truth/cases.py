"""Cases: faults that are studied; those that judge are not looked at while anything is tuned."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from slicken.physics.truths import TRUTHS

Group = Literal["judged", "tuning"]
GROUPS: tuple[Group, ...] = ("judged", "tuning")

SEEDS: dict[Group, tuple[int, ...]] = {"judged": (311, 312, 313), "tuning": (1, 2, 3, 4)}
"""Seeds of the two groups; they share none, and 0, the demo's, is in neither. Seeds 101, 201, 202
and 211 to 216 have judged; studies of theirs were looked at and rules were changed, so they do not
any more."""
MEMORIES: dict[Group, dict[str, tuple[float, ...]]] = {
    "judged": {
        "temperature-history": (60.0, 120.0, 200.0),
        "thermal-softening": (80.0, 160.0),
        "temperature-velocity": (70.0, 140.0),
        "two-memories": (160.0,),
        "specimen-level": (90.0,),
        "running-in": (2.0,),
        "running-in-by-slip": (2.0,),
        "load-history": (150.0,),
        "inverse-calorimetry": (200.0,),
        "rate-and-state": (50e-6, 150e-6),
        "rate-and-state-slip": (50e-6, 150e-6),
    },
    "tuning": {
        "temperature-history": (30.0, 50.0, 100.0, 250.0),
        "thermal-softening": (120.0,),
        "temperature-velocity": (100.0,),
        "two-memories": (200.0,),
        "specimen-level": (110.0,),
        "running-in": (1.2,),
        "running-in-by-slip": (1.2,),
        "load-history": (250.0,),
        "inverse-calorimetry": (400.0,),
        "rate-and-state": (100e-6,),
        "rate-and-state-slip": (100e-6,),
    },
}
"""Planted memories of the two groups, in the truth's own unit: s, or m of slip; they share none."""
TWICE = ("shared-trend", "nothing")
"""Truths with twice as many seeds: what is never to happen needs more chances to happen."""


@dataclass(frozen=True)
class Case:
    """One simulated study.

    Args:
        scenario: name of the planted truth.
        memory: planted, in the truth's own unit; None where it has none.
        seed: of the simulation and of the study.
    """

    scenario: str
    memory: float | None
    seed: int

    @property
    def name(self) -> str:
        """Of its folder."""
        memory = "" if self.memory is None else f"-{self.memory:g}{TRUTHS[self.scenario].unit}"
        return f"{self.scenario}{memory}-seed{self.seed}"


def cases(group: Group) -> Iterator[Case]:
    """All cases of a group, seed by seed: a bench that is cut short has seen every truth."""
    for number, seed in enumerate(SEEDS[group]):
        for scenario in TRUTHS:
            memories: tuple[float | None, ...] = MEMORIES[group].get(scenario, (None,))
            for memory in memories:
                yield Case(scenario, memory, seed)
            if scenario in TWICE:
                yield Case(scenario, None, SEEDS[group][-1] + 1 + number)
