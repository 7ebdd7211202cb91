"""Friction laws of the public records, as ``slicken law`` fits them, for the page of the law bench.

slicken fetch velocity-steps; slicken fetch kodiak
.venv/bin/python benchmarks/real_laws.py docs/laws_real.json
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from slicken.experiment.samples import read_samples
from slicken.laws.laws import fit_laws
from slicken.laws.results import EventFit
from slicken.truth.law_bench import describe, strict

EXAMPLES = Path(__file__).parents[1] / "examples"
RECORDS = {
    "sepiolite": ("velocity_steps/velstep1_TR2_exp013_sepiolite.txt", "channels.toml", None),
    "basalt": ("velocity_steps/velstep4_BRAVA_expb819_basalt.txt", "channels.toml", None),
    "kodiak": ("kodiak_p655/p655intact100l", "raw.toml", "0.1 MPa/um"),
}
"""Example to file, channel map, and stiffness where it is known."""


def main(out: Path) -> None:
    """Fit every event of every record, and write down what was found."""
    found = []
    for name, (file, channels, stiffness) in RECORDS.items():
        records = read_samples(file, EXAMPLES / name / channels)
        for one in fit_laws(records, stiffness=stiffness).events:
            found.append(_written(name, one))
            print(name, round(one.event.start), found[-1]["problem"] or one.verdict, flush=True)
    out.write_text(json.dumps(strict(found), indent=1) + "\n", encoding="utf-8")


def _written(name: str, one: EventFit) -> Mapping[str, Any]:
    event, best = one.event, [one.best("ageing"), one.best("slip")]
    fits = {fit.law: describe(fit) for fit in best if fit is not None}
    return {
        "record": name,
        "start": event.start,
        "kind": event.kind,
        "before": event.before,
        "after": event.after,
        "held": event.held,
        "problem": None if event.problem is None else event.problem.key,
        "verdict": one.verdict,
        "first": next(iter(fits), None),
        "fits": fits,
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
