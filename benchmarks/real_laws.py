"""Friction laws of the public records, as ``slicken law`` fits them, for the page of the law bench.

slicken fetch velocity-steps; slicken fetch kodiak
.venv/bin/python benchmarks/real_laws.py docs/laws_real.json
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from slicken.errors import LawError
from slicken.experiment.samples import Samples, read_samples
from slicken.laws.fit import fit_event
from slicken.laws.results import Event
from slicken.laws.stiffness import stiffness_of
from slicken.truth.law_bench import describe, found_events, judged_after, strict

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
        (samples,) = read_samples(file, EXAMPLES / name / channels)
        for event in found_events(samples, None):
            found.append(_one(name, samples, event, stiffness))
            print(
                name, round(event.start), found[-1]["problem"] or found[-1]["verdict"], flush=True
            )
    out.write_text(json.dumps(strict(found), indent=1) + "\n", encoding="utf-8")


def _one(name: str, samples: Samples, event: Event, stiffness: str | None) -> Mapping[str, Any]:
    known = None if stiffness is None else stiffness_of(stiffness, samples, event.normal_stress)
    problem = None if event.problem is None else event.problem.key
    fits: dict[str, Any] = {}
    verdict = None
    if problem is None:
        try:
            fitted = fit_event(samples, event, stiffness=known)
            best = [fitted.best("ageing"), fitted.best("slip")]
            fits = {one.law: describe(one) for one in best if one is not None}
            verdict = fitted.verdict
            later = judged_after(event, fitted.fits).problem if fits else None
            problem = None if later is None else later.key
        except LawError as error:
            problem = type(error).__name__
    return {
        "record": name,
        "start": event.start,
        "kind": event.kind,
        "before": event.before,
        "after": event.after,
        "held": event.held,
        "problem": problem,
        "verdict": verdict,
        "first": next(iter(fits), None),
        "fits": fits,
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
