"""Stiffness as users give it."""

import numpy as np
import pytest

from slicken.errors import LawError
from slicken.experiment import Provenance
from slicken.experiment.samples import Samples
from slicken.laws.stiffness import stiffness_of

TIME = np.arange(5.0)
PRESSED = {"friction": TIME, "normal_stress": np.array([2e7, 2e7, 2e7, np.nan, 2e7])}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.0065/um", 6500.0),
        ("0.0065 1/um", 6500.0),
        ("6.5e3 /m", 6500.0),
        ("6.5 mm^-1", 6500.0),
        ("0.1 MPa/um", 5000.0),
        ("100 MPa/mm", 5000.0),
        ("0.1MPa/µm", 5000.0),
        ("100 GPa/m", 5000.0),
    ],
)
def test_units_of_both_kinds_are_friction_per_metre(text: str, expected: float) -> None:
    samples = Samples("run", TIME, PRESSED, Provenance("run"))
    assert stiffness_of(text, samples) == pytest.approx(expected)


def test_the_normal_stress_of_an_event_goes_before_that_of_the_record() -> None:
    samples = Samples("run", TIME, PRESSED, Provenance("run"))
    assert stiffness_of("0.1 MPa/um", samples, 1e7) == pytest.approx(1e4)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0/um", "above zero"),
        ("-0.1 /um", "above zero"),
        ("0.0065", "with its unit"),
        ("stiff", "with its unit"),
        ("nan/um", "with its unit"),
        ("1e999/um", "above zero"),
        ("3 um", "neither friction nor stress"),
        ("3 parsnips", "neither friction nor stress"),
    ],
)
def test_what_is_no_stiffness_is_one_line(text: str, said: str) -> None:
    samples = Samples("run", TIME, PRESSED, Provenance("run"))
    with pytest.raises(LawError, match=said) as raised:
        stiffness_of(text, samples)
    assert "\n" not in str(raised.value)


def test_stress_per_length_needs_a_normal_stress() -> None:
    samples = Samples("run", TIME, {"friction": TIME}, Provenance("run"))
    with pytest.raises(LawError, match="no normal stress to divide"):
        stiffness_of("0.1 MPa/um", samples)
