"""Targets: what a good protocol concludes of planted truths, and how often studies did."""

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal

from slicken.channels import DRIVERS
from slicken.physics.truths import TRUTHS

if TYPE_CHECKING:
    from slicken.truth.cases import Group

Record = dict[str, Any]
"""What a study found, beside what was planted; see :func:`slicken.truth.bench.describe`."""
WITHOUT_SECONDS = (
    "temperature-now",
    "noisy-thermocouple",
    "running-in",
    "running-in-by-slip",
    "shared-trend",
)
"""Truths that need no seconds of history."""
RECENT = ("boxcar", "exponential", "age")
"""Kernels of a memory with a length: what lies further back counts no more, or hardly."""
COVERS = (0.85, 0.95)
"""Coverage of a 90 % interval in a study, at least and at most."""
PREDICTS = 0.5
"""R2 on held-out experiments above which skill is there to be shown."""
VARIES = 5.0
"""Fastest over slowest velocity from which time and slip can be told apart."""
WIDEST = 3.0
"""Upper over lower end of a required history, at most."""


@dataclass(frozen=True)
class Target:
    """One thing that is counted.

    Args:
        key: Name in the file of counts.
        words: What is counted.
        relation: Whether the share is to be at least or at most the bound.
        bound: Share of the cases that count.
        cases: Whether it came out so, for each study or driver that counts.
    """

    key: str
    words: str
    relation: Literal[">=", "<="]
    bound: float
    cases: Callable[[Sequence[Record]], Iterable[bool]]

    def count(self, records: Sequence[Record]) -> dict[str, Any]:
        """How often it came out so; see :func:`count`."""
        cases = list(self.cases(records))
        share = sum(cases) / len(cases) if cases else None
        return {
            "met": sum(cases),
            "of": len(cases),
            "share": share,
            "words": self.words,
            "target": f"{self.relation} {self.bound:g}",
            "holds": share is not None and self._holds(share),
        }

    def _holds(self, share: float) -> bool:
        return share >= self.bound if self.relation == ">=" else share <= self.bound


def innocents(record: Record) -> list[str]:
    """Drivers that neither cause friction nor carry its cause."""
    guilty = {*record["causes"], *record["carriers"]}
    return [channel.name for channel in DRIVERS if channel.name not in guilty]


def has_memory(record: Record) -> bool:
    """Whether a driver is the cause, and a memory with a length is planted, in s or in m."""
    return bool(record["causes"]) and TRUTHS[record["scenario"]].kernel in RECENT


def found_range(record: Record) -> tuple[float, float] | None:
    """The required history that was found, in the unit of the planted one; None for none.

    The upper end is infinite where the study knows of none.
    """
    found = record.get("required_m") if record["unit"] == "m" else record["required_s"]
    return None if not found else (found[0], math.inf if found[1] is None else found[1])


def is_within(record: Record) -> bool:
    """Whether the planted memory lies within what was found."""
    found = found_range(record)
    return found is not None and found[0] <= record["memory"] <= found[1]


def width(record: Record) -> float | None:
    """Upper over lower end of the required history; None where none was found."""
    found = found_range(record)
    if found is None:
        return None
    return found[1] / found[0] if found[0] else math.inf


def tells_time_from_slip(record: Record) -> bool:
    """Whether a memory was planted whose clock the experiments can tell."""
    truth = TRUTHS[record["scenario"]]
    return bool(truth.clock) and truth.velocity_factor >= VARIES


def clock_is_right(record: Record) -> bool:
    """Whether the clock that was told is the planted one."""
    return bool(record.get("clock_told") == TRUTHS[record["scenario"]].clock)


def is_predicted(record: Record) -> bool:
    """Whether the networks predict held-out experiments well."""
    return record["r2"] is not None and record["r2"] > PREDICTS


def supported(record: Record, drivers: Iterable[str]) -> list[bool]:
    """Of each driver, whether it is called supported."""
    return [record["verdicts"][name] == "supported" for name in drivers]


def is_covered(record: Record) -> bool:
    """Whether the 90 % intervals of a study cover what they should."""
    return COVERS[0] <= record["coverage"] <= COVERS[1]


