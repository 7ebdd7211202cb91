"""Plan: everything that decides a study, each default spelled out."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, Self

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from slicken.channels import CHANNELS, FRICTION, LEAKS_TARGET, TIME
from slicken.errors import PlanError, shown
from slicken.learning.settings import Architecture, By, Optimiser
from slicken.settings import Settings
from slicken.study.presets import PRESETS

MOST_WINDOWS, MOST_RUNS, MOST_EPOCHS = 200, 10_000, 100_000
CONTROL_RUNS = 5
"""Runs of an ensemble that is a control, at most."""
LONGEST = 1e9
"""Seconds that no window and no stride has."""


class SplitPlan(BaseModel):
    """How experiments are divided; see :func:`slicken.learning.splits.divide`.

    Attributes:
        by: ``experiment``, ``time``, ``stage``, or ``auto`` (experiments where there are three).
        validation_share: fraction of the experiments, time or stages for validation.
        test_share: the same for the test.
        validation: names of the experiments for validation; chosen by the seed where empty.
        test: likewise for the test.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    by: By = "auto"
    validation_share: float = Field(0.2, gt=0, lt=0.5)
    test_share: float = Field(0.2, gt=0, lt=0.5)
    validation: tuple[str, ...] = ()
    test: tuple[str, ...] = ()


class Plan(Settings):
    """What a study does; values that are not given come from the preset.

    Attributes:
        name: what the report calls the study.
        logs: files or patterns; looked for beside the plan, then in ``SLICKEN_DATA``, then among
            fetched logs.
        channels: the channel map, a TOML file beside the plan; names are recognised where empty.
        preset: ``paper``, ``recommended`` or ``quick``.
        windows: lengths in s; also ``"50:500:50"`` or ``"50,100,400"``.
        runs: trainings of each window length.
        epochs: of each training.
        stride: s from one target time to the next.
        drivers: channels that the network sees; the five of the published study, as far as the
            logs have them, where empty.
        allow_stress_inputs: must be true if a stress or force is among the drivers:
            friction is their ratio, so a network can then divide instead of learn.
        seed: of everything random.
        engine: ``auto``, or the name of one.
        importance_on: the part on which importance is read.
        controls: whether two more ensembles are trained at the best length, one that also sees
            noise, one on shuffled friction, and importance is read before training too: these give
            importance its zero.
        split: how experiments are divided.
        network: what the network is made of.
        optimiser: how it is trained.
    """

    name: str = Field("study", max_length=200)
    logs: tuple[str, ...] = ()
    channels: str = ""
    preset: Literal["paper", "recommended", "quick"] = "recommended"
    windows: tuple[float, ...] = Field(min_length=1, max_length=MOST_WINDOWS)
    runs: int = Field(ge=1, le=MOST_RUNS)
    epochs: int = Field(ge=1, le=MOST_EPOCHS)
    stride: float = Field(gt=0, lt=LONGEST)
    drivers: tuple[str, ...] = ()
    allow_stress_inputs: bool = False
    seed: int = Field(0, ge=0, lt=2**32)
    engine: str = "auto"
    importance_on: Literal["validation", "test"] = "test"
    controls: bool = True
    split: SplitPlan = SplitPlan()
    network: Architecture = Architecture()
    optimiser: Optimiser = Optimiser()

    # For mypy, fields without a default would be required; but the preset gives them.
    def __init__(self, /, **values: Any) -> None:  # noqa: ANN401 (checked by pydantic)
        super().__init__(**values)

    @model_validator(mode="before")
    @classmethod
    def _fill_from_preset(cls, values: dict[str, Any]) -> dict[str, Any]:
        preset = values.get("preset", "recommended")
        if not isinstance(preset, str) or preset not in PRESETS:
            return values  # the field's own check names the presets that exist
        filled = {**PRESETS[preset], **values}
        for table in ("network", "optimiser"):
            given = values.get(table, {})
            if isinstance(given, Mapping):
                filled[table] = {**PRESETS[preset][table], **given}
        return filled

    @field_validator("windows", mode="before")
    @classmethod
    def _read_windows(cls, windows: object) -> tuple[float, ...]:
        return read_windows(windows)

    @model_validator(mode="after")
    def _drivers_make_sense(self) -> Self:
        for name in self.drivers:
            if name not in CHANNELS or name == TIME.name:
                known = [name for name in CHANNELS if name not in (TIME.name, FRICTION.name)]
                raise PlanError(f"drivers: unknown channel {name!r}; known are {', '.join(known)}")
            if name == FRICTION.name:
                raise PlanError("drivers: friction is what the network predicts; leave it out")
        stresses = [c.name for c in LEAKS_TARGET if c.name in self.drivers]
        if stresses and not self.allow_stress_inputs:
            raise PlanError(
                f"drivers: {' and '.join(stresses)} would give friction away, which is shear over "
                "normal stress; leave it out, or, if that is the point of the study, write "
                "allow_stress_inputs = true in the plan"
            )
        if len(set(self.drivers)) < len(self.drivers):
            raise PlanError("drivers: a channel is named twice")
        if self.split.validation_share + self.split.test_share >= 1:
            raise PlanError("split: validation_share and test_share leave nothing for training")
        return self

    def to_toml(self) -> str:
        """The plan with every default spelled out."""
        return tomli_w.dumps(self.model_dump(mode="json"))

    def decisive(self) -> dict[str, Any]:
        """The fields that decide a number; what the study is called does not."""
        return self.model_dump(mode="json", exclude={"name", "logs", "channels", "preset"})


def read_windows(windows: object) -> tuple[float, ...]:
    """Window lengths in seconds, ascending, each once.

    Args:
        windows: numbers, or text such as ``50:500:50`` (first:last:step) or ``50,100,400``.

    Raises:
        PlanError: if it is neither.

    Example:
        >>> read_windows("50:200:50")
        (50.0, 100.0, 150.0, 200.0)
    """
    advice = "give seconds such as 50:500:50 or 50,100,400"
    try:
        if isinstance(windows, str):
            seconds = [s for piece in windows.split(",") for s in _one_piece(piece)]
        elif isinstance(windows, Iterable):
            seconds = [float(s) for s in windows]
        else:
            seconds = [float(windows)]  # type: ignore[arg-type]  # anything else is refused below
    except (TypeError, ValueError, OverflowError):
        raise PlanError(f"windows: {shown(windows)} cannot be read; {advice}") from None
    if not seconds or not all(0 < s < LONGEST for s in seconds):
        raise PlanError(f"windows: {shown(windows)} holds no positive length; {advice}")
    return tuple(sorted(set(seconds)))


def _one_piece(piece: str) -> list[float]:
    if ":" not in piece:
        return [float(piece)]
    first, last, *step = (float(part) for part in piece.split(":"))
    width = step[0] if len(step) == 1 else 0.0
    if not (width > 0 and last >= first):
        raise ValueError(piece)
    count = int((last - first) / width + 1e-9) + 1
    if count > MOST_WINDOWS:
        raise PlanError(
            f"windows: {shown(piece)} asks for {count} lengths, more than {MOST_WINDOWS}"
        )
    return [first + i * width for i in range(count)]
