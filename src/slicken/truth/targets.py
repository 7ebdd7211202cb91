"""Targets: what a good protocol concludes of planted truths, and how often studies did."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from slicken.channels import DRIVERS

if TYPE_CHECKING:
    from slicken.truth.cases import Group

Record = dict[str, Any]
"""What a study found, beside what was planted; see :func:`slicken.truth.bench.describe`."""
WITHOUT_SECONDS = ("temperature-now", "running-in")
"""Truths that need no seconds of history."""
COVERS = (0.85, 0.95)
"""Coverage of a 90 % interval, mean over studies, at least and at most."""


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


def _memories(records: Sequence[Record]) -> list[Record]:
    """Studies whose cause is a driver with a planted memory in seconds."""
    return [r for r in records if r["causes"] and r["unit"] == "s" and r["memory"]]


def _is_within(record: Record) -> bool:
    found = record["required_s"]
    return bool(found) and found[0] <= record["memory"] <= found[1]


def _false_causes(records: Sequence[Record]) -> list[bool]:
    hidden = [r for r in records if not r["causes"] and r["scenario"] != "nothing"]
    return ["supported" in r["verdicts"].values() for r in hidden]


def _too_wide(records: Sequence[Record]) -> list[bool]:
    found = [r["required_s"] for r in _memories(records) if r["required_s"]]
    return [high > 3 * low for low, high in found]


def _memories_of_none(records: Sequence[Record]) -> list[bool]:
    none = [r for r in records if r["scenario"] in WITHOUT_SECONDS]
    return [bool(r["has_skill"] and r["required_s"]) for r in none]


def _coverages(records: Sequence[Record]) -> list[float]:
    return [r["coverage"] for r in records if r["coverage"] is not None]


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
        lambda records: [r["verdicts"][n] == "supported" for r in records for n in innocents(r)],
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
        lambda records: [_is_within(r) for r in _memories(records)],
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
        0.0,
        _memories_of_none,
    ),
    Target(
        "coverage",
        "coverage of 90 % intervals on the test part, mean over studies",
        ">=",
        COVERS[0],
        lambda records: [COVERS[0] <= c <= COVERS[1] for c in _coverages(records)],
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
        that count), ``share``, ``holds``. Of the coverage, ``share`` is the mean.
    """
    found = {target.key: target.count(records) for target in TARGETS}
    covers = _coverages(records)
    mean = float(np.mean(covers)) if covers else None
    found["coverage"] |= {
        "share": mean,
        "target": f"{COVERS[0]:g} to {COVERS[1]:g}",
        "holds": mean is not None and COVERS[0] <= mean <= COVERS[1],
    }
    return found


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
