"""Presets: the published protocol, what trains best on planted truths, and a quick look."""

from typing import Any

PAPER: dict[str, Any] = {
    "windows": "50:500:50",
    "runs": 20,
    "epochs": 100,
    "stride": 1.0,
    "network": {
        "filters": 64,
        "kernel": 3,
        "conv_layers": 2,
        "units": 64,
        "gru_layers": 4,
        "activation": "linear",
        "gate_start": "zero",
    },
    "optimiser": {
        "learning_rate": 1e-3,
        "decay": "none",
        "batch": 32,
        "epsilon": 1e-7,
    },
}
"""Window lengths, layers, runs and epochs are published (Uhmb, Hamada & Hirose 2025); sizes,
optimiser and split are not, and stand at the defaults of Keras 3."""

PAPER_ASSUMPTIONS = (
    "layer sizes: 64 filters of 3 samples, 64 GRU units",
    "no activation after the convolutions, no padding; gates in the 'reset after' form; the last "
    "state of the last GRU goes into the Dense layer",
    "Glorot kernels, orthogonal recurrent kernels, zero biases",
    "Adam with a learning rate of 0.001, batches of 32, mean square error",
    "every sample is a target time",
    "drivers and friction standardised on the training part",
    "split by experiment",
)
"""What the publication does not say and the ``paper`` preset supplies."""

RECOMMENDED: dict[str, Any] = {
    "windows": "50:500:50",
    "runs": 10,
    "epochs": 30,
    "stride": 5.0,
    "network": {
        "filters": 32,
        "kernel": 3,
        "conv_layers": 2,
        "units": 32,
        "gru_layers": 2,
        "activation": "relu",
        "gate_start": "chrono",
    },
    "optimiser": {
        "learning_rate": 3e-3,
        "decay": "cosine",
        "clip": 1.0,
        "batch": 32,
        "epsilon": 1e-8,
    },
}
"""What trained best on planted truths, of a dozen variants on seeds that judge nothing: see
``docs/why/protocol.md``. An untrained stack of GRUs is blind beyond some tens of steps, and the
chrono start of its gates opens its eyes; the deeper the stack, the farther it looks beyond what
there is to see."""

QUICK: dict[str, Any] = {
    **RECOMMENDED,
    "windows": "50,100,200,400",
    "runs": 4,
    "epochs": 20,
    "stride": 20.0,
    "network": {**RECOMMENDED["network"], "filters": 16, "units": 16},
}
"""A look within minutes: few runs, small networks, a target time every 20 s."""

PRESETS = {"paper": PAPER, "recommended": RECOMMENDED, "quick": QUICK}
