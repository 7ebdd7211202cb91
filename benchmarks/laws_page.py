"""The page of the law bench, from the records that ``slicken truth --laws --write`` left.

.venv/bin/python benchmarks/laws_page.py docs/laws.json docs/laws_real.json
"""

import json
import math
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from slicken.truth.cases import Group
from slicken.truth.law_bench import LawRecord
from slicken.truth.law_cases import EXPERIMENTS, UNUSABLE, law_cases
from slicken.truth.law_forward import LIMITS, forward_numbers
from slicken.truth.law_targets import (
    PARAMETERS,
    classes,
    count_laws,
    coverage,
    of_kind,
    spread,
    verdicts,
    wrong_verdict,
)
from truth_page import table

NAMES = {"a": "a", "b": "b", "a_minus_b": "a - b", "dc": "Dc"}
UNITS = {"a": 1.0, "b": 1.0, "a_minus_b": 1.0, "dc": 1e6, "stiffness": 1e-6}
"""Numbers on the page for one in SI: Dc in µm, stiffness in 1/µm."""
KINDS = {
    "not_steady": "not steady before",
    "too_short": "too little slip after",
    "stick_slip": "stick-slip",
}


def main(records: Path, real: Path | None) -> None:
    """Write the page beside the records."""
    kept = json.loads(records.read_text(encoding="utf-8"))
    files = json.loads(real.read_text(encoding="utf-8")) if real else []
    text = to_page(kept["group"], kept["cases"], files)
    records.with_suffix(".md").write_text(text, encoding="utf-8")


def to_page(
    group: Group, records: Sequence[LawRecord], real: Sequence[Mapping[str, Any]] = ()
) -> str:
    """A page in Markdown: what was asked, how often it came out, and where it did not.

    Args:
        group: Group of the cases.
        records: Record of each case.
        real: Fits of public records, as ``real_laws.py`` writes them.
    """
    every = {case.name for case in law_cases(group)}
    missing = len(every - {record["name"] for record in records})
    cut = f" Of the {len(every)} cases there are now, {missing} were not run." if missing else ""
    experiments = ", ".join(EXPERIMENTS[group])
    seeds = sorted({record["seed"][0] for record in records})
    between = f"{seeds[0]} to {seeds[-1]}" if seeds else "none"
    return f"""# Friction laws: the truth bench

What [`slicken law`](reference/command-line.md#slicken-law) concludes of {len(records)} simulated
records whose friction law is known; failures stand beside successes. No record was left out.{cut}
The page and [laws.json](laws.json) are written by

```sh
slicken truth --laws --group {group} --workers 2 --write docs/laws.json
.venv/bin/python benchmarks/laws_page.py docs/laws.json
```

The steps have parameters that were published for velocity steps of seven double-direct-shear
experiments (65 fits; `src/slicken/truth/published.csv` names the source); here those of
{experiments}, with seeds {between}. Intervals and rules were tuned on the other experiments, with
other seeds. Every step is found in the record's displacement, judged usable or not, and fitted by
both laws with one and two states; nothing is told to the fit but, in half of the cases, the
stiffness. Noise has a standard deviation of 0.0002 to 0.001 a sample where it is white; correlated
noise of 0.0001 to 0.0005 is added to it in two thirds of the cases, over 0.1 to 5 s or over 1 to
50 µm of slip; in half of them the surface undulates by 0.0002 to 0.0015 over 70 to 150 µm. Half
have a second state, 5 to 20 times longer than the first.

## Targets

{_targets(records)}

## Coverage by class

Share of 95 % intervals, by the planted law with the planted number of states, that hold the
planted value. An interval is one of a law: it does not know of a state that the law has not.

{_coverage(records)}

Where slicken chooses the number of states, as it does by default, it takes one where a second does
not show. Then b, Dc and a - b are those of one state, which the planted ones with two are not:

{_chosen(records)}

## Which law

{_verdicts(records)}

*Open* is “not distinguishable”. Steps whose verdict is wrong:

{_wrong(records)}

## What is refused

{_refused(records)}

## The least possible spread

Draws of one step with white noise and a known stiffness and instant (a 0.01, b 0.009, Dc 10 µm,
0.001/µm, 1 to 10 µm/s): standard deviation of the estimates, and the least that an unbiased
estimate can have (Cramér and Rao), with level and trend fitted too.

{_spread(records)}

## Forward model

{_forward()}

## Public records

{_real(real)}
"""


