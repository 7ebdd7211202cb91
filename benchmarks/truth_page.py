"""The page of the truth bench, from the records that ``slicken truth --write`` left.

.venv/bin/python benchmarks/truth_page.py docs/truth.json
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from slicken.evidence.attribution import METHODS
from slicken.physics.truths import TRUTHS
from slicken.reporting.wording import words as wording
from slicken.truth.bench import DURATION, EXPERIMENTS, PLAN
from slicken.truth.cases import Group, cases
from slicken.truth.targets import (
    PREDICTS,
    WITHOUT_SECONDS,
    Record,
    clock_is_right,
    count,
    has_memory,
    innocents,
    is_predicted,
    is_within,
    supported,
    tells_time_from_slip,
    width,
)


def main(records: Path) -> None:
    """Write the page beside the records."""
    kept = json.loads(records.read_text(encoding="utf-8"))
    page = records.with_suffix(".md")
    page.write_text(to_page(kept["group"], kept["studies"]), encoding="utf-8")


def by_scenario(records: Sequence[Record]) -> dict[str, dict[str, Any]]:
    """For each planted truth: how many studies, how many had skill, and what they said."""
    found = {}
    for name in TRUTHS:
        rows = [r for r in records if r["scenario"] == name]
        if not rows:
            continue
        verdicts: dict[str, dict[str, int]] = {}
        for record in rows:
            for driver, verdict in record["verdicts"].items():
                of_driver = verdicts.setdefault(driver, {})
                of_driver[verdict] = of_driver.get(verdict, 0) + 1
        found[name] = {
            "studies": len(rows),
            "with_skill": sum(bool(r["has_skill"]) for r in rows),
            "skill_shown": [bool(r["has_skill"]) for r in rows if is_predicted(r)],
            "memory_within": [is_within(r) for r in rows if has_memory(r)],
            "widths": [w for r in rows if has_memory(r) and (w := width(r)) is not None],
            "clock_right": [clock_is_right(r) for r in rows if tells_time_from_slip(r)],
            "innocent_supported": [one for r in rows for one in supported(r, innocents(r))],
            "first": {
                method: sum(r["first"][method] in r["causes"] for r in rows) for method in METHODS
            },
            "verdicts": verdicts,
            "coverage": [r["coverage"] for r in rows],
        }
    return found


def to_page(group: Group, records: Sequence[Record]) -> str:
    """A page in Markdown: what was done, how often it came out, and every study in a line."""
    seeds = ", ".join(str(seed) for seed in sorted({r["seed"] for r in records}))
    done = {(r["scenario"], r["memory"] or None, r["seed"]) for r in records}
    every = [(case.scenario, case.memory, case.seed) for case in cases(group)]
    missing = sum(case not in done for case in every)
    cut = f" Of the {len(every)} cases there are now, {missing} were not run." if missing else ""
    return f"""# Truth

What `slicken` concluded on {len(records)} simulated studies whose truth is known; failures stand
beside successes. No study was left out.{cut} The page and [truth.json](truth.json) are written by

```sh
slicken truth --group {group} --write docs/truth.json
.venv/bin/python benchmarks/truth_page.py docs/truth.json
```

Each study has {EXPERIMENTS} experiments of {DURATION:g} s, windows of {_listed(PLAN["windows"])} s
and the preset `{PLAN["preset"]}`. The seeds are {seeds}. Presets and rules were tuned on
other seeds and other planted memories (`src/slicken/truth/cases.py` has both groups). How each
conclusion is reached is in [evidence](why/evidence.md); the planted truths are in the docstrings of
`src/slicken/physics/truths.py`.

## Targets

{_targets(records)}

*Innocent* is a driver that neither causes friction nor carries its cause; of `nothing`, every
driver is. The memory that is judged has a length, in seconds or in slip, and a driver for its
cause; one that no study names is a miss. No seconds are planted in {_named(WITHOUT_SECONDS)}. Where
the cause is hidden, the history that networks need to guess it is shown below and not judged: it
need not be the memory of the hidden state.

## By planted truth

{_by_truth(records)}

*Skill shown* counts among the studies whose R² on held-out experiments is above {PREDICTS:g};
*inside* counts planted memories within the required history, and *widest range* is the largest
upper over lower end of it; *clock* counts among the studies in which velocity varies enough to tell
time from slip; *innocents* counts innocent drivers that are called supported.

## First cause by method

{_by_method(records)}

Numbers count the studies in which a method ranks a planted cause first, whatever the skill.

## Every study

