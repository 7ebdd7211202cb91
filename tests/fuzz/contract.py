"""Contract: what holds for every experiment that slicken lets in, and for every refusal."""

import json

import numpy as np

from slicken.channels import CHANNELS, FRICTION
from slicken.errors import SlickenError
from slicken.experiment import ChannelMap, Experiment, Inspection
from slicken.logs.finding import Finding
from slicken.reporting.channel_map import channel_map_toml
from slicken.reporting.findings import say_finding
from slicken.reporting.wording import LANGUAGES, words
from slicken.statements import Statement

LONGEST_MESSAGE = 2_000
"""Characters of an error or a finding: a user reads it in a terminal."""


def check_experiment(experiment: Experiment) -> None:
    """Assert everything that an experiment promises."""
    samples = len(experiment)
    assert samples >= 2
    assert experiment.time.dtype == np.float64
    assert np.isfinite(experiment.time).all()
    assert np.isfinite(experiment.dt)
    assert experiment.dt > 0
    rounding = 4 * np.spacing(np.abs(experiment.time).max())
    assert np.abs(np.diff(experiment.time) - experiment.dt).max() <= 1e-5 * experiment.dt + rounding
    assert experiment.gap.shape == (samples,)
    assert experiment.gap.dtype == np.bool_
    assert not experiment.gap[[0, -1]].any()
    assert set(experiment.channels) <= set(CHANNELS) - {"time"}
    assert FRICTION.name in experiment.channels
    for name, values in experiment.channels.items():
        assert values.dtype == np.float64, name
        assert values.shape == (samples,), name
        assert np.isfinite(values[~experiment.gap]).all(), name
        assert not np.isinf(values).any(), name
        assert not values.flags.writeable, name
    assert np.ptp(experiment.friction[~experiment.gap]) > 0
    _check_stage(experiment)
    _check_history(experiment)


def _check_stage(experiment: Experiment) -> None:
    stage = experiment.stage
    assert (stage is None) == ("normal_stress" not in experiment.channels and
                               "normal_force" not in experiment.channels)  # fmt: skip
    if stage is not None:
        assert stage.shape == experiment.time.shape
        assert stage.dtype == np.int64
        assert stage.min() >= 0
        assert np.isin(np.diff(stage), (0, 1)).all()


def _check_history(experiment: Experiment) -> None:
    assert len(experiment.provenance.sha256) == 64
    assert experiment.provenance.source
    assert experiment.provenance.steps
    for step in experiment.provenance.steps:
        check_said(step)
    check_findings(experiment.findings)


def check_said(statement: Statement) -> None:
    """Assert that a statement is a line in both languages, and survives JSON."""
    for language in LANGUAGES:
        check_message(words(language)(statement))
    assert Statement.from_plain(json.loads(json.dumps(statement.to_plain()))) == statement


def check_findings(findings: tuple[Finding, ...]) -> None:
    """Assert that findings are lines that a user can read."""
    for finding in findings:
        check_message(say_finding(finding, words("en")))
        check_message(say_finding(finding, words("ja")))
        assert Finding.from_plain(json.loads(json.dumps(finding.to_plain()))) == finding
        assert finding.row is None or finding.row >= 1


def check_inspection(inspection: Inspection) -> None:
    """Assert that an inspection says something about every column, and its map can be read back."""
    check_findings(inspection.findings)
    check_message(inspection.problem)
    assert (inspection.experiment is None) == bool(inspection.problem)
    for column in inspection.columns:
        assert column.minimum <= column.median <= column.maximum
        assert 0 <= column.missing < inspection.samples
    assert ChannelMap.from_toml(channel_map_toml(inspection, words("en"))) == inspection.channel_map


def check_refusal(problem: SlickenError) -> None:
    """Assert that an error is one line of words."""
    assert str(problem)
    check_message(str(problem))


def check_message(words: str) -> None:
    """Assert that a text is one line that fits a terminal and cannot command it."""
    assert len(words) <= LONGEST_MESSAGE, f"{len(words)} characters: {words[:200]}"
    assert len(words.splitlines()) <= 1, repr(words[:300])
    assert "\x1b" not in words, repr(words[:300])
    assert "\x00" not in words, repr(words[:300])
