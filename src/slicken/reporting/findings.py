"""Findings: what was found in logs, as lines of text."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.experiment import Experiment
    from slicken.experiment.samples import Samples
    from slicken.logs.finding import Finding
    from slicken.reporting.wording import Wording


def say_finding(finding: "Finding", wording: "Wording") -> str:
    """A finding in one line, with its row and time.

    >>> from slicken.logs.finding import Finding
    >>> from slicken.reporting.wording import words
    >>> gap = Statement("findings.gap", seconds=3.5, longest=1.5)
    >>> say_finding(Finding(gap, row=12, time=10.0), words("en"))
    'gap: 3.5 s without samples (limit 1.5 s); no window crosses it (row 12, 10 s)'
    """
    said, row, time = finding.statement, finding.row, finding.time
    if row is not None and time is not None:
        return wording(Statement("places.both", what=said, row=row, time=time))
    if row is not None:
        return wording(Statement("places.row", what=said, row=row))
    if time is not None:
        return wording(Statement("places.time", what=said, time=time))
    return wording(said)


_OF_ONE_LOG = ("begun", "text")
"""Values that differ from log to log as numbers do: when its clock began, a line quoted from it."""


def say_findings(experiments: "Iterable[Experiment | Samples]", wording: "Wording") -> list[str]:
    """Findings of some experiments; those that differ in numbers or quoted text are one line."""
    alike: dict[Any, list[tuple[str, Finding]]] = {}
    logs = 0
    for experiment in experiments:
        logs += 1
        for finding in experiment.findings:
            alike.setdefault(_texts(finding.statement), []).append((experiment.name, finding))
    return [
        say_finding(found[0][1], wording) + (_where(found) if logs > 1 else _how_many(found))
        for found in alike.values()
    ]


def _texts(value: object) -> object:
    """What of a statement is no number, nor what a log itself says."""
    if isinstance(value, Statement):
        named = (each for name, each in value.values.items() if name not in _OF_ONE_LOG)
        return value.key, tuple(map(_texts, named))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(_texts(each) for each in value)
    return value if isinstance(value, str) else None


def _where(found: list[tuple[str, "Finding"]]) -> str:
    (first, _), names = found[0], {name for name, _ in found}
    if len(names) == 1:
        return f"  [{first}]{_how_many(found)}"
    same = all(finding == found[0][1] for _, finding in found)
    return f"  [{len(names)} logs{'' if same else f'; numbers of {first}'}]"


def _how_many(found: list[tuple[str, "Finding"]]) -> str:
    return f"  [and {len(found) - 1} similar]" if len(found) > 1 else ""
