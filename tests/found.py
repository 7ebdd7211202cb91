"""What was found in a log or an experiment, looked up by its kind."""

from collections.abc import Mapping
from typing import Any

from slicken.experiment import Experiment, Finding, Inspection
from slicken.logs.log import Log

Owner = Log | Experiment | Inspection


def of_kind(owner: Owner, kind: str) -> list[Finding]:
    return [finding for finding in owner.findings if finding.kind == kind]


def only(owner: Owner, kind: str) -> Finding:
    """The one finding of this kind."""
    (finding,) = of_kind(owner, kind)
    return finding


def found_in(owner: Owner, kind: str) -> Mapping[str, Any]:
    """The values of the one finding of this kind."""
    return only(owner, kind).statement.values


def step(experiment: Experiment, kind: str) -> Mapping[str, Any]:
    """The values of the one step of this kind."""
    (done,) = (one for one in experiment.provenance.steps if one.key == f"steps.{kind}")
    return done.values
