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
from slicken.truth.targets import Record, count


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
    every = len(list(cases(group)))
    cut = "" if len(records) >= every else f" The bench was cut short: there are {every} cases."
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
driver is. The memory that is judged is that of `temperature-history`, whose cause is a driver and
whose memory is in seconds. No memory is planted in `temperature-now`, and none in seconds in
`running-in`. Where the cause is hidden, the history that networks need to guess it is shown below
and not judged: it need not be the memory of the hidden state.

## By planted truth

{_by_truth(records)}

Numbers below a method count the studies in which it ranks the planted cause first, whatever the
skill.

## Every study

{_studies(records)}
"""


def _targets(records: Sequence[Record]) -> str:
    counted = count(records)
    lines = ["| what | target | found | met |", "| --- | --- | --- | --- |"]
    for key, one in counted.items():
        share = "-" if one["share"] is None else f"{one['share']:.2f}"
        of = f"{one['met']} of {one['of']}"
        found = f"{of} ({share})"
        if key == "coverage":
            found = f"mean {share}; {of} studies within"
        met = "yes" if one["holds"] else "**no**"
        lines.append(f"| {one['words']} | {one['target']} | {found} | {met} |")
    return "\n".join(lines)


def _by_truth(records: Sequence[Record]) -> str:
    heads = ["planted truth", "studies", "skill proven", *map(_method, METHODS), "coverage"]
    heads = [head.replace("|", "\\|") for head in heads]
    lines = [f"| {' | '.join(heads)} |", "| --- |" + " --- |" * (len(heads) - 1)]
    for name, one in by_scenario(records).items():
        firsts = [str(n) if TRUTHS[name].causes else "-" for n in one["first"].values()]
        covers = [c for c in one["coverage"] if c is not None]
        cover = f"{np.mean(covers):.2f} ({min(covers):.2f} to {max(covers):.2f})" if covers else "-"
        cells = [f"`{name}`", str(one["studies"]), str(one["with_skill"]), *firsts, cover]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _studies(records: Sequence[Record]) -> str:
    heads = (
        "planted truth", "memory", "seed", "skill", "best length", "required history",
        "gradient span 50/90 %", "verdicts",
    )  # fmt: skip
    lines = [f"| {' | '.join(heads)} |", "|" + " --- |" * len(heads)]
    names = list(TRUTHS)
    ordered = sorted(
        records, key=lambda r: (names.index(r["scenario"]), r["memory"] or 0, r["seed"])
    )
    return "\n".join([*lines, *map(_row, ordered)])


def _row(record: Record) -> str:
    memory = f"{record['memory']:g} {record['unit']}" if record["memory"] else "-"
    required = "-"
    if record["has_skill"]:
        required = (
            "none" if not record["required_s"] else "{:g} to {:g} s".format(*record["required_s"])
        )
    used = "/".join("-" if x is None else f"{x:.0f}" for x in record["gradient_span_s"][:2])
    by_verdict: dict[str, list[str]] = {}
    for name, verdict in record["verdicts"].items():
        by_verdict.setdefault(_verdict(verdict), []).append(
            wording("en").format_field(name, "channel")
        )
    said = "; ".join(f"{verdict}: {', '.join(names)}" for verdict, names in by_verdict.items())
    if set(record["verdicts"].values()) == {"unknown"}:
        said = _verdict("unknown")
    skill = "yes" if record["has_skill"] else "no"
    return (
        f"| `{record['scenario']}` | {memory} | {record['seed']} | {skill} "
        f"| {record['best_s']:g} s | {required} | {used} s | {said} |"
    )


def _method(name: str) -> str:
    return wording("en").format_field(name, "term importance_methods")


def _verdict(name: str) -> str:
    return wording("en").format_field(name, "term verdicts")


def _listed(lengths: Sequence[float]) -> str:
    return ", ".join(f"{seconds:g}" for seconds in lengths)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
