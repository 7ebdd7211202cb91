"""Levels of experiments: proposed to be taken off where they are most of what differs."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import builders
import commands
from slicken.experiment import Experiment
from slicken.experiment.levels import levels_of


def spread(by: float) -> list[Experiment]:
    return [
        dataclasses.replace(one, channels=dict(one.channels) | {"friction": one.friction + k * by})
        for k, one in enumerate(builders.make_experiments(4))
    ]


def test_levels_are_compared_with_what_happens_within() -> None:
    same, apart = levels_of(spread(0.0)), levels_of(spread(10.0))
    assert same is not None
    assert apart is not None
    assert not same.dominate
    assert apart.dominate
    assert apart.between == pytest.approx(10 * np.std(range(4), ddof=1), rel=0.05)
    assert apart.within == pytest.approx(same.within)


def test_two_experiments_do_not_tell() -> None:
    assert levels_of(spread(10.0)[:2]) is None


def test_inspect_proposes_it_once_for_all_logs(tmp_path: Path) -> None:
    time = np.arange(100.0)
    for number in range(3):
        friction = 0.5 + 0.1 * number + 0.01 * np.sin(time)
        rows = [f"{t},1.0,{mu}" for t, mu in zip(time, friction, strict=True)]
        text = "\n".join(["time (s),slip velocity (mm/s),friction", *rows])
        (tmp_path / f"run{number}.csv").write_text(text)
    told = commands.give("inspect", "run0.csv", "run1.csv", "run2.csv", where=tmp_path).out
    assert told.count('target = "relative"') == 1
    alone = commands.give("inspect", "run0.csv", where=tmp_path).out
    assert "relative" not in alone
