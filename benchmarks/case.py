"""A case: one size of the work that all implementations are given."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Case:
    """A network of the paper's form, trained on windows of one length.

    Args:
        length: samples in a window, L.
        batch: windows in a batch, B.
        runs: networks trained, R.
        units: of each GRU layer, H.
        gates: how they start, ``zero`` or ``chrono``. From zero, gradients vanish within some 200
            samples, which an engine may make use of; from chrono they do not.
    """

    length: int = 400
    batch: int = 32
    runs: int = 20
    units: int = 64
    gates: str = "zero"

    def __str__(self) -> str:
        runs = "1 run" if self.runs == 1 else f"{self.runs} runs"
        gates = "" if self.gates == "zero" else f", gates {self.gates}"
        return f"L = {self.length}, batch {self.batch}, {runs}, {self.units} units{gates}"


BASE = Case()

ONE_FACTOR_CHANGED = (
    *(replace(BASE, length=length) for length in (50, 100, 200)),
    replace(BASE, batch=128),
    replace(BASE, runs=1),
    *(replace(BASE, units=units) for units in (16, 32, 128)),
    replace(BASE, gates="chrono"),
)

CORNERS = (
    replace(BASE, length=50, units=16),
    replace(BASE, runs=1, length=50),
    replace(BASE, runs=1, batch=128),
    replace(BASE, runs=1, units=16),
    replace(BASE, runs=1, units=128),
)

CASES = {
    "all": (BASE, *ONE_FACTOR_CHANGED, *CORNERS),
    "base": (BASE,),
    "quick": (BASE, CORNERS[0], replace(BASE, runs=1)),
}
"""What ``--cases`` can name; the base case is always the first."""
