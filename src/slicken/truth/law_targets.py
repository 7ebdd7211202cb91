"""Law targets: how often intervals hold what was planted, and what else is asked of a fit."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from slicken.truth.law_bench import strict
from slicken.truth.law_cases import UNUSABLE
from slicken.truth.law_forward import LIMITS, forward_numbers, information_bound

if TYPE_CHECKING:
    from slicken.truth.cases import Group
    from slicken.truth.law_bench import LawRecord

PARAMETERS = ("a", "b", "a_minus_b", "dc")
"""What is asked to be covered; an interval of Dc covers if that of its logarithm does."""
COVERS = (0.92, 0.97)
"""Coverage of 95 % intervals over all published steps, at least and at most."""
WORST = 0.88
"""Coverage in each class, at least."""
DIGITS = 5
FEWEST = 30
"""Records from which a class is counted: of fewer, chance alone would make one bad."""


@dataclass(frozen=True)
class LawTarget:
    """One thing that is counted.

    Args:
        key: Name in the file of counts.
        words: What is counted.
        bounds: Share of the cases, at least and at most.
        cases: Whether it came out so, for each case that counts.
    """

    key: str
    words: str
    bounds: tuple[float, float]
    cases: Callable[[Sequence["LawRecord"]], Iterable[bool]]

    def count(self, records: Sequence["LawRecord"]) -> dict[str, Any]:
        """How often it came out so; see :func:`count_laws`."""
        cases = list(self.cases(records))
        share = sum(cases) / len(cases) if cases else None
        low, high = self.bounds
        return {
            "met": sum(cases),
            "of": len(cases),
            "share": share,
            "words": self.words,
            "target": _asked(low, high),
            "holds": share is not None and low <= share <= high,
        }


def of_kind(records: Sequence["LawRecord"], *kinds: str) -> list["LawRecord"]:
    """Records of some kinds of cases."""
    return [record for record in records if record["kind"] in kinds]


def covered(record: "LawRecord", parameter: str, *, chosen: bool = False) -> bool | None:
    """Whether the interval of a parameter, by the planted law, holds its planted value.

    None where the law was not fitted. An end that is null, for it was not finite, is as far out as
    can be.

    Args:
        record: Record.
        parameter: Name.
        chosen: Whether the number of states is the one that slicken chose, else the planted one.
    """
    fit = record["fits"].get(record["law"]) if chosen else record["planted"]
    if record["refused"] or fit is None or parameter not in fit["estimates"]:
        return None
    _, low, high, _ = fit["estimates"][parameter]
    value = record["truth"][parameter]
    is_above = low is None or not value < low
    return is_above and (high is None or not value > high)


def coverage(records: Sequence["LawRecord"], parameter: str, *, chosen: bool = False) -> list[bool]:
    """Whether each interval of a parameter covers, over the records that were fitted."""
    found = [covered(record, parameter, chosen=chosen) for record in records]
    return [one for one in found if one is not None]


def classes(records: Sequence["LawRecord"]) -> dict[tuple[str, str], list["LawRecord"]]:
    """Published steps by class: label and value, such as ``("noise", "white")``."""
    found: dict[tuple[str, str], list[LawRecord]] = {}
    for record in of_kind(records, "published"):
        for label in record["labels"].items():
            found.setdefault(label, []).append(record)
    return found


def worst_classes(records: Sequence["LawRecord"]) -> list[bool]:
    """Of each class and parameter, whether coverage is at least :data:`WORST`."""
    shares = (
        coverage(members, parameter)
        for members in classes(records).values()
        for parameter in PARAMETERS
    )
    return [float(np.mean(one)) >= WORST for one in shares if len(one) >= FEWEST]


def around_estimates(records: Sequence["LawRecord"]) -> list[bool]:
    """Of each interval of each fit of a published step, whether it holds its own estimate."""
    found = []
    for record in of_kind(records, "published"):
        for fit in [] if record["refused"] else record["fits"].values():
            for value, low, high, _ in (fit["estimates"][name] for name in PARAMETERS):
                is_above = low is None or low <= value
                found.append(is_above and (high is None or value <= high))
    return found


def wrong_verdict(record: "LawRecord") -> bool:
    """Whether the verdict is another than the planted law or ``not_distinguishable``."""
    return record["verdict"] not in (record["law"], "not_distinguishable")


def spread(records: Sequence["LawRecord"]) -> dict[str, tuple[float, float]]:
    """Standard deviation over the draws of the information case, and the information bound."""
    draws = [r["fits"]["ageing"]["estimates"] for r in of_kind(records, "information") if r["fits"]]
    if len(draws) < FEWEST:
        return {}
    bound = information_bound(free=("mu0", "trend"))
    return {
        name: (float(np.std([draw[name][0] for draw in draws], ddof=1)), bound[name])
        for name in PARAMETERS
    }


def _near_bound(records: Sequence["LawRecord"]) -> list[bool]:
    return [abs(found / bound - 1) <= 0.1 for found, bound in spread(records).values()]


def _covering(parameter: str) -> Callable[[Sequence["LawRecord"]], list[bool]]:
    return lambda records: coverage(of_kind(records, "published"), parameter)


def _information(records: Sequence["LawRecord"]) -> list[bool]:
    draws = of_kind(records, "information")
    return [one for parameter in PARAMETERS for one in coverage(draws, parameter)]


def _forward(records: Sequence["LawRecord"]) -> list[bool]:
    del records
    return [error <= LIMITS[name] for name, error in forward_numbers().items()]


TARGETS = (
    LawTarget("forward", "the forward model agrees with reference numbers", (1.0, 1.0), _forward),
    LawTarget(
        "bound",
        "standard deviations over draws of the information case are within 10 % of the bound",
        (1.0, 1.0),
        _near_bound,
    ),
    LawTarget(
        "information_coverage",
        "95 % intervals of the information case cover",
        (0.93, 0.97),
        _information,
    ),
    *(
        LawTarget(f"coverage_{name}", f"95 % intervals of {words} cover", COVERS, _covering(name))
        for name, words in zip(PARAMETERS, ("a", "b", "a - b", "ln Dc"), strict=True)
    ),
    LawTarget(
        "worst_class",
        f"95 % intervals of a class and a parameter cover at least {WORST:.0%}",
        (1.0, 1.0),
        worst_classes,
    ),
    LawTarget("own_estimate", "an interval holds its own estimate", (1.0, 1.0), around_estimates),
    LawTarget(
        "wrong_law",
        "the verdict is neither the planted law nor “not distinguishable”",
        (0.0, 0.02),
        lambda records: [
            wrong_verdict(r) for r in of_kind(records, "published") if not r["refused"]
        ],
    ),
    LawTarget(
        "unusable_refused",
        "a step that cannot be used is refused",
        (0.95, 1.0),
        lambda records: [r["refused"] for r in of_kind(records, *UNUSABLE)],
    ),
    LawTarget(
        "usable_refused",
        "a step that can be used is refused, or not found",
        (0.0, 0.05),
        lambda records: [r["refused"] for r in of_kind(records, "published")],
    ),
)
"""What is counted."""


def count_laws(records: Sequence["LawRecord"]) -> dict[str, Any]:
    """Every target with how often it was met.

    Returns:
        For each key of :data:`TARGETS`: ``words``, ``target``, ``met``, ``of``, ``share``,
        ``holds``. A target that no case counts for does not hold.
    """
    return {target.key: target.count(records) for target in TARGETS}


def verdicts(records: Sequence["LawRecord"]) -> Mapping[str, Mapping[str, int]]:
    """Of each planted law: how many fitted steps got the verdict right, wrong or undecided."""
    found: dict[str, dict[str, int]] = {}
    for record in of_kind(records, "published"):
        if record["refused"]:
            continue
        of_law = found.setdefault(record["law"], dict.fromkeys(("right", "open", "wrong"), 0))
        if record["verdict"] == record["law"]:
            of_law["right"] += 1
        else:
            of_law["wrong" if wrong_verdict(record) else "open"] += 1
    return found


def laws_json(group: "Group", records: Sequence["LawRecord"]) -> str:
    """Everything: how often each target was met, and the record of every case, one a line."""
    content = {
        "group": group,
        "command": f"slicken truth --laws --group {group}",
        "slicken": version("slicken"),
        "targets": count_laws(records),
    }
    head = json.dumps(content, indent=1, allow_nan=False).removesuffix("\n}")
    cases = [json.dumps(_short(strict(record)), allow_nan=False) for record in records]
    return head + ',\n "cases": [\n' + ",\n".join(cases) + "\n]}\n"


def _short(tree: Any) -> Any:  # noqa: ANN401 (a tree of JSON)
    """A tree with its numbers to as many digits as say anything."""
    if isinstance(tree, dict):
        return {key: _short(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_short(value) for value in tree]
    return float(f"{tree:.{DIGITS}g}") if isinstance(tree, float) else tree


def _asked(low: float, high: float) -> str:
    if low == high:
        return "all" if low else "none"
    if high == 1.0:
        return f"at least {low:.0%}"
    return f"at most {high:.0%}" if low == 0.0 else f"{low:.0%} to {high:.0%}"
