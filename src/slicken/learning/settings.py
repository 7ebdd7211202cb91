"""Settings: what a network is made of, how its weights change, how experiments are divided."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_serializer, field_validator

Activation = Literal["linear", "relu"]
GateStart = Literal["zero", "chrono"]
Histories = Literal["separate", "random"]
By = Literal["auto", "experiment", "time", "stage", "event"]
MOST_UNITS, MOST_LAYERS = 4_096, 32
"""A slip of the keyboard beyond these would ask for more memory than there is."""
MOST_IN_A_BATCH, LARGEST_RATE = 100_000, 1e30
"""The second, because weights are float32."""


class Architecture(BaseModel):
    """What a network is made of.

    Attributes:
        filters: Number of filters in each Conv1D layer.
        kernel: Width of the convolutions in samples; layers are not padded.
        conv_layers: Number of Conv1D layers.
        units: Number of units in each GRU layer.
        gru_layers: Number of GRU layers.
        activation: Activation after each convolution; the default of Keras is ``linear``.
        gate_start: Initial bias of the update gates: ``zero`` (Keras), or ``chrono``:
            log U(1, L-1), which spreads the memory of the untrained units over the window
            (Tallec & Ollivier 2018, arXiv 1804.11188).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    filters: int = Field(64, ge=1, le=MOST_UNITS)
    kernel: int = Field(3, ge=1, le=MOST_UNITS)
    conv_layers: int = Field(2, ge=0, le=MOST_LAYERS)
    units: int = Field(64, ge=1, le=MOST_UNITS)
    gru_layers: int = Field(4, ge=1, le=MOST_LAYERS)
    activation: Activation = "linear"
    gate_start: GateStart = "zero"

    @property
    def shortest_window(self) -> int:
        """Samples that a window needs for one step to be left after the convolutions."""
        return self.conv_layers * (self.kernel - 1) + 1


class Optimiser(BaseModel):
    """How weights are changed: Adam (Kingma & Ba 2015).

    Attributes:
        learning_rate: Learning rate at the start.
        decay: ``none``, or ``cosine`` down to zero at the last epoch.
        clip: Largest norm of a run's gradient, longer ones are shortened; None, written
            ``"none"`` where there is no null (TOML), shortens nothing.
        batch: Number of windows in a batch.
        epsilon: Epsilon of Adam, 1e-7 in Keras.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    learning_rate: float = Field(1e-3, gt=0, lt=LARGEST_RATE)
    decay: Literal["none", "cosine"] = "none"
    clip: float | None = Field(None, gt=0, lt=LARGEST_RATE)
    batch: int = Field(32, ge=1, le=MOST_IN_A_BATCH)
    epsilon: float = Field(1e-7, gt=0, lt=LARGEST_RATE)

    @field_validator("clip", mode="before")
    @classmethod
    def _read_clip(cls, clip: object) -> object:
        return None if clip == "none" else clip

    @field_serializer("clip")
    def _write_clip(self, clip: float | None) -> float | str:
        return "none" if clip is None else clip
