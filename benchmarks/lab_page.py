"""Pages of two small benches: experiments on networks, and forms of target and drivers.

.venv/bin/python benchmarks/lab_page.py docs/lab.json docs/forms.json
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from slicken.truth.forms import PLAN, TRUTHS, found
from truth_page import table

UNITS = {"a_minus_b": (1.0, "", 4), "a": (1.0, "", 4), "b": (1.0, "", 4), "dc": (1e6, " µm", 0),
         "per_kelvin": (1.0, " /K", 5)}  # fmt: skip
"""Number on the page for one in SI, its unit, and decimals."""
NAMES = {"a_minus_b": "a - b", "a": "a", "b": "b", "dc": "Dc", "per_kelvin": "dµ/dT"}


def main(files: Sequence[Path]) -> None:
    """Write a page beside each file of records."""
    for file in files:
        kept = json.loads(file.read_text(encoding="utf-8"))
        page = lab_page(kept) if "cases" in kept else forms_page(kept)
        file.with_suffix(".md").write_text(page, encoding="utf-8")


def lab_page(kept: Mapping[str, Any]) -> str:
    """The page of experiments on networks, in Markdown.

    Args:
        kept: What ``slicken truth --lab --write`` wrote.
    """
    records = kept["cases"]
    seeds = sorted({one["seed"] for one in records})
    rows = [row for one in records for row in _rows(one)]
    return f"""# Experiments on networks: the truth bench

What [`slicken lab`](how-to/lab.md) tells of {len(records)} studies of simulated faults whose truth
is known (seeds {seeds[0]} to {seeds[-1]}; rules were tuned on others). No study was left out. The
page and [lab.json](lab.json) are written by

```sh
{kept["command"]} --write docs/lab.json
.venv/bin/python benchmarks/lab_page.py docs/lab.json
```

{_targets(kept["targets"])}

Ten other studies of `rate-and-state` (seeds 431 to 440) had judged before: with intervals over
folds alone, a - b was held in 8 of 10. The networks pull it towards zero, and that shows in what
they miss on held-out data; since then that counts as an error. a and Dc are not asked to be held.
They stand here because they show what networks do: they smooth the jump of a step.

{table(["study", "number", "planted", "networks", "held", "data", "from"], rows)}
"""


def _rows(record: Mapping[str, Any]) -> list[list[str]]:
    if record["refused"] is not None:
        return [[record["name"], "refused", "-", "-", "-", "-", "-"]]
    found_rows = []
    planted = dict(record["planted"])
    if record["scenario"] == "rate-and-state":
        planted["dc"] = record["memory"]
    for name, truth in planted.items():
        number = record["numbers"].get(name)
        if number is None:
            found_rows.append(
                [record["name"], NAMES[name], _value(name, truth), "not told", "**no**", "-", "-"]
            )
            continue
        low, high = number["networks"][1:]
        held = low is not None and low <= truth <= high
        found_rows.append(
            [
                record["name"],
                NAMES[name],
                _value(name, truth),
                _interval(name, number["networks"]),
                "yes" if held else "**no**",
                _interval(name, number["data"]),
                number["data_from"].replace("_", " ") or "-",
            ]
        )
    return found_rows


def _value(name: str, value: float) -> str:
    factor, unit, digits = UNITS[name]
    return f"{factor * value:.{digits}f}{unit}"


def _interval(name: str, numbers: Sequence[float | None]) -> str:
    if numbers[0] is None:
        return "-"
    factor, unit, digits = UNITS[name]
    value, low, high = (None if each is None else f"{factor * each:.{digits}f}" for each in numbers)
    return f"{value}{unit}" if low is None else f"{value} ({low} to {high}){unit}"


def _targets(targets: Mapping[str, Mapping[str, Any]]) -> str:
    rows = [
        [
            one["words"],
            one["target"],
            f"{one['met']} of {one['of']}",
            "yes" if one["holds"] else "**no**",
        ]
        for one in targets.values()
    ]
    return table(["what is asked", "target", "came out", "met"], rows)


def forms_page(kept: Mapping[str, Any]) -> str:
    """The page of forms of target and drivers, in Markdown.

    Args:
        kept: What ``slicken truth --forms --write`` wrote.
    """
    records = kept["studies"]
    seeds = sorted({one["seed"] for one in records})
    rows = [
        [
            one["truth"],
            str(one["seed"]),
            _form(one),
            "right" if one["right"] else "hides it",
            one["grade"].replace("_", " "),
            f"{one['skill'][0]:.2f} ({one['skill'][1]:.2f} to {one['skill'][2]:.2f})",
            f"{one['rmse']:.4f}",
            one["verdicts"].get(_truth(one).cause, "-").replace("_", " "),
            "yes" if found(one) else "no",
        ]
        for one in records
    ]
    planted = [[one.name, one.words, _fields(one.form), "right" if one.right else "hides it"]
               for one in TRUTHS]  # fmt: skip
    heads = ["truth", "seed", "form", "it", "grade", "skill", "RMSE", "verdict", "found"]
    windows = ", ".join(f"{each:g}" for each in PLAN["windows"])
    return f"""# Forms of target and drivers: the truth bench

When [friction less its level](how-to/plan.md#a-level-of-its-own) and
[channels as changes](how-to/plan.md#channels-that-only-accumulate) are right, and what they hide:
{len(records)} studies of simulated faults, each truth in both forms (seeds {seeds[0]} to
{seeds[-1]}; the truths were tuned on others). No study was left out. The page and
[forms.json](forms.json) are written by

```sh
{kept["command"]} --write docs/forms.json
.venv/bin/python benchmarks/lab_page.py docs/forms.json
```

{table(["truth", "friction depends on", "form that is tried", "it"], planted)}

{_targets(kept["targets"])}

Every study has eight experiments of 25 min, with windows of {windows} s. Skill is against the test
mean, with its 95 % interval; the last column says whether skill is shown and the cause is supported
or informative. Errors of both targets are in friction. A cause that is *not separable*, because it
goes along with the other driver, counts as not found. Where a velocity sets the level, a held-out
experiment may be faster or slower than all others, and is extrapolated to.

{table(heads, rows)}
"""


def _truth(record: Mapping[str, Any]) -> Any:  # noqa: ANN401 (a truth of forms)
    return next(one for one in TRUTHS if one.name == record["truth"])


def _fields(form: Mapping[str, Any]) -> str:
    return ", ".join(f"`{key} = {json.dumps(value)}`" for key, value in form.items())


def _form(record: Mapping[str, Any]) -> str:
    if record["form"]:
        return "`relative`" if "target" in _truth(record).form else "`as_change`"
    return "as measured"


if __name__ == "__main__":
    main([Path(file) for file in sys.argv[1:]])