def _memories(records: Sequence[Record]) -> list[Record]:
    return [r for r in records if has_memory(r)]


def _false_causes(records: Sequence[Record]) -> list[bool]:
    hidden = [r for r in records if not r["causes"] and r["scenario"] != "nothing"]
    return ["supported" in r["verdicts"].values() for r in hidden]


def _too_wide(records: Sequence[Record]) -> list[bool]:
    return [factor > WIDEST for r in _memories(records) if (factor := width(r)) is not None]


def _memories_of_none(records: Sequence[Record]) -> list[bool]:
    none = [r for r in records if r["scenario"] in WITHOUT_SECONDS]
    return [bool(r["has_skill"] and r["required_s"]) for r in none]


def _clocks_of_none(records: Sequence[Record]) -> list[bool]:
    constant = [r for r in records if TRUTHS[r["scenario"]].velocity_factor == 1]
    return [bool(r.get("clock_told")) for r in constant]


def _covered(records: Sequence[Record]) -> list[Record]:
    return [r for r in records if r["coverage"] is not None]


TARGETS = (
    Target(
        "cause_first",
        "the planted cause, where it is a driver, ranks first by Shapley values of the error",
        ">=",
        0.95,
        lambda records: [r["first"]["shapley_loss"] in r["causes"] for r in records if r["causes"]],
    ),
    Target(
        "innocent_supported",
        "an innocent driver is called supported",
        "<=",
        0.05,
        lambda records: [one for r in records for one in supported(r, innocents(r))],
    ),
    Target(
        "trend_supported",
        "a driver of `shared-trend`, which causes nothing, is called supported",
        "<=",
        0.05,
        lambda records: [
            one
            for r in records
            if r["scenario"] == "shared-trend"
            for one in supported(r, r["verdicts"])
        ],
    ),
    Target(
        "false_cause",
        "the cause is no driver, and a driver is called supported",
        "<=",
        0.0,
        _false_causes,
    ),
    Target(
        "memory_within",
        "the planted memory lies within the required history",
        ">=",
        0.9,
        lambda records: [is_within(r) for r in _memories(records)],
    ),
    Target(
        "range_too_wide",
        "the required history is wider than a factor of 3",
        "<=",
        0.0,
        _too_wide,
    ),
    Target(
        "memory_of_none",
        "no memory is planted, and one is reported",
        "<=",
        0.05,
        _memories_of_none,
    ),
    Target(
        "clock_right",
        "slip velocity varies by a factor of 5 or more, and the planted clock is told",
        ">=",
        0.9,
        lambda records: [clock_is_right(r) for r in records if tells_time_from_slip(r)],
    ),
    Target(
        "clock_of_none",
        "slip velocity is constant, and a clock is told",
        "<=",
        0.0,
        _clocks_of_none,
    ),
    Target(
        "skill_shown",
        "R² on held-out experiments is above 0.5, and skill is shown",
        ">=",
        0.9,
        lambda records: [bool(r["has_skill"]) for r in records if is_predicted(r)],
    ),
    Target(
        "coverage",
        "90 % intervals cover 85 to 95 % of the held-out targets of a study",
        ">=",
        0.9,
        lambda records: [is_covered(r) for r in _covered(records)],
    ),
    Target(
        "nothing_told",
        "`nothing` is given a cause or a memory",
        "<=",
        0.0,
        lambda records: [bool(r["has_skill"]) for r in records if r["scenario"] == "nothing"],
    ),
)
"""What is counted."""


def count(records: Sequence[Record]) -> dict[str, Any]:
    """Every target with how often it was met.

    Returns:
        For each key of :data:`TARGETS`: ``words``, ``target``, ``met``, ``of`` (studies or drivers
        that count), ``share``, ``holds``. A target that no study counts for does not hold.
    """
    return {target.key: target.count(records) for target in TARGETS}


def to_json(group: "Group", records: Sequence[Record]) -> str:
    """Everything: how often each target was met, and the record of every study."""
    content = {
        "group": group,
        "command": f"slicken truth --group {group}",
        "slicken": version("slicken"),
        "targets": count(records),
        "studies": list(records),
    }
    return json.dumps(content, indent=1) + "\n"
