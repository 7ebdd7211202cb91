"""Channel map: the map of an inspected log as TOML, with what was found as comments."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from slicken.reporting.findings import say_finding

if TYPE_CHECKING:
    from slicken.experiment.inspection import Inspection
    from slicken.logs.finding import Finding
    from slicken.reporting.wording import Wording

_ABOUT_COLUMNS = {
    "ambiguous",
    "ambiguous_unit",
    "ambiguous_size",
    "not_used",
    "not_increasing",
    "wrong_unit",
}
"""Kinds of findings to know before a map is completed."""


def channel_map_toml(inspection: "Inspection", wording: "Wording") -> str:
    """The channel map of a log, to be saved, completed and given back.

    Args:
        inspection: What is in the log.
        wording: Words of the comments.
    """
    lines = [wording("channel_map.title", source=inspection.source)]
    lines += [say_finding(f, wording) for f in inspection.findings if f.kind in _ABOUT_COLUMNS]
    lines += [wording("channel_map.no_column", channel=name) for name in inspection.missing]
    head = "".join(f"# {line}\n" for line in lines)
    parts = [head, inspection.channel_map.to_toml(), *_proposals(inspection, wording)]
    return "\n".join(parts).rstrip() + "\n"


def correction_lines(finding: "Finding", wording: "Wording") -> Iterator[str]:
    """The correction that a finding proposes; another one that excludes it is a comment."""
    yield from finding.correction.splitlines()
    if finding.alternative:
        yield f"# {wording('channel_map.alternative')}"
        yield from (f"# {line}" for line in finding.alternative.splitlines())


def _proposals(inspection: "Inspection", wording: "Wording") -> Iterator[str]:
    """Corrections that would mend what was found, as comments: only the owner knows."""
    proposed = [
        (say_finding(finding, wording), list(correction_lines(finding, wording)))
        for finding in inspection.findings
        if finding.correction
    ]
    if inspection.steady is not None:
        why = wording("channel_map.steady", what=inspection.steady.why)
        proposed.append((why, inspection.steady.correction.splitlines()))
    if proposed:
        yield f"# {wording('channel_map.proposals')}"
    for why, correction in proposed:
        yield "\n".join(["#", f"# {why}", *(f"#{line}" for line in correction)])
