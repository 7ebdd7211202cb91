"""Finding marks: what was found in a log, as numbered lines and in words."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from slicken.reporting.figures.marks import note
from slicken.reporting.figures.style import VERMILLION, plain, wrapped
from slicken.reporting.findings import say_finding

if TYPE_CHECKING:
    from slicken.logs.finding import Finding
    from slicken.reporting.wording import Wording

_MOST_FINDINGS = 8


def mark_findings(axes: Axes, findings: Sequence["Finding"], *, numbered: bool) -> None:
    """A broken line at the instant of each finding that has one, within the axes' limits.

    Args:
        axes: Axes to draw on.
        findings: What the owner of the log should know.
        numbered: Whether each line bears the number that it has in :func:`finding_lines`.
    """
    low, high = axes.get_xlim()
    for number, finding in enumerate(_foremost(findings), start=1):
        if finding.time is None or not np.isfinite(finding.time):
            continue
        if low <= finding.time <= high:
            axes.axvline(finding.time, color=VERMILLION, lw=0.7, ls=(0, (2, 2)), zorder=1)
            if numbered:
                box = {"facecolor": "white", "edgecolor": "none", "pad": 0.4}
                look = {"color": VERMILLION, "fontsize": 6.5, "va": "top", "zorder": 4, "bbox": box}
                place = ("data", "axes fraction")
                note(axes, str(number), (finding.time, 1), (1.5, -1), place, **look)
    axes.set_xlim(low, high)


def finding_lines(findings: Sequence["Finding"], say: "Wording") -> list[str]:
    """Findings as lines of text: those with an instant first, numbered in order of time."""
    foremost = _foremost(findings)
    lines = [
        _shortened(f"{number} {said}" if finding.time is not None else said)
        for number, finding in enumerate(foremost, start=1)
        for said in [say_finding(finding, say)]
    ]
    if len(findings) > len(foremost):
        lines.append(say("labels.more_findings", n=len(findings) - len(foremost)))
    return lines


def _shortened(text: str, longest: int = 115) -> str:
    first = wrapped(plain(text, 400), longest).split("\n")
    return first[0] if len(first) == 1 else f"{first[0]} …"


def _foremost(findings: Sequence["Finding"]) -> list["Finding"]:
    timed = [finding for finding in findings if finding.time is not None][:_MOST_FINDINGS]
    others = [finding for finding in findings if finding.time is None]
    return sorted(timed, key=_time_of) + others[: _MOST_FINDINGS - len(timed)]


def _time_of(finding: "Finding") -> float:
    return np.inf if finding.time is None else finding.time