{_studies(records)}
"""


def _targets(records: Sequence[Record]) -> str:
    counted = count(records)
    lines = ["| what | target | found | met |", "| --- | --- | --- | --- |"]
    for one in counted.values():
        share = "-" if one["share"] is None else f"{one['share']:.2f}"
        met = "yes" if one["holds"] else "**no**" if one["of"] else "-"
        found = f"{one['met']} of {one['of']} ({share})"
        lines.append(f"| {one['words']} | {one['target']} | {found} | {met} |")
    return "\n".join(lines)


def _by_truth(records: Sequence[Record]) -> str:
    heads = (
        "planted truth", "studies", "skill proven", "skill shown", "inside", "widest range",
        "clock", "innocents", "coverage",
    )  # fmt: skip
    rows = []
    for name, one in by_scenario(records).items():
        counts = [_of(one[key]) for key in ("skill_shown", "memory_within")]
        widest = f"factor {max(one['widths']):.1f}" if one["widths"] else "-"
        others = [_of(one[key]) for key in ("clock_right", "innocent_supported")]
        covers = [c for c in one["coverage"] if c is not None]
        cover = f"{np.mean(covers):.2f} ({min(covers):.2f} to {max(covers):.2f})" if covers else "-"
        numbers = [str(one["studies"]), str(one["with_skill"])]
        rows.append([f"`{name}`", *numbers, *counts, widest, *others, cover])
    return table(heads, rows)


def _by_method(records: Sequence[Record]) -> str:
    heads = ["planted truth", *(_method(name).replace("|", "\\|") for name in METHODS)]
    rows = [
        [f"`{name}`", *map(str, one["first"].values())]
        for name, one in by_scenario(records).items()
        if TRUTHS[name].causes
    ]
    return table(heads, rows)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _of(cases: Sequence[bool]) -> str:
    return f"{sum(cases)} of {len(cases)}" if cases else "-"


def _named(names: Sequence[str]) -> str:
    *others, last = (f"`{name}`" for name in names)
    return f"{', '.join(others)} and {last}"


def _studies(records: Sequence[Record]) -> str:
    heads = (
        "planted truth", "memory", "seed", "skill", "R²", "best length", "required history",
        "inside", "clock", "gradient span 50/90 %", "verdicts",
    )  # fmt: skip
    names = list(TRUTHS)
    ordered = sorted(
        records, key=lambda r: (names.index(r["scenario"]), r["memory"] or 0, r["seed"])
    )
    return table(heads, [_row(record) for record in ordered])


def _row(record: Record) -> list[str]:
    memory = _length(record["memory"], record["unit"]) if record["memory"] else "-"
    within = ("yes" if is_within(record) else "no") if has_memory(record) else "-"
    used = "/".join("-" if x is None else f"{x:.0f}" for x in record["gradient_span_s"][:2])
    by_verdict: dict[str, list[str]] = {}
    for name, verdict in record["verdicts"].items():
        by_verdict.setdefault(_verdict(verdict), []).append(
            wording("en").format_field(name, "channel")
        )
    said = "; ".join(f"{verdict}: {', '.join(names)}" for verdict, names in by_verdict.items())
    if set(record["verdicts"].values()) == {"unknown"}:
        said = _verdict("unknown")
    return [
        f"`{record['scenario']}`",
        memory,
        str(record["seed"]),
        "yes" if record["has_skill"] else "no",
        "-" if record["r2"] is None else f"{record['r2']:.2f}",
        f"{record['best_s']:g} s",
        _required(record),
        within,
        record.get("clock_told") or "-",
        f"{used} s",
        said,
    ]


def _required(record: Record) -> str:
    """The required history that was found, in seconds and in slip."""
    if not record["has_skill"]:
        return "-"
    found = [(record["required_s"], "s"), (record.get("required_m"), "m")]
    said = [_between(ends, unit) for ends, unit in found if ends]
    return "; ".join(said) or "none"


def _between(ends: Sequence[float | None], unit: str) -> str:
    low, high = ends
    if high is None:
        return f"more than {_length(low, unit)}"
    return f"{_length(low, unit).split()[0]} to {_length(high, unit)}"


def _length(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    return f"{1e6 * value:g} µm" if unit == "m" and value < 1e-3 else f"{value:g} {unit}"


def _method(name: str) -> str:
    return wording("en").format_field(name, "term importance_methods")


def _verdict(name: str) -> str:
    return wording("en").format_field(name, "term verdicts")


def _listed(lengths: Sequence[float]) -> str:
    return ", ".join(f"{seconds:g}" for seconds in lengths)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
