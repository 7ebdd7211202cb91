"""Scenarios: sets of simulated experiments with planted truth, as logs and as experiments."""

import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from slicken.channels import (
    AXIAL_DISPLACEMENT,
    FRICTION,
    NORMAL_STRESS,
    SHEAR_STRESS,
    SLIP_VELOCITY,
    TEMPERATURE,
    TIME,
)
from slicken.errors import FolderError, PlanError
from slicken.experiment.channel_map import ChannelMap, Column, Preparation
from slicken.experiment.preparation import prepare
from slicken.logs.log import Log
from slicken.physics.loading import SHORTEST_STAGE
from slicken.physics.rig import Recording, record
from slicken.physics.truths import TRUTHS, Truth
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.experiment.experiment import Experiment
    from slicken.physics.shear_test import ShearTest


class LogColumn(NamedTuple):
    """A column of a simulated log.

    Args:
        header: Name of the column, which carries its unit.
        channel: Channel in the column.
        unit: Unit of the column.
        factor: Number in that unit for one of the channel's own.
    """

    header: str
    channel: str
    unit: str
    factor: float = 1.0


COLUMNS = (
    LogColumn("time_s", TIME.name, "s"),
    LogColumn("slip_velocity_mm_s", SLIP_VELOCITY.name, "mm/s", 1e3),
    LogColumn("axial_displacement_um", AXIAL_DISPLACEMENT.name, "um", 1e6),
    LogColumn("temperature_degC", TEMPERATURE.name, "degC"),
    LogColumn("normal_stress_MPa", NORMAL_STRESS.name, "MPa", 1e-6),
    LogColumn("shear_stress_MPa", SHEAR_STRESS.name, "MPa", 1e-6),
    LogColumn("friction", FRICTION.name, "1"),
)
"""The columns of a simulated log, in order."""

CHANNEL_MAP = ChannelMap(
    channels={each.channel: Column(column=each.header, unit=each.unit) for each in COLUMNS},
    # A slide-hold-slide may begin or end slowly; that is no start-up and belongs to the test.
    preparation=Preparation(stationary="keep"),
)
"""What a simulated log is prepared with."""


@dataclass(frozen=True, eq=False)
class SimulatedLog:
    """The log of one simulated experiment.

    Args:
        name: Scenario and number of the experiment, counted from 1.
        recording: Log of the rig, and state of the fault.
        truth: Planted truth, as a tree that JSON can hold; ``statement`` says it.
    """

    name: str
    recording: Recording
    truth: Mapping[str, Any]

    def table(self) -> dict[str, NDArray[np.float64]]:
        """The columns of the log as a rig writes them: header to numbers of shape ``(T,)``."""
        logged = {TIME.name: self.recording.time, **self.recording.channels}
        return {each.header: logged[each.channel] * each.factor for each in COLUMNS}

    def prepare(self) -> "Experiment":
        """The experiment that the log's table gives, prepared as any rig's log is.

        Its provenance holds the truth; it loses the first two samples, which have no rates yet.
        """
        table = self.table()
        rows = np.arange(2, self.recording.time.size + 2)  # as in a file with a line of headers
        log = Log(self.name, f"simulated {self.truth['scenario']}", "", table, rows)
        experiment = prepare(log, CHANNEL_MAP)
        provenance = replace(experiment.provenance, truth=self.truth)
        return replace(experiment, provenance=provenance)


def simulate(
    scenario: str,
    *,
    experiments: int = 12,
    duration: float = 3600.0,
    memory: float | None = None,
    seed: int = 0,
) -> list["Experiment"]:
    """Simulate experiments whose friction has planted causes and a planted memory.

    They are logged by a simulated rig and then prepared by the same code as any other log, so
    their channels are those of a real one. What was planted is in ``provenance.truth``.

    Args:
        scenario: One of :data:`slicken.physics.truths.TRUTHS`.
        experiments: Number of experiments.
        duration: Duration of each, in s.
        memory: Planted memory: seconds, or metres of slip where the truth's unit is ``m``, as
            for ``running-in``; None for the scenario's own.
        seed: Random seed, zero or more.

    Raises:
        PlanError: if the scenario is unknown or an argument makes no sense.

    Example:
        Friction falls with the mean temperature of the last 60 s, by 0.0005 for each K:

        >>> experiment, = simulate("temperature-history", experiments=1, memory=60.0)
        >>> temperature = experiment.channels["temperature"]
        >>> recent = np.convolve(temperature, np.full(60, 1 / 60), mode="valid")
        >>> slope, _ = np.polyfit(recent, experiment.friction[59:], 1)
        >>> round(float(slope), 5), experiment.provenance.truth["memory_s"]
        (-0.0005, 60.0)
    """
    logs = simulate_logs(
        scenario, experiments=experiments, duration=duration, memory=memory, seed=seed
    )
    return [log.prepare() for log in logs]


