"""A table to write in every format of logs."""

import numpy as np
import pytest


@pytest.fixture
def table() -> dict[str, np.ndarray]:
    """Numbers that a decimal comma, an exponent or a rounding could spoil."""
    random = np.random.default_rng(7)
    return {
        "Time (s)": np.arange(40.0),
        "Slip velocity (mm/s)": 4 + random.normal(size=40),
        "Temperature (degC)": 20 + np.arange(40) / 7,
        "Friction": 0.6 + 1e-5 * random.normal(size=40),
    }
