"""Growth: how the cost of slicken alone grows with length, batch, runs, units and threads."""

from dataclasses import dataclass, replace
from statistics import median

from case import BASE, Case
from implementations import Implementation, slicken
from turns import Timed
from workers.answering import cores

LENGTHS = (50, 100, 200, 400)
RUNS = (1, 2, 5, 10, 20)
UNITS = (16, 32, 64, 128)


@dataclass(frozen=True)
class Growth:
    """The base case with one factor changed.

    Args:
        factor: which one.
        value: what it was.
        windows_per_s: through training, median over the turns; None where it failed.
    """

    factor: str
    value: int
    windows_per_s: float | None


def growth_cases() -> list[tuple[str, int, Case]]:
    """The factors and their values, each with its case; threads are not of the case."""
    return [
        *(("length", value, replace(BASE, length=value)) for value in LENGTHS),
        *(("runs", value, replace(BASE, runs=value)) for value in RUNS),
        *(("units", value, replace(BASE, units=value)) for value in UNITS),
        *(("threads", value, BASE) for value in threads()),
    ]


def threads() -> list[int]:
    """1, 2, 4, ... and all cores."""
    available = len(cores())
    return sorted({*(2**power for power in range(available.bit_length())), available} - {0})


def growth_pairs(engine: str) -> list[tuple[Implementation, Case]]:
    """What is to be timed, in the order of the cases."""
    return [
        (slicken(engine, *(("--threads", str(value)) if factor == "threads" else ())), case)
        for factor, value, case in growth_cases()
    ]


def read_growth(timed: list[Timed]) -> list[Growth]:
    """What was timed, factor by factor."""
    return [
        Growth(factor, value, median(one.rates) if one.rates else None)
        for (factor, value, _), one in zip(growth_cases(), timed, strict=True)
    ]