def simulate_logs(
    scenario: str,
    *,
    experiments: int = 12,
    duration: float = 3600.0,
    memory: float | None = None,
    seed: int = 0,
) -> list[SimulatedLog]:
    """Simulate what a rig would log, one sample a second.

    Experiment ``i`` draws everything from its own generator, made from the seed, the scenario's
    name and ``i``: it does not depend on how many there are, and the same call gives the same
    bits. Loading and sensor noise do not depend on the memory either.

    Args:
        scenario: One of :data:`slicken.physics.truths.TRUTHS`.
        experiments: Number of experiments.
        duration: Duration of each, in s.
        memory: Planted memory: seconds, or metres of slip where the truth's unit is ``m``, as
            for ``running-in``; None for the scenario's own.
        seed: Random seed, zero or more.

    Raises:
        PlanError: if the scenario is unknown or an argument makes no sense.

    Example:
        >>> log, = simulate_logs("temperature-history", experiments=1, duration=600.0)
        >>> log.name, log.truth["memory_s"], log.truth["causes"]
        ('temperature-history-01', 100.0, ['temperature'])
    """
    if scenario not in TRUTHS:
        raise PlanError(f"unknown scenario {scenario!r}; choose one of {', '.join(TRUTHS)}")
    truth = TRUTHS[scenario]
    _check(experiments, duration, seed)
    planted = _memory(truth, memory, duration)
    return [_one(truth, index, duration, planted, seed) for index in range(experiments)]


def write_log(log: "SimulatedLog | ShearTest", path: Path) -> None:
    """Write a simulated log as a CSV file that any reader of logs understands.

    The headers carry their units: ``time_s,slip_velocity_mm_s,axial_displacement_um,...``. Nine
    digits keep more than any sensor resolves. The file is written aside and renamed.

    Args:
        log: Simulated log.
        path: Path of the CSV file; an existing file is replaced.

    Raises:
        FolderError: if it cannot be written.
    """
    columns = log.table()
    aside = path.with_name(f".{path.name}.part")
    try:
        np.savetxt(
            aside,
            np.column_stack(list(columns.values())),
            fmt="%.9g",
            delimiter=",",
            header=",".join(columns),
            comments="",
            encoding="utf-8",
        )
        aside.replace(path)
    except OSError as error:
        raise FolderError(
            f"{path}: cannot be written ({error.strerror or error}); choose another place"
        ) from error


def _check(experiments: int, duration: float, seed: int) -> None:
    if experiments < 1:
        raise PlanError(f"{experiments} experiments: simulate at least one, or 12 for a study")
    if not SHORTEST_STAGE <= duration < math.inf:
        raise PlanError(
            f"a duration of {duration:g} s is shorter than the shortest stage of "
            f"{SHORTEST_STAGE:g} s; lengthen it, 3600 s shows some eight stages"
            if duration < SHORTEST_STAGE
            else f"a duration of {duration:g} s makes no experiment; 3600 s is usual"
        )
    if seed < 0:
        raise PlanError(f"the seed is {seed}; choose a whole number of zero or more")


def _memory(truth: Truth, memory: float | None, duration: float) -> float:
    """The planted memory in the truth's own unit."""
    if memory is None:
        return truth.memory
    if not truth.unit:
        raise PlanError(f"{truth.name} has no memory to choose; leave the memory out")
    usual = f"{truth.memory:g} {truth.unit} is usual for {truth.name}"
    if not 0 < memory < math.inf:
        raise PlanError(f"a memory of {memory:g} {truth.unit} makes no sense; {usual}")
    if truth.unit == "s" and memory < 1.0:
        raise PlanError(f"a memory of {memory:g} s is shorter than one sample of 1 s; {usual}")
    if truth.unit == "s" and memory > duration:
        raise PlanError(
            f"a memory of {memory:g} s is longer than the experiment of {duration:g} s; "
            f"lengthen the duration or shorten the memory"
        )
    return memory


def _one(truth: Truth, index: int, duration: float, memory: float, seed: int) -> SimulatedLog:
    root = np.random.SeedSequence([seed, zlib.crc32(truth.name.encode()), index])
    load_rng, law_rng, sensor_rng = (np.random.default_rng(child) for child in root.spawn(3))
    loading = truth.drive(duration, load_rng)
    law = truth.law(memory, loading, law_rng)
    recording = record(truth.rig, loading, law, sensor_rng)
    return SimulatedLog(
        name=f"{truth.name}-{index + 1:02d}",
        recording=recording,
        truth={
            "scenario": truth.name,
            "statement": _statement(truth, memory).to_plain(),
            "memory_s": _memory_s(truth, memory),
            "memory_m": memory if truth.unit == "m" else None,
            "clock": truth.clock,
            "kernel": truth.kernel,
            "shorter_memories_s": [memory * each for each in truth.fractions],
            "thresholds_degC": list(truth.thresholds),
            "velocity_factor": truth.velocity_factor,
            "causes": list(truth.causes),
            "hidden": list(truth.hidden),
            "proxies": list(truth.proxies),
            "friction_noise_std": truth.rig.noise.friction,
            "friction_signal_std": float(recording.fault.friction.std()),
            "seed": seed,
            "experiment": index,
        },
    )


def _memory_s(truth: Truth, memory: float) -> float | None:
    """Seconds: zero where friction follows a driver at once, None where seconds do not apply."""
    return memory if truth.unit == "s" or truth.kernel == "present" else None


def _statement(truth: Truth, memory: float) -> Statement:
    """What was planted; the catalogue has a key for each scenario."""
    if not truth.unit:
        return Statement(f"truths.{truth.name}")
    is_short = truth.unit == "m" and memory < 1e-3
    shown = (memory * 1e6, "µm") if is_short else (memory, truth.unit)
    return Statement(f"truths.{truth.name}", memory=shown)
