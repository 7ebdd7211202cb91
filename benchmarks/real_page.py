"""The page of real records, from what ``slicken truth --real ... --write`` left.

.venv/bin/python benchmarks/real_page.py docs/real.json
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from slicken.evidence.scores import MODELS
from slicken.reporting.wording import words as wording
from slicken.truth.real import Record
from truth_page import table

RECORDS = {
    "sepiolite": "sepiolite gouge, velocity steps",
    "kodiak-events": "natural rock, velocity steps and holds",
    "te67-relative": "polymer on a disc, twelve runs",
}
"""Public records, by the name of their plan; others go by their own name."""

HISTORY = {
    "sepiolite": """
This plan was scored before by earlier code: R2 0.895 of the networks, 0.29 of the best friction
law. After that score was seen, laws were given a second fit, a regression with one level, and slip
velocity from displacement its present span. Plan, drivers, networks and their training are as they
were. An R2 of 0.9 had been hoped for and is missed.
""",
    "kodiak-events": """
This plan was scored before by earlier code: R2 -0.505 of the networks. Laws could then not be
computed at the ends of so long a record, and had no score.
""",
    "te67-relative": """
This plan was scored before by earlier code: R2 0.482 of the networks.
""",
}
"""What else happened to the score of a plan before this page was written."""

PICTURES = {
    "sepiolite": (
        "static/sepiolite_law.png",
        "The held-out step on sepiolite: slip velocity; friction measured, by the networks and by "
        "the slip law; and both less the law. The networks take the whole step at once and are too "
        "low behind it; the law takes a part of it",
    ),
}
"""Picture of a study, with words for readers who cannot see it: its figure ``laws_beside``."""


def main(records: Path) -> None:
    """Write the page beside the records."""
    kept = json.loads(records.read_text(encoding="utf-8"))
    records.with_suffix(".md").write_text(to_page(kept["studies"]), encoding="utf-8")


def to_page(records: Sequence[Record]) -> str:
    """A page in Markdown: every record beside every model, and what was concluded of it."""
    plans = " ".join(f"--real examples/{_folder(one)}/{_file(one)}" for one in records)
    studies = "\n\n".join(_study(one) for one in records)
    return f"""# Real records

What `slicken` found on public records of real tests. A plan was committed before the score of its
test part was seen; each study says what the author of its plan knew. Failures stand beside
successes. The page and [real.json](real.json) are written by

```sh
slicken truth {plans} --write docs/real.json
.venv/bin/python benchmarks/real_page.py docs/real.json
```

To add a record of your own laboratory, see [real records](how-to/real.md).

## Skill of every model

{_skills(records)}

*Skill* is 1 less the squared error over that of the mean of the held-out friction itself, which
nobody knows beforehand: 1 is perfect, 0 no better than that mean. In brackets are the ends of a
95 % interval over experiments or, where there are fewer than six, over stretches of time; a dash is
a model that could not be fitted. *Friction one sample before* is what no other model may see.
Friction laws are fitted to the training part only, with the slip velocity imposed. Where one event
was held out, an interval over stretches of time knows nothing of how another event would turn out.

## Networks over every other model

{_over(records)}

Here 0 is as good as the other model; where the whole interval is above 0, networks are better.

{studies}

## Records without a study

The step on basalt (`examples/basalt`) is one change of velocity: nothing can be held out. Friction
laws are fitted to it; see [laws](laws.md).
"""


def _folder(record: Record) -> str:
    return str(record["plan"]).split("/")[-2]


def _file(record: Record) -> str:
    return str(record["plan"]).split("/")[-1]


def _skills(records: Sequence[Record]) -> str:
    heads = ["model", *(f"`{one['name']}`" for one in records)]
    rows = [
        [_model(model), *(_interval(one["models"].get(model, {}).get("skill")) for one in records)]
        for model in MODELS
    ]
    return table(heads, rows)


def _over(records: Sequence[Record]) -> str:
    heads = ["networks over", *(f"`{one['name']}`" for one in records)]
    rows = [
        [_model(model), *(_interval(one["models"].get(model, {}).get("over")) for one in records)]
        for model in MODELS
        if model != "network"
    ]
    return table(heads, rows)


def _study(record: Record) -> str:
    what = RECORDS.get(record["name"], "")
    title = f"## `{record['name']}`" + (f": {what}" if what else "")
    known = record["known"].strip() or "Nothing is written."
    drivers = ", ".join(wording("en").format_field(one, "channel") for one in record["drivers"])
    say = wording("en")
    verdicts = "; ".join(
        f"{say.format_field(name, 'channel')}: {say.format_field(verdict, 'term verdicts')}"
        for name, verdict in record["verdicts"].items()
    )
    said = "\n".join(f"- {line}" for lines in record["answers"].values() for line in lines)
    laws = "\n".join(f"- {line}" for line in record["laws"])
    caveats = "\n".join(f"- {line}" for line in record["caveats"])
    plan = f"`examples/{_folder(record)}/{_file(record)}`"
    apart = f"{record['samples']} samples {record['step']:g} {record['unit']} apart"
    coverage = record["coverage"]
    facts = [
        ["plan", f"{plan}, SHA-256 `{record['plan_sha256'][:12]}`"],
        ["experiments", f"{record['experiments']}; {apart}"],
        ["drivers", drivers],
        ["split", record["split"]],
        ["held-out targets", str(record["targets"])],
        ["coverage of 90 % intervals", "-" if coverage is None else f"{coverage:.2f}"],
        ["verdicts", verdicts],
        ["time", f"{record['seconds']} s on two cores"],
    ]
    return f"""{title}

{table(["what", "value"], facts)}

**Known beforehand.** {known}
{_history(record)}
**Answer.**

{said}

**Friction laws.**

{laws}

**Caveats.**

{caveats or "None."}{_picture(record)}"""


def _picture(record: Record) -> str:
    """What the networks know that a law does not, where the page has it."""
    if record["name"] not in PICTURES:
        return ""
    file, words = PICTURES[record["name"]]
    return f"\n\n![{words}]({file})"


def _history(record: Record) -> str:
    told = HISTORY.get(record["name"], "").strip()
    return f"\n**Scored before.** {told}\n" if told else ""


def _model(name: str) -> str:
    return wording("en").format_field(name, "term models")


def _interval(three: Sequence[float | None] | None) -> str:
    if three is None or three[0] is None:
        return "-"
    value, low, high = three
    if low is None or high is None:
        return f"{value:.2f}"
    return f"{value:.2f} ({low:.2f} to {high:.2f})"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