def _targets(records: Sequence[LawRecord]) -> str:
    rows = []
    for one in count_laws(records).values():
        met = "yes" if one["holds"] else "**no**" if one["of"] else "-"
        share = "-" if one["share"] is None else f"{one['share']:.3f}"
        found = f"{one['met']} of {one['of']} ({share})"
        rows.append([one["words"], one["target"], found, met])
    return table(("what", "target", "found", "met"), rows)


def _coverage(records: Sequence[LawRecord]) -> str:
    published = of_kind(records, "published")
    groups = {("all", ""): published, **dict(sorted(classes(records).items()))}
    rows = []
    for (label, value), members in groups.items():
        shares = [_share(coverage(members, parameter)) for parameter in PARAMETERS]
        fitted = sum(not record["refused"] for record in members)
        rows.append([f"{label} {value}".strip(), str(fitted), *shares])
    return table(("class", "fitted", *NAMES.values()), rows)


def _chosen(records: Sequence[LawRecord]) -> str:
    rows = []
    for states, members in sorted(
        (value, each) for (label, value), each in classes(records).items() if label == "states"
    ):
        fits = [r["fits"][r["law"]] for r in members if not r["refused"] and r["law"] in r["fits"]]
        two = sum(fit["states"] == 2 for fit in fits)
        shares = [_share(coverage(members, name, chosen=True)) for name in PARAMETERS]
        rows.append([states, f"{two} of {len(fits)}", *shares])
    return table(("planted states", "two chosen", *NAMES.values()), rows)


def _verdicts(records: Sequence[LawRecord]) -> str:
    rows = [
        [law, *(str(counted[key]) for key in ("right", "open", "wrong"))]
        for law, counted in sorted(verdicts(records).items())
    ]
    return table(("planted law", "right", "open", "wrong"), rows)


def _wrong(records: Sequence[LawRecord]) -> str:
    wrong = [
        f"- `{record['name']}` ({record['law']}): {record['verdict']}"
        for record in of_kind(records, "published")
        if not record["refused"] and wrong_verdict(record)
    ]
    return "\n".join(wrong) or "None."


def _refused(records: Sequence[LawRecord]) -> str:
    rows = []
    for kind in ("published", *UNUSABLE):
        members = of_kind(records, kind)
        refused = [record for record in members if record["refused"]]
        reasons = Counter(record["problem"] or "not found" for record in refused)
        said = ", ".join(f"`{reason}` {count}" for reason, count in reasons.most_common())
        rows.append([KINDS.get(kind, "usable"), str(len(members)), str(len(refused)), said or "-"])
    return table(("step", "cases", "refused", "why"), rows)


def _spread(records: Sequence[LawRecord]) -> str:
    rows = [
        [NAMES[name], f"{UNITS[name] * found:.3g}", f"{UNITS[name] * bound:.3g}",
         f"{found / bound:.2f}", _share(coverage(of_kind(records, "information"), name))]
        for name, (found, bound) in spread(records).items()
    ]  # fmt: skip
    return table(("parameter", "standard deviation", "bound", "ratio", "coverage"), rows)


def _forward() -> str:
    rows = [
        [
            name,
            f"below {10.0 ** math.ceil(math.log10(error)):g}",
            f"{LIMITS[name]:g}",
            "yes" if error <= LIMITS[name] else "**no**",
        ]
        for name, error in forward_numbers().items()
    ]
    return table(("against", "error", "limit", "met"), rows)


def _real(real: Sequence[Mapping[str, Any]]) -> str:
    if not real:
        return "Not run: the public files were not there."
    rows = []
    for one in real:
        head = [one["record"], f"{one['start']:.0f}", one["kind"]]
        head.append(f"{1e6 * one['before']:.3g} to {1e6 * one['after']:.3g}")
        if one["problem"]:
            rows.append([*head, f"refused: `{one['problem']}`", *[""] * 6])
            continue
        for law, fit in one["fits"].items():
            numbers = [_interval(fit, name) for name in UNITS]
            rows.append([*head, law, *numbers, one["verdict"] if law == one["first"] else ""])
    heads = (
        "record",
        "s",
        "event",
        "µm/s",
        "law",
        "a",
        "b",
        "a - b",
        "Dc, µm",
        "k, 1/µm",
        "verdict",
    )
    return table(heads, rows)


def _interval(fit: Mapping[str, Any], name: str) -> str:
    if name in fit["undetermined"] or name not in fit["estimates"]:
        return "not determined"
    ends = [None if end is None else UNITS[name] * end for end in fit["estimates"][name][:3]]
    value, low, high = ("-" if end is None else f"{end:.3g}" for end in ends)
    return value if low == high else f"{value} ({low} to {high})"


def _share(covered: Sequence[bool]) -> str:
    return f"{np.mean(covered):.3f}" if len(covered) else "-"


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
